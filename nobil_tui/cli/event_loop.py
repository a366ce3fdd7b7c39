"""Run a command's coroutine until it is done or interrupted."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from click.exceptions import Exit

from nobil_tui.base.tasks import DaemonExecutor
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.interrupts import raise_at_interrupt

_T = TypeVar("_T")


def run_coroutine(work: Coroutine[Any, Any, _T]) -> _T:
    """Run ``work`` in an event loop of its own and return its result.

    Ctrl-C cancels it and ends the program with ``ExitCode.INTERRUPTED``; SIGTERM and SIGHUP cancel
    it and end the program with ``ExitCode.SUCCESS``. ``work`` may clean up first. It does not wait
    for threads.
    """
    terminated = False

    async def run_until_signal() -> _T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        loop.set_default_executor(DaemonExecutor())

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # A signal that is ignored, as under nohup, stays ignored. Windows has no such handlers,
            # nor does a thread.
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                with suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, terminate)
        return await work

    raise_at_interrupt()
    try:
        return asyncio.run(run_until_signal())
    except KeyboardInterrupt:
        raise Exit(ExitCode.INTERRUPTED) from None
    except asyncio.CancelledError:
        if terminated:
            raise Exit(ExitCode.SUCCESS) from None
        raise
