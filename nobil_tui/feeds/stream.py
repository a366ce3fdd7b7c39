"""A feed that reads the frames of a link, whatever their format."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from nobil_tui.charging.events import Event
from nobil_tui.feeds.transport.connection import Frame
from nobil_tui.feeds.transport.link import Link


class StreamFeed:
    """Reads ``link``; ``read`` tells what one frame says, also of one that cannot be read."""

    def __init__(self, link: Link, read: Callable[[Frame], Event]) -> None:
        self._link = link
        self._read = read

    @property
    def behind(self) -> int:
        """How far what is read lies behind what is sent, in ms."""
        return self._link.behind

    def retry(self) -> None:
        """Try now."""
        self._link.retry()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what comes; a frame that cannot be read never ends it."""
        read = self._read
        async with aclosing(self._link.events()) as events:
            async for event in events:
                yield read(event) if isinstance(event, Frame) else event
                # Not held until the next one comes: a snapshot has megabytes.
                del event
