"""Freshness: for how long a connector could have changed unseen, because the link was down.

A break in the link makes nothing false, it makes it unconfirmed. One clock counts the milliseconds
of all breaks. A confirmation notes the clock's reading; the difference to the present reading is
the time in which a change could have gone unseen. All times are milliseconds and come in as values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.station import Station

SLIGHT = 2 * 60_000
"""A connector that is unconfirmed for at most this long, in ms, only gets a ``~``: hardly any
connector changes in that time."""

EXPIRED = 7 * 24 * 3_600_000
"""A connector that is unconfirmed for longer, in ms, becomes unknown."""


class Staleness(IntEnum):
    """How stale a connector's condition is."""

    CONFIRMED = 0
    SLIGHTLY_STALE = 1
    STALE = 2
    EXPIRED = 3


def staleness_of(unconfirmed_for: int) -> Staleness:
    """Grade the time for which a connector is unconfirmed, in ms."""
    if unconfirmed_for <= 0:
        return Staleness.CONFIRMED
    if unconfirmed_for <= SLIGHT:
        return Staleness.SLIGHTLY_STALE
    return Staleness.STALE if unconfirmed_for <= EXPIRED else Staleness.EXPIRED


class DowntimeClock:
    """A clock of all downtime: it runs while the link is down and stops while the link is live."""

    def __init__(self) -> None:
        self._past = 0
        self._down_since: int | None = None
        self._longest = 0
        """The longest reading of the present break."""
        self._least = 0

    @property
    def live(self) -> bool:
        """Whether the link is live."""
        return self._down_since is None

    @property
    def past(self) -> int:
        """The downtime of all breaks that are over, in ms: no later reading is less."""
        return self._past

    def stop(self, heard_at: int) -> None:
        """Note that the link is down and that nothing was heard after ``heard_at`` (ms)."""
        if self._down_since is None:
            self._down_since, self._longest = heard_at, 0

    def start(self, at: int) -> None:
        """Note that the link is live and that nothing is missed from ``at`` (ms) on."""
        self._past += self.running(at)
        self._down_since = None
        self._least = 0

    def add(self, downtime: int) -> None:
        """Add past downtime, in ms: the link was thought to be live, or the data was old."""
        self._past += max(0, downtime)

    def resume(self, downtime: int, alive_at: int) -> None:
        """Continue the clock of an earlier session from its ``checkpoint`` (both in ms).

        The break between two sessions counts as more than a slight one, however short it was.
        """
        self._past, self._down_since, self._least = downtime, alive_at, SLIGHT + 1
        self._longest = 0

    def running(self, now: int) -> int:
        """Return how long the present break has lasted, in ms; zero while the link is live.

        It never decreases: if the system time was set back, the break continues from there.
        """
        if self._down_since is None:
            return 0
        passed = now - self._down_since
        # Not zero after the time was set back: something is unconfirmed.
        self._longest = passed if passed >= self._longest else max(self._longest, 1)
        self._down_since = now - self._longest
        return max(self._least, self._longest)

    def total(self, now: int) -> int:
        """Return the reading: all downtime until ``now``, in ms."""
        return self._past + self.running(now)

    def checkpoint(self, alive_at: int) -> tuple[int, int]:
        """Return the arguments of ``resume`` for a link that was last alive at ``alive_at``
        (ms)."""
        return self._past, alive_at if self._down_since is None else self._down_since


