"""Back-pressure: a feed that waits while what it said is not taken.

A monitor never waits for whoever takes its batches: for a screen, what is old may go. A script wants every change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from nobil_tui.charging.events import Connecting, Event, Feed, Snapshot, StationReport

MOST = 10_000
"""Connectors that may be told of before it is taken; one more report, whatever its size, gets through."""


class Gate:
    """Lets a feed through until ``MOST`` is told, and again after each ``open``.

    An event counts before it is passed on: its batch may be taken, and the gate opened, before the reader asks for the
    next event. And what is waited for is the count and no signal, so that an ``open`` at any moment is seen.
    """

    def __init__(self, feed: Feed, most: int = MOST) -> None:
        self._feed = feed
        self._most = most
        self._told = 0
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Tell it that all is taken."""
        self._told = 0
        self._opened.set()

    @property
    def behind(self) -> int:
        """How far the feed is behind, in ms."""
        return self._feed.behind

    def retry(self) -> None:
        """Try now."""
        self._feed.retry()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what the feed says."""
        async with aclosing(self._feed.events()) as events:
            async for event in events:
                self._told += _size(event)
                yield event
                # No await between the look at the count and the wait: nothing can open it in between.
                while self._told >= self._most:
                    self._opened.clear()
                    await self._opened.wait()


def _size(event: Event) -> int:
    """How many changes can come of an event; zero where none comes, since then no batch may follow that opens."""
    if isinstance(event, Connecting):
        return 0
    if isinstance(event, StationReport):
        return len(event.station.connectors)
    if isinstance(event, Snapshot):
        return sum(len(station.connectors) for station in event.stations)
    return 1
