"""Find the word of a filter that matches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nobil_tui.base.text import did_you_mean
from nobil_tui.search.fields import FieldValues


def first_unmatched(
    parts: Sequence[str],
    stations: Iterable[str],
    matching: Callable[[str], Iterable[str]],
    values: FieldValues,
) -> str:
    """Return the first of the ``parts`` of a filter that matches none of the ``stations``, by
    itself or together with those before it; empty if all of them together match a station.

    ``matching`` returns the stations that match a part.
    """
    kept = [*stations]
    for number, part in enumerate(parts):
        found = {*matching(part)}
        if not found:
            return unmatched_part(part, values)
        kept = [station for station in kept if station in found]
        if not kept:
            return f"nothing matches {' '.join(parts[:number])} and {part} together"
    return ""


def unmatched_part(part: str, values: FieldValues) -> str:
    """Say that nothing matches a part of a filter, and what it may be meant for."""
    # The word may match stations that were not reported yet.
    words = [
        word for word in (*values["place"], *values["op"]) if word.casefold() != part.casefold()
    ]
    near = did_you_mean(part, words) if part.isalpha() else ""
    return f"nothing matches {part}{'.' + near if near else ''}"
