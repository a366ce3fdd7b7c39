"""Texts made alike for whoever looks for one: without case, and without accents that nobody types."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ð": "d", "đ": "d", "þ": "th", "ł": "l", "ŋ": "n", "ŧ": "t", "ı": "i"})
"""Letters that are no letter and accent to Unicode, and yet are typed without it."""


def fold(text: str) -> str:
    """Make upper and lower case, and letters with and without their accents, the same."""
    text = text.casefold()
    if text.isascii():
        return text
    # Taken apart before the letters are looked up, since ǿ is an ø with an accent; and folded again, since № has an N.
    parts = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(part for part in parts if not unicodedata.combining(part))
