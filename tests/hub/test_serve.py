from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect

from nobil_tui.charging.events import RawReport, Snapshot, StationReport
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.serve import serve_simulation
from nobil_tui.wire import v1
from tests.conftest import START, FakeClock, guarded


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
    serving = asyncio.create_task(serve_simulation("127.0.0.1", 0, 30, 5, 10.0, announcement, clock=clock))
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
        serving = asyncio.create_task(serve_simulation("127.0.0.1", 0, 1, 5, 1.0, announcement, key=key, clock=clock))
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
        await guarded(serve_simulation("127.0.0.1", 99_999, 1, 5, 1.0, announcement, clock=clock))
    assert announcement.lines == []
