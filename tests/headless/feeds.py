"""A scripted feed that counts the events taken from it, and sessions over a feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import ConnectorReport, Event, Feed, StationReport
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.feeds.source import OpenSource
from nobil_tui.session.options import SessionOptions
from nobil_tui.session.session import Session
from tests.conftest import guarded

T0 = 1_774_267_200_000


def report(key: str, word: str, at: int = 0, station: str = "NOR_1") -> ConnectorReport:
    """Return a report of NOBIL Real-time."""
    status, error = {"AVAILABLE": (0, 0), "CHARGING": (1, 0), "OUTOFORDER": (-1, 1)}[word]
    return ConnectorReport(station, key, WordConnector(status, error, word=word), T0 + at)


def update(status: int, count: int = 1, at: int = 0) -> StationReport:
    """Return a report of a station whose ``count`` connectors all have one status."""
    return StationReport(
        Station("NOR_1", [Connector(status, 0, T0 + at) for _ in range(count)]), T0 + at
    )


async def until(holds: Callable[[], object]) -> None:
    """Run all tasks until a condition is true."""

    async def look() -> None:
        while not holds():  # noqa: ASYNC110  # the conditions have no event
            await asyncio.sleep(0)

    await guarded(look())


class ScriptedFeed:
    """Yield ``events`` and those added later with ``say``, until ``end``."""

    def __init__(self, *events: Event) -> None:
        self.taken = 0
        """How many events were taken."""
        self.closed = False
        self.asked = False
        self.behind = 7
        self.alive_at = 0
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.say(*events)

    def say(self, *events: Event) -> None:
        for event in events:
            self._events.put_nowait(event)

    def end(self) -> None:
        self._events.put_nowait(None)

    def retry(self) -> None:
        self.asked = True

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            while (event := await self._events.get()) is not None:
                self.taken += 1
                yield event
        finally:
            self.closed = True


class FeedSource:
    """A source with a given feed."""

    simulated = False

    def __init__(
        self,
        feed: Feed,
        *,
        name: str = "a source",
        register: Register | None = None,
        clock: Clock | None = None,
        state_key: str = "",
        sends_snapshot: bool = False,
    ) -> None:
        self.name = name
        self.state_key = state_key
        self._open = OpenSource(feed, register, clock, sends_snapshot=sends_snapshot)

    def open(self) -> OpenSource:
        return self._open

    def close(self) -> None:
        pass


def session_of(
    feed: Feed,
    *,
    register: Register | None = None,
    clock: Clock | None = None,
    state_dir: Path | None = None,
    lossless: bool = True,
    sends_snapshot: bool = False,
    options_clock: Clock | None = None,
) -> Session:
    """Return an open session over ``feed``; with a ``state_dir``, its state is in ``state.sqlite``
    there."""
    source = FeedSource(
        feed, register=register, clock=clock, state_key="state", sends_snapshot=sends_snapshot
    )
    options = SessionOptions(state_dir=state_dir, clock=options_clock or Clock())
    session = Session(source, options, Register(), lossless=lossless)
    session.open()
    return session
