"""Complete the filter language: words, fields, and the values of fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nobil_tui.search.fields import FACT_WORDS, FIELD_BY_NAME, FIELDS, PLUGS, Field, FieldValues
from nobil_tui.search.folding import spellings
from nobil_tui.search.terms import LiveState

MAX_COMPLETIONS = 12

_WORD = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))*')
_SEPARATOR = re.compile(r"[\s,]")
_POWERS = (">=50kw", ">=150kw", ">=300kw")


def completions(text: str, cursor: int, values: FieldValues | None = None) -> list[str]:
    """Return the words that can replace the word before the cursor, best first.

    ``values`` are the values of the register, as ``StationIndex.field_values`` returns them.
    """
    start, end = word_at(text, cursor)
    typed = text[start:end]
    minus = "-" if typed.startswith("-") else ""
    name, colon, value = typed.removeprefix("-").partition(":")
    if not colon:
        offered = [word for word in _words() if word.startswith(name.lower()) and word != name]
        return [minus + word for word in offered][:MAX_COMPLETIONS]
    field = FIELD_BY_NAME.get(name.lower())
    if field is None:
        return []
    prefix = value.replace('"', "")
    words = [
        f"{minus}{name}:{_quoted(found)}"
        for found in _matching(_values_of(field, values or {}), prefix)
    ]
    return [word for word in words if word != typed][:MAX_COMPLETIONS]


def word_at(text: str, cursor: int) -> tuple[int, int]:
    """Return the start of the word before the cursor, and the cursor.

    Quotes keep spaces in a word.
    """
    cursor = max(0, min(cursor, len(text)))
    for match in _WORD.finditer(text, 0, cursor):
        if match.end() == cursor:
            return match.start(), cursor
    return cursor, cursor


def insert_completion(text: str, cursor: int, word: str) -> tuple[str, int]:
    """Replace the word before the cursor by a completion. Return the text and the new cursor."""
    start, end = word_at(text, cursor)
    # After a field its value is typed; after any other word, the next word.
    gap = "" if word.endswith(":") or text[end : end + 1].isspace() else " "
    return text[:start] + word + gap + text[end:], start + len(word) + len(gap)


def _words() -> list[str]:
    return [
        *(state.value for state in LiveState),
        "starred",
        *(plug.name for plug in PLUGS),
        *FACT_WORDS,
        *(f"{name}:" for name in FIELDS),
        "near",
        *_POWERS,
    ]


def _values_of(field: Field, values: FieldValues) -> Iterable[str]:
    return dict.fromkeys((*field.suggestions, *values.get(field.name, ())))


def _matching(texts: Iterable[str], typed: str) -> list[str]:
    """Return the texts that begin with the typed text, then those with a later word that does."""
    prefixes = spellings(typed)
    first, later = [], []
    for text in texts:
        folded = spellings(text)
        if any(spelled.startswith(prefixes) for spelled in folded):
            first.append(text)
            if len(first) >= MAX_COMPLETIONS:
                break
        elif any(f" {prefix}" in spelled for spelled in folded for prefix in prefixes):
            later.append(text)
    return first + later


def _quoted(value: str) -> str:
    """Quote a value that contains spaces or commas.

    The language has no escape for a quote, so the value is cut before it.
    """
    value = value.partition('"')[0]
    return f'"{value}"' if not value or _SEPARATOR.search(value) else value.lower()
