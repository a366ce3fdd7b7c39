"""Decompress gzip data within a limit: whole, damaged, truncated, and hostile."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.decoding import NotReadableError, gunzip
from tests.for_each import for_each

LIMIT = 1 << 24
ZIPPED = gzip.compress(b'{"chargerstations": [1, 2, 3]}' * 5)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 40))
def test_several_members_are_concatenated(parts: list[bytes], padding: int) -> None:
    zipped = b"".join(map(gzip.compress, parts)) + b"\0" * padding
    assert gunzip(zipped, LIMIT) == b"".join(parts)
    assert gunzip(bytearray(zipped), LIMIT) == b"".join(parts)


@for_each("plain", [b"", b"{}", b'{"chargerstations": []}', b"\x1f", b"PK\x03\x04"])
def test_other_data_is_returned_unchanged(plain: bytes) -> None:
    assert gunzip(plain, 0) is plain


def test_large_data_is_decompressed_completely() -> None:
    plain = random.Random(1).randbytes(1000) * 5_000
    assert gunzip(gzip.compress(plain), len(plain)) == plain
    assert gunzip(gzip.compress(plain, 0), len(plain)) == plain


@given(st.integers(2, len(ZIPPED) - 1))
def test_truncated_data_is_rejected(length: int) -> None:
    with pytest.raises(NotReadableError, match="truncated"):
        gunzip(ZIPPED[:length], LIMIT)


@given(st.integers(10, len(ZIPPED) - 1), st.integers(1, 255))
def test_damaged_data_is_rejected(position: int, change: int) -> None:
    damaged = bytearray(ZIPPED)
    damaged[position] ^= change
    with pytest.raises(NotReadableError, match=r"damaged|truncated"):
        gunzip(damaged, LIMIT)


@given(st.binary().map(lambda rest: b"\x1f\x8b" + rest))
def test_no_bytes_raise_another_error(data: bytes) -> None:
    try:
        gunzip(data, LIMIT)
    except NotReadableError as error:
        assert str(error).isprintable()


def test_a_decompression_bomb_is_rejected() -> None:
    compressor = zlib.compressobj(9, wbits=31)
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(64)) + compressor.flush()
    assert len(bomb) < 100_000
    with pytest.raises(NotReadableError, match="more than 200 times its size"):
        gunzip(bomb, 1 << 30)
    with pytest.raises(NotReadableError, match="more than 3 MB"):
        gunzip(bomb, 3 << 20)


def test_endless_empty_members_are_rejected() -> None:
    with pytest.raises(NotReadableError, match="too many empty parts"):
        gunzip(gzip.compress(b"") * 100_001, LIMIT)
