from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from websockets.asyncio.client import connect

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Ended, Event, RawReport, Snapshot, StationReport
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.serve import serve_country, serve_monitor
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire import v1
from tests.conftest import START, FakeClock, guarded, settle
from tests.hub.conftest import ScriptedFeed, station


def country(stations: int, speed: float = 1.0) -> Simulation:
    return Simulation(stations, 5, start=START, speed=speed)


class Announcement:
    """Receives the announced URL."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._first = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._first.set()

    async def first(self) -> str:
        await guarded(self._first.wait())
        return self.lines[0]


async def test_announces_url_and_serves_until_cancelled(clock: FakeClock) -> None:
    announcement = Announcement()
    serving = asyncio.create_task(
        serve_country("127.0.0.1", 0, country(30, 10.0), announcement, clock=clock)
    )
    url = await announcement.first()
    async with connect(url, proxy=None, close_timeout=0.1) as consumer:
        message = v1.decode(await guarded(consumer.recv(decode=False)), START)
        assert isinstance(message, Snapshot)
        simulation = Simulation(30, 5, start=START, speed=10.0)
        assert message.stations == simulation.stations
        clock.advance(60)
        expected = simulation.advance(clock.now())
        assert expected
        told = v1.decode(await guarded(consumer.recv(decode=False)), START)
        assert isinstance(told, StationReport | RawReport)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(serving)
    assert announcement.lines == [url]
    with pytest.raises(OSError, match=r"."):
        await guarded(connect(url, proxy=None).__aenter__())


async def test_key_is_random_unless_given(clock: FakeClock) -> None:
    urls = []
    for key in ("mine", None, None):
        announcement = Announcement()
        serving = asyncio.create_task(
            serve_country("127.0.0.1", 0, country(1), announcement, key=key, clock=clock)
        )
        urls.append(await announcement.first())
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    keys = [url.partition("?key=")[2] for url in urls]
    assert keys[0] == "mine"
    assert len(set(keys)) == 3
    assert all(keys)


async def test_bind_error_is_raised_without_announcement(clock: FakeClock) -> None:
    announcement = Announcement()
    with pytest.raises(HubError, match="does not exist"):
        await guarded(serve_country("127.0.0.1", 99_999, country(1), announcement, clock=clock))
    assert announcement.lines == []


async def test_error_of_feed_is_raised_and_hub_closed() -> None:
    class Broken(ScriptedFeed):
        async def events(self) -> AsyncGenerator[Event, None]:
            async for event in super().events():
                if isinstance(event, Ended):
                    raise ZeroDivisionError
                yield event

    feed, board, announcement = Broken(), Board(), Announcement()
    hub = Hub(board, keys=OneKey("mine"))
    serving = asyncio.create_task(
        serve_monitor(Monitor(feed, board, sinks=[hub]), hub, announcement)
    )
    url = await announcement.first()
    feed.say(Ended(START))
    with pytest.raises(ZeroDivisionError):
        await guarded(serving)
    with pytest.raises(OSError, match=r"."):
        await guarded(connect(url, proxy=None).__aenter__())


async def test_board_is_served_after_feed_has_ended() -> None:
    feed, board, announcement = ScriptedFeed(station("NOR_1", 1)), Board(), Announcement()
    hub = Hub(board, keys=OneKey("mine"))
    feed.say(None)
    monitor = Monitor(feed, board, tick=0.0, sinks=[hub])
    serving = asyncio.create_task(serve_monitor(monitor, hub, announcement))
    url = await announcement.first()
    await settle()
    async with connect(url, proxy=None, close_timeout=0.1) as consumer:
        message = v1.decode(await guarded(consumer.recv(decode=False)), START)
    assert isinstance(message, Snapshot)
    assert [s.id for s in message.stations] == ["NOR_1"]
    assert not serving.done()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
