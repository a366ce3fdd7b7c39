"""A scripted feed, a hub over it, and a consumer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, RawReport, Snapshot, StationReport
from nobil_tui.charging.station import Connector, Station
from nobil_tui.hub import rates
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.server import Hub
from nobil_tui.monitor import board_updater as updater_module
from nobil_tui.monitor import monitor as monitor_module
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire import v1
from tests.conftest import START, guarded

KEY = "a+secret/key=&%"
"""Contains every character that has a meaning in a URL."""


def _has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
        sock.bind(("::1", 0))
        return True
    return False


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


def station(id_: str, *statuses: int, at: int = START) -> Station:
    return Station(id_, [Connector(status, 0, at) for status in statuses])


class ScriptedFeed:
    """A feed that yields the events given to ``say``; None ends it."""

    def __init__(self, *stations: Station) -> None:
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.say(Connected(START))
        self.say(Snapshot([*stations], START))

    def say(self, event: Event | None) -> None:
        self._events.put_nowait(event)

    def report(self, id_: str, *statuses: int, at: int = START) -> None:
        self.say(StationReport(station(id_, *statuses, at=at), at))

    def hear(self, id_: str, index: int, status: int, at: int = START) -> None:
        self.say(RawReport(id_, index, Connector(status, 0, at), at))

    behind = 0
    alive_at = 0

    def retry(self) -> None:
        raise AssertionError("the hub never retries")

    async def events(self) -> AsyncGenerator[Event, None]:
        while (event := await self._events.get()) is not None:
            yield event


class Reader:
    """A usual consumer: take the snapshot's state and apply the updates to it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.state: dict[str, list[int]] = {}
        self.seen: list[Event] = []

    async def read(self) -> Event:
        message = v1.decode(await guarded(self.connection.recv(decode=False)), START)
        self.seen.append(message)
        if isinstance(message, Snapshot):
            self.state = {s.id: [c.status for c in s.connectors] for s in message.stations}
        elif isinstance(message, StationReport):
            self.state[message.station.id] = [c.status for c in message.station.connectors]
        return message

    async def until(self, enough: Callable[[], bool]) -> None:
        while not enough():
            await self.read()

    async def until_all_are(self, state: dict[str, list[int]]) -> None:
        await self.until(lambda: self.state == state)

    async def until_station_is(self, id_: str, *statuses: int) -> None:
        await self.until(lambda: self.state[id_] == [*statuses])


@asynccontextmanager
async def run(monitor: Monitor) -> AsyncIterator[None]:
    """Run a monitor while in the context; raise its error, if there was one."""
    running = asyncio.create_task(monitor.run())
    try:
        yield
    finally:
        await cancel_and_wait(running)
        if not running.cancelled():
            running.result()


@pytest.fixture(autouse=True)
def one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a feed yields at once be one batch, also on a slow machine: the first one has the
    snapshot."""
    for module in (monitor_module, updater_module):
        monkeypatch.setattr(module, "SLICE_SECONDS", 1e6)


@pytest.fixture
def nothing_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the rates: however slow the machine is, no wrong key is forgotten."""
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: 1000.0))


OpensHub = Callable[..., Awaitable[Hub]]
Joins = Callable[..., Awaitable[Reader]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def hub_over(stack: AsyncExitStack) -> OpensHub:
    """Return ``hub_over(feed, clock=None, **options)``, which starts a hub and its monitor."""

    async def opens(feed: ScriptedFeed, clock: Clock | None = None, **options: Any) -> Hub:
        board = Board()
        options = {"keys": OneKey(KEY), **options}
        hub = Hub(board, clock=clock, **options)
        await guarded(stack.enter_async_context(hub))
        await stack.enter_async_context(
            run(Monitor(feed, board, tick=0.0, sinks=[hub], clock=clock))
        )
        return hub

    return opens


@pytest.fixture
async def join(stack: AsyncExitStack) -> Joins:
    """Return ``join(hub)``, which connects a consumer."""

    async def joins(hub: Hub, url: str = "", **options: Any) -> Reader:
        options = {
            "proxy": None,
            "compression": None,
            "max_size": None,
            "close_timeout": 0.1,
            **options,
        }
        connection = connect(url or hub.url, **options)
        return Reader(await guarded(stack.enter_async_context(connection)))

    return joins
