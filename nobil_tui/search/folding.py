"""Fold texts for searching: without case, and without accents that are rarely typed.

Scandinavian letters are also found as they are spelled out: ``Tromsø`` as ``Tromsoe``.
"""

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


_SPELLED_OUT = str.maketrans({"ø": "oe", "ö": "oe", "å": "aa", "æ": "ae", "ä": "ae"})
"""Letters that are spelled out where a keyboard or an address lacks them."""


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


def spellings(text: str) -> tuple[str, ...]:
    """Fold a text to one line, and return it with its Scandinavian letters spelled out too.

    ``Tromsø`` is ``tromso`` and ``tromsoe``. One text if both are the same.
    """
    plain = fold_line(text)
    if text.isascii():
        return (plain,)
    composed = unicodedata.normalize("NFC", text.casefold())
    spelled_out = fold_line(composed.translate(_SPELLED_OUT))
    return (plain,) if spelled_out == plain else (plain, spelled_out)
