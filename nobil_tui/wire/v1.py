"""Version 1 of the stream API, read: ``{type, data}`` envelopes of JSON, one a text frame.

Source: the stream API's own document, and its operator's later text for ``status:raw``. Frames are decoded straight
into the domain's structs, which hold the limits of every field.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw, Struct

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.charging.station import Connector, Int32, Milliseconds, Station, StationId


class Snapshot(Struct):
    """The state of all stations; ``unreadable`` counts those that had to be left out."""

    stations: list[Station]
    unreadable: int


class _Snapshot(Struct, tag="snapshot:init"):
    data: list[Station]


class Update(Struct, tag="status:update"):
    """One station in which something changed."""

    data: Station


class Report(Struct):
    """What a charger itself reported of one connector."""

    uuid: StationId
    connector: Int32
    status: Int32 = -1
    error: Int32 = 0
    timestamp: Milliseconds = -1


class RawReport(Struct, tag="status:raw"):
    """A charger's own report, in its envelope."""

    data: Report


class Unknown(Struct):
    """A well-formed envelope of a type that this version does not know."""

    type: str


Message = Snapshot | Update | RawReport | Unknown


class _Envelope(Struct):
    type: str
    data: Raw = Raw(b"null")


_decode_known = msgspec.json.Decoder(_Snapshot | Update | RawReport).decode
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_station = msgspec.json.Decoder(Station).decode
_KNOWN = {"snapshot:init", "status:update", "status:raw"}
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# An escaped backslash, half a character, or two halves that belong together.
_HALVES = re.compile(
    rb"""\\\\ | (\\u[dD][89abAB][0-9a-fA-F]{2}) (\\u[dD][c-fC-F][0-9a-fA-F]{2})? | (\\u[dD][c-fC-F][0-9a-fA-F]{2})""",
    re.VERBOSE,
)


def decode(frame: bytes) -> Message:
    """Decode one frame. Raises ``NotReadableError`` for what is no message; a bad station costs only itself."""
    try:
        message: _Snapshot | Update | RawReport = _decode_known(frame)
    except _BROKEN as error:
        return _decode_otherwise(frame, error)
    if isinstance(message, _Snapshot):
        return _readable(message.data, len(message.data))
    _check_id(message.data.id if isinstance(message, Update) else message.data.uuid)
    return message


def connector_of(report: Report) -> Connector:
    """Take the connector out of a charger's own report."""
    return Connector(report.status, report.error, report.timestamp)


def _decode_otherwise(frame: bytes, first: Exception) -> Message:
    try:
        envelope = _decode_envelope(frame)
        if envelope.type == "snapshot:init":
            return _each_alone(_decode_list(envelope.data))
    except _BROKEN as error:
        whole = _HALVES.sub(_without_half, frame)
        if whole != frame:
            return decode(whole)
        raise NotReadableError(safe_text(str(error))) from None
    if envelope.type in _KNOWN:
        raise NotReadableError(f"{envelope.type}: {safe_text(str(first))}")
    return Unknown(safe_text(envelope.type))


def _without_half(found: re.Match[bytes]) -> bytes:
    # Half a character, as a server writes that cuts its texts, stops the decoder even in a text that it skips: one
    # station would cost the snapshot. What stands in its place is allowed in no id.
    high, low, alone = found.groups()
    return rb"\u0000" if alone or (high and not low) else found[0]


def _each_alone(raws: list[Raw]) -> Snapshot:
    stations = []
    for raw in raws:
        try:
            stations.append(_decode_station(raw))
        except _BROKEN:
            continue
    return _readable(stations, len(raws))


def _readable(stations: list[Station], sent: int) -> Snapshot:
    kept = [station for station in stations if station.id.isprintable()]
    return Snapshot(kept, sent - len(kept))


def _check_id(station: str) -> None:
    if not station.isprintable():
        raise NotReadableError("a station's id holds control characters")
