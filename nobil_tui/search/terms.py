"""The terms of a filter.

A static term depends on the register only: its result holds until the register is replaced.
A ``LiveTerm`` depends on what the stream reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from math import inf
from operator import attrgetter

from msgspec import Struct

from nobil_tui.charging.conditions import Count
from nobil_tui.charging.geo import Circle, Position
from nobil_tui.charging.station import Summary
from nobil_tui.search.document import Document
from nobil_tui.search.fields import COLUMNS, FACT_WORDS, FIELDS
from nobil_tui.search.folding import spellings
from nobil_tui.search.plug_terms import Not, PlugFilter


class TextTerm(Struct, frozen=True):
    """A text that a field must contain. Several texts mean any of them."""

    field: str
    """Empty for all columns."""
    needles: tuple[str, ...]
    """Folded."""
    negated: bool = False
    whole: bool = False
    """Whether it must be a word of its own: a short number is part of too many ids."""

    def matches(self, document: Document) -> bool:
        """Return whether a station matches."""
        return self._found(document) is not self.negated

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match. Most of the cost of a keystroke is here."""
        needle, negated = self.needles[0], self.negated
        if self.whole:
            found = _whole_word(self.needles).search
            whole = [each for each in _containing(documents, self.needles) if found(each.text)]
            return _without(documents, whole) if negated else whole
        if not self.field and negated:
            return _without(documents, _containing(documents, self.needles))
        if not negated:
            # The whole text is cheaper to search than to split.
            documents = _containing(documents, self.needles)
            if not self.field:
                return documents
        columns = _columns(self.field)
        if len(columns) > 1 or len(self.needles) > 1:
            return [document for document in documents if self.matches(document)]
        column, fallback = columns[0], _fallback(self.field)
        parts = max(column, fallback) + 1
        return [
            document
            for document in documents
            if (needle in ((texts := document.text.split("\n", parts))[column] or texts[fallback]))
            is not negated
        ]

    def _found(self, document: Document) -> bool:
        if self.whole:
            return _whole_word(self.needles).search(document.text) is not None
        if not self.field:
            return any(needle in document.text for needle in self.needles)
        texts = document.text.split("\n")
        columns = _columns(self.field)
        if len(columns) == 1 and not texts[columns[0]]:
            columns = (_fallback(self.field),)
        for column in columns:
            text = texts[column]
            for needle in self.needles:
                if needle in text:
                    return True
        return False


def _containing(documents: Sequence[Document], needles: tuple[str, ...]) -> list[Document]:
    """Return the documents whose text contains one of the needles."""
    match needles:
        case (needle,):
            return [document for document in documents if needle in document.text]
        case (one, other):
            # The usual case of a word with two spellings, without a call for each document.
            return [
                document for document in documents if one in document.text or other in document.text
            ]
        case _:
            return [
                document
                for document in documents
                if any(needle in document.text for needle in needles)
            ]


def _without(documents: Sequence[Document], excluded: Sequence[Document]) -> list[Document]:
    """Return the documents that are not excluded."""
    ids = set(map(id, excluded))
    return [document for document in documents if id(document) not in ids]


class CountryTerm(Struct, frozen=True):
    """A country by NOBIL's three letters. Several codes mean any of them."""

    codes: tuple[str, ...]
    negated: bool = False

    def matches(self, document: Document) -> bool:
        """Return whether a station matches. Ids begin with the country if the register lacks it."""
        country = document.facts.country
        if country:
            return (country in self.codes) is not self.negated
        prefixes = tuple(f"{code}_" for code in self.codes)
        return document.id.startswith(prefixes) is not self.negated

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match."""
        return [document for document in documents if self.matches(document)]


class DistanceTerm(Struct, frozen=True):
    """A greatest distance from a position; without a distance, any known position matches."""

    centre: Position
    km: float | None = None
    negated: bool = False

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match. A station of unknown position is neither near nor far."""
        if self.km is None:
            return [document for document in documents if document.facts.position is not None]
        circle, negated = _circle(self.centre, self.km), self.negated
        return [
            document
            for document in documents
            if (position := document.facts.position) is not None
            and (position in circle) is not negated
        ]


