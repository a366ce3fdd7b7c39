"""The board: the latest state of every station. Apply a report, get the changes back.

All times are milliseconds since the epoch and come in as values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from itertools import islice
from math import inf
from typing import NamedTuple

from nobil_tui.charging.expiry import Expiring
from nobil_tui.charging.held import MAX_AHEAD
from nobil_tui.charging.persisted import Stored
from nobil_tui.charging.station import MAX_CONNECTORS, Condition, Connector, Station, condition_of

MAX_STATIONS = 500_000
"""A stream that names more stations than this is broken or hostile: further ones are not taken in."""


class Change(NamedTuple):
    """A report that differed from what was held of one connector."""

    at: int
    """When we learned of it, in ms."""
    station: str
    number: int
    """The connector's number, from 1."""
    before: Connector | None
    """None at first sight."""
    after: Connector | None
    """None where the connector is gone."""
    missed: bool = False
    """It happened while the link was down."""


class SnapshotResult(NamedTuple):
    """What a snapshot did to the board."""

    changes: list[Change]
    left: list[str]
    """The stations that are no longer in the stream."""


def _nothing(_: str) -> tuple[str, ...]:
    return ()


class Board(Expiring):
    """The latest state of every station of the stream. Apply a report, get the changes back."""

    def __init__(self) -> None:
        super().__init__()
        self._known: Callable[[str], Sequence[str]] = _nothing

    def clear(self) -> None:
        """Begin anew: nothing is held, and nothing was missed."""
        Expiring.__init__(self)

    # From one session to the next

    def restore(self, stored: Stored, now: int) -> list[str]:
        """Go on at ``now`` (ms) from an earlier session, in place of all that is held; the board keeps the stations.

        All of it is unconfirmed, and the time since the link of that session was last alive counts. Returns the
        stations of which something is too old to be known any more.
        """
        self.clear()
        if not stored.alive_at:
            return []
        self.listening.resume(stored.breaks, stored.alive_at)
        self._began = stored.alive_at
        self.stations = dict(islice(stored.stations.items(), MAX_STATIONS))
        self._tally_all()
        self.expect(self._known)
        return self.expire(now)

    # Reports

    def apply_snapshot(self, stations: Sequence[Station], at: int, *, partial: bool = False) -> SnapshotResult:
        """Take in the state of all stations.

        Those that it lacks have left, unless it is ``partial``: then some of it could not be read. First sights are no
        changes here.
        """
        self.has_snapshot = True
        self._unconfirmed.forget()
        # Of a station that comes twice, the last is what holds.
        latest = {station.id: station for station in stations}
        if not self.stations:
            self._adopt(latest, at)
            return SnapshotResult([], [])
        total = self.listening.total(at)
        changes: list[Change] = []
        for station in latest.values():
            held = self.stations.get(station.id)
            if held is None:
                self._take_in(station, at)
                continue
            changes += self._renew(held, station, at, total, update=False)
            if partial:
                self._track(held).confirmed = total
        left = [] if partial else self._drop_all_but(latest)
        if not partial:
            self._confirmed = total
        return SnapshotResult(changes, left)

    def apply_station(self, station: Station, at: int) -> list[Change]:
        """Take in one station with all its connectors; the board keeps the object."""
        held = self.stations.get(station.id)
        total = self.listening.total(at)
        if held is None:
            if not self._take_in(station, at):
                return []
            changes = [Change(at, station.id, n, None, said) for n, said in enumerate(station.connectors, 1)]
            held = station
        else:
            changes = self._renew(held, station, at, total, update=True)
        track = self._track(held)
        track.confirmed = total
        track.heard = at
        self._unconfirmed.reported(held)
        return changes

    def apply_connector(self, station_id: str, key: str, said: Connector, at: int) -> list[Change]:
        """Take in one connector, named by its ``key`` inside its station; a key not seen before is appended."""
        station = self.stations.get(station_id)
        if station is None:
            station = Station(station_id, [])
            if not self._take_in(station, at):
                return []
            self._complete(station)
        track = self._track(station)
        if len(track.keys) < len(station.connectors):
            # What came without keys has its index for one.
            track.keys += tuple(map(str, range(len(track.keys), len(station.connectors))))
        if key not in track.keys:
            if len(track.keys) >= MAX_CONNECTORS:
                return []
            self._append(station, key)
        index = track.keys.index(key)
        held = station.connectors[index]
        before = None if track.is_unnamed(index) else held
        unseen = before is None or self.unconfirmed_for(station, index, at) > 0
        track.name(index)
        track.hear(index, at)
        track.confirm(index, self.listening.total(at))
        self._unconfirmed.reported(station)
        if before is not None and before.same_as(said):
            return []
        said.timestamp = at
        track.mark(index, unseen)
        station.connectors[index] = said
        station.cached = None
        self._count(held, said)
        return [Change(at, station_id, index + 1, before, said)]

    def expect(self, known: Callable[[str], Sequence[str]]) -> list[str]:
        """Have all keys that ``known`` tells of a station there, as unknown, where the stream names connectors by keys.

        Numbers that were given stay; what is not there yet comes behind them, in the order of ``known``, also at
        stations that are yet to come. Returns the stations that it touched.
        """
        self._known = known
        keyed = [station for station in self.stations.values() if station.track is not None and station.track.keys]
        return [station.id for station in keyed if self._complete(station)]

    def apply_raw_report(self, station_id: str, index: int, said: Connector, at: int) -> bool:
        """Note a charger's own report. It is never a change, and confirms only what it repeats."""
        station = self.stations.get(station_id)
        if station is None or not 0 <= index < len(station.connectors):
            return False
        track = self._track(station)
        track.hear(index, at)
        if station.connectors[index].same_as(said):
            track.confirm(index, self.listening.total(at))
            self._unconfirmed.reported(station)
        return True

    # Inside

    def _complete(self, station: Station) -> bool:
        keys = self._track(station).keys
        missing = [key for key in dict.fromkeys(self._known(station.id)) if key not in keys]
        for key in missing[: MAX_CONNECTORS - len(keys)]:
            self._append(station, key)
        return bool(missing)

    def _append(self, station: Station, key: str) -> None:
        """Give a connector its number; it is unknown until the stream names it."""
        track, unknown = self._track(station), Connector()
        track.unnamed |= 1 << len(track.keys)
        track.keys += (key,)
        station.connectors.append(unknown)
        station.cached = None
        self._count(None, unknown)

    def _adopt(self, stations: dict[str, Station], at: int) -> None:
        # The first snapshot is a whole country: of each connector only what is asked here, in the shortest of loops.
        self.membership = object()
        self.stations = stations if len(stations) <= MAX_STATIONS else dict(islice(stations.items(), MAX_STATIONS))
        self._began = at
        self._confirmed = self.listening.total(at)
        self._tally_all(at + MAX_AHEAD)

    def _tally_all(self, latest: float = inf) -> None:
        """Count all connectors; one whose time is later than ``latest`` (ms) changed we do not know when."""
        every: list[Connector] = []
        for station in self.stations.values():
            every += station.connectors
        self.tally = [0] * len(Condition)
        by_status = Counter([said.status for said in every])
        for said in [said for said in every if said.error or said.timestamp > latest or type(said) is not Connector]:
            by_status[said.status] -= 1
            self.tally[said.condition] += 1
            if said.timestamp > latest:
                said.timestamp = -1
        for status, count in by_status.items():
            self.tally[condition_of(status, 0)] += count

    def _take_in(self, station: Station, at: int) -> bool:
        if len(self.stations) >= MAX_STATIONS:
            return False
        if not self.stations:
            self._began = at
        self.stations[station.id] = station
        self.membership = object()
        track = self._track(station)
        track.confirmed = self.listening.total(at)
        for index, said in enumerate(station.connectors):
            self._count(None, said)
            self._date(station, index, said, at, seen=False)
        return True

    def _renew(self, held: Station, station: Station, at: int, total: int, *, update: bool) -> list[Change]:
        """Replace a station's list. An ``update`` tells of what happens now, a snapshot also of what was missed.

        ``total`` is where the clock of the breaks stands, in ms.
        """
        changes: list[Change] = []
        old, new = held.connectors, station.connectors
        sure = held.track is None or not held.track.at_least
        same = len(old) == len(new)
        if held.track is not None:
            held.track.unnamed = 0
        for index, (before, said) in enumerate(zip(old, new, strict=False)):
            # Most say what they said, to the ms. That is seen here without a call: it is asked of each connector of
            # each report.
            if sure and before == said:
                continue
            same = False
            if not before.same_as(said):
                unsure = self._confirmed_at(held, index) < total
                changes.append(Change(at, held.id, index + 1, before, said, unsure and not update))
                self.tally[before.condition] -= 1
                self.tally[said.condition] += 1
                self._date(held, index, said, at, seen=not unsure)
            elif 0 < said.timestamp <= at + MAX_AHEAD:
                self._date(held, index, said, at, seen=True)
            else:
                said.timestamp = before.timestamp
        if len(new) != len(old):
            changes += self._resize(held, new, at, total, update=update)
        if not same:
            # Else what is held stays: of a snapshot that says nothing new, all goes back to the system at one stroke.
            held.connectors = new
        held.status = station.status
        if changes or len(old) != len(new):
            held.cached = None
        return changes

    def _resize(self, held: Station, new: list[Connector], at: int, total: int, *, update: bool) -> list[Change]:
        """Take in the connectors that have come, or take leave of those that have gone."""
        changes: list[Change] = []
        old = held.connectors
        for index in range(len(old), len(new)):
            self._count(None, new[index])
            self._date(held, index, new[index], at, seen=False)
            if update:
                changes.append(Change(at, held.id, index + 1, None, new[index]))
        for index in range(len(new), len(old)):
            missed = not update and self._confirmed_at(held, index) < total
            self._count(old[index], None)
            changes.append(Change(at, held.id, index + 1, old[index], None, missed))
        if held.track is not None:
            held.track.resize(len(old), len(new))
        return changes

    def _drop_all_but(self, ids: Container[str]) -> list[str]:
        left = [station for station in self.stations if station not in ids]
        if left:
            self.membership = object()
        for station in left:
            for said in self.stations.pop(station).connectors:
                self._count(said, None)
        return left

    def _date(self, station: Station, index: int, said: Connector, at: int, *, seen: bool) -> None:
        known = 0 < said.timestamp <= at + MAX_AHEAD
        if not known:
            said.timestamp = at
        if station.track is not None or not (known or seen):
            self._track(station).mark(index, not (known or seen))
