"""What could be meant while a filter is typed: the names of fields, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from nobil_tui.search.document import fold_line
from nobil_tui.search.fields import COUNTRIES, FIELD_OF, FIELDS, PLUGS
from nobil_tui.search.terms import LiveState

MAX_COMPLETIONS = 12
"""Completions that are offered at once."""

_WORD = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))*')
_POWERS = (">=50kw", ">=150kw", ">=300kw")
_RADII = ("5km", "20km", "50km", "100km")


class FieldValues(Struct, frozen=True):
    """What stands in the register's fields, the most frequent first."""

    operators: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    plugs: tuple[str, ...] = ()


def completions(text: str, cursor: int, values: FieldValues | None = None) -> list[str]:
    """Tell what the word before the cursor could become, each a whole word to put in its place, the best first."""
    start, end = word_at(text, cursor)
    typed = text[start:end]
    minus = "-" if typed.startswith("-") else ""
    name, colon, value = typed.removeprefix("-").partition(":")
    if not colon:
        offered = [word for word in _words() if word.startswith(name.lower()) and word != name]
        return [minus + word for word in offered][:MAX_COMPLETIONS]
    field = FIELD_OF.get(name.lower(), "")
    begun = fold_line(value.replace('"', ""))
    fitting = _fitting(_of_field(field, values or FieldValues()), begun)
    return [word for found in fitting if (word := f"{minus}{name}:{_quoted(found)}") != typed][:MAX_COMPLETIONS]


def word_at(text: str, cursor: int) -> tuple[int, int]:
    """Tell where the word before the cursor begins and that it ends there; spaces in quotes are part of it."""
    cursor = max(0, min(cursor, len(text)))
    for match in _WORD.finditer(text, 0, cursor):
        if match.end() == cursor:
            return match.start(), cursor
    return cursor, cursor


def insert_completion(text: str, cursor: int, word: str) -> tuple[str, int]:
    """Put a completion in the place of the word before the cursor. Returns the text and where the cursor is then."""
    start, end = word_at(text, cursor)
    # A field still wants its value; whatever else is complete is followed by the next word.
    gap = "" if word.endswith(":") or text[end : end + 1].isspace() else " "
    return text[:start] + word + gap + text[end:], start + len(word) + len(gap)


def _words() -> list[str]:
    return [*(ask.value for ask in LiveState), *PLUGS, *(f"{field}:" for field in FIELDS), "near", *_POWERS]


def _of_field(field: str, values: FieldValues) -> Iterable[str]:
    match field:
        case "op":
            return values.operators
        case "owner":
            return values.owners
        case "place":
            return values.places
        case "plug":
            return dict.fromkeys((*PLUGS, *values.plugs))
        case "country":
            return [code.lower() for code in COUNTRIES]
        case "within":
            return _RADII
        case "near":
            return ("home",)
        case _:
            return ()


def _fitting(texts: Iterable[str], begun: str) -> list[str]:
    """Those that begin so, then those of which another word begins so."""
    first, later = [], []
    for text in texts:
        folded = fold_line(text)
        if folded.startswith(begun):
            first.append(text)
            if len(first) >= MAX_COMPLETIONS:
                break
        elif f" {begun}" in folded:
            later.append(text)
    return first + later


def _quoted(value: str) -> str:
    """Put quotes around what would fall apart without. A quote itself cannot be written: the text is cut before it."""
    value = value.partition('"')[0]
    return f'"{value}"' if not value or re.search(r"[\s,]", value) else value.lower()
