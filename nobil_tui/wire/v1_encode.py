"""Encode version 1 of the stream API: what the hub sends.

A connector is sent with version 1's numbers for its condition, whatever stream it came from: one
that is not in service keeps its index as unknown, and an undocumented status is unknown too. Data
that version 1 has no place for is sent under further keys, which programs for version 1 ignore;
``wire/v1.py`` reads them. The architecture page lists them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec import Struct

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.charging.station import Connector, Station, operator_status
from nobil_tui.charging.tracking import Track


class _Plain(Struct, gc=False):
    """A station that version 1 describes completely."""

    uuid: str
    connectors: list[Connector]


class _Connector(Struct, gc=False, omit_defaults=True):
    status: int
    error: int
    timestamp: int
    word: str = ""
    own_status: int | None = None
    own_error: int | None = None
    evse_uid: str = ""
    at_least: bool = False
    named: bool = True


class _Station(Struct, gc=False):
    uuid: str
    connectors: list[_Connector]


class _Notes(Struct, gc=False, omit_defaults=True):
    confirmed: list[int] = []
    heard: list[int] = []


class _Report(Struct, gc=False, omit_defaults=True):
    uuid: str
    connector: int
    status: int
    error: int
    timestamp: int
    word: str = ""
    own_status: int | None = None
    own_error: int | None = None
    evse_uid: str = ""


class EncodedStation(NamedTuple):
    """One encoded station, in parts that are shared by all messages with it."""

    core: bytes
    """``"uuid":...,"connectors":[...]``: changes only if the station changed."""
    notes: bytes
    """When it was confirmed and heard: empty, or further keys that begin with a comma."""
    plain: bool
    """Whether an update without further keys describes it completely."""


_encode = msgspec.json.Encoder().encode
_BLANK = Track()


def station_row(station: Station, board: Board) -> EncodedStation:
    """Encode a station of a board, without the braces and the operator's status."""
    core, plain = _core(station)
    track = station.track
    if track is None:
        return EncodedStation(core, b"", plain)
    numbers = range(len(station.connectors))
    least = board.freshness.confirmed
    confirmed = [max(least, track.confirmed_at(index)) for index in numbers]
    heard = [track.heard_at(index) for index in numbers]
    # An update says itself that all connectors were heard and confirmed.
    just_reported = board.downtime.live and len(set(heard)) <= 1
    just_reported = just_reported and all(each >= board.downtime.past for each in confirmed)
    notes = _Notes(
        confirmed if any(each != least for each in confirmed) else [], heard if any(heard) else []
    )
    text = _encode(notes)
    return EncodedStation(
        core, b"," + text[1:-1] if len(text) > 2 else b"", plain and just_reported
    )


def _core(station: Station) -> tuple[bytes, bool]:
    """Encode the part of a station that changes only if the station changed.

    Returns also whether version 1 has a place for all of it.
    """
    track = station.track
    bare = track is None or not (track.evse_uids or track.at_least or track.unnamed)
    if bare and all(map(_is_complete, station.connectors)):
        return _encode(_Plain(station.id, station.connectors))[1:-1], True
    track = track or _BLANK
    uids = track.evse_uids
    connectors = [
        _connector(connector, track, index, uids[index] if index < len(uids) else "")
        for index, connector in enumerate(station.connectors)
    ]
    return _encode(_Station(station.id, connectors))[1:-1], False


def snapshot_message(rows: Iterable[bytes], state: HubState) -> bytes:
    """Encode ``snapshot:init`` from the rows of all stations, each its core and its notes."""
    head = b'{"type":"snapshot:init","hub":%b,"data":[' % _encode(state)
    body = b"},{".join(rows)
    return b"".join((head, b"{", body, b"}]}") if body else (head, b"]}"))


def update_message(station: Station, row: EncodedStation) -> bytes:
    """Encode ``status:update``: one station, all its connectors and the operator's status."""
    status = operator_status([as_sent(connector) for connector in station.connectors])
    if row.plain:
        return b'{"type":"status:update","data":{"status":%d,%b}}' % (status, row.core)
    return b'{"type":"status:update","data":{"status":%d,%b%b},"hub":true}' % (
        status,
        row.core,
        row.notes,
    )


def raw_message(station_id: str, index: int, connector: Connector, evse_uid: str = "") -> bytes:
    """Encode ``status:raw``: a charger's own report of the connector at ``index``.

    The envelope's ``code`` is always 0: its values are undocumented.
    """
    sent = as_sent(connector)
    status, error = _own_numbers(connector)
    report = _Report(
        *(station_id, index, sent.status, sent.error, sent.timestamp, connector.word),
        *(status, error, evse_uid),
    )
    relayed = b',"hub":true' if connector.word or evse_uid or status or error else b""
    return b'{"type":"status:raw","data":%b,"code":0%b}' % (_encode(report), relayed)


def state_message(state: HubState) -> bytes:
    """Encode ``hub:state``: the state of the hub's own source, for clients of a hub."""
    return b'{"type":"hub:state","data":%b}' % _encode(state)


def charger_object(station: Station, row: EncodedStation) -> bytes:
    """Encode a charger of the REST API: like a station, with the operator's status."""
    status = operator_status([as_sent(connector) for connector in station.connectors])
    return b'{"status":%d,%b%b}' % (status, row.core, row.notes)


def connector_object(station: Station, index: int) -> bytes:
    """Encode a connector of the REST API.

    No published text shows this answer. We assume the object that a station's list has: it is what
    the stream API's document calls a connector.
    """
    track = station.track or _BLANK
    uids = track.evse_uids
    uid = uids[index] if index < len(uids) else ""
    return _encode(_connector(station.connectors[index], track, index, uid))


def as_sent(connector: Connector) -> Connector:
    """Return a connector with version 1's numbers; the same object if it has them already."""
    if type(connector) is Connector and _is_complete(connector):
        return connector
    condition = connector.condition
    status, error = condition.version_1
    if connector.error:
        status = connector.status if -1 <= connector.status <= 1 else -1
    timestamp = connector.timestamp if connector.timestamp > 0 else -1
    return Connector(status, error, timestamp)


def _is_complete(connector: Connector) -> bool:
    """Return whether version 1 can describe a connector completely."""
    return (
        type(connector) is Connector
        and -1 <= connector.status <= 1
        and 0 <= connector.error <= 1
        and (connector.timestamp > 0 or connector.timestamp == -1)
    )


def _connector(connector: Connector, track: Track, index: int, uid: str) -> _Connector:
    sent = as_sent(connector)
    status, error = _own_numbers(connector)
    return _Connector(
        *(sent.status, sent.error, sent.timestamp, connector.word, status, error, uid),
        at_least=sent.timestamp <= 0 or bool(track.at_least >> index & 1),
        named=not track.is_unnamed(index),
    )


def _own_numbers(connector: Connector) -> tuple[int | None, int | None]:
    """Return the numbers that a connector reported instead of version 1's; None if equal."""
    sent = as_sent(connector)
    return (
        connector.status if connector.status != sent.status else None,
        connector.error if connector.error != sent.error else None,
    )
