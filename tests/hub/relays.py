"""Relays and readers over a real NATS server, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from nobil_tui.base.clock import Clock
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    Event,
    Feed,
    HubState,
    Snapshot,
    StationReport,
)
from nobil_tui.charging.station import Station
from nobil_tui.feeds.nats.connection import nats_connection
from nobil_tui.feeds.nats.feed import NatsFeed
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.leading_feed import LeadingFeed
from nobil_tui.hub.nats_lease import Lease
from nobil_tui.hub.nats_publisher import NatsPublisher
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from tests.conftest import guarded
from tests.hub.conftest import station
from tests.hub.follower import shown

LEASE = 1.0


async def until(holds: Callable[[], object]) -> None:
    """Wait until a condition holds that another task or process makes true."""

    async def look() -> None:
        while not holds():  # noqa: ASYNC110  # the other side is a process
            await asyncio.sleep(0.02)

    await guarded(look())


class Quick(Backoff):
    """Short waits: a test has no time for them."""

    def wait(self) -> float:
        return 0.05


class World:
    """What a service upstream knows, and how many sessions it has."""

    def __init__(self, *stations: Station) -> None:
        self.stations = {each.id: each for each in stations}
        self.sessions = 0
        self.most = 0
        """The most sessions at any time."""
        self.served = 0
        """Sessions so far."""
        self._open: list[asyncio.Queue[Event]] = []

    def say(self, event: Event) -> None:
        for queue in self._open:
            queue.put_nowait(event)

    def report(self, id_: str, *statuses: int) -> None:
        now = Clock().now()
        self.stations[id_] = station(id_, *statuses, at=now)
        self.say(StationReport(station(id_, *statuses, at=now), now))

    def snapshot(self) -> Snapshot:
        copies = [
            station(each.id, *(connector.status for connector in each.connectors))
            for each in self.stations.values()
        ]
        return Snapshot(copies, Clock().now())

    def feed(self) -> WorldFeed:
        return WorldFeed(self)


class WorldFeed:
    """A session with ``world``, for each time that it is read."""

    def __init__(self, world: World) -> None:
        self._world = world

    behind = 0

    def retry(self) -> None:
        """Do nothing: there is no wait."""

    async def events(self) -> AsyncGenerator[Event, None]:
        world, queue = self._world, asyncio.Queue[Event]()
        world.sessions += 1
        world.served += 1
        world.most = max(world.most, world.sessions)
        world._open.append(queue)
        try:
            yield Connected(Clock().now())
            yield world.snapshot()
            while True:
                yield await queue.get()
        finally:
            world.sessions -= 1
            world._open.remove(queue)


class Relay:
    """One relay: a feed, its board and its publisher."""

    def __init__(
        self,
        server: NatsServer,
        upstream: Feed,
        name: str,
        source: str = "test",
        lease: float = LEASE,
    ) -> None:
        self.board = Board()
        self.lease = Lease(name, lease)
        ready = asyncio.Event()
        follower = NatsFeed(server, silent_after=lease, backoff=Quick())
        feed = LeadingFeed(upstream, follower, self.lease, ready, source, Clock())
        self.events: list[str] = []
        self.publisher = NatsPublisher(
            server,
            self.board,
            HubState(source=source),
            self.lease,
            ready,
            clock=Clock(),
            events=HubLog(self.events.append),
            heartbeat_seconds=lease / 4,
            backoff=Quick(),
        )
        self.monitor = Monitor(feed, self.board, sinks=[self.publisher])
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self.monitor.run()),
            asyncio.create_task(self.publisher.run()),
        ]

    async def stop(self) -> None:
        for task in reversed(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def crash(self) -> None:
        """Do nothing any more, like a process that was killed: the lease is not given up."""
        self.lease.drop()
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[Relay]:
    relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


class Consumer:
    """A monitor over the stream of a relay, as in an app or a hub."""

    def __init__(self, server: NatsServer) -> None:
        self.feed = NatsFeed(server, silent_after=LEASE, backoff=Quick())
        self.board = Board()
        self.monitor = Monitor(self.feed, self.board)

    def equals(self, board: Board) -> bool:
        now = Clock().now()
        return self.live and shown(self.board, now) == shown(board, now)

    @property
    def live(self) -> bool:
        link = self.monitor.link
        return self.board.downtime.live and link.phase is LinkPhase.LIVE and not link.reason


@asynccontextmanager
async def consuming(server: NatsServer) -> AsyncIterator[Consumer]:
    consumer = Consumer(server)
    running = asyncio.create_task(consumer.monitor.run())
    try:
        yield consumer
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def wipe(server: NatsServer) -> None:
    """Delete all streams of a server."""
    async with nats_connection(server, "test") as connection:
        manager = connection.client.jsm()
        for stream in await manager.streams_info():
            await manager.delete_stream(stream.config.name or "")