class PriceTerm(Struct, frozen=True):
    """A range for the lowest price of a kWh at a station, bounds included; tax is in it."""

    least: float
    most: float
    negated: bool = False

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match. A station of unknown price is neither cheap nor dear."""
        least, most, negated = self.least, self.most, self.negated
        return [
            document
            for document in documents
            if (price := document.facts.kwh_price) is not None
            and (least <= price <= most) is not negated
        ]


class FactTerm(Struct, frozen=True):
    """A fact of ``FACT_WORDS``. A station for which it is unknown matches neither the fact nor its
    negation."""

    word: str
    negated: bool = False

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match."""
        of, wanted = FACT_WORDS[self.word].of, not self.negated
        return [document for document in documents if of(document.facts) is wanted]


class AnyTerm(Struct, frozen=True):
    """Static terms of which one must match."""

    terms: tuple[Term, ...]

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match."""
        kept = {id(document) for term in self.terms for document in term.keep(documents)}
        return [document for document in documents if id(document) in kept]


Term = TextTerm | CountryTerm | DistanceTerm | PriceTerm | FactTerm | PlugFilter | Not | AnyTerm
"""A static term."""


def needles_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the strings to search for, to find any of the texts in any spelling."""
    needles = dict.fromkeys(filter(None, chain.from_iterable(map(spellings, texts))))
    # A text that contains the longer one contains the shorter one too.
    return tuple(
        needle
        for needle in needles
        if not any(other in needle and other != needle for other in needles)
    )


def narrows(new: Term, old: Term) -> bool:
    """Return whether every station that matches ``new`` also matches ``old``.

    Then it is enough to search the result of ``old``.
    """
    if new == old:
        return True
    if isinstance(new, TextTerm) and isinstance(old, TextTerm):
        return (
            not (new.negated or old.negated or old.whole)
            and old.field in ("", new.field)
            and all(any(shorter in longer for shorter in old.needles) for longer in new.needles)
        )
    if isinstance(new, DistanceTerm) and isinstance(old, DistanceTerm):
        if old.km is None or new.km is None or new.centre != old.centre:
            return old.km is None
        return new.km <= old.km and not (new.negated or old.negated)
    return False


class LiveState(StrEnum):
    """The words to filter connectors by: conditions, where OCCUPIED is any in use, and STALE."""

    FREE = "free"
    OCCUPIED = "occupied"
    FAULT = "fault"
    UNKNOWN = "unknown"
    STALE = "stale"

    @property
    def count_of(self) -> Callable[[Summary], int]:
        """A function that counts such connectors; a summary does not count ``STALE``."""
        return _COUNTS[self]


_COUNTS: dict[str, Callable[[Summary], int]] = {
    LiveState.FREE: attrgetter(Count.FREE),
    LiveState.OCCUPIED: attrgetter(Count.IN_USE),
    LiveState.FAULT: attrgetter(Count.FAULTS),
    LiveState.UNKNOWN: attrgetter(Count.UNKNOWN),
}


class LiveTerm(Struct, frozen=True):
    """A condition, or STALE, that at least one connector must have now; if negated, none may have
    it."""

    state: LiveState
    negated: bool = False
    least: float = 1
    """At least this many connectors must have it."""
    most: float = inf


class StarredTerm(Struct, frozen=True):
    """A starred station; if negated, one that is not starred."""

    negated: bool = False


class Either(Struct, frozen=True):
    """Terms of which one must match; not all of them are static."""

    terms: tuple[Term | LiveTerm | StarredTerm, ...]


State = LiveTerm | StarredTerm | Either
"""A term that does not depend on the register alone."""


@lru_cache(maxsize=64)
def _whole_word(needles: tuple[str, ...]) -> re.Pattern[str]:
    # The needle first: a pattern that begins with a look-behind is tried at every character.
    return re.compile("|".join(rf"{each}(?<!\w{each})(?!\w)" for each in map(re.escape, needles)))


@lru_cache
def _columns(field: str) -> tuple[int, ...]:
    return tuple(map(COLUMNS.index, FIELDS[field].columns))


@lru_cache
def _fallback(field: str) -> int:
    return COLUMNS.index(FIELDS[field].fallback or FIELDS[field].columns[0])


@lru_cache(maxsize=64)
def _circle(centre: Position, km: float) -> Circle:
    return Circle(centre, km)
