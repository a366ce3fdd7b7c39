"""Tasks that run together, daemon threads and time slices."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from nobil_tui.base import tasks
from nobil_tui.base.tasks import (
    DaemonExecutor,
    cancel_and_wait,
    run_in_thread,
    run_until_first,
    running_beside,
    wait_until_failure,
)
from tests.conftest import GUARD, guarded, settle


class Work:
    """Runs until ``go`` is set; once cancelled, it takes a few iterations more."""

    def __init__(self, result: object = None) -> None:
        self.go = asyncio.Event()
        self.ended = False
        self._result = result

    async def run(self, *, fails_at_end: bool = False) -> object:
        try:
            await self.go.wait()
            if isinstance(self._result, Exception):
                raise self._result
            return self._result
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            self.ended = True
            if fails_at_end:
                raise ZeroDivisionError


async def test_cancel_and_wait_ends_tasks_without_their_errors() -> None:
    works = [Work(), Work(), Work()]
    tasks = [asyncio.create_task(work.run(fails_at_end=work is works[1])) for work in works]
    works[2].go.set()
    await asyncio.wait([tasks[2]])
    await cancel_and_wait(*tasks)
    assert all(work.ended for work in works)
    assert isinstance(tasks[1].exception(), ZeroDivisionError)
    await cancel_and_wait()


async def test_work_beside_ends_with_the_body() -> None:
    work = Work()
    async with running_beside(work.run()):
        await settle()
        assert not work.ended
    assert work.ended


async def test_a_failure_of_work_beside_ends_the_body() -> None:
    work, reached = Work(ZeroDivisionError()), False

    async def fail_soon() -> None:
        async with running_beside(work.run()):
            work.go.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(fail_soon())
    with pytest.raises(ZeroDivisionError):
        await guarded(running)
    assert not running.cancelling()
    with pytest.raises(ZeroDivisionError):
        async with running_beside(work.run()):
            await settle()
            reached = True
    assert not reached


async def test_work_beside_may_end_first_and_the_body_may_be_cancelled() -> None:
    work, endless = Work(), Work()
    work.go.set()

    async def both() -> str:
        async with running_beside(endless.run()), running_beside(work.run()):
            await settle()
            assert work.ended
            await asyncio.Event().wait()
        return "not reached"

    running = asyncio.create_task(both())
    await settle()
    await cancel_and_wait(running)
    assert running.cancelled()
    assert endless.ended


async def test_cancel_and_wait_that_is_cancelled_waits_too() -> None:
    work = Work()
    running = asyncio.create_task(work.run())
    await settle()
    ending = asyncio.create_task(cancel_and_wait(running))
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(ending)
    assert running.done()


async def test_run_until_first_returns_when_any_ends() -> None:
    for first, expected in enumerate((5, None, None)):
        works = [Work(5), Work(6), Work(7)]
        running = asyncio.create_task(run_until_first(*(work.run() for work in works)))
        await settle()
        assert not running.done()
        works[first].go.set()
        assert await guarded(running) == expected
        assert all(work.ended for work in works)


async def test_run_until_first_raises_the_first_error_in_order() -> None:
    error = ValueError("on purpose")
    for failed in range(2):
        works = [Work(), Work()]
        works[failed] = Work(error)
        works[failed].go.set()
        with pytest.raises(ValueError, match="on purpose"):
            await guarded(run_until_first(*(work.run() for work in works)))
        assert all(work.ended for work in works)
    # Also of one that fails when it is cancelled, and rather than a result.
    works = [Work(5), Work()]
    works[0].go.set()
    with pytest.raises(ZeroDivisionError):
        await guarded(run_until_first(works[0].run(), works[1].run(fails_at_end=True)))


async def test_run_until_first_that_is_cancelled_ends_all() -> None:
    works = [Work(), Work()]
    running = asyncio.create_task(run_until_first(*(work.run() for work in works)))
    await settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(running)
    assert all(work.ended for work in works)


async def test_wait_until_failure_raises_at_once_and_leaves_the_tasks() -> None:
    works = [Work(), Work(ValueError("on purpose")), Work()]
    tasks = [asyncio.create_task(work.run()) for work in works]
    works[0].go.set()
    waiting = asyncio.create_task(wait_until_failure(tasks))
    await asyncio.wait([tasks[0]])
    await settle()
    assert not waiting.done()
    works[1].go.set()
    with pytest.raises(ValueError, match="on purpose"):
        await guarded(waiting)
    assert not tasks[2].done()
    waiting = asyncio.create_task(wait_until_failure([tasks[2]]))
    await settle()
    waiting.cancel()
    await guarded(asyncio.wait([waiting]))
    assert not tasks[2].done()
    works[2].go.set()
    await guarded(wait_until_failure([tasks[0], tasks[2]]))
    assert tasks[2].done()


async def test_a_result_comes_back_from_another_thread() -> None:
    thread = await guarded(run_in_thread(threading.current_thread))
    assert thread is not threading.current_thread()
    assert thread.daemon


async def test_an_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await guarded(run_in_thread(lambda: 1 / 0))


@pytest.mark.parametrize("breaks", [False, True])
async def test_cancellation_does_not_wait(breaks: bool) -> None:
    go_on, done = threading.Event(), threading.Event()

    def work() -> None:
        try:
            assert go_on.wait(GUARD)
            if breaks:
                raise ValueError
        finally:
            done.set()

    waiting = asyncio.create_task(run_in_thread(work))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(waiting)
    go_on.set()
    assert done.wait(GUARD)
    await settle()


def test_work_that_outlasts_its_loop_breaks_nothing() -> None:
    begun, go_on = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.current_thread())
        begun.set()
        assert go_on.wait(GUARD)

    async def begin() -> None:
        waiting = asyncio.create_task(run_in_thread(work))
        await asyncio.to_thread(begun.wait, GUARD)
        waiting.cancel()

    asyncio.run(begin())
    go_on.set()
    [thread] = threads
    thread.join(GUARD)
    assert not thread.is_alive()


# What a loop itself hands to threads


def handed(*work: Callable[[], object]) -> list[object]:
    """What comes of it in a loop that is left at once when all have an answer."""

    async def run() -> list[object]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(DaemonExecutor())
        waiting = [loop.run_in_executor(None, each) for each in work]
        return await asyncio.gather(*waiting, return_exceptions=True)

    async def at_most() -> list[object]:
        return await guarded(run())

    return asyncio.run(at_most())


def test_executor_runs_the_loops_calls() -> None:
    def breaks() -> None:
        raise ValueError("on purpose")

    number, error, thread = handed(lambda: 5, breaks, threading.current_thread)
    assert number == 5
    assert isinstance(error, ValueError)
    assert isinstance(thread, threading.Thread)
    assert thread.daemon


def test_closing_the_loop_does_not_wait() -> None:
    """As where the name of a host is looked up: that takes as long as it takes, and cannot be
    called off."""
    go_on, begun = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def stuck() -> None:
        threads.append(threading.current_thread())
        begun.set()
        go_on.wait(GUARD)

    async def begin() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(DaemonExecutor())
        waiting = loop.run_in_executor(None, stuck)
        await asyncio.to_thread(begun.wait, GUARD)
        waiting.cancel()

    asyncio.run(begin())
    assert not go_on.is_set()
    assert threads[0].is_alive()
    go_on.set()
    threads[0].join(GUARD)
    assert not threads[0].is_alive()


def test_cancelled_call_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[Callable[[], None]] = []

    class Later(threading.Thread):
        def start(self) -> None:
            waiting.append(self.run)

    monkeypatch.setattr(threading, "Thread", Later)
    done: list[int] = []
    future = DaemonExecutor().submit(done.append, 1)
    assert future.cancel()
    waiting[0]()
    assert done == []


async def test_yield_lets_busy_tasks_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # On this clock, a busy iteration takes long and an idle one no time.
    now, busy, turns = 0.0, 3, 0

    async def work() -> None:
        nonlocal now, turns
        for _ in range(busy):
            now, turns = now + 0.001, turns + 1
            await asyncio.sleep(0)

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 1.0)
    others = asyncio.create_task(work())
    await tasks.yield_to_loop()
    assert turns == busy
    await others


async def test_yield_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    async def work() -> None:
        nonlocal now
        while True:
            now += 0.001
            await asyncio.sleep(0)

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    others = asyncio.create_task(work())
    await guarded(tasks.yield_to_loop())
    others.cancel()
    assert tasks.PAUSE_SECONDS < now < tasks.PAUSE_SECONDS + 0.002
