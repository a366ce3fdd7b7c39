"""The board: the latest state of every station. Apply a report, get the changes.

All times are milliseconds since the epoch and come in as values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import inf
from typing import NamedTuple

from msgspec import Struct

from nobil_tui.charging.conditions import Condition, condition_of
from nobil_tui.charging.events import HubState
from nobil_tui.charging.freshness import DowntimeClock, Freshness
from nobil_tui.charging.persisted import StoredBoard, StoredStation, store_station
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import MAX_CONNECTORS, Connector, Station, WordConnector
from nobil_tui.charging.tracking import Track

MAX_STATIONS = 500_000
"""The most stations of one board. A stream that names more is broken or hostile; further ones are
ignored."""
MAX_AHEAD = 24 * 3_600_000
"""A timestamp that is further in the future, in ms, is ignored."""
EARLIEST = 100_000_000_000
"""The earliest credible timestamp in ms, in 1973. A smaller one is in seconds, or wrong."""

NEXT_SNAPSHOT = 300_000
"""Milliseconds within which a snapshot follows one that was made before the link was live, if any
does."""
NOTHING_HEARD: Mapping[str, int] = {}
"""No reports beside a snapshot."""
_STEP = 256
"""How many stations of a snapshot are applied without a pause."""


class Change(NamedTuple):
    """A report that differed from the held state of one connector."""

    at: int
    """When the change was received, in ms."""
    station: str
    number: int
    """The connector's number, from 1."""
    before: Connector | None
    """None at first sight."""
    after: Connector | None
    """None if the connector is gone."""
    missed: bool = False
    """Whether it happened while the link was down."""


class SnapshotResult(Struct, frozen=True):
    """What a snapshot changed on the board."""

    changes: list[Change]
    left: list[str]
    """The stations that are no longer in the stream."""


class Since(Struct, frozen=True):
    """Since when a connector is in its condition."""

    at: int
    """The time in ms."""
    at_least: bool
    """Whether the change was not seen, so that it may be older."""


