"""Work in a thread of its own: its result, its errors, and nobody who waits."""

from __future__ import annotations

import asyncio
import threading

import pytest

from nobil_tui.feeds.threads import in_thread
from tests.conftest import GUARD, guarded, settle


async def test_a_result_comes_back_from_another_thread() -> None:
    thread = await guarded(in_thread(threading.current_thread))
    assert thread is not threading.current_thread()
    assert thread.daemon


async def test_an_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await guarded(in_thread(lambda: 1 / 0))


@pytest.mark.parametrize("breaks", [False, True])
async def test_who_is_cancelled_does_not_wait_and_nothing_is_left(breaks: bool) -> None:
    go_on, done = threading.Event(), threading.Event()

    def work() -> None:
        try:
            assert go_on.wait(GUARD)
            if breaks:
                raise ValueError
        finally:
            done.set()

    waiting = asyncio.create_task(in_thread(work))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(waiting)
    go_on.set()
    assert done.wait(GUARD)
    await settle()


def test_work_that_outlasts_its_loop_breaks_nothing() -> None:
    go_on = threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.current_thread())
        assert go_on.wait(GUARD)

    async def begin() -> None:
        waiting = asyncio.create_task(in_thread(work))
        await settle()
        waiting.cancel()

    asyncio.run(begin())
    go_on.set()
    for thread in threads:
        thread.join(GUARD)
        assert not thread.is_alive()
