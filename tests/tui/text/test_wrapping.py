"""Wrapped lines fit their width, and lose nothing that has room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nobil_tui.tui.text.wrapping import flow_parts, wrap_text
from tests.for_each import for_each

# Wide and combining characters, non-printable ones, and spaces.
TEXTS = st.text(st.sampled_from("ab \n\t日本e\u0301\x1b\u202e[]…"), max_size=80)


@for_each(
    ("text", "lines"),
    [
        ("", []),
        (" \n ", []),
        ("one two three four", ["one two", "three four"]),
        ("one\ntwo", ["one two"]),
        ("abcdefghijklm", ["abcdefghij", "klm"]),
        ("日本日本日本", ["日本日本日", "本"]),
        ("one two three four five six", ["one two", "three four", "five six"]),
        ("one two three four five six seven", ["one two", "three four", "five six…"]),
        ("a\x1b[31mb", ["a[31mb"]),
        ("\u202e\u202e x", ["x"]),
    ],
)
def test_text_is_wrapped_at_spaces(text: str, lines: list[str]) -> None:
    assert wrap_text(text, 10, 3) == lines


@given(TEXTS, st.integers(2, 30), st.integers(1, 5))
def test_wrapped_lines_fit_the_width_and_the_limit(text: str, width: int, most: int) -> None:
    lines = wrap_text(text, width, most)
    assert len(lines) <= most
    assert all(len(line) > 0 and cell_len(line) <= width and line.isprintable() for line in lines)


@given(TEXTS, st.integers(2, 30))
def test_wrapping_loses_nothing_with_enough_lines(text: str, width: int) -> None:
    kept = "".join(wrap_text(text, width, 100)).replace(" ", "")
    assert kept == "".join(letter for letter in text if letter.isprintable() and letter != " ")


def test_parts_are_not_split() -> None:
    parts = ("Storgata 4, 0150 Oslo", "", "2.4 km", "x" * 40)
    assert flow_parts(parts, " · ", 30, 3) == ["Storgata 4, 0150 Oslo · 2.4 km", "x" * 29 + "…"]
    assert flow_parts(parts, " · ", 25, 3) == ["Storgata 4, 0150 Oslo", "2.4 km", "x" * 24 + "…"]
    assert flow_parts(parts, " · ", 25, 1) == ["Storgata 4, 0150 Oslo ·…"]
    assert flow_parts((), " · ", 25, 1) == []
