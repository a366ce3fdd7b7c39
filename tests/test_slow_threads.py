"""The option ``--slow-threads`` delays everything off the event loop, and changes nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import guarded
from tests.slow_threads import LATEST, LATEST_DATA, LONGEST_STOP, MOST, Lateness, make_late


class Noted(Lateness):
    """Draws no moment by chance, and notes what happens instead of sleeping."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.late: list[threading.Thread] = []
        """The threads that waited."""
        super().__init__("", sleep=self._note)

    def draw(self, latest: float, share: float = 1.0) -> float:
        if latest == LATEST_DATA:
            self.order.append("data")
        return 0.0 if latest == LONGEST_STOP else 0.001

    def _note(self, seconds: float) -> None:
        self.order.append("late")
        self.late.append(threading.current_thread())


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Noted]:
    noted = Noted()
    make_late(monkeypatch.setattr, noted)
    yield noted
    assert threading.main_thread() not in noted.late


def run(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


def test_a_thread_begins_late(noted: Noted) -> None:
    class Own(threading.Thread):
        def run(self) -> None:
            noted.order.append("works")

    run(threading.Thread(target=noted.order.append, args=("works",)))
    run(Own())
    assert noted.order == ["late", "works"] * 2


async def test_a_call_begins_late_and_its_result_comes_late(noted: Noted) -> None:
    gate = threading.Lock()

    def work() -> int:
        with gate:
            noted.order.append("works")
        return 5

    with gate:
        working = asyncio.get_running_loop().run_in_executor(None, work)
    assert await guarded(working) == 5
    # The thread, its call, and its result.
    assert noted.order == ["late", "late", "works", "late"]


def test_what_waited_for_a_condition_goes_on_late(noted: Noted) -> None:
    condition = threading.Condition()

    def wait() -> None:
        with condition:
            condition.wait(0)
            noted.order.append("goes on")

    run(threading.Thread(target=wait))
    assert noted.order == ["late", "late", "goes on"]
    # Not in the thread of the tests.
    wait()
    assert noted.order[3:] == ["goes on"]


async def test_data_come_late_and_complete(noted: Noted) -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    theirs.sendall(b"one\n")
    assert await guarded(reader.readline()) == b"one\n"
    assert "data" in noted.order
    theirs.close()
    assert await guarded(reader.read()) == b""
    writer.close()
    await guarded(writer.wait_closed())


def test_a_seed_makes_the_same_moments_until_they_are_too_many() -> None:
    def moments(seed: str, name: str) -> list[float]:
        lateness = Lateness(seed, name)
        return [lateness.draw(LATEST) for _ in range(1_000)]

    drawn = moments("1", "a")
    assert drawn == moments("1", "a")
    assert drawn not in (moments("2", "a"), moments("1", "b"))
    assert 0.0 in drawn
    assert max(drawn) <= LATEST
    assert sum(drawn) == pytest.approx(MOST)
