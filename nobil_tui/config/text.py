"""Texts that come from outside, made safe and short enough to show."""

from __future__ import annotations

MOST_SHOWN = 120
"""Characters of a text from outside that are shown."""


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """Make a text safe and short enough to show: at most ``most`` characters, and an ellipsis."""
    clean = "".join(character if character.isprintable() else "·" for character in text[:most])
    return clean + "…" if len(text) > most else clean
