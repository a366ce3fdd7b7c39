"""Delay what happens off the event loop: ``python3 -m pytest --slow-threads SEED``.

A test that waits for one thing and then checks another passes as long as the second comes soon
enough. On a busy machine it comes later, and the test fails there, once in a hundred runs. With
this option it comes later in most runs:

- a thread begins its work after a moment, and so does each call that an executor runs;
- what a thread tells an event loop arrives after a moment;
- a thread that waited for a condition, an event or a queue goes on after a moment;
- an event loop takes some of what comes through a socket or a pipe after a moment;
- an event loop stops now and then, like a process whose turn it is not;
- threads take turns far more often than usual.

Only the time changes, never what is done: a test that fails with this option fails on some machine
without it. Each seed makes other moments. They are drawn for each test alone, so a test that failed
mostly fails again with the same seed; the order in which its threads draw is the system's.

The programs that tests fork (``tests/forking.py``) are late too.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
from asyncio import BaseEventLoop
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

OPTION = "--slow-threads"
VARIABLE = "TESTS_SLOW_THREADS"
"""Passes the seed on to the programs that tests fork."""

LATEST = 0.3
"""The longest moment of a thread, in seconds; a third of the moments take no time."""
LATEST_DATA = 0.05
"""The same for data of a socket or a pipe."""
LATE_DATA = 0.1
"""Share of the data that is late: much of it comes in many pieces."""
LONGEST_STOP = 0.1
"""Seconds that an event loop stops at most."""
STOPS = 0.001
"""Share of the turns of an event loop before which it stops."""
MOST = 15.0
"""Seconds that all moments of one test take at most, so that it ends before it is given up."""
SWITCH_INTERVAL = 0.0001
"""Seconds after which another thread has its turn, 50 times as often as usual."""

Patch = Callable[[Any, str, object], None]

_sleep = time.sleep
_now = time.monotonic


class Lateness:
    """Draws the moments of one test or program after the other."""

    def __init__(
        self, seed: str, name: str = "", sleep: Callable[[float], object] = _sleep
    ) -> None:
        self._seed = seed
        self._sleep = sleep
        # Garbage that is collected while one is drawn may draw another in the same thread.
        self._lock = threading.RLock()
        self.begin(name)

    def begin(self, name: str) -> None:
        """Draw for another test."""
        with self._lock:
            self._random = random.Random(f"{self._seed} {name}")
            self._left = MOST

    def draw(self, latest: float, share: float = 2 / 3) -> float:
        """Return a moment in seconds: 0, or in ``share`` of the cases one up to ``latest``."""
        with self._lock:
            late = self._random.random() < share
            moment = min(self._left, self._random.uniform(0.0, latest)) if late else 0.0
            self._left -= moment
        return moment

    def wait(self) -> None:
        """Wait a moment in a thread that runs neither the tests nor an event loop."""
        if threading.current_thread() is threading.main_thread():
            return
        if asyncio._get_running_loop() is None and (moment := self.draw(LATEST)):
            self._sleep(moment)

    def stop(self) -> None:
        """Stop an event loop, rarely."""
        if moment := self.draw(LONGEST_STOP, STOPS):
            self._sleep(moment)


def make_late(patch: Patch, lateness: Lateness) -> None:
    """Make threads, executors and event loops late; ``patch`` sets an attribute."""
    _delay_threads(patch, lateness)
    _delay_conditions(patch, lateness)
    _delay_loops(patch, lateness)


def _delay_threads(patch: Patch, lateness: Lateness) -> None:
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_late(thread: threading.Thread) -> None:
        run = thread.run

        def run_late() -> None:
            vars(thread).pop("run", None)
            lateness.wait()
            run()

        thread.run = run_late  # type: ignore[method-assign]
        start(thread)

    def submit_late(
        executor: ThreadPoolExecutor, call: Callable[..., Any], /, *args: Any, **named: Any
    ) -> Future[Any]:
        def call_late() -> Any:
            lateness.wait()
            return call(*args, **named)

        return submit(executor, call_late)

    patch(threading.Thread, "start", start_late)
    patch(ThreadPoolExecutor, "submit", submit_late)


def _delay_conditions(patch: Patch, lateness: Lateness) -> None:
    """Delay what waits for a condition, as events and queues do: before it has the lock again."""
    init = threading.Condition.__init__

    def init_late(condition: Any, lock: Any = None) -> None:
        init(condition, lock)
        restore = condition._acquire_restore

        def restore_late(state: object) -> None:
            lateness.wait()
            restore(state)

        condition._acquire_restore = restore_late

    patch(threading.Condition, "__init__", init_late)


def _delay_loops(patch: Patch, lateness: Lateness) -> None:
    tell, turn = BaseEventLoop.call_soon_threadsafe, BaseEventLoop._run_once  # type: ignore[attr-defined]
    process = BaseSelectorEventLoop._process_events  # type: ignore[attr-defined]

    def tell_late(loop: BaseEventLoop, *args: Any, **named: Any) -> asyncio.Handle:
        lateness.wait()
        return tell(loop, *args, **named)

    def turn_late(loop: BaseEventLoop) -> None:
        lateness.stop()
        turn(loop)

    def process_late(loop: Any, events: list[Any]) -> None:
        due: dict[int, float] = vars(loop).setdefault("_late_until", {})
        ready = []
        for event in events:
            key = event[0]
            # Threads use this one to wake the loop, and they are late already.
            if key.fd == loop._ssock.fileno():
                ready.append(event)
                continue
            if key.fd not in due:
                due[key.fd] = _now() + lateness.draw(LATEST_DATA, LATE_DATA)
            if due[key.fd] <= _now():
                del due[key.fd]
                ready.append(event)
        process(loop, ready)
        if events and not ready and not loop._ready:
            # The system reports the data again at once.
            _sleep(0.001)

    patch(BaseEventLoop, "call_soon_threadsafe", tell_late)
    patch(BaseEventLoop, "_run_once", turn_late)
    patch(BaseSelectorEventLoop, "_process_events", process_late)


# In pytest

_lateness: Lateness | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION,
        metavar="SEED",
        help="make threads, executors and event loops late by random moments",
    )


def pytest_configure(config: pytest.Config) -> None:
    global _lateness
    seed = config.getoption(OPTION)
    if seed is not None:
        _lateness = Lateness(seed)
        make_late(setattr, _lateness)
        os.environ[VARIABLE] = seed
        sys.setswitchinterval(SWITCH_INTERVAL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _lateness is not None:
        _lateness.begin(item.nodeid)
