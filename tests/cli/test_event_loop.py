"""How work without a screen ends: by itself, by Ctrl-C, or because it was asked to stop."""

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
    """Sends itself a signal, and tidies up."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self.tidied = False

    async def __call__(self) -> int:
        try:
            signal.raise_signal(self.number)
            await settle()
            # On a machine of any speed it is either cancelled by now, or nobody will do so.
            return 5
        finally:
            await settle()
            self.tidied = True


def test_what_it_returns_is_returned() -> None:
    async def work() -> int:
        return 5

    assert run_coroutine(work()) == 5


@posix
@pytest.mark.parametrize(
    ("number", "code"),
    [("SIGINT", ExitCode.INTERRUPTED), ("SIGTERM", ExitCode.SUCCESS), ("SIGHUP", ExitCode.SUCCESS)],
)
def test_it_is_cancelled_and_may_tidy_up(number: str, code: ExitCode) -> None:
    work = Work(signal.Signals[number])
    with pytest.raises(Exit) as ended:
        run_coroutine(work())
    assert ended.value.exit_code == code
    assert work.tidied


@posix
def test_what_somebody_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        work = Work(signal.SIGHUP)
        assert run_coroutine(work()) == 5
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_cancellation_of_its_own_is_no_quitting() -> None:
    async def work() -> None:
        task = asyncio.create_task(for_ever())
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        run_coroutine(work())