class Freshness:
    """The downtime clock, and what of a board's stations is confirmed by its reading.

    The board owns one, reports to it what is confirmed, and replaces what it finds expired.
    """

    def __init__(self) -> None:
        self.clock = DowntimeClock()
        self.confirmed = 0
        """The clock's reading when a snapshot last confirmed every station."""
        self._oldest = 0
        """Nothing known was confirmed at a smaller reading: skips the search for expired
        stations."""
        self._confirmed_counts: dict[str, int] = {}
        """How many connectors in service of a station are not unconfirmed at the reading
        ``_counted_at``. A station that is missing has none, like a whole country after a break.

        Reports only ever confirm while the link is live, so one count lasts until the next break.
        """
        self._counted_at = -1

    def confirmed_at(self, station: Station, index: int) -> int:
        """Return the clock's reading when a connector was last confirmed."""
        track = station.track
        return self.confirmed if track is None else max(self.confirmed, track.confirmed_at(index))

    def unconfirmed_for(self, station: Station, index: int, now: int) -> int:
        """Return for how many ms a connector could have changed unseen.

        Zero if the stream has not named it yet: nothing is known of it that could be stale.
        """
        if station.track is not None and station.track.is_unnamed(index):
            return 0
        return self.clock.total(now) - self.confirmed_at(station, index)

    def count_unconfirmed(self, stations: Iterable[Station], in_service: int, now: int) -> int:
        """Return how many of all connectors ``in_service`` are unconfirmed, while the clock does
        not run."""
        reading = self.clock.total(now)
        if reading != self._counted_at:
            self._confirmed_counts = {}
            for station in stations:
                if count := self._count_confirmed(station, reading):
                    self._confirmed_counts[station.id] = count
            self._counted_at = reading
        return in_service - sum(self._confirmed_counts.values())

    def follow(self, confirmed: int) -> None:
        """Note the reading at which all stations of a hub were last confirmed, which may be earlier
        than the noted one."""
        self.confirmed = confirmed
        self._oldest = min(self._oldest, confirmed)

    def reported(self, station: Station) -> None:
        """Count the unconfirmed connectors of a station again after a report was applied."""
        if self._counted_at >= 0:
            self._confirmed_counts[station.id] = self._count_confirmed(station, self._counted_at)

    def discard_counts(self) -> None:
        """Count all stations again the next time: many of them changed."""
        self._counted_at = -1

    def may_expire(self, now: int) -> bool:
        """Return whether something can have expired at ``now`` (ms). Cheap: looks at no station."""
        return self._oldest < self.clock.total(now) - EXPIRED

    def expired(
        self, stations: Iterable[Station], now: int
    ) -> Iterator[tuple[Station, dict[int, int]]]:
        """Yield each station with expired connectors: their indices, and when each expired (ms)."""
        threshold = self.clock.total(now) - EXPIRED
        self.discard_counts()
        # What is confirmed from now on is confirmed at this reading or later.
        self._oldest = self.clock.past
        for station in stations:
            if found := self._expired_of(station, threshold, now):
                yield station, found

    def _expired_of(self, station: Station, threshold: int, now: int) -> dict[int, int]:
        track = station.track
        confirmed_all = (
            max(self.confirmed, track.confirmed) if track is not None else self.confirmed
        )
        if confirmed_all >= threshold:
            self._oldest = min(self._oldest, confirmed_all)
            return {}
        each = (track.confirmed_each if track is not None else None) or {}
        found: dict[int, int] = {}
        for index, connector in enumerate(station.connectors):
            if connector.condition is Condition.UNKNOWN:
                continue
            confirmed = max(confirmed_all, each.get(index, 0))
            if confirmed < threshold:
                found[index] = now - (threshold - confirmed)
            else:
                self._oldest = min(self._oldest, confirmed)
        return found

    def _count_confirmed(self, station: Station, reading: int) -> int:
        """Count the connectors in service that are confirmed, or that the stream has not named."""
        track = station.track
        if track is None or not (track.confirmed_each or track.unnamed):
            # Its connectors all have the same reading, like those of a whole country after a
            # snapshot that was made before the link was live.
            confirmed = self.confirmed if track is None else max(self.confirmed, track.confirmed)
            return 0 if confirmed < reading else station.summary.total
        unnamed = track.unnamed
        return sum(
            connector.condition.counted
            and (bool(unnamed >> index & 1) or self.confirmed_at(station, index) >= reading)
            for index, connector in enumerate(station.connectors)
        )
