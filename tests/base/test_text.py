"""A text from outside, made safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.text import MOST_SHOWN, shown


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", ""),
        ("Rådhusgata 12", "Rådhusgata 12"),
        ("[bold]no markup[/]", "[bold]no markup[/]"),  # whoever draws it must not read it as markup
        ("\x1b]0;title\x07", "·]0;title·"),
        ("a\nb\tc\x00", "a·b·c·"),
        ("\u202eleft\u200b", "·left·"),
        ("\ud800", "·"),
    ],
)
def test_shown(text: str, safe: str) -> None:
    assert shown(text) == safe


def test_a_long_text_is_cut() -> None:
    assert shown("x" * MOST_SHOWN) == "x" * MOST_SHOWN
    assert shown("x" * (MOST_SHOWN + 1)) == "x" * MOST_SHOWN + "…"
    assert shown("abcdef", 3) == "abc…"


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


@given(ANY_TEXT, st.integers(0, 30))
def test_whatever_comes_it_is_printable_short_and_stays_what_it_is(text: str, most: int) -> None:
    safe = shown(text, most)
    assert safe.isprintable()
    assert len(safe) <= most + 1
    assert len(safe) == len(text) or (len(text) > most and safe.endswith("…"))
    assert shown(safe) == safe
