"""What a filter can ask of a station, term by term.

A term that looks only at what the register knows is static: its answer holds until the register is replaced. What the
stream says is asked by ``LiveTerm`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from nobil_tui.charging.geo import Circle, Position
from nobil_tui.charging.station import Summary
from nobil_tui.search.document import COLUMNS, Document
from nobil_tui.search.plug_terms import Not, PlugFilter

_FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "name": ("name",),
    "op": ("operator",),
    "owner": ("owner",),
    "street": ("street",),
    "place": ("place", "municipality", "county", "zipcode"),
}
_INSTEAD = {"name": "id", "op": "owner"}
"""Where a field is empty, another stands for it: a station is called by its id, and mostly run by its owner."""


class TextTerm(Struct, frozen=True):
    """A text that one of the fields must hold; several stand for "one of these"."""

    field: str
    """Empty for any."""
    needles: tuple[str, ...]
    """Folded."""
    negated: bool = False

    def matches(self, row: Document) -> bool:
        """Whether a station fits."""
        return self._found(row) is not self.negated

    def keep(self, rows: Sequence[Document]) -> list[Document]:
        """Keep the rows that fit. This is most of what a keystroke costs."""
        if len(self.needles) > 1:
            return [row for row in rows if self.matches(row)]
        needle, negated = self.needles[0], self.negated
        if not self.field:
            return [row for row in rows if (needle in row.text) is not negated]
        if not negated:
            rows = [row for row in rows if needle in row.text]
        columns = _columns(self.field)
        if len(columns) > 1:
            return [row for row in rows if self.matches(row)]
        column, instead = columns[0], _instead(self.field)
        parts = max(column, instead) + 1
        return [
            row
            for row in rows
            if (needle in ((texts := row.text.split("\n", parts))[column] or texts[instead])) is not negated
        ]

    def _found(self, row: Document) -> bool:
        if not self.field:
            return any(needle in row.text for needle in self.needles)
        texts = row.text.split("\n")
        columns = _columns(self.field)
        if len(columns) == 1 and not texts[columns[0]]:
            columns = (_instead(self.field),)
        for column in columns:
            text = texts[column]
            for needle in self.needles:
                if needle in text:
                    return True
        return False


class CountryTerm(Struct, frozen=True):
    """The country, by NOBIL's three letters."""

    codes: tuple[str, ...]
    negated: bool = False

    def matches(self, row: Document) -> bool:
        """Whether a station fits. Where the register lacks one, its id tells: it begins with the country."""
        if row.facts.country:
            return (row.facts.country in self.codes) is not self.negated
        return row.id.startswith(tuple(f"{code}_" for code in self.codes)) is not self.negated

    def keep(self, rows: Sequence[Document]) -> list[Document]:
        """Keep the rows that fit."""
        return [row for row in rows if self.matches(row)]


class DistanceTerm(Struct, frozen=True):
    """Not further from a place than so many km; without a distance, anywhere that is known."""

    centre: Position
    km: float | None = None
    negated: bool = False

    def keep(self, rows: Sequence[Document]) -> list[Document]:
        """Keep the rows that fit. Where it is not known where a station is, it is neither near nor far."""
        if self.km is None:
            return [row for row in rows if row.facts.position is not None]
        circle, negated = _circle(self.centre, self.km), self.negated
        return [row for row in rows if (place := row.facts.position) is not None and (place in circle) is not negated]


Term = TextTerm | CountryTerm | DistanceTerm | PlugFilter | Not
"""A static term."""


def narrows(new: Term, old: Term) -> bool:
    """Whether all that fit ``new`` fit ``old`` too: then it is enough to look through what was found for that."""
    if new == old:
        return True
    if isinstance(new, TextTerm) and isinstance(old, TextTerm):
        return (
            not (new.negated or old.negated)
            and old.field in ("", new.field)
            and all(any(shorter in longer for shorter in old.needles) for longer in new.needles)
        )
    if isinstance(new, DistanceTerm) and isinstance(old, DistanceTerm):
        if old.km is None or new.km is None or new.centre != old.centre:
            return old.km is None
        return new.km <= old.km and not (new.negated or old.negated)
    return False


class LiveState(StrEnum):
    """What can be asked of connectors as they are now."""

    FREE = "free"
    OCCUPIED = "occupied"
    FAULT = "fault"
    UNKNOWN = "unknown"
    STALE = "stale"

    @property
    def count_of(self) -> Callable[[Summary], int]:
        """Reads how many connectors are in it; for ``STALE`` that is no matter of counts."""
        return _COUNTS[self]


_COUNTS: dict[str, Callable[[Summary], int]] = {
    LiveState.FREE: attrgetter("free"),
    LiveState.OCCUPIED: attrgetter("in_use"),
    LiveState.FAULT: attrgetter("faults"),
    LiveState.UNKNOWN: attrgetter("unknown"),
}


class LiveTerm(Struct, frozen=True):
    """One of the connectors must be in it now; negated, none may be."""

    state: LiveState
    negated: bool = False


@lru_cache
def _columns(field: str) -> tuple[int, ...]:
    return tuple(map(COLUMNS.index, _FIELDS[field]))


@lru_cache
def _instead(field: str) -> int:
    return COLUMNS.index(_INSTEAD.get(field, _FIELDS[field][0]))


@lru_cache(maxsize=64)
def _circle(centre: Position, km: float) -> Circle:
    return Circle(centre, km)
