"""Shared by all decoders: their errors, the byte order mark, and gunzip with a limit."""

from __future__ import annotations

import zlib

import msgspec

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Everything that msgspec raises for data in another format than expected."""
BOM = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before UTF-8."""

MAX_EXPANSION = 200
"""The largest accepted ratio of unpacked to compressed size. Snapshots and registers reach 6 to 20,
a country whose connectors are all alike 76, and data made to exhaust memory 1000."""

_GZIP_MAGIC = b"\x1f\x8b"
_ALWAYS_UNPACKED = 1 << 20
"""Unpacked bytes that are accepted at any ratio: short data can be repetitive."""
_CHUNK = 1 << 16
_MAX_MEMBERS = 100_000
"""Members of a gzip file, usually of about 64 kB each. Endless empty members are an attack."""


class NotReadableError(Exception):
    """Data that is not of its expected format. The message is safe to show."""


def most_unpacked(size: int) -> int:
    """Return how many bytes compressed data of ``size`` bytes may unpack to."""
    return _ALWAYS_UNPACKED + MAX_EXPANSION * size


def gunzip(data: bytes | bytearray, max_bytes: int) -> bytes | bytearray:
    """Decompress gzip data; return any other data unchanged.

    A few kilobytes can decompress to more than fits in memory, hence the limit. Raise
    ``NotReadableError`` if the data is damaged, truncated or larger than ``max_bytes``, or than
    real data of its size can be.
    """
    if data.startswith(_GZIP_MAGIC):
        return _decompress(memoryview(data), max_bytes, most_unpacked(len(data)))
    return data


def _decompress(data: memoryview, max_bytes: int, credible: int) -> bytearray:
    result = bytearray()
    members = 1
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for start in range(0, len(data), _CHUNK):
        chunk: bytes | memoryview = data[start : start + _CHUNK]
        while chunk:
            if decompressor.eof:
                decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
                members += 1
            try:
                result += decompressor.decompress(chunk, 16 * _CHUNK)
            except zlib.error:
                raise NotReadableError("its gzip data is damaged") from None
            if len(result) > max_bytes:
                raise NotReadableError(f"it decompresses to more than {max_bytes >> 20} MB")
            if len(result) > credible:
                raise NotReadableError(
                    f"it decompresses to more than {MAX_EXPANSION} times its size"
                )
            if members > _MAX_MEMBERS:
                raise NotReadableError("its gzip data has too many empty parts")
            # The last block may be padded with zeros.
            rest = decompressor.unused_data.lstrip(b"\0")
            chunk = rest if decompressor.eof else decompressor.unconsumed_tail
    if not decompressor.eof:
        raise NotReadableError("it is truncated")
    return result
