"""Runs what a command does without a screen, until it is done or asked to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from click.exceptions import Exit

from nobil_tui.base.tasks import DaemonExecutor
from nobil_tui.cli.exit_codes import Code

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` in a loop of its own and return what it returns.

    It is cancelled by Ctrl-C, and then the program ends with ``Code.INTERRUPTED``; and where it is terminated or its
    terminal is gone, with ``Code.QUIT``. Either way ``work`` may tidy up first, and no thread is waited for.
    """
    stopped = False

    async def watched() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        loop.set_default_executor(DaemonExecutor())

        def stop() -> None:
            nonlocal stopped
            stopped = True
            if task is not None:
                task.cancel()

        for each in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, each, None)
            # What somebody had ignored, as nohup does, stays so. Not every system can, nor any thread.
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                with suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, stop)
        return await work

    try:
        return asyncio.run(watched())
    except KeyboardInterrupt:
        raise Exit(Code.INTERRUPTED) from None
    except asyncio.CancelledError:
        if stopped:
            raise Exit(Code.QUIT) from None
        raise
