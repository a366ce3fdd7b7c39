"""A feed that begins with what happened before it was opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from nobil_tui.charging.events import Connected, Event, Feed
from nobil_tui.feeds.wrapped import WrappedFeed


class PreludeFeed(WrappedFeed):
    """Yields ``past`` in place of the first ``Connected`` of a feed, then the rest of the feed.

    ``past`` begins with a ``Connected`` of its own, in the past.
    """

    def __init__(self, past: Sequence[Event], feed: Feed) -> None:
        super().__init__(feed)
        self._past: list[Event] = [*past]

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the past, then what the feed yields."""
        async with aclosing(self._feed.events()) as events:
            async for event in events:
                if self._past and isinstance(event, Connected):
                    past, self._past = self._past, []
                    for each in past:
                        yield each
                else:
                    yield event
