"""A feed that says what a test has it say, and notes how much of it was taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from nobil_tui.charging.events import ConnectorReport, Event, StationReport
from nobil_tui.charging.station import Connector, Station, WordConnector

T0 = 1_774_267_200_000


def report(key: str, word: str, at: int = 0, station: str = "NOR_1") -> ConnectorReport:
    """A connector that NOBIL Real-time names."""
    status = {"AVAILABLE": 0, "CHARGING": 1}[word]
    return ConnectorReport(station, key, WordConnector(status, 0, said=word), T0 + at)


def update(status: int, count: int = 1, at: int = 0) -> StationReport:
    """A station whose ``count`` connectors are all in one status."""
    return StationReport(Station("NOR_1", [Connector(status, 0, T0 + at) for _ in range(count)]), T0 + at)


class ScriptedFeed:
    """Says ``events``, then what is said later, until it is told to ``end``."""

    def __init__(self, *events: Event) -> None:
        self.taken = 0
        """How many events were asked for."""
        self.closed = False
        self.asked = False
        self.behind = 7
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
