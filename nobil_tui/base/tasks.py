"""Work that would hold up the loop, in threads that hold up nothing at the end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SLICE_SECONDS = 0.002
"""Seconds of work at a stretch: a whole country takes longer, and a key, which takes several turns of the loop until it
is answered, can meet it at each of them."""
PAUSE_SECONDS = 0.010
"""Seconds that the loop has for others between two slices, if they have so much to do: enough to answer a key in."""
_IDLE = 0.0001
"""A turn of the loop that takes fewer seconds than this had nothing to do."""


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each piece of work in a daemon thread of its own, which nobody waits for at the end.

    For what a loop itself hands to threads: to look up the name of a host takes as long as it takes, cannot be called
    off, and a program that is to quit would wait for it.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn`` with its arguments."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as raised:  # noqa: BLE001  # handed on to who waits, whatever it is
                future.set_exception(raised)
            else:
                future.set_result(result)

        threading.Thread(target=run, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for nobody."""


async def run_in_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a daemon thread: unlike a pool's, it is not waited for when the program quits."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # it is a T wherever there is no error

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  # handed on to who waits, whatever it is
            error = raised
        # The loop may be gone: then nobody waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await done


async def yield_to_loop() -> None:
    """Let others work between two slices: until they have nothing to do, and for ``PAUSE_SECONDS`` at the most.

    A key passes through several tasks until it is answered, so one turn of the loop is not enough; and to sleep while
    nobody wants to work would cost a flood a third of what can be read.
    """
    now = time.perf_counter()
    end = now + PAUSE_SECONDS
    while True:
        began = now
        await asyncio.sleep(0)
        now = time.perf_counter()
        if now - began < _IDLE or now > end:
            return