class Board:
    """The latest state of every station of the stream. Apply a report, get the changes.

    ``register`` names connectors that the stream has not named yet; see ``use_register``.
    """

    def __init__(self, register: Register | None = None) -> None:
        self._register = register or Register()
        self.clear()

    def clear(self) -> None:
        """Drop all stations and all downtime; keep the register."""
        self.stations: dict[str, Station] = {}
        self.membership = object()
        """Replaced by another object whenever a station joins or leaves, to validate caches by."""
        self.tally = [0] * len(Condition)
        """How many connectors are in each condition, by the condition's value."""
        self.freshness = Freshness()
        self.has_snapshot = False
        """Whether a snapshot named every station: one that is not held is not in the stream."""
        self._snapshot_gap = 0
        """How long before the link was live the last snapshot was made, in ms."""
        self._snapshot_at = 0
        """When it was received, in ms."""
        self.dropped = 0
        """How many reports named a station or connector beyond the limits, and were ignored."""
        self.began = 0
        """When the first station was heard of, in ms; zero before one."""
        self.hub: HubState | None = None
        """The last state of the hub that relays the stream, see ``HubRelay``; None if none does."""

    # Queries

    @property
    def downtime(self) -> DowntimeClock:
        """The clock of all downtime."""
        return self.freshness.clock

    @property
    def connectors(self) -> int:
        """How many connectors are held, in service or not."""
        return sum(self.tally)

    def unconfirmed(self, now: int) -> int:
        """Count the connectors in service that could have changed unseen."""
        if self.downtime.total(now) <= self.freshness.confirmed:
            return 0
        in_service = self.connectors - self.tally[Condition.NOT_IN_SERVICE]
        if self.downtime.running(now):
            return in_service - self._unnamed()
        return self.freshness.count_unconfirmed(self.stations.values(), in_service, now)

    def confirms_soon(self, now: int) -> bool:
        """Return whether the only reason for unconfirmed connectors is that the last snapshot was
        made before the link was live, and a later one is due."""
        due = now - self._snapshot_at < NEXT_SNAPSHOT
        return self.downtime.live and self._snapshot_gap > 0 and due

    def unconfirmed_for(self, station: Station, index: int, now: int) -> int:
        """Return for how many ms a connector could have changed unseen."""
        return self.freshness.unconfirmed_for(station, index, now)

    def since(self, station: Station, index: int, now: int) -> Since:
        """Return since when the connector at ``index`` is in its condition."""
        timestamp = station.connectors[index].timestamp
        if not 0 < timestamp <= now + MAX_AHEAD:
            return Since(self.began, True)
        track = station.track
        return Since(timestamp, track is not None and bool(track.at_least >> index & 1))

    def index_of(self, station_id: str, evse_uid: str) -> int:
        """Return the index of a connector by its id inside its station; -1 if there is none."""
        station = self.stations.get(station_id)
        uids = station.evse_uids if station is not None else ()
        return uids.index(evse_uid) if evse_uid in uids else -1

    def heard(self, station: Station, index: int) -> int | None:
        """Return when a report last named the connector, in ms; None before one."""
        track = station.track
        if track is None:
            return None
        return track.heard_at(index) or None

    # Between sessions

    def stored(self, station_id: str) -> StoredStation | None:
        """Return a station as it is stored for a later session; None if it is not held."""
        station = self.stations.get(station_id)
        return (
            store_station(station, self.freshness.confirmed, self.began)
            if station is not None
            else None
        )

    def restore(self, stored: StoredBoard, now: int) -> list[str]:
        """Replace everything by the state of an earlier session, at ``now`` (ms).

        All of it is unconfirmed, and the time since the link of that session was last alive counts.
        The board keeps the station objects. Returns the stations with expired connectors.
        """
        self.clear()
        if not stored.alive_at:
            return []
        self.downtime.resume(stored.downtime, stored.alive_at)
        self.hub = stored.hub
        self.began = stored.alive_at
        self.stations = dict(islice(stored.stations.items(), MAX_STATIONS))
        self.dropped += len(stored.stations) - len(self.stations)
        self.tally = [0] * len(Condition)
        _tally(self.stations.values(), self.tally)
        self.use_register(self._register)
        return self.expire(now)

    def expire(self, now: int) -> list[str]:
        """Set connectors to unknown that have been unconfirmed for too long; return their stations.

        Cheap to call often: stations are searched only if a connector can have expired.
        """
        if not self.freshness.may_expire(now) or self.tally[Condition.UNKNOWN] == self.connectors:
            return []
        touched = []
        for station, expired in self.freshness.expired(self.stations.values(), now):
            for index, at in expired.items():
                unknown = Connector(timestamp=at)
                self.track_of(station).set_at_least(index, True)
                self._count(station.connectors[index], unknown)
                station.connectors[index] = unknown
            station.cached = None
            touched.append(station.id)
        return touched

    # Reports

    def use_register(self, register: Register) -> list[str]:
        """Add the connectors that the register lists, for streams that name connectors.

        They are unknown until the stream names them, so that totals are true from the start.
        Numbers never change: missing connectors are appended in the register's order, now and to
        stations that join later. Call it again when the register was replaced. Returns the touched
        stations.
        """
        self._register = register
        if not register:
            return []
        named = [station for station in self.stations.values() if station.evse_uids]
        touched = [station.id for station in named if self._complete(station)]
        if touched:
            self.freshness.discard_counts()
        return touched

    def apply_snapshot(
        self,
        stations: Sequence[Station],
        at: int,
        *,
        partial: bool = False,
        gap: int = 0,
        heard: Mapping[str, int] = NOTHING_HEARD,
    ) -> SnapshotResult:
        """Apply the state of all stations. First sights are not returned as changes.

        A station that it lacks has left the stream, unless the snapshot is ``partial``: then some
        stations could not be decoded. If the stream names connectors, they keep their numbers, and
        one that the snapshot lacks becomes unknown. A snapshot that was made ``gap`` ms before the
        link was live leaves everything unconfirmed for that long, except what reports have named
        since then: ``heard`` is as for ``Snapshot``.
        """
        steps = self.snapshot_steps(stations, at, partial=partial, gap=gap, heard=heard)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: SnapshotResult = end.value
                return result

    def snapshot_steps(
        self,
        stations: Sequence[Station],
        at: int,
        *,
        partial: bool = False,
        gap: int = 0,
        heard: Mapping[str, int] = NOTHING_HEARD,
    ) -> Generator[None, None, SnapshotResult]:
        """Apply a snapshot as ``apply_snapshot`` does, and pause after every few stations.

        A whole country can take seconds. Apply no other report before the end; until then,
        ``has_snapshot`` does not change.
        """
        self.freshness.discard_counts()
        # If a station occurs twice, the last one counts.
        latest = {station.id: station for station in stations}
        if not self.stations:
            yield from self._adopt(latest, at)
            result = SnapshotResult([], [])
        else:
            result = yield from self._merge(latest, at, partial)
        self.has_snapshot = True
        self._snapshot_gap, self._snapshot_at = gap, at
        self.downtime.add(gap)
        if heard:
            yield from self._confirm_heard(heard, at)
        # They may have been counted in a pause.
        self.freshness.discard_counts()
        return result

    def _confirm_heard(self, heard: Mapping[str, int], at: int) -> Iterator[None]:
        """Confirm the connectors that reports have named since the link is live."""
        downtime = self.downtime.total(at)
        for number, station in enumerate(self.stations.values()):
            if not number % _STEP:
                yield
            for index, uid in enumerate(station.evse_uids):
                if named_at := heard.get(uid):
                    track = self.track_of(station)
                    if track.is_unnamed(index):
                        # It is at another station now.
                        continue
                    track.set_heard(index, named_at)
                    track.confirm(index, downtime)

    def _merge(
        self, latest: dict[str, Station], at: int, partial: bool
    ) -> Generator[None, None, SnapshotResult]:
        """Apply a snapshot to what is held."""
        downtime = self.downtime.total(at)
        changes: list[Change] = []
        for number, station in enumerate(latest.values()):
            if not number % _STEP:
                yield
            held = self.stations.get(station.id)
            if held is None:
                if self._add(station, at) and station.evse_uids:
                    self._complete(station)
                continue
            unnamed = self.align(held, station, partial) if station.evse_uids else 0
            changes += self._replace(held, station, at, downtime, update=False)
            if unnamed:
                self.track_of(held).unnamed = unnamed
            if partial:
                self.track_of(held).confirmed = downtime
        left = [] if partial else self._drop_all_but(latest)
        if not partial:
            self.freshness.confirmed = downtime
        return SnapshotResult(changes, left)

    def apply_station(self, station: Station, at: int) -> list[Change]:
        """Apply one station with all its connectors; the board keeps the object."""
        held = self.stations.get(station.id)
        downtime = self.downtime.total(at)
        if held is None:
            if not self._add(station, at):
                return []
            changes = [
                Change(at, station.id, number, None, reported)
                for number, reported in enumerate(station.connectors, 1)
            ]
            held = station
        else:
            changes = self._replace(held, station, at, downtime, update=True)
        track = self.track_of(held)
        track.confirmed = downtime
        track.heard = at
        self.freshness.reported(held)
        return changes

    def apply_connector(
        self, station_id: str, evse_uid: str, reported: Connector, at: int
    ) -> list[Change]:
        """Apply one connector, by its id inside its station; an unknown id is appended."""
        station = self.stations.get(station_id)
        if station is None:
            station = Station(station_id, [])
            if not self._add(station, at):
                return []
            self._complete(station)
        track = self.track_of(station)
        if len(track.evse_uids) < len(station.connectors):
            # Connectors that came without ids have their index as id.
            missing = range(len(track.evse_uids), len(station.connectors))
            track.evse_uids += tuple(map(str, missing))
        if evse_uid not in track.evse_uids:
            if len(track.evse_uids) >= MAX_CONNECTORS:
                self.dropped += 1
                return []
            self._append(station, evse_uid)
        index = track.evse_uids.index(evse_uid)
        held = station.connectors[index]
        before = None if track.is_unnamed(index) else held
        unseen = before is None or self.unconfirmed_for(station, index, at) > 0
        track.set_named(index)
        track.set_heard(index, at)
        track.confirm(index, self.downtime.total(at))
        if before is not None and before.same_as(reported):
            self.freshness.reported(station)
            return []
        reported.timestamp = _credible(reported.timestamp, at)
        dated = bool(reported.timestamp)
        if not dated:
            reported.timestamp = at
        track.set_at_least(index, unseen and not dated)
        station.connectors[index] = reported
        station.cached = None
        self._count(held, reported)
        self.freshness.reported(station)
        return [Change(at, station_id, index + 1, before, reported)]

    def apply_raw_report(self, station_id: str, index: int, reported: Connector, at: int) -> bool:
        """Note a charger's own report; return whether the connector is known.

        It is never a change, and it confirms a connector only if it reports the held state.
        """
        station = self.stations.get(station_id)
        if station is None or not 0 <= index < len(station.connectors):
            return False
        track = self.track_of(station)
        track.set_heard(index, at)
        if station.connectors[index].same_as(reported):
            track.confirm(index, self.downtime.total(at))
            self.freshness.reported(station)
        return True

    # Inside

    def _complete(self, station: Station) -> bool:
        """Append the connectors that only the register knows; return whether there are any."""
        held = station.evse_uids
        known = self._register.facts(station.id).evse_uids
        if known == held:
            return False
        missing = [uid for uid in known if uid not in held]
        for uid in missing[: MAX_CONNECTORS - len(held)]:
            self._append(station, uid)
        return bool(missing)

    def align(self, held: Station, station: Station, partial: bool) -> int:
        """Put the connectors of a snapshot in the order of their numbers; append those without one.

        Returns a bit for each held connector that the snapshot does not name. A ``partial`` one may
        have named it where it could not be decoded: then the connector stays as it is.
        """
        track = self.track_of(held)
        numbered = track.evse_uids or tuple(map(str, range(len(held.connectors))))
        reported = dict(zip(station.evse_uids, station.connectors, strict=False))
        unnamed = 0
        for index, uid in enumerate(numbered):
            if uid not in reported:
                reported[uid] = held.connectors[index] if partial else Connector()
                unnamed |= 0 if partial else 1 << index
        added = tuple(uid for uid in reported if uid not in numbered)
        track.evse_uids = (*numbered, *added)[:MAX_CONNECTORS]
        station.connectors = [reported[uid] for uid in track.evse_uids]
        return unnamed

    def _append(self, station: Station, evse_uid: str) -> None:
        """Append a connector; it is unknown until the stream names it."""
        track, unknown = self.track_of(station), Connector()
        track.unnamed |= 1 << len(track.evse_uids)
        track.evse_uids += (evse_uid,)
        station.connectors.append(unknown)
        station.cached = None
        self._count(None, unknown)

    def _adopt(self, stations: dict[str, Station], at: int) -> Iterator[None]:
        """Take over the first snapshot unchanged, in a short loop: it is a whole country."""
        if len(stations) > MAX_STATIONS:
            self.dropped += len(stations) - MAX_STATIONS
            stations = dict(islice(stations.items(), MAX_STATIONS))
        tally = [0] * len(Condition)
        each = iter(stations.values())
        while part := list(islice(each, _STEP)):
            _tally(part, tally, at)
            yield
        self.membership = object()
        self.stations, self.tally = stations, tally
        self.began = at
        self.freshness.confirmed = self.downtime.total(at)
        if any(station.track is not None for station in stations.values()):
            self.use_register(self._register)

    def _add(self, station: Station, at: int) -> bool:
        """Add a station that is not held; return whether there was room."""
        if len(self.stations) >= MAX_STATIONS:
            self.dropped += 1
            return False
        if not self.stations:
            self.began = at
        self.stations[station.id] = station
        self.membership = object()
        track = self.track_of(station)
        track.confirmed = self.downtime.total(at)
        for index, reported in enumerate(station.connectors):
            self._count(None, reported)
            self._date(station, index, reported, at, seen=False)
        return True

    def _replace(
        self, held: Station, station: Station, at: int, downtime: int, *, update: bool
    ) -> list[Change]:
        """Replace a station's connectors at a reading of the downtime clock (ms).

        An ``update`` reports what happens now, a snapshot also what was missed.
        """
        changes: list[Change] = []
        old, new = held.connectors, station.connectors
        seen = held.track is None or not held.track.at_least
        same = len(old) == len(new)
        unnamed = 0
        if held.track is not None:
            unnamed, held.track.unnamed = held.track.unnamed, 0
        # Only a list that names its connectors can show one for the first time.
        first_seen = unnamed if station.evse_uids and not update else 0
        for index, (before, reported) in enumerate(zip(old, new, strict=False)):
            # Most connectors are equal to the millisecond. That is checked here without a call:
            # this loop runs for each connector of each report.
            if seen and before == reported:
                continue
            same = False
            if not before.same_as(reported):
                unconfirmed = self.freshness.confirmed_at(held, index) < downtime
                missed = unconfirmed and not update
                if not first_seen >> index & 1:
                    changes.append(Change(at, held.id, index + 1, before, reported, missed))
                self.tally[before.condition] -= 1
                self.tally[reported.condition] += 1
                self._date(held, index, reported, at, seen=not unconfirmed)
            elif _credible(reported.timestamp, at):
                self._date(held, index, reported, at, seen=True)
            else:
                reported.timestamp = before.timestamp
        if len(new) != len(old):
            changes += self._resize(held, new, at, downtime, update=update)
        if not same:
            # Otherwise the held list stays: the memory of a snapshot that changes nothing can then
            # be returned to the OS as a whole.
            held.connectors = new
        held.status = station.status
        if changes or unnamed or len(old) != len(new):
            held.cached = None
        return changes

    def _resize(
        self, held: Station, new: list[Connector], at: int, downtime: int, *, update: bool
    ) -> list[Change]:
        """Count connectors that were added or removed; return their changes."""
        changes: list[Change] = []
        old = held.connectors
        for index in range(len(old), len(new)):
            self._count(None, new[index])
            self._date(held, index, new[index], at, seen=False)
            if update:
                changes.append(Change(at, held.id, index + 1, None, new[index]))
        for index in range(len(new), len(old)):
            missed = not update and self.freshness.confirmed_at(held, index) < downtime
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
            for held in self.stations.pop(station).connectors:
                self._count(held, None)
        return left

    def _date(
        self, station: Station, index: int, reported: Connector, at: int, *, seen: bool
    ) -> None:
        """Set the time of a change: the reported one, else ``at``, which is a minimum if the change
        was not seen."""
        reported.timestamp = _credible(reported.timestamp, at)
        known = bool(reported.timestamp)
        if not known:
            reported.timestamp = at
        if station.track is not None or not (known or seen):
            self.track_of(station).set_at_least(index, not (known or seen))

    def _unnamed(self) -> int:
        tracks = (station.track for station in self.stations.values())
        return sum(track.unnamed.bit_count() for track in tracks if track is not None)

    def _count(self, before: Connector | None, after: Connector | None) -> None:
        if before is not None:
            self.tally[before.condition] -= 1
        if after is not None:
            self.tally[after.condition] += 1

    def track_of(self, station: Station) -> Track:
        """Return the notes on a station; create them if there are none."""
        if station.track is None:
            station.track = Track(confirmed=self.freshness.confirmed)
        return station.track


