"""Relays and readers over a real NATS server, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
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
from nobil_tui.feeds.nats import connection as nats_connection_module
from nobil_tui.feeds.nats import reader as reader_module
from nobil_tui.feeds.nats.connection import NatsConnection, nats_connection
from nobil_tui.feeds.nats.feed import NatsFeed
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.hub import nats_publisher, nats_writer
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.leading_feed import LeadingFeed
from nobil_tui.hub.nats_lease import BUCKET, LEADER_KEY, Lease
from nobil_tui.hub.nats_names import NamesPublisher
from nobil_tui.hub.nats_publisher import NatsPublisher
from nobil_tui.hub.nats_writer import StreamWriter
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from tests.conftest import GUARD, guarded
from tests.hub.conftest import station
from tests.hub.follower import shown

LEASE = GUARD
"""Seconds that a busy machine does not use up: a lease ends because a test lets it expire."""
HEARTBEAT = 0.1
SILENCE = 0.5
"""Seconds after which a reader gives up a silent relay, where a test waits for that. A busy machine
may let a reader give up one that lives, for a moment."""


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server answer, and a relay say goodbye, on a busy machine too."""
    for module, name in (
        *((nats_connection_module, each) for each in ("CONNECT_SECONDS", "PING_SECONDS")),
        (reader_module, "REQUEST_SECONDS"),
        (nats_writer, "ACK_SECONDS"),
        (nats_publisher, "GOODBYE_SECONDS"),
    ):
        monkeypatch.setattr(module, name, GUARD)


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


class Hasty(Clock):
    """A clock whose sleeps are short: a relay soon renews its lease, or tries again to take it."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.05))


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
    alive_at = 0

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
        *,
        lease: float = LEASE,
        heartbeat: float = HEARTBEAT,
        clock: Clock | None = None,
        names: NamesPublisher | None = None,
    ) -> None:
        clock = clock or Hasty()
        self.name = name
        self.board = Board()
        self.lease = Lease(name, lease, clock=clock)
        ready = asyncio.Event()
        follower = NatsFeed(server, silent_after=lease, backoff=Quick())
        feed = LeadingFeed(upstream, follower, self.lease, ready, source, clock)
        self.events: list[str] = []
        self.publisher = NatsPublisher(
            server,
            self.board,
            HubState(source=source),
            self.lease,
            ready,
            clock=clock,
            events=HubLog(self.events.append),
            heartbeat_seconds=heartbeat,
            backoff=Quick(),
            names=names,
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

    async def crash(self) -> None:
        """Do nothing any more, like a process that was killed: the lease is not given up."""
        # A renewal under way may still succeed: what the end would do then is not done.
        self.publisher._say_goodbye = _say_nothing  # type: ignore[method-assign]
        self.lease.drop()
        await cancel_and_wait(*self._tasks)


async def _say_nothing(connection: NatsConnection, writer: StreamWriter) -> None:
    """Do nothing."""


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[Relay]:
    relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


class Consumer:
    """A monitor over the stream of a relay, as in an app or a hub."""

    def __init__(self, server: NatsServer, silent_after: float) -> None:
        self.feed = NatsFeed(server, silent_after=silent_after, backoff=Quick())
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
async def consuming(server: NatsServer, *, silent_after: float = LEASE) -> AsyncIterator[Consumer]:
    consumer = Consumer(server, silent_after)
    running = asyncio.create_task(consumer.monitor.run())
    try:
        yield consumer
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def expire_lease(server: NatsServer, *crashed: Relay) -> None:
    """Remove the lease of relays that crashed, as the server does when its time is over."""
    from nats.js.errors import KeyNotFoundError

    owners = {each.name.encode() for each in crashed}
    async with nats_connection(server, "test") as connection:
        manager = connection.client.jsm(timeout=GUARD)
        bucket = await connection.client.jetstream(timeout=GUARD).key_value(BUCKET)
        # What a relay wrote last may come after its end.
        with suppress(KeyNotFoundError):
            while (await bucket.get(LEADER_KEY)).value in owners:
                await manager.purge_stream(f"KV_{BUCKET}", subject=f"$KV.{BUCKET}.{LEADER_KEY}")


async def wipe(server: NatsServer) -> None:
    """Delete all streams of a server."""
    async with nats_connection(server, "test") as connection:
        manager = connection.client.jsm(timeout=GUARD)
        for stream in await manager.streams_info():
            await manager.delete_stream(stream.config.name or "")
