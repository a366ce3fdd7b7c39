"""Recordings: what a feed sent, a line a frame, with the time of receipt. JSON Lines, ``.gz`` or not.

The first line says what it is: ``{"format": "nobil-tui recording", "version": 1, "feed": "v1", "simulated": false,
"source": "..."}``. Every other one is ``{"received_at": "2026-03-23T12:00:00.107Z", "frame": {...}}``: the frame is the
JSON object as it came, byte for byte; ``"frame": ""`` is where the link broke. A frame that is no object on one line
stands as a text in ``"raw"``, and one that is no text in ``"base64"``. Files without the first line are recordings of
NOBIL Real-time, as others make them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.wire.changes import iso

RECORDING_VERSION = 1
"""The version of the format that is written, and the latest that can be read."""
MAX_LINE = 64 * 1024 * 1024
"""Bytes of a line that are read; a national snapshot has some 10 to 20 MB."""
BREAK = b""
"""What stands for a frame where the link broke."""

FeedName = Literal["v1", "enova"]


class RecordingHeader(Struct, frozen=True, kw_only=True):
    """The first line: what the other lines are."""

    format: Literal["nobil-tui recording"] = "nobil-tui recording"
    version: int = RECORDING_VERSION
    feed: FeedName
    simulated: bool = False
    source: str = ""
    """What was recorded, by a name that holds no secret."""


class RecordedFrame(Struct, frozen=True, gc=False):
    """A frame as it came, or ``BREAK``, and when, in ms."""

    data: bytes
    at: int


class _Marked(Struct):
    format: str
    version: int


class _Line(Struct):
    received_at: datetime
    frame: Raw | UnsetType = UNSET
    raw: str | UnsetType = UNSET
    base64: bytes | UnsetType = UNSET


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
_encode = msgspec.json.Encoder().encode
_skim = msgspec.json.Decoder(Raw).decode
_decode = msgspec.json.Decoder(_Line).decode
_decode_mark = msgspec.json.Decoder(_Marked).decode
_decode_header = msgspec.json.Decoder(RecordingHeader).decode


def encode_header(header: RecordingHeader) -> bytes:
    """Write the first line, with its line feed."""
    return _encode(header) + b"\n"


def encode_line(data: bytes, at: int) -> bytes:
    """Write a frame, or ``BREAK``, and when it came (ms), with the line feed."""
    return b'{"received_at":"%b",%b}\n' % (iso(at).encode(), _field(data))


def decode_header(line: bytes) -> RecordingHeader | None:
    """Read a first line; None where it is not one of ours. Raises ``NotReadableError`` for a damaged one."""
    try:
        mark = _decode_mark(line)
    except _BROKEN:
        return None
    if mark.format != "nobil-tui recording":
        return None
    if mark.version > RECORDING_VERSION:
        raise NotReadableError("it was made by a newer version of this program")
    try:
        header = _decode_header(line)
    except _BROKEN as error:
        raise NotReadableError(f"its first line is damaged: {safe_text(str(error))}") from None
    return msgspec.structs.replace(header, source=safe_text(header.source))


def decode_line(line: bytes) -> RecordedFrame:
    """Read a line. Raises ``NotReadableError`` where it is damaged."""
    try:
        said = _decode(line)
        at = _milliseconds(said.received_at)
    except _BROKEN as error:
        raise NotReadableError(safe_text(str(error))) from None
    if isinstance(said.frame, Raw):
        data = bytes(said.frame)
        return RecordedFrame(BREAK if data == b'""' else data, at)
    if isinstance(said.raw, str):
        return RecordedFrame(said.raw.encode(), at)
    if isinstance(said.base64, bytes):
        return RecordedFrame(said.base64, at)
    raise NotReadableError("a line without a frame")


def _field(data: bytes) -> bytes:
    if data == BREAK:
        return b'"frame":""'
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return b'"base64":' + _encode(data)
    return b'"frame":' + data if _is_line(data) else b'"raw":' + _encode(text)


def _is_line(data: bytes) -> bool:
    """Whether a frame is a JSON object that can stand in a line as it is."""
    if not data.startswith(b"{") or b"\n" in data or b"\r" in data:
        return False
    try:
        _skim(data)
    except _BROKEN:
        return False
    return True


def _milliseconds(time: datetime) -> int:
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)
