"""ASCII output: transliteration of the same width."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nobil_tui.tui.style.ascii_output import force_ascii, to_ascii


def test_names_stay_readable() -> None:
    assert to_ascii("Rådhusgata, Bærum – Ærøya Ø…") == "Radhusgata, Barum - Aroya O~"


@given(st.text())
def test_a_text_becomes_ascii_of_the_same_width(text: str) -> None:
    assert to_ascii(text).isascii()
    assert len(to_ascii(text)) == sum(
        cell_len(character) if not character.isascii() else 1 for character in text
    )


def test_a_stream_writes_ascii_only() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    force_ascii(stream)
    stream.write("● Tromsø 充電")
    stream.flush()
    assert raw.getvalue() == b"? Tromso ????"


def test_other_objects_are_ignored() -> None:
    force_ascii(None)
