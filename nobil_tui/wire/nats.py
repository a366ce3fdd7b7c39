"""The format of a relay's stream in NATS: the subject of each station, and the messages on them.

Below ``nobil.v1`` there is one subject for each station, ``<country>.<station>``, with its last
update as a hub sends it, or an empty message once it has left the stream. ``LINK_SUBJECT`` has the
state of the relay, ``HEARTBEAT_SUBJECT`` its signs of life.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.text import safe_text
from nobil_tui.charging.events import HubState, StationReport, Unreadable
from nobil_tui.wire import v1

STREAM = "NOBIL_V1"
"""The JetStream stream that keeps the last value of each subject."""
ROOT = "nobil.v1"
LINK_SUBJECT = f"{ROOT}._link"
HEARTBEAT_SUBJECT = f"{ROOT}._heartbeat"
STOPPED = "the relay stopped"
"""The reason that a relay gives when it ends normally."""

_OTHER = re.compile(rb"[^A-Za-z0-9_-]")
_ESCAPED = re.compile(rb"=([0-9A-F]{2})")
_TOKEN = re.compile(r"(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+|=")
_EMPTY = "="
"""The token of an empty text: a token of a subject has at least one character."""


class RelayState(Struct, frozen=True):
    """The state of a relay, on ``LINK_SUBJECT``."""

    hub: HubState
    epoch: str
    """Identifies one run of a relay: another one has another downtime clock."""
    ready: bool
    """Whether all stations were published in this epoch."""


class _Link(Struct, tag_field="type", tag="hub:state"):
    data: HubState
    epoch: str = ""
    ready: bool = True


class _Update(Struct):
    data: msgspec.Raw


class _Heartbeat(Struct):
    epoch: str


_encode = msgspec.json.Encoder().encode
_decode_link = msgspec.json.Decoder(_Link).decode
_decode_update = msgspec.json.Decoder(_Update).decode
_decode_heartbeat = msgspec.json.Decoder(_Heartbeat).decode


def encode_token(text: str) -> str:
    """Encode any text as one token of a subject: ASCII letters, digits, ``_`` and ``-``.

    Every other byte of its UTF-8 form becomes ``=`` and two hexadecimal digits. Different texts
    have different tokens.
    """
    data = text.encode("utf-8", "surrogatepass")
    return _OTHER.sub(lambda found: b"=%02X" % found[0][0], data).decode() or _EMPTY


def decode_token(token: str) -> str | None:
    """Return the text of a token; None if ``encode_token`` makes no such token."""
    if not _TOKEN.fullmatch(token):
        return None
    if token == _EMPTY:
        return ""
    data = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), token.encode())
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return text if encode_token(text) == token else None


def station_subject(station_id: str) -> str:
    """Return the subject of a station."""
    country = station_id.partition("_")[0]
    return f"{ROOT}.{encode_token(country)}.{encode_token(station_id)}"


def station_of(subject: str) -> str | None:
    """Return the id of the station that a subject is for; None if it is for none."""
    tokens = subject.split(".")
    station_id = decode_token(tokens[-1]) if len(tokens) == 4 else None
    return station_id if station_id and station_subject(station_id) == subject else None


def link_message(state: RelayState) -> bytes:
    """Encode the state of a relay: like ``hub:state``, with further keys."""
    return _encode(_Link(state.hub, state.epoch, state.ready))


def decode_link(data: bytes) -> RelayState | None:
    """Decode the state of a relay; None if it cannot be decoded."""
    try:
        link = _decode_link(data)
    except DECODE_ERRORS:
        return None
    texts = {name: safe_text(getattr(link.data, name)) for name in ("reason", "source", "credit")}
    hub = msgspec.structs.replace(link.data, **texts)
    return RelayState(hub, safe_text(link.epoch), link.ready)


def heartbeat_message(epoch: str) -> bytes:
    """Encode a sign of life of a relay."""
    return _encode(_Heartbeat(epoch))


def decode_heartbeat(data: bytes) -> str:
    """Return the epoch of the relay that gives a sign of life; empty if it cannot be decoded."""
    try:
        return safe_text(_decode_heartbeat(data).epoch)
    except DECODE_ERRORS:
        return ""


def decode_station(station_id: str, data: bytes, at: int) -> StationReport | Unreadable:
    """Decode the last update of a station."""
    event = v1.decode(data, at)
    if isinstance(event, Unreadable):
        return event
    if isinstance(event, StationReport) and event.station.id == station_id:
        return event
    return Unreadable("a message of NATS is not for the station of its subject", at)


def station_row_of(data: bytes) -> bytes | None:
    """Return the last update of a station as a part of a snapshot, without its braces; None if it
    cannot be decoded."""
    try:
        row = bytes(_decode_update(data).data).strip()
    except DECODE_ERRORS:
        return None
    return row[1:-1] if row.startswith(b"{") else None
