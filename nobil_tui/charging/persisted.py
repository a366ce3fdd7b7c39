"""Convert stations of the board to plain data, to be stored after a session, and back."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern
from typing import Annotated

from msgspec import Meta, Struct, field

from nobil_tui.charging.events import HubState
from nobil_tui.charging.station import (
    MAX_CONNECTORS,
    Connector,
    Int32,
    Milliseconds,
    Station,
    WordConnector,
)
from nobil_tui.charging.tracking import Track

_NO_NOTES = Track()


class StoredConnector(Struct, frozen=True, array_like=True, gc=False):
    """One connector as stored. Its position in the list is its number. Times in ms."""

    evse_uid: Annotated[str, Meta(max_length=128)]
    status: Int32
    error: Int32
    word: Annotated[str, Meta(max_length=64)]
    since: Milliseconds
    at_least: bool
    """Whether it may have changed before ``since``."""
    heard: Annotated[int, Meta(ge=0, le=2**53)]
    """When a report last named it, in ms; zero if none has."""
    confirmed: Annotated[int, Meta(ge=0, le=2**53)]
    """The reading of the downtime clock when it was last confirmed."""


class StoredStation(Struct, frozen=True, array_like=True, gc=False):
    """One station as stored."""

    status: Int32 | None
    """The operator's summary, if one was sent."""
    connectors: Annotated[list[StoredConnector], Meta(max_length=MAX_CONNECTORS)]


class StoredBoard(Struct):
    """The last known state of an earlier session: its stations, and its downtime clock."""

    stations: dict[str, Station] = field(default_factory=dict)
    downtime: int = 0
    """All downtime when the link was last alive, in ms."""
    alive_at: int = 0
    """When the link was last alive, in ms; zero if nothing is stored."""
    hub: HubState | None = None
    """What the hub that relays the stream said of its data; None if none does."""


def store_station(station: Station, confirmed_all: int, began: int) -> StoredStation:
    """Return a station as it is stored.

    ``confirmed_all`` is the reading of the downtime clock when all stations were confirmed, and
    ``began`` is when the first one was heard of (both in ms).
    """
    # The same as ``Board.since``, ``heard`` and the like, without a call for each connector: at a
    # busy time, thousands of stations a second are stored.
    track = station.track or _NO_NOTES
    evse_uids, heard_each = track.evse_uids, track.heard_each
    confirmed_each = track.confirmed_each
    confirmed_all = max(confirmed_all, track.confirmed)
    rows = []
    for index, held in enumerate(station.connectors):
        since, at_least = held.timestamp, bool(track.at_least >> index & 1)
        if since <= 0:
            since, at_least = began, True
        uid = evse_uids[index] if index < len(evse_uids) else str(index)
        heard = max(track.heard, heard_each.get(index, 0)) if heard_each else track.heard
        confirmed = confirmed_all
        if confirmed_each:
            confirmed = max(confirmed_all, confirmed_each.get(index, 0))
        rows.append(
            StoredConnector(
                uid, held.status, held.error, held.word, since, at_least, heard, confirmed
            )
        )
    return StoredStation(station.status, rows)


def restore_station(station_id: str, stored: StoredStation, downtime: int) -> Station:
    """Restore a station. A confirmation later than ``downtime`` (ms) is taken as one at
    ``downtime``."""
    connectors = stored.connectors
    station = Station(station_id, [_restore_connector(each) for each in connectors], stored.status)
    track = Track()
    if connectors:
        confirmed = [min(downtime, each.confirmed) for each in connectors]
        track.confirmed, track.confirmed_each = _factor(confirmed)
        track.heard, track.heard_each = _factor([each.heard for each in connectors])
    for index, each in enumerate(connectors):
        if each.at_least:
            track.at_least |= 1 << index
    # Where the index is the id, the ids are not held.
    if any(each.evse_uid != str(index) for index, each in enumerate(connectors)):
        track.evse_uids = tuple(each.evse_uid for each in connectors)
        # A connector without a report is only known from the register.
        for index, each in enumerate(connectors):
            if not each.heard and (each.status, each.error, each.word) == (-1, 0, ""):
                track.unnamed |= 1 << index
    station.track = track
    return station


def _restore_connector(stored: StoredConnector) -> Connector:
    if not stored.word:
        return Connector(stored.status, stored.error, stored.since)
    # Interned: the connectors of a country share a handful of words.
    return WordConnector(stored.status, stored.error, stored.since, word=intern(stored.word))


def _factor(values: Sequence[int]) -> tuple[int, dict[int, int] | None]:
    """Split values into their minimum and, by index, those above it; None if all are equal."""
    least = min(values)
    return least, {index: value for index, value in enumerate(values) if value > least} or None
