"""The recording format: the frames of a stream with their time of receipt, as JSON Lines.

The first line describes the recording: ``{"format": "nobil-tui recording", "version": 1,
"codec": "v1", "simulated": false, "source": "..."}``. Each following line is one frame,
``{"received_at": "2026-03-23T12:00:00.107Z", "frame": {...}}``: the JSON object as received, byte
for byte; ``"frame": ""`` marks a loss of the link. A frame that is not a JSON object on one line is
kept as text in ``"raw"``, and one that is not UTF-8 in ``"base64"``. A file without the first line
is a recording of NOBIL Real-time by another program.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from nobil_tui.base.clock import iso
from nobil_tui.base.decoding import DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import safe_text

RECORDING_VERSION = 1
"""The version that is written, and the latest that can be read."""
MAX_LINE = 64 * 1024 * 1024
"""The most bytes of a line that is read; a national snapshot has some 10 to 20 MB."""
BREAK = b""
"""Marks a loss of the link, in place of a frame."""
UNMARKED_CODEC = "enova"
"""Format of the frames in a file without the first line."""


class RecordingHeader(Struct, frozen=True, kw_only=True):
    """The first line of a recording, which describes the others."""

    format: Literal["nobil-tui recording"] = "nobil-tui recording"
    version: int = RECORDING_VERSION
    codec: str
    """Name of the format of the frames, as in ``wire.codecs``."""
    simulated: bool = False
    source: str = ""
    """Display name of the recorded source, without a secret."""


class RecordedFrame(Struct, frozen=True, gc=False):
    """A frame as received, or ``BREAK``, and its time in ms."""

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
_LINE_ERRORS = (*DECODE_ERRORS, OverflowError)
_encode = msgspec.json.Encoder().encode
_skim = msgspec.json.Decoder(Raw).decode
_decode = msgspec.json.Decoder(_Line).decode
_decode_mark = msgspec.json.Decoder(_Marked).decode
_decode_header = msgspec.json.Decoder(RecordingHeader).decode


def encode_header(header: RecordingHeader) -> bytes:
    """Encode the first line, including the line feed."""
    return _encode(header) + b"\n"


def encode_line(data: bytes, at: int) -> bytes:
    """Encode a frame or ``BREAK``, received at ``at`` (ms), including the line feed."""
    return b'{"received_at":"%b",%b}\n' % (iso(at).encode(), _field(data))


def decode_header(line: bytes) -> RecordingHeader | None:
    """Decode a first line; return None if it is a frame's line.

    Raises ``NotReadableError`` for a damaged one and for a newer version.
    """
    try:
        mark = _decode_mark(line)
    except _LINE_ERRORS:
        return None
    if mark.format != "nobil-tui recording":
        return None
    if mark.version > RECORDING_VERSION:
        raise NotReadableError("it was made by a newer version of this program")
    try:
        header = _decode_header(line)
    except _LINE_ERRORS as error:
        raise NotReadableError(f"its first line is damaged: {safe_text(str(error))}") from None
    return msgspec.structs.replace(
        header, codec=safe_text(header.codec), source=safe_text(header.source)
    )


def decode_line(line: bytes) -> RecordedFrame:
    """Decode a line with a frame. Raises ``NotReadableError`` for a damaged line."""
    try:
        decoded = _decode(line)
        at = _milliseconds(decoded.received_at)
    except _LINE_ERRORS as error:
        raise NotReadableError(safe_text(str(error))) from None
    if isinstance(decoded.frame, Raw):
        data = bytes(decoded.frame)
        return RecordedFrame(BREAK if data == b'""' else data, at)
    if isinstance(decoded.raw, str):
        return RecordedFrame(decoded.raw.encode(), at)
    if isinstance(decoded.base64, bytes):
        return RecordedFrame(decoded.base64, at)
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
    """Return whether ``data`` is a JSON object that fits on a line unchanged."""
    if not data.startswith(b"{") or b"\n" in data or b"\r" in data:
        return False
    try:
        _skim(data)
    except _LINE_ERRORS:
        return False
    return True


def _milliseconds(time: datetime) -> int:
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)
