"""Bytes that may be gzip, made plain, within a bound: a few kilobytes can unpack to more than a machine has."""

from __future__ import annotations

import zlib

from nobil_tui.base.decoding import NotReadableError

_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 16
_MOST_MEMBERS = 100_000
"""A file can be many zipped ones in a row, each of some 64 kB; empty ones without end are an attack."""


def unzipped(data: bytes | bytearray, most: int) -> bytes | bytearray:
    """Unpack what is gzip, and return what is not as it is.

    Raises ``NotReadableError`` where it is damaged, cut off, or holds more than ``most`` bytes.
    """
    if data.startswith(_MAGIC):
        return _unpacked(memoryview(data), most)
    return data


def _unpacked(data: memoryview, most: int) -> bytearray:
    plain = bytearray()
    members = 1
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for start in range(0, len(data), _PIECE):
        piece: bytes | memoryview = data[start : start + _PIECE]
        while piece:
            if unpacker.eof:
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
                members += 1
            try:
                plain += unpacker.decompress(piece, 16 * _PIECE)
            except zlib.error:
                raise NotReadableError("its gzip is damaged") from None
            if len(plain) > most:
                raise NotReadableError(f"it unpacks to more than {most >> 20} MB")
            if members > _MOST_MEMBERS:
                raise NotReadableError("its gzip has no end of empty parts")
            # Zeros may fill up the last block of a tape.
            piece = unpacker.unused_data.lstrip(b"\0") if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise NotReadableError("it is cut off")
    return plain
