"""Gzip within a bound, damaged at any place, or none at all."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.gzip_bounded import unzipped

MOST = 1 << 24


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(0, 40))
def test_zipped_parts_in_a_row_are_one(parts: list[bytes], padding: int) -> None:
    zipped = b"".join(map(gzip.compress, parts)) + b"\0" * padding
    assert unzipped(zipped, MOST) == b"".join(parts)
    assert unzipped(bytearray(zipped), MOST) == b"".join(parts)


@pytest.mark.parametrize("plain", [b"", b"{}", b'{"chargerstations": []}', b"\x1f", b"PK\x03\x04"])
def test_what_is_no_gzip_stays_as_it_is(plain: bytes) -> None:
    assert unzipped(plain, 0) is plain


def test_a_large_one_comes_out_whole() -> None:
    plain = bytes(range(256)) * 20_000
    assert unzipped(gzip.compress(plain), len(plain)) == plain
    assert unzipped(gzip.compress(plain, 0), len(plain)) == plain


ZIPPED = gzip.compress(b'{"chargerstations": [1, 2, 3]}' * 5)


@given(st.integers(2, len(ZIPPED) - 1))
def test_one_that_is_cut_off_is_none(length: int) -> None:
    with pytest.raises(NotReadableError, match="cut off"):
        unzipped(ZIPPED[:length], MOST)


@given(st.integers(10, len(ZIPPED) - 1), st.integers(1, 255))
def test_one_that_is_damaged_is_none(place: int, change: int) -> None:
    damaged = bytearray(ZIPPED)
    damaged[place] ^= change
    with pytest.raises(NotReadableError, match=r"damaged|cut off"):
        unzipped(damaged, MOST)


@given(st.binary().map(lambda rest: b"\x1f\x8b" + rest))
def test_any_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        unzipped(data, MOST)
    except NotReadableError as error:
        assert str(error).isprintable()


def test_a_bomb_is_not_unpacked() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    assert len(bomb) < 100_000
    with pytest.raises(NotReadableError, match="more than 16 MB"):
        unzipped(bomb, MOST)


def test_empty_parts_without_end_are_an_attack() -> None:
    with pytest.raises(NotReadableError, match="no end"):
        unzipped(gzip.compress(b"") * 100_001, MOST)
