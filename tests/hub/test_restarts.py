"""A client of a hub that is killed and restarted at random during a flood ends with its state."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator

import pytest

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, Snapshot, StationReport
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.codecs import V1_CODEC
from tests.conftest import GUARD, START, FakeClock, guarded
from tests.hub.conftest import KEY

STATIONS = 40
RESTARTS = 50


class Flood:
    """A source that outlives hubs: every connection to it gets a snapshot, then endless changes."""

    behind = 0
    alive_at = 0

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.stations = {f"NOR_{n}": [0, 0, 0] for n in range(STATIONS)}
        self.paused = asyncio.Event()
        self.at = START

    def retry(self) -> None:
        raise AssertionError("it never closes")

    def station(self, name: str) -> Station:
        return Station(name, [Connector(each, 0, self.at) for each in self.stations[name]])

    async def events(self) -> AsyncGenerator[Event, None]:
        yield Connected(self.at)
        yield Snapshot([self.station(name) for name in self.stations], self.at)
        while True:
            while not self.paused.is_set():
                self.at += 1
                name = f"NOR_{self.rng.randrange(STATIONS)}"
                self.stations[name][self.rng.randrange(3)] ^= 1
                yield StationReport(self.station(name), self.at)
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)


def statuses(board: Board) -> dict[str, list[int]]:
    return {name: [each.status for each in s.connectors] for name, s in board.stations.items()}


@pytest.mark.slow
async def test_client_has_the_exact_state_after_each_of_many_restarts() -> None:
    rng = random.Random(5)
    flood = Flood(rng)
    clock = FakeClock()
    url = ""

    async def dial() -> str:
        return url

    link = Link(dial, clock=clock)
    client = Monitor(StreamFeed(link, V1_CODEC), Board(), tick=0.0, clock=clock)
    running: asyncio.Task[None] | None = None
    for _ in range(RESTARTS):
        board = Board()
        # On a new port: another test may take the old one meanwhile.
        hub = Hub(board, keys=OneKey(KEY), clock=clock)
        await guarded(hub.start())
        url = hub.url
        serving = asyncio.create_task(Monitor(flood, board, tick=0.0, sinks=[hub]).run())
        if running is None:
            running = asyncio.create_task(client.run())
        link.retry()
        for _ in range(rng.randrange(80)):
            await asyncio.sleep(0)
        flood.paused.set()
        async with asyncio.timeout(GUARD):
            while statuses(client.board) != flood.stations:
                link.retry()
                await asyncio.sleep(0.001)
        flood.paused.clear()
        for _ in range(rng.randrange(40)):
            await asyncio.sleep(0)
        serving.cancel()
        # Without a closing handshake, like a process that is killed.
        for consumer in [*hub._consumers]:
            consumer.abort()
        await hub.close()
        await asyncio.gather(serving, return_exceptions=True)
    assert client.counts.unreadable == 0
    assert running is not None
    await cancel_and_wait(running)
