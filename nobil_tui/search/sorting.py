"""What a list of stations can be ordered by."""

from __future__ import annotations

from enum import StrEnum

from nobil_tui.charging.station import Station


class Sort(StrEnum):
    """What a list of stations can be ordered by."""

    STARRED = "starred"
    NAME = "name"
    ID = "id"
    FREE = "free"
    CHANGED = "changed"
    DISTANCE = "distance"

    @property
    def label(self) -> str:
        """The order as a reader is told it."""
        return _WORDS.get(self.value, f"by {self.value}")

    @property
    def is_live(self) -> bool:
        """Whether what the stream says can change the order."""
        return self in (Sort.FREE, Sort.CHANGED)


_WORDS = {
    "starred": "starred first",
    "free": "most free first",
    "changed": "last change first",
    "distance": "nearest first",
}


def changed_at(station: Station) -> int:
    """When the last change at a station was, in ms, as far as is known; zero where it is not."""
    latest = 0
    # A loop, since this is asked for a whole country at once.
    for connector in station.connectors:
        if connector.timestamp > latest:
            latest = connector.timestamp
    return latest
