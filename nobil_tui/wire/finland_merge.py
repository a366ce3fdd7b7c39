"""Merge Finland's snapshot and stream: for each EVSE, the report with the later time counts.

The snapshot can be a minute older than the messages that were held while it was fetched, and a
broker may send messages that it retained. All times are in ms since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, filterfalse
from typing import Any

import msgspec
from msgspec import Struct

from nobil_tui.base.clock import iso
from nobil_tui.base.decoding import DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.charging.events import (
    MAX_SAMPLE,
    ConnectorReport,
    Event,
    Ignored,
    Snapshot,
    Unreadable,
)
from nobil_tui.charging.station import MAX_CONNECTORS, Connector, Station
from nobil_tui.charging.tracking import Track
from nobil_tui.wire.finland import (
    MAX_LOCATION_ID,
    Status,
    Statuses,
    decode_message,
    decode_statuses,
)
from nobil_tui.wire.status_words import connector_from

AHEAD = 5_000
"""Milliseconds that a time may be ahead of our clock: the error of a measured clock."""
MAX_EVSES = 1_000_000
"""Maximum number of EVSEs that are held; messages about further ones are ignored."""
TOO_MANY = "a report beyond the maximum number of connectors"
"""The type of the event for such a message."""
OLDER = "an older report"
"""The type of the event for a report that is older than the held one."""


class _Held(Struct, gc=False):
    """The latest report of one EVSE. Times are by our own clock; zero if no time can be trusted."""

    word: str
    time: int
    """When the report was made, according to it."""
    since: int
    """When a report first had this word."""
    station: str
    heard: int
    """When a message last named it; zero if only a snapshot did."""


class Merger:
    """Turn statuses into events; hold the latest one of each EVSE for comparison."""

    def __init__(self) -> None:
        self.skew = 0
        """How far the service's clock is ahead of ours, in ms."""
        self._held: dict[str, _Held] = {}
        self._places: Mapping[str, str] = {}
        self._topics: dict[str, str] = {}
        """The locations of EVSEs that messages named."""
        self._connected_at = 0
        self._gap = 0

    @property
    def has_places(self) -> bool:
        """Whether the locations of EVSEs are known."""
        return bool(self._places)

    def use_places(self, places: Mapping[str, str]) -> None:
        """Take the location of each EVSE from ``places``, in whose order connectors are numbered.

        It counts from the next snapshot on; see ``again``.
        """
        self._places = places

    def connected(self, at: int) -> None:
        """Note a new connection, or its loss if 0: earlier reports may be out of date."""
        self._connected_at = at

    def snapshot(self, statuses: Statuses, at: int, gap: int = 0) -> Snapshot:
        """Apply the statuses of all EVSEs, received at ``at``; ``gap`` is as for ``Snapshot``.

        An EVSE that it lacks is gone, unless it was reported since the connection was made.
        """
        self._gap = gap
        before, places = self._held, self._places
        self._held = every = dict[str, _Held]()
        regrouped = set[str]()
        skew, latest = self.skew, at + AHEAD
        # The first rows on screen wait for this loop over a whole country: without calls.
        for status in statuses.statuses:
            evse_id = status.evse_id
            station = places.get(evse_id) or self._place(status)
            time = status.time and status.time - skew
            if time > at or time < 0:
                time = at if 0 < time <= latest else 0
            known = before.get(evse_id)
            if evse_id in every:
                # Listed again: the later time counts here too.
                known = every[evse_id]
                if not time or time < known.time:
                    continue
            if known is None:
                every[evse_id] = _Held(status.word, time, time, station, 0)
                continue
            if known.station != station:
                regrouped.add(known.station)
            if self._wins(time, known):
                every[evse_id] = _held(status.word, time, station, known, heard=0)
            else:
                known.station = station
                every[evse_id] = known
        for evse_id, known in before.items():
            if evse_id not in every and (self._is_live(known) or statuses.unreadable):
                every[evse_id] = known
        if len(self._topics) > MAX_EVSES:
            # Of EVSEs that are gone: a broker may name others each time.
            self._topics = {each: self._topics[each] for each in every if each in self._topics}
        return self._event(at, statuses.unreadable, gap, regrouped)

    def again(self, at: int, unheard: int = 0) -> Snapshot:
        """Return the held statuses as a snapshot, with every EVSE at its location as known now.

        ``unheard``: for how many ms up to ``at`` nothing was heard.
        """
        regrouped = set[str]()
        for evse_id, held in self._held.items():
            regrouped.add(held.station)
            held.station = self._places.get(evse_id) or self._topics.get(evse_id) or held.station
        return self._event(at, 0, self._gap + unheard, regrouped)

    def report(self, status: Status, at: int) -> ConnectorReport | Ignored:
        """Apply one message received at ``at``; one that is older than the held report is
        ignored."""
        known = self._held.get(status.evse_id)
        if known is None and len(self._held) >= MAX_EVSES:
            return Ignored(TOO_MANY, at)
        time = self._time(status, at)
        if status.location_id:
            self._topics[status.evse_id] = status.location_id
        if known is not None and time < known.time:
            return Ignored(OLDER, at)
        # It stays where it is until the next snapshot, so that no connector is in two stations.
        station = known.station if known is not None else self._place(status)
        held = _held(status.word, time, station, known, heard=at)
        self._held[status.evse_id] = held
        connector = connector_from(held.word, held.since or -1)
        return ConnectorReport(held.station, status.evse_id, connector, at)

    def placed(self, statuses: Iterable[Status]) -> list[Status]:
        """Return statuses with their locations, in the order of connector numbers, for a
        recording."""
        rank = {evse_id: number for number, evse_id in enumerate(self._places)}
        ordered = sorted(statuses, key=lambda each: rank.get(each.evse_id, len(rank)))
        return [msgspec.structs.replace(each, location_id=self._place(each)) for each in ordered]

    def _time(self, status: Status, at: int) -> int:
        """Return a status's time by our clock; zero if it is missing or in the future."""
        time = status.time - self.skew if status.time else 0
        return min(time, at) if 0 < time <= at + AHEAD else 0

    def _place(self, status: Status) -> str:
        """Return the station of an EVSE: its location, or the EVSE itself while that is unknown."""
        evse_id = status.evse_id
        known = self._places.get(evse_id) or status.location_id or self._topics.get(evse_id)
        return known or evse_id[:MAX_LOCATION_ID]

    def _is_live(self, held: _Held) -> bool:
        """Return whether a message named an EVSE since the present connection was made."""
        return 0 < self._connected_at <= held.heard

    def _wins(self, time: int, known: _Held) -> bool:
        """Return whether a snapshot's entry replaces the held report.

        Without a time it could be of any age: it does not replace a report of the present
        connection.
        """
        return time >= known.time if time else not self._is_live(known)

    def _event(self, at: int, unreadable: int, gap: int, regrouped: set[str]) -> Snapshot:
        every, places = self._held, self._places
        groups: dict[str, tuple[list[str], list[Connector]]] = {}
        last = ""
        uids: list[str] = []
        connectors: list[Connector] = []
        # In the order of the places, then those of unknown place; sorting takes far longer.
        placed = filter(every.__contains__, places)
        for evse_id in chain(placed, filterfalse(places.__contains__, every)):
            held = every[evse_id]
            if held.station != last:
                # The EVSEs of a location mostly follow each other.
                last = held.station
                uids, connectors = groups.setdefault(last, ([], []))
            uids.append(evse_id)
            connectors.append(connector_from(held.word, held.since or -1))
        most = MAX_CONNECTORS
        stations = [
            Station(station, connectors[:most], track=Track(evse_uids=tuple(uids[:most])))
            for station, (uids, connectors) in groups.items()
        ]
        heard = {
            evse_id: held.heard
            for evse_id, held in every.items()
            if held.heard and self._is_live(held)
        }
        moved = regrouped - groups.keys()
        return Snapshot(stations, at, unreadable, gap, heard=heard, regrouped=moved)


