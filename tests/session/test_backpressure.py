"""A feed pauses while too many changes are not handled, and continues afterwards."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.events import Connected, Event, Snapshot
from nobil_tui.charging.station import Connector, Station
from nobil_tui.session.backpressure import BackpressureFeed
from tests.conftest import guarded, settle
from tests.headless.feeds import T0, ScriptedFeed, report, update

SNAPSHOT = Snapshot([Station(f"NOR_{n}", [Connector(), Connector()]) for n in range(5)], T0)


class Reader:
    """Read a feed as fast as it can."""

    def __init__(self, gate: BackpressureFeed) -> None:
        self.came: list[Event] = []
        self.task = asyncio.create_task(self._read(gate))

    async def _read(self, gate: BackpressureFeed) -> None:
        async with aclosing(gate.events()) as events:
            async for event in events:
                self.came.append(event)


@pytest.mark.parametrize(
    ("event", "fit"),
    [(report("a", "AVAILABLE"), 10), (update(0, 4), 3), (SNAPSHOT, 1), (Connected(T0), 10)],
)
async def test_feed_pauses_after_max_pending(event: Event, fit: int) -> None:
    feed = ScriptedFeed(*[event] * 30)
    gate = BackpressureFeed(feed, max_pending=10)
    reader = Reader(gate)
    for times in (1, 2, 3):
        await settle()
        assert len(reader.came) == min(30, fit * times)
        # The feed is not read meanwhile, which slows the server down.
        assert feed.taken == len(reader.came)
        gate.release()
    feed.end()
    await cancel_and_wait(reader.task)


async def test_release_in_time_avoids_a_pause() -> None:
    feed = ScriptedFeed()
    gate = BackpressureFeed(feed, max_pending=3)
    reader = Reader(gate)
    for n in range(20):
        feed.say(report(str(n), "AVAILABLE"))
        await settle()
        assert len(reader.came) == n + 1
        if n % 3 == 2:
            gate.release()
    feed.end()
    await guarded(reader.task)


async def test_cancel_closes_the_feed() -> None:
    feed = ScriptedFeed(*[report("a", "AVAILABLE")] * 9)
    reader = Reader(BackpressureFeed(feed, max_pending=2))
    await settle()
    await cancel_and_wait(reader.task)
    assert feed.closed


async def test_retry_and_behind_are_delegated() -> None:
    feed = ScriptedFeed()
    gate = BackpressureFeed(feed)
    gate.retry()
    assert feed.asked
    assert gate.behind == 7
