"""A feed around another feed, which changes its events."""

from __future__ import annotations

from nobil_tui.charging.events import Feed


class WrappedFeed:
    """Passes on everything to ``_feed`` but the events, which a subclass yields."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    @property
    def behind(self) -> int:
        """How far the feed is behind, in ms."""
        return self._feed.behind

    @property
    def alive_at(self) -> int:
        """When the source was last heard, in ms."""
        return self._feed.alive_at

    def retry(self) -> None:
        """Connect now."""
        self._feed.retry()
