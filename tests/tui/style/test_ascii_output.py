"""A terminal that draws nothing but ASCII gets nothing else, and no column moves."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nobil_tui.tui.style.ascii_output import plain, write_plainly


def test_names_stay_readable() -> None:
    assert plain("Rådhusgata, Bærum – Ærøya Ø…") == "Radhusgata, Barum - Aroya O~"


@given(st.text())
def test_a_text_becomes_ascii_of_the_same_width(text: str) -> None:
    assert plain(text).isascii()
    assert len(plain(text)) == sum(cell_len(character) if not character.isascii() else 1 for character in text)


def test_a_stream_writes_nothing_else() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    write_plainly(stream)
    stream.write("● Tromsø 充電")
    stream.flush()
    assert raw.getvalue() == b"? Tromso ????"


def test_what_is_no_stream_is_left_alone() -> None:
    write_plainly(None)
