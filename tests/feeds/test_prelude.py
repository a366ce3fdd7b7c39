"""A feed that begins with what happened before it was opened."""

from __future__ import annotations

from nobil_tui.charging.events import Connected, Connecting, Lost
from nobil_tui.feeds.prelude import PreludeFeed
from tests.conftest import START
from tests.given_feed import GivenFeed


async def test_the_past_replaces_the_first_connection() -> None:
    lost = Lost("broke", START, START)
    inner = GivenFeed(Connecting(), Connected(START), lost, Connected(START + 9), behind=7)
    inner.alive_at = START
    feed = PreludeFeed([Connected(START - 600), Connecting()], inner)
    feed.retry()
    assert (feed.behind, feed.alive_at, inner.retries) == (7, START, 1)
    assert [event async for event in feed.events()] == [
        Connecting(),
        Connected(START - 600),
        Connecting(),
        lost,
        Connected(START + 9),
    ]
