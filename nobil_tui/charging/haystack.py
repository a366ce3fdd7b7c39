"""The texts of all stations, folded once, so that a filter answers every keystroke over a whole country."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from nobil_tui.charging.register import Register

_MOST_UNKNOWN = 200_000
"""Ids without facts that are kept folded; a stream with more begins anew."""

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


class Haystack:
    """Id, name, place and operator of each station, to look for words in."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._version = register.version
        self._texts: dict[str, str] = {}

    def matching(self, ids: Iterable[str], words: Sequence[str]) -> list[str]:
        """Keep the ids whose texts hold every one of ``words``, in any order and any case."""
        if self._version != self._register.version:
            self._version = self._register.version
            self._texts.clear()
        needles = [fold(word) for word in words]
        text_of = self._text_of
        found = list(ids)
        for needle in needles:
            found = [station for station in found if needle in text_of(station)]
        return found

    def _text_of(self, station: str) -> str:
        text = self._texts.get(station)
        if text is None:
            if len(self._texts) > len(self._register) + _MOST_UNKNOWN:
                self._texts.clear()
            facts = self._register.facts(station)
            text = self._texts[station] = fold("\n".join((station, facts.name, facts.place, facts.operator)))
        return text
