"""Recordings for tests: as this program writes them, or as other recorders do."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

from nobil_tui.wire.recording import RecordingHeader, encode_header, encode_line

T0 = 1_774_267_200_000
"""Start of the recordings, in ms."""

Entry = tuple[bytes, int]
"""A frame (or ``BREAK``), and its time in ms after ``T0``."""


def said(word: str, station: str = "NOR_1", key: str = "a") -> bytes:
    """Return a frame of NOBIL Real-time."""
    return b'{"nobilId":"%b","evseUId":"%b","status":"%b"}' % (
        station.encode(),
        key.encode(),
        word.encode(),
    )


def content(
    entries: Sequence[Entry], codec: str | None = "enova", *, simulated: bool = False
) -> bytes:
    """Return the bytes of a recording; without a ``codec``, as another recorder writes it."""
    first = (
        encode_header(RecordingHeader(codec=codec, simulated=simulated))
        if codec is not None
        else b""
    )
    return first + b"".join(encode_line(data, T0 + at) for data, at in entries)


def write(path: Path, data: bytes) -> Path:
    """Write a file, compressed if its name ends with ``.gz``."""
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
