"""Texts are cut to a width in cells, and every glyph of a row takes one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from nobil_tui.charging.conditions import Condition
from nobil_tui.tui.style.glyphs import ASCII, UNICODE, Glyphs, fit_width, sparkline, truncate
from tests.for_each import for_each

# Characters of two cells or none, and non-characters: wide and combining letters, flags, families,
# variation selectors, jamo, controls, escapes, direction marks and lone surrogates.
ODD = (
    "日本語ｱ한각e\u0301\u0301🏴👩\u200d👩\u200d👧🇳🇴☎\ufe0f\u0e33\u0600"
    "\x00\x07\x1b\x9b\u200b\u202e\u2066\u2069\u200f\ufeff\ud800"
)
TEXTS = st.one_of(st.text(max_size=40), st.text(st.sampled_from("ab …[]" + ODD), max_size=40))
ROOM = st.integers(0, 45)
SETS = pytest.mark.parametrize("glyphs", [UNICODE, ASCII])


@given(TEXTS, ROOM)
@example("日本", 3)
@example("👩\u200d👩\u200d👧👩\u200d👩\u200d👧", 5)
@example("☎\ufe0f☎\ufe0f☎\ufe0f", 4)
@example("e" + "\u0301" * 30, 2)
def test_fit_width_returns_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fit_width(text, width)) == width


@given(TEXTS, ROOM)
def test_truncated_text_fits_and_is_printable(text: str, width: int) -> None:
    result = truncate(text, width)
    assert cell_len(result) <= width
    assert result.isprintable()
    assert not {unicodedata.category(character) for character in result} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }


@given(TEXTS, ROOM)
def test_truncated_text_ends_in_an_ellipsis(text: str, width: int) -> None:
    printable = "".join(character for character in text if character.isprintable())
    result = truncate(text, width)
    if cell_len(printable) <= width:
        assert result == printable
    elif width:
        assert result.endswith("…")
        assert printable.startswith(result[:-1].rstrip())
    else:
        assert result == ""


@given(TEXTS, ROOM)
def test_truncation_keeps_as_much_as_fits(text: str, width: int) -> None:
    # Spaces before an ellipsis are removed.
    text = text.replace(" ", "x")
    whole = sum(map(cell_len, filter(str.isprintable, text)))
    # Except for half of a wide letter.
    assert cell_len(truncate(text, width)) >= min(width - 1, cell_len(truncate(text, whole)))


@for_each(
    ("text", "width", "expected"),
    [
        ("Fornebu S", 9, "Fornebu S"),
        ("Fornebu S", 8, "Fornebu…"),
        ("Fornebu Sør", 9, "Fornebu…"),
        ("Rådhusgata", 5, "Rådh…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("a\x1b[2Jb\u202ec", 9, "a[2Jbc"),
        ("two\nlines", 20, "twolines"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_truncate(text: str, width: int, expected: str) -> None:
    assert truncate(text, width) == expected


def test_the_ascii_ellipsis() -> None:
    assert truncate("Fornebu S", 5, ASCII.ellipsis) == "Forn~"
    assert fit_width("ab", 4, ASCII.ellipsis) == "ab  "


@SETS
def test_every_condition_has_its_own_glyph(glyphs: Glyphs) -> None:
    signs = [glyphs.conditions[condition] for condition in Condition]
    assert len({*signs}) == len(Condition)
    # One cell each, so that a row has as many as connectors, and none is like another glyph.
    assert all(cell_len(sign) == 1 for sign in signs)
    assert not {*signs} & {glyphs.star, glyphs.alert, glyphs.cursor}


@SETS
def test_glyphs_of_a_row_take_one_cell(glyphs: Glyphs) -> None:
    one = (
        glyphs.star,
        glyphs.alert,
        glyphs.cursor,
        glyphs.live,
        glyphs.up,
        glyphs.down,
        glyphs.ellipsis,
        glyphs.dot,
    )
    every = (*one, *glyphs.bars, *glyphs.strip.values())
    assert {cell_len(sign) for sign in every} == {1}
    assert len({*glyphs.strip.values()}) == len(Condition)


def test_the_ascii_set_is_ascii() -> None:
    values = [getattr(ASCII, field) for field in Glyphs.__struct_fields__]
    signs = [
        sign for value in values for sign in (value if isinstance(value, str) else value.values())
    ]
    assert all("".join(sign).isascii() for sign in signs)


@SETS
def test_a_sparkline_has_a_bar_for_each_value(glyphs: Glyphs) -> None:
    bars = glyphs.bars
    assert sparkline((), bars) == ""
    assert sparkline((0, 0, 0), bars) == bars[0] * 3
    assert sparkline((0, 5, 10), bars) == bars[0] + bars[4] + bars[-1]
    assert sparkline((3, 3), bars) == bars[-1] * 2


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_greater_values_have_no_lower_bars(values: list[int]) -> None:
    heights = [UNICODE.bars.index(bar) for bar in sparkline(values, UNICODE.bars)]
    assert len(heights) == len(values)
    by_value = sorted(zip(values, heights, strict=True))
    assert [height for _, height in by_value] == sorted(heights)
