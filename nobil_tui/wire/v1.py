"""Decode version 1 of the stream API: ``{type, data}`` envelopes of JSON, one per text frame.

Source: the stream API's own document, and its operator's later text for ``status:raw``. Frames are
decoded straight into the domain's structs, which hold the limits of every field. A hub of our own
sends further keys: ``wire/v1_relayed.py`` decodes what it relays.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw, Struct

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.text import safe_text
from nobil_tui.charging.events import (
    MAX_SAMPLE,
    HubReport,
    Ignored,
    RawReport,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.station import Connector, Int32, Milliseconds, Station, StationId
from nobil_tui.wire.v1_relayed import (
    relayed_raw,
    relayed_snapshot,
    relayed_state,
    relayed_update,
)

_NONE = Raw(b"")


class _Snapshot(Struct, tag="snapshot:init"):
    data: list[Station]
    hub: Raw = _NONE
    """The state of the hub that relays the stream; the same key from other servers is ignored."""


class _Update(Struct, tag="status:update"):
    data: Station
    hub: Raw = _NONE


class _ConnectorReport(Struct):
    uuid: StationId
    connector: Int32
    status: Int32 = -1
    error: Int32 = 0
    timestamp: Milliseconds = -1


class _Raw(Struct, tag="status:raw"):
    data: _ConnectorReport
    hub: Raw = _NONE


class _RawSnapshot(Struct, tag="snapshot:init"):
    """A snapshot whose stations are decoded one by one."""

    data: list[Raw]
    hub: Raw = _NONE


class _Envelope(Struct):
    type: str
    data: Raw = Raw(b"null")


LARGE = 1024 * 1024
"""Frames of at least this many bytes are decoded in short calls."""

_MIN_OBJECT, _MIN_VALUE = 16, 8
"""The fewest bytes of a large frame for each object and each comma; real ones have 33 and 12."""

V1Event = Snapshot | StationReport | RawReport | HubReport | Ignored | Unreadable

_decode_known = msgspec.json.Decoder(_Snapshot | _Update | _Raw).decode
_decode_raw = msgspec.json.Decoder(_RawSnapshot | _Update | _Raw).decode
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_station = msgspec.json.Decoder(Station).decode
_KNOWN = {"snapshot:init", "status:update", "status:raw"}
_ESCAPED_SURROGATE = LazyPattern(rb"\\u[dD][89a-fA-F]")
# An escaped backslash, a surrogate pair, or a lone surrogate.
_SURROGATES = LazyPattern(
    rb"""\\\\ | (\\u[dD][89abAB][0-9a-fA-F]{2}) (\\u[dD][c-fC-F][0-9a-fA-F]{2})?
    | (\\u[dD][c-fC-F][0-9a-fA-F]{2})""",
    re.VERBOSE,
)


def decode(data: bytes, at: int) -> V1Event:
    """Decode a frame received at ``at`` (ms). Never raises.

    A frame that cannot be decoded is ``Unreadable``; a malformed station of a snapshot is only
    counted.
    """
    if len(data) > LARGE:
        return _decode_large(data, at)
    try:
        message: _Snapshot | _Update | _Raw = _decode_known(data)
    except DECODE_ERRORS as error:
        return _decode_other(data, at, error)
    if message.hub and (relayed := _relayed(message, data, at)) is not None:
        return relayed
    if isinstance(message, _Snapshot):
        return _snapshot(message.data, len(message.data), at)
    return _event_of(message, data, at)


def _event_of(message: _Update | _Raw, data: bytes, at: int) -> V1Event:
    if isinstance(message, _Update):
        if message.data.id.isprintable():
            return StationReport(message.data, at)
        return _bad_id(data, at)
    report = message.data
    connector = Connector(report.status, report.error, report.timestamp)
    if not report.uuid.isprintable():
        return _bad_id(data, at)
    return RawReport(report.uuid, report.connector, connector, at)


def _relayed(
    message: _Snapshot | _RawSnapshot | _Update | _Raw, data: bytes, at: int
) -> V1Event | None:
    """Decode a frame that a hub relays; None unless a hub of nobil-tui sent it."""
    if isinstance(message, (_Snapshot, _RawSnapshot)):
        return relayed_snapshot(data, message.hub, at)
    if bytes(message.hub) != b"true":
        return None
    return relayed_update(data, at) if isinstance(message, _Update) else relayed_raw(data, at)


def _decode_large(data: bytes, at: int) -> V1Event:
    """Decode a frame in short calls, for a thread: the decoder lets no other thread run.

    Small objects take many times their bytes in memory, so a frame that has more of them than a
    snapshot of its size is not decoded.
    """
    if data.count(b"{") * _MIN_OBJECT > len(data) or data.count(b",") * _MIN_VALUE > len(data):
        return Unreadable("more values than a snapshot of its size has", at, data[:MAX_SAMPLE])
    try:
        message = _decode_raw(data)
    except DECODE_ERRORS as error:
        return _decode_other(data, at, error)
    if message.hub and (relayed := _relayed(message, data, at)) is not None:
        return relayed
    if isinstance(message, _RawSnapshot):
        return _salvage(message.data, at)
    return _event_of(message, data, at)


def _decode_other(data: bytes, at: int, first: Exception) -> V1Event:
    """Decode a frame that failed to decode: salvage the valid stations of a snapshot."""
    try:
        envelope = _decode_envelope(data)
        if envelope.type == "snapshot:init":
            return _salvage(_decode_list(envelope.data), at)
    except DECODE_ERRORS as error:
        # Search first: replacing is many times slower.
        if _ESCAPED_SURROGATE.search(data):
            repaired = _SURROGATES.sub(_without_lone_surrogate, data)
            if repaired != data:
                return decode(repaired, at)
        return Unreadable(safe_text(str(error)), at, data[:MAX_SAMPLE])
    if envelope.type == "hub:state" and (state := relayed_state(envelope.data, at)) is not None:
        return state
    if envelope.type in _KNOWN:
        reason = f"{envelope.type}: {safe_text(str(first))}"
        return Unreadable(reason, at, data[:MAX_SAMPLE])
    return Ignored(safe_text(envelope.type), at)


def _without_lone_surrogate(found: re.Match[bytes]) -> bytes:
    # Servers that cut texts in the middle of a character send these. The decoder rejects one even
    # in a field that it skips: one station would cost the snapshot. NUL is allowed in no id.
    high, low, alone = found.groups()
    return rb"\u0000" if alone or (high and not low) else found[0]


def _salvage(raws: list[Raw], at: int) -> Snapshot:
    stations = []
    sample = b""
    for raw in raws:
        try:
            stations.append(_decode_station(raw))
        except DECODE_ERRORS:
            sample = sample or bytes(memoryview(raw)[:MAX_SAMPLE])
    return _snapshot(stations, len(raws), at, sample)


def _snapshot(stations: list[Station], sent: int, at: int, sample: bytes = b"") -> Snapshot:
    valid = [station for station in stations if station.id.isprintable()]
    return Snapshot(valid, at, sent - len(valid), sample=sample)


def _bad_id(data: bytes, at: int) -> Unreadable:
    return Unreadable("a station's id holds control characters", at, data[:MAX_SAMPLE])
