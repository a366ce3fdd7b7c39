"""How sure we are: the time that was not listened to.

A break in the link makes nothing false, it makes it unconfirmed. One clock counts the milliseconds of all breaks; what
is confirmed notes where that clock stood, and the difference is how long a change could have gone unseen.
"""

from __future__ import annotations

from enum import IntEnum

SLIGHT = 2 * 60_000
"""Up to this many ms not listened, only a ``~`` tells: in so short a break hardly any connector changes."""

EXPIRED = 7 * 24 * 3_600_000
"""After so many ms not listened, what was known is worth nothing."""


class Certainty(IntEnum):
    """How sure a connector's condition is, from sure to worthless."""

    SURE = 0
    SLIGHTLY_OLD = 1
    OLD = 2
    EXPIRED = 3


def certainty_of(not_listened: int) -> Certainty:
    """Grade a time not listened, in ms."""
    if not_listened <= 0:
        return Certainty.SURE
    if not_listened <= SLIGHT:
        return Certainty.SLIGHTLY_OLD
    return Certainty.OLD if not_listened <= EXPIRED else Certainty.EXPIRED


class Listening:
    """The clock of the breaks: it stands still while the link is live and runs while it is not."""

    def __init__(self) -> None:
        self._total = 0
        self._since: int | None = None

    @property
    def live(self) -> bool:
        """Whether we listen now."""
        return self._since is None

    def stop(self, heard_at: int) -> None:
        """Note that nothing was heard after ``heard_at`` (ms)."""
        if self._since is None:
            self._since = heard_at

    def start(self, at: int) -> None:
        """Note that from ``at`` (ms) on nothing is missed."""
        if self._since is not None:
            self._total += max(0, at - self._since)
            self._since = None

    def total(self, now: int) -> int:
        """All time not listened until ``now``, in ms."""
        running = 0 if self._since is None else max(0, now - self._since)
        return self._total + running