def _tally(stations: Iterable[Station], tally: list[int], at: int | None = None) -> None:
    """Add the connectors of stations to ``tally``; correct their timestamps for a report at ``at``
    (ms).
    """
    every: list[Connector] = []
    for station in stations:
        every += station.connectors
    latest, earliest = (inf, -1) if at is None else (at + MAX_AHEAD, EARLIEST)
    wrong = [held for held in every if held.timestamp > latest or -1 < held.timestamp < earliest]
    for held in wrong:
        held.timestamp = _credible(held.timestamp, at or 0) or -1
    # Equal reports are counted first: asking each connector for its condition is much slower.
    working = [held for held in every if not held.error]
    tally[Condition.FAULT] += len(every) - len(working)
    by_status = Counter([held.status for held in working if type(held) is not WordConnector])
    for status, count in by_status.items():
        tally[condition_of(status, 0)] += count
    with_word = [held for held in working if type(held) is WordConnector]
    for (word, status), count in Counter([(held.word, held.status) for held in with_word]).items():
        tally[condition_of(status, 0, word)] += count


def _credible(timestamp: int, at: int) -> int:
    """Return a timestamp that was reported at ``at`` in ms; zero if it cannot be right.

    Some servers send seconds.
    """
    if 0 < timestamp < EARLIEST:
        timestamp *= 1000
    return timestamp if EARLIEST <= timestamp <= at + MAX_AHEAD else 0
