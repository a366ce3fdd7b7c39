"""Decode the stream of a hub of nobil-tui: version 1 with further keys, as ``v1_encode`` writes
them.

The keys hold data that version 1 has no place for: status words, the ids of connectors, and the
hub's notes on times and freshness. A station gets a track with the hub's notes; the readings in it
are those of the hub's downtime clock, which the board converts to its own.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.text import safe_text
from nobil_tui.charging.events import HubReport, HubState, RawReport, Snapshot, StationReport
from nobil_tui.charging.station import (
    MAX_CONNECTORS,
    Connector,
    Int32,
    Milliseconds,
    Station,
    StationId,
)
from nobil_tui.charging.tracking import Track
from nobil_tui.wire.status_words import connector_from

MAX_UID = 128
"""The most characters of the id of a connector."""

RelayedUid = Annotated[str, Meta(max_length=MAX_UID)]


class _Connector(Struct, gc=False):
    status: Int32 = -1
    error: Int32 = 0
    timestamp: Milliseconds = -1
    word: str = ""
    own_status: Int32 | None = None
    own_error: Int32 | None = None
    evse_uid: RelayedUid = ""
    at_least: bool = False
    named: bool = True


class _Station(Struct, gc=False):
    uuid: StationId
    connectors: Annotated[list[_Connector], Meta(max_length=MAX_CONNECTORS)]
    status: Int32 | None = None
    confirmed: Annotated[list[Milliseconds], Meta(max_length=MAX_CONNECTORS)] = []
    heard: Annotated[list[Milliseconds], Meta(max_length=MAX_CONNECTORS)] = []


class _Report(_Connector, gc=False, kw_only=True):
    uuid: StationId
    connector: Int32


class _Snapshot(Struct):
    data: list[_Station]


class _Update(Struct):
    data: _Station


class _Raw(Struct):
    data: _Report


_BLANK = Track()
_decode_state = msgspec.json.Decoder(HubState).decode
_decode_snapshot = msgspec.json.Decoder(_Snapshot).decode
_decode_update = msgspec.json.Decoder(_Update).decode
_decode_raw = msgspec.json.Decoder(_Raw).decode


def relayed_state(data: Raw, at: int) -> HubReport | None:
    """Decode the state of a hub; None unless a hub of nobil-tui sent it."""
    state = _state(data)
    return HubReport(state, at) if state is not None else None


def relayed_snapshot(data: bytes, hub: Raw, at: int) -> Snapshot | None:
    """Decode a snapshot with its hub's state; None unless a hub of nobil-tui sent it."""
    state = _state(hub)
    try:
        message = _decode_snapshot(data)
    except DECODE_ERRORS:
        return None
    valid = [sent for sent in message.data if sent.uuid.isprintable()]
    if state is None:
        return None
    stations = [_station(sent) for sent in valid]
    return Snapshot(stations, at, len(message.data) - len(valid), hub=state)


def relayed_update(data: bytes, at: int) -> StationReport | None:
    """Decode an update; None unless a hub of nobil-tui sent it."""
    try:
        sent = _decode_update(data).data
    except DECODE_ERRORS:
        return None
    return StationReport(_station(sent), at, True) if sent.uuid.isprintable() else None


def relayed_raw(data: bytes, at: int) -> RawReport | None:
    """Decode a charger's own report; None unless a hub of nobil-tui sent it."""
    try:
        sent = _decode_raw(data).data
    except DECODE_ERRORS:
        return None
    if not sent.uuid.isprintable():
        return None
    return RawReport(sent.uuid, sent.connector, _connector(sent), at, sent.evse_uid)


def _state(data: Raw) -> HubState | None:
    try:
        state = _decode_state(data)
    except DECODE_ERRORS:
        return None
    texts = {name: safe_text(getattr(state, name)) for name in ("reason", "source", "credit")}
    return msgspec.structs.replace(state, **texts)


def _connector(sent: _Connector) -> Connector:
    if sent.word:
        connector: Connector = connector_from(sent.word)
    else:
        connector = Connector(
            sent.status if sent.own_status is None else sent.own_status,
            sent.error if sent.own_error is None else sent.own_error,
        )
    connector.timestamp = sent.timestamp
    return connector


def _station(sent: _Station) -> Station:
    """Return a station with the hub's notes."""
    connectors = [_connector(each) for each in sent.connectors]
    track = Track()
    for index, each in enumerate(sent.connectors):
        if each.at_least:
            track.set_at_least(index, True)
        if not each.named:
            track.unnamed |= 1 << index
    uids = tuple(each.evse_uid for each in sent.connectors)
    if all(uids) and len(set(uids)) == len(uids):
        track.evse_uids = uids
    if len(sent.confirmed) == len(connectors):
        track.confirmed_each = dict(enumerate(sent.confirmed)) or None
    if len(sent.heard) == len(connectors):
        track.heard_each = dict(enumerate(sent.heard)) or None
    # There may be a whole country: a station only gets a track if there is something to note.
    return Station(sent.uuid, connectors, sent.status, track if track != _BLANK else None)
