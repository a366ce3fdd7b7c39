"""A feed that begins with what happened before it was opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from nobil_tui.charging.events import Connected, Connecting, Event, Lost
from nobil_tui.feeds.prelude import PreludeFeed
from tests.conftest import START


class Feed:
    """A feed of given events."""

    behind = 7

    def __init__(self, *given: Event) -> None:
        self.given = given
        self.retries = 0

    def retry(self) -> None:
        self.retries += 1

    async def events(self) -> AsyncGenerator[Event, None]:
        for event in self.given:
            yield event


async def test_the_past_replaces_the_first_connection() -> None:
    lost = Lost("broke", START, START)
    inner = Feed(Connecting(), Connected(START), lost, Connected(START + 9))
    feed = PreludeFeed([Connected(START - 600), Connecting()], inner)
    feed.retry()
    assert (feed.behind, inner.retries) == (7, 1)
    assert [event async for event in feed.events()] == [
        Connecting(),
        Connected(START - 600),
        Connecting(),
        lost,
        Connected(START + 9),
    ]
