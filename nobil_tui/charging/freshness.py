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


class Staleness(IntEnum):
    """How sure a connector's condition is, from sure to worthless."""

    CONFIRMED = 0
    SLIGHTLY_STALE = 1
    STALE = 2
    EXPIRED = 3


def staleness_of(unconfirmed_for: int) -> Staleness:
    """Grade a time not listened, in ms."""
    if unconfirmed_for <= 0:
        return Staleness.CONFIRMED
    if unconfirmed_for <= SLIGHT:
        return Staleness.SLIGHTLY_STALE
    return Staleness.STALE if unconfirmed_for <= EXPIRED else Staleness.EXPIRED


class DowntimeClock:
    """The clock of the breaks: it stands still while the link is live and runs while it is not."""

    def __init__(self) -> None:
        self._total = 0
        self._since: int | None = None
        self._least = 0

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
        self._total += self.running(at)
        self._since = None
        self._least = 0

    def resume(self, total: int, alive_at: int) -> None:
        """Go on where an earlier session stopped: its ``total`` of breaks (ms), and when its link was last alive (ms).

        The break between two sessions counts for more than a slight one, however short it was.
        """
        self._total, self._since, self._least = total, alive_at, SLIGHT + 1

    def running(self, now: int) -> int:
        """How long the break that runs has lasted, in ms; zero without one."""
        return 0 if self._since is None else max(self._least, now - self._since)

    def total(self, now: int) -> int:
        """All time not listened until ``now``, in ms."""
        return self._total + self.running(now)

    @property
    def stand(self) -> int:
        """All time not listened before the break that runs, in ms: so much it is from now on at the least."""
        return self._total

    def checkpoint(self, alive_at: int) -> tuple[int, int]:
        """Return what ``resume`` takes in a later session, for a link that was last alive at ``alive_at`` (ms)."""
        return self._total, alive_at if self._since is None else self._since
