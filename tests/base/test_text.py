"""A text from outside, made safe to show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.text import MAX_TEXT, safe_text
from tests.for_each import for_each


@for_each(
    ("text", "safe"),
    [
        ("", ""),
        ("Rådhusgata 12", "Rådhusgata 12"),
        ("[bold]no markup[/]", "[bold]no markup[/]"),  # widgets must not parse it as markup
        ("\x1b]0;title\x07", "·]0;title·"),
        ("a\nb\tc\x00", "a·b·c·"),
        ("\u202eleft\u200b", "·left·"),
        ("\ud800", "·"),
    ],
)
def test_safe_text(text: str, safe: str) -> None:
    assert safe_text(text) == safe


def test_long_text_is_truncated() -> None:
    assert safe_text("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert safe_text("x" * (MAX_TEXT + 1)) == "x" * MAX_TEXT + "…"
    assert safe_text("abcdef", 3) == "abc…"


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


@given(ANY_TEXT, st.integers(0, 30))
def test_safe_text_is_printable_short_and_idempotent(text: str, most: int) -> None:
    safe = safe_text(text, most)
    assert safe.isprintable()
    assert len(safe) <= most + 1
    assert len(safe) == len(text) or (len(text) > most and safe.endswith("…"))
    assert safe_text(safe) == safe
