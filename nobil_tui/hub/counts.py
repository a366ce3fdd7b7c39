"""Counts of what a hub has sent and refused, for its metrics."""

from __future__ import annotations

from collections import Counter


class HubCounts:
    """What a hub has sent and refused so far."""

    def __init__(self) -> None:
        self.joined = 0
        self.messages = 0
        self.bytes = 0
        self.resynced = 0
        """How often a consumer that was behind got a snapshot instead of its waiting updates."""
        self.dropped: Counter[str] = Counter()
        """Consumers that the hub closed, by the reason."""
        self.refused: Counter[int] = Counter()
        """Requests that were refused, by the status code."""
