"""How a coroutine ends: by itself, by Ctrl-C, or by a signal."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest
from click.exceptions import Exit

from nobil_tui.cli.event_loop import run_coroutine
from nobil_tui.cli.exit_codes import ExitCode
from tests.conftest import for_ever, settle

posix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")


class Work:
    """Work that sends a signal to its own process and cleans up."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self.cleaned_up = False

    async def __call__(self) -> int:
        try:
            signal.raise_signal(self.number)
            await settle()
            # At any speed: if it is not cancelled by now, it never is.
            return 5
        finally:
            await settle()
            self.cleaned_up = True


def test_result_is_returned() -> None:
    async def work() -> int:
        return 5

    assert run_coroutine(work()) == 5


@posix
@pytest.mark.parametrize(
    ("number", "code"),
    [("SIGINT", ExitCode.INTERRUPTED), ("SIGTERM", ExitCode.SUCCESS), ("SIGHUP", ExitCode.SUCCESS)],
)
def test_signals_cancel_and_allow_cleanup(number: str, code: ExitCode) -> None:
    work = Work(signal.Signals[number])
    with pytest.raises(Exit) as ended:
        run_coroutine(work())
    assert ended.value.exit_code == code
    assert work.cleaned_up


@posix
def test_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        work = Work(signal.SIGHUP)
        assert run_coroutine(work()) == 5
    finally:
        signal.signal(signal.SIGHUP, before)


def test_cancellation_without_a_signal_is_raised() -> None:
    async def work() -> None:
        task = asyncio.create_task(for_ever())
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        run_coroutine(work())
