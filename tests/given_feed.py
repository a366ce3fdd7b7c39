"""A feed of given events, for tests without a source."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from nobil_tui.charging.events import Event
from tests.interleaving import ShuffledLoop


class GivenFeed:
    """Yields given events; with ``loop``, other tasks run in between."""

    def __init__(self, *events: Event, loop: ShuffledLoop | None = None, behind: int = 0) -> None:
        self.behind = behind
        self.alive_at = 0
        self.retries = 0
        self._events = events
        self._loop = loop

    async def events(self) -> AsyncGenerator[Event, None]:
        for event in self._events:
            if self._loop is not None:
                await self._loop.dawdle()
            yield event

    def retry(self) -> None:
        self.retries += 1
