"""Problems of a filter: the parts that are not understood, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from nobil_tui.search.fields import (
    COUNTRIES,
    COUNTRY_BY_NAME,
    FIELD_BY_NAME,
    FIELDS,
    PLUG_BY_NAME,
    Field,
)

NO_HOME = "no home – press H on a station, or name a place: near:oslo"
NO_CENTRE = "within of what? – press H on a station, or name a place: near:oslo"
NO_SUCH_POSITION = "no such position: latitude is up to 90 degrees, longitude 180"
NEAR_NEGATED = "near cannot be negated – -within:20km excludes what is close"


class FilterProblem(Struct, frozen=True):
    """A part of a filter that is not understood and left out."""

    start: int
    """The offset of its first character in the text."""
    end: int
    message: str
    """The problem, and what to write instead."""


class FilterProblems:
    """Collects the problems of one filter."""

    def __init__(self) -> None:
        self._found: list[FilterProblem] = []

    @property
    def in_order(self) -> tuple[FilterProblem, ...]:
        """The problems in the order of the text."""
        return tuple(sorted(self._found, key=lambda problem: problem.start))

    def report(self, token: re.Match[str], message: str) -> None:
        """Report that a token is left out."""
        self.report_at(token.start(), token.end(), message)

    def report_at(self, start: int, end: int, message: str) -> None:
        """Report that a part of the text is left out."""
        self._found.append(FilterProblem(start, end, message))

    def report_value(self, token: re.Match[str], field: Field) -> None:
        """Report that a field has no value, or an invalid one."""
        self.report(token, f"{field.name}: needs {field.value}, as in {field.example}")


def unknown_field(name: str) -> str:
    """Return the message for a field that does not exist."""
    meant = _closest(name.lower(), FIELD_BY_NAME)
    hint = (
        f"did you mean {FIELD_BY_NAME[meant].name}:?"
        if meant
        else f"the fields are {', '.join(FIELDS)}"
    )
    return f"unknown field {name}: – {hint}"


def unknown_country(value: str, folded: str) -> str:
    """Return the message for a country that no register has."""
    meant = _closest(folded, COUNTRY_BY_NAME)
    known = ", ".join(COUNTRIES).lower()
    hint = f"did you mean {meant}?" if meant else f"the countries are {known}"
    return f"unknown country {value} – {hint}"


def mistyped_plug(value: str, folded: str) -> str | None:
    """Return the message for a plug that looks mistyped, else None.

    The register may have a plug that is not in the table.
    """
    meant = _closest(folded, PLUG_BY_NAME)
    if meant and not meant.startswith(folded):
        return f"unknown plug {value} – did you mean {meant}?"
    return None


def _closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that begins with ``word``, else one similar to it, else nothing."""
    from difflib import get_close_matches

    begun = [name for name in known if word and name.startswith(word)]
    return next(iter(begun or get_close_matches(word, known, 1, 0.7)), "")