def _held(word: str, time: int, station: str, known: _Held | None, *, heard: int) -> _Held:
    # A report that repeats the word is not a change, so its time is not the start of the condition.
    since = known.since if known is not None and known.word == word else time
    return _Held(word, time, since, station, heard)


# Recordings


class _Message(Struct):
    topic: str
    payload: msgspec.Raw


class _RecordedEntry(Struct, omit_defaults=True):
    evseId: str  # noqa: N815  # the name in the data
    status: str
    time: str = ""
    locationId: str = ""  # noqa: N815  # the name in the data


class Circumstances(Struct):
    """The data of a recorded snapshot beside its statuses. Times in ms."""

    connectedAt: int = 0  # noqa: N815  # the name in the data
    gap: int = 0
    skew: int = 0


class _RecordedSnapshot(Circumstances, kw_only=True):
    statuses: list[_RecordedEntry]


_encode = msgspec.json.Encoder().encode
_decode_message = msgspec.json.Decoder(_Message).decode
_decode_circumstances = msgspec.json.Decoder(Circumstances).decode
_decode_anything = msgspec.json.Decoder().decode


def encode_message(topic: str, payload: bytes) -> bytes:
    """Encode a message for a recording: one JSON object on one line."""
    try:
        value: Any = _decode_anything(payload)
    except DECODE_ERRORS:
        value = payload.decode(errors="replace")
    return _encode({"topic": topic, "payload": value})


def encode_snapshot(statuses: Iterable[Status], connected_at: int, gap: int, skew: int) -> bytes:
    """Encode a snapshot for a recording, with the merger's times (ms)."""
    entries = [
        _RecordedEntry(
            each.evse_id, each.word, iso(each.time) if each.time else "", each.location_id
        )
        for each in statuses
    ]
    return _encode(_RecordedSnapshot(connected_at, gap, skew, statuses=entries))


class RecordedDecoder:
    """Decode the lines of a recording, in order from its start."""

    def __init__(self) -> None:
        self._merger = Merger()

    def __call__(self, data: bytes, at: int) -> Event:
        """Return the event of the line that was recorded at ``at`` (ms)."""
        try:
            message = _decode_message(data)
        except DECODE_ERRORS:
            return self._snapshot(data, at)
        try:
            return self._merger.report(decode_message(message.topic, bytes(message.payload)), at)
        except NotReadableError as error:
            return Unreadable(str(error), at, data[:MAX_SAMPLE])

    def _snapshot(self, data: bytes, at: int) -> Snapshot | Unreadable:
        try:
            statuses = decode_statuses(data)
            known = _decode_circumstances(data)
        except NotReadableError as error:
            return Unreadable(str(error), at, data[:MAX_SAMPLE])
        except DECODE_ERRORS as error:
            return Unreadable(safe_text(str(error)), at, data[:MAX_SAMPLE])
        self._merger.skew = known.skew
        self._merger.connected(known.connectedAt)
        return self._merger.snapshot(statuses, at, max(0, known.gap))
