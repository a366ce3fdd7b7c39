"""Back-pressure: pause a feed until its changes have been handled.

A monitor never waits for the receiver of its batches: a screen may skip what is out of date. A
script wants every change, so its feed has to wait instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from nobil_tui.charging.events import Connecting, Event, Feed, Snapshot, StationReport
from nobil_tui.feeds.wrapped import WrappedFeed

MAX_PENDING = 10_000
"""The most reported connectors before the feed is paused; the report that exceeds this still
passes, whatever its size."""


class BackpressureFeed(WrappedFeed):
    """Pass on the events of a feed, and pause it after ``MAX_PENDING`` connectors until ``release``
    is called.

    An event is counted before it is passed on: its batch may be handled, and ``release`` called,
    before the reader asks for the next event. The reader waits for the count and not for a signal,
    so ``release`` works at any moment.
    """

    def __init__(self, feed: Feed, max_pending: int = MAX_PENDING) -> None:
        super().__init__(feed)
        self._max_pending = max_pending
        self._pending = 0
        self._released = asyncio.Event()

    def release(self) -> None:
        """Resume the feed: everything so far has been handled."""
        self._pending = 0
        self._released.set()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events of the feed."""
        async with aclosing(self._feed.events()) as events:
            async for event in events:
                self._pending += _size(event)
                yield event
                # No await between the check of the count and the wait: release cannot run in
                # between.
                while self._pending >= self._max_pending:
                    self._released.clear()
                    await self._released.wait()


def _size(event: Event) -> int:
    """Return how many connectors an event reports, 1 for an event without connectors.

    ``Connecting`` is 0: no batch follows that would release the feed.
    """
    if isinstance(event, Connecting):
        return 0
    if isinstance(event, StationReport):
        return len(event.station.connectors)
    if isinstance(event, Snapshot):
        return sum(len(station.connectors) for station in event.stations)
    return 1
