"""Run tasks together, run blocking work in daemon threads, divide long work into time slices."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
_T = TypeVar("_T")

SLICE_SECONDS = 0.002
"""The longest slice of work in seconds. A whole country takes longer, and a key press needs several
iterations of the loop, each of which may wait for a slice."""
PAUSE_SECONDS = 0.010
"""The longest pause between two slices in seconds: enough to handle a key press."""
_IDLE = 0.0001
"""An iteration of the loop that takes fewer seconds was idle."""


async def cancel_and_wait(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, and wait until all have ended, also if this call is cancelled.

    Their errors are not raised: ask a task for its result if its error matters.
    """
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run_until_first(
    work: Coroutine[Any, Any, _T], *others: Coroutine[Any, Any, object]
) -> _T | None:
    """Run coroutines as tasks until the first one ends; cancel the others, and wait for their end.

    Return the result of ``work``, None if it was cancelled. Raises the first error of any of them,
    in the order of the arguments. Not a ``TaskGroup``, which waits for all and wraps their errors.
    """
    first = asyncio.create_task(work)
    tasks = [first, *(asyncio.create_task(other) for other in others)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel_and_wait(*tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
    return None if first.cancelled() else first.result()


async def wait_until_failure(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Wait until all tasks have ended or one has failed, and raise the first error in their order.

    The tasks continue if this call is cancelled.
    """
    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        if task.done():
            task.result()


@asynccontextmanager
async def running_beside(work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Run ``work`` as a task during the body of the ``async with``, and cancel it at the end.

    If it fails before, the body is cancelled and the error is raised: otherwise the failure would
    go unnoticed.
    """
    body, failed = asyncio.current_task(), False
    assert body is not None  # noqa: S101  # an async function runs in a task

    def ended(task: asyncio.Task[object]) -> None:
        nonlocal failed
        if not task.cancelled() and task.exception() is not None:
            failed = True
            body.cancel()

    running = asyncio.create_task(work)
    running.add_done_callback(ended)
    try:
        yield
    finally:
        running.remove_done_callback(ended)
        try:
            await cancel_and_wait(running)
        finally:
            if failed:
                body.uncancel()
                running.result()


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each call in a daemon thread of its own, which does not delay the exit.

    For the calls of the event loop itself: resolving a host name cannot be cancelled, and would
    delay the exit of the program.
    """

    def submit(self, fn: Callable[P, _T], /, *args: P.args, **kwargs: P.kwargs) -> Future[_T]:
        """Run ``fn`` with its arguments in a new thread."""
        future: Future[_T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as raised:  # noqa: BLE001  # passed on to the waiting task
                future.set_exception(raised)
            else:
                future.set_result(result)

        threading.Thread(target=run, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Return at once."""


async def run_in_thread(work: Callable[[], _T]) -> _T:
    """Run ``work`` in a daemon thread, which does not delay the exit of the program."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def finish(result: _T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # it is a _T wherever there is no error

    def run() -> None:
        result: _T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  # passed on to the waiting task
            error = raised
        # The loop may be closed already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await done


async def yield_to_loop() -> None:
    """Let other tasks run between two slices, until they are idle or ``PAUSE_SECONDS`` passed.

    A key press passes through several tasks, so one iteration of the loop is not enough. A fixed
    sleep would cost a third of the throughput under flood.
    """
    now = time.perf_counter()
    end = now + PAUSE_SECONDS
    while True:
        began = now
        await asyncio.sleep(0)
        now = time.perf_counter()
        if now - began < _IDLE or now > end:
            return
