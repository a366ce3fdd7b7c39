"""Fold texts for searching: without case, and without accents that are rarely typed."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "æ": "ae",
        "ð": "d",
        "đ": "d",
        "þ": "th",
        "ł": "l",
        "ŋ": "n",
        "ŧ": "t",
        "ı": "i",
    }
)
"""Letters that Unicode does not decompose into a letter and an accent, but that are typed so."""


def fold(text: str) -> str:
    """Return a text without case and accents."""
    text = text.casefold()
    if text.isascii():
        return text
    # Decompose before translating, since ǿ is an ø with an accent. Fold again, since № becomes No.
    parts = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(part for part in parts if not unicodedata.combining(part))


def fold_line(text: str) -> str:
    """Fold a text to one line with single spaces."""
    return " ".join(fold(text).split())
