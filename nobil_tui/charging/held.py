"""What is held of every station, to be read: the half of the board that reports do not go through.

All times are milliseconds since the epoch and come in as values.
"""

from __future__ import annotations

from typing import NamedTuple

from nobil_tui.charging.freshness import DowntimeClock
from nobil_tui.charging.persisted import StoredConnector, StoredStation
from nobil_tui.charging.station import Condition, Connector, Station
from nobil_tui.charging.tracking import Track
from nobil_tui.charging.unconfirmed import Unconfirmed

MAX_AHEAD = 24 * 3_600_000
"""A timestamp further in the future than this many ms is no time of a change."""

_NOTHING_NOTED = Track()


class Since(NamedTuple):
    """Since when a connector is in its condition: ``at`` in ms, and whether that is only the least it can be."""

    at: int
    at_least: bool


class Held:
    """Every station by its id, what we noted of each, and the counts over all of them."""

    def __init__(self) -> None:
        self.stations: dict[str, Station] = {}
        self.membership = object()
        """Another object whenever a station comes or leaves: who keeps something of all of them sees it by that."""
        self.tally = [0] * len(Condition)
        """How many connectors are in each condition, by the condition's value."""
        self.listening = DowntimeClock()
        self.has_snapshot = False
        """Whether a snapshot told of every station: who is not held then is not in the stream."""
        self._confirmed = 0
        self._began = 0
        self._unconfirmed = Unconfirmed(self._count_unconfirmed)

    @property
    def connectors(self) -> int:
        """How many connectors are held, in service or not."""
        return sum(self.tally)

    def unconfirmed(self, now: int) -> int:
        """Count the connectors in service that could have changed without our knowing."""
        total = self.listening.total(now)
        if total <= self._confirmed:
            return 0
        if self.listening.running(now):
            return self.connectors - self.tally[Condition.NOT_IN_SERVICE] - self._unnamed()
        return self._unconfirmed.sum(self.stations.values(), total)

    def since(self, station: Station, index: int, now: int) -> Since:
        """Tell since when the connector at ``index`` is in what it is."""
        timestamp = station.connectors[index].timestamp
        if not 0 < timestamp <= now + MAX_AHEAD:
            return Since(self._began, True)
        track = station.track
        return Since(timestamp, track is not None and bool(track.at_least >> index & 1))

    def heard(self, station: Station, index: int) -> int | None:
        """Tell when the connector was last named by a report, in ms; None before one."""
        track = station.track
        if track is None:
            return None
        return track.heard_at(index) or None

    def unconfirmed_for(self, station: Station, index: int, now: int) -> int:
        """Tell for how many ms the connector could have changed without our knowing.

        Zero where the stream has not named it yet: nothing was known of it that could be old.
        """
        if station.track is not None and station.track.is_unnamed(index):
            return 0
        return self.listening.total(now) - self._confirmed_at(station, index)

    def stored(self, station_id: str) -> StoredStation | None:
        """Return what a later session needs of a station to go on; None where it is not held."""
        station = self.stations.get(station_id)
        if station is None:
            return None
        # What ``since``, ``heard`` and the like tell of each, without a call for each: at a busy time it is asked of
        # thousands of stations a second.
        track = station.track or _NOTHING_NOTED
        keys, heard_each, confirmed_each = track.keys, track.heard_each, track.confirmed_each
        confirmed_all = max(self._confirmed, track.confirmed)
        kept = []
        for index, said in enumerate(station.connectors):
            since, at_least = said.timestamp, bool(track.at_least >> index & 1)
            if since <= 0:
                since, at_least = self._began, True
            key = keys[index] if index < len(keys) else str(index)
            heard = max(track.heard, heard_each.get(index, 0)) if heard_each else track.heard
            confirmed = max(confirmed_all, confirmed_each.get(index, 0)) if confirmed_each else confirmed_all
            kept.append(StoredConnector(key, said.status, said.error, said.word, since, at_least, heard, confirmed))
        return StoredStation(station.status, kept)

    def _confirmed_at(self, station: Station, index: int) -> int:
        """Where the clock of the breaks stood when the connector was last confirmed."""
        track = station.track
        if track is None:
            return self._confirmed
        return max(self._confirmed, track.confirmed_at(index))

    def _count_unconfirmed(self, station: Station, total: int) -> int:
        unnamed = station.track.unnamed if station.track is not None else 0
        return sum(
            self._confirmed_at(station, index) < total and said.condition.counted and not unnamed >> index & 1
            for index, said in enumerate(station.connectors)
        )

    def _unnamed(self) -> int:
        return sum(station.track.unnamed.bit_count() for station in self.stations.values() if station.track is not None)

    def _count(self, before: Connector | None, after: Connector | None) -> None:
        if before is not None:
            self.tally[before.condition] -= 1
        if after is not None:
            self.tally[after.condition] += 1

    def _track(self, station: Station) -> Track:
        if station.track is None:
            station.track = Track(confirmed=self._confirmed)
        return station.track
