"""Pieces of a filter: the meaning of each token, and their combination into terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from nobil_tui.search.plug_terms import AnyPlug, Not, PlugFilter, PlugName, PowerRange
from nobil_tui.search.terms import (
    AnyTerm,
    Either,
    LiveTerm,
    StarredTerm,
    State,
    Term,
    TextTerm,
)

_T = TypeVar("_T")


class PlugPiece(NamedTuple):
    """Plugs that a term asks for: by name, by power or both."""

    name: PlugName
    negated: bool

    @property
    def term(self) -> Term:
        """The term for stations only, which selects no connectors."""
        plugs = PlugFilter((self.name,))
        return Not(plugs) if self.negated else plugs


class RadiusPiece(NamedTuple):
    """A greatest distance, from a position that may be named later in the text."""

    km: float
    negated: bool
    token: re.Match[str]


ResolvedPiece = Term | LiveTerm | StarredTerm | PlugPiece
"""A piece that needs no position, or has one."""
Piece = ResolvedPiece | RadiusPiece


class QueryTerms(NamedTuple):
    """The terms of a filter by their kind."""

    static: tuple[Term, ...]
    """``plugs`` is among them. The terms that keep the fewest stations come first."""
    plugs: PlugFilter
    states: tuple[State, ...]


def combined(groups: Iterable[Sequence[ResolvedPiece]]) -> QueryTerms:
    """Combine groups of pieces into terms: one piece of each group must match."""
    terms: list[Term] = []
    excluded: list[Term] = []
    names: list[PlugName | AnyPlug] = []
    powers: list[PowerRange] = []
    states: list[State] = []
    for group in groups:
        match _joined(group):
            case PlugPiece(name, False) if not name.kinds and name.power is not None:
                powers.append(name.power)
            case PlugPiece(name, False):
                names.append(name)
            case PlugPiece() as plug:
                excluded.append(plug.term)
            case AnyPlug() as plugs_joined:
                names.append(plugs_joined)
            case LiveTerm() | StarredTerm() | Either() as state:
                states.append(state)
            case term:
                terms.append(term)
    plugs = PlugFilter(_unique(names), _unique(powers))
    static = _unique([*terms, *([plugs] if plugs else []), *excluded])
    return QueryTerms(static, plugs, _unique(states))


def _joined(group: Sequence[ResolvedPiece]) -> Term | State | PlugPiece | AnyPlug:
    """Combine the terms of a group: one of them must match."""
    if len(group) == 1:
        return group[0]
    plugs = [piece for piece in group if isinstance(piece, PlugPiece) and not piece.negated]
    if len(plugs) == len(group):
        return AnyPlug(_unique(plug.name for plug in plugs))
    terms = _unique(piece.term if isinstance(piece, PlugPiece) else piece for piece in group)
    static = [term for term in terms if not isinstance(term, LiveTerm | StarredTerm)]
    if len(static) < len(terms):
        return Either(terms)
    texts = [term for term in static if isinstance(term, TextTerm)]
    kinds = {(text.field, text.negated, text.whole) for text in texts}
    if len(texts) == len(static) and len(kinds) == 1 and not texts[0].negated:
        # One search for all of them.
        needles = _unique(needle for text in texts for needle in text.needles)
        return TextTerm(texts[0].field, needles, whole=texts[0].whole)
    return AnyTerm(tuple(static))


def _unique(terms: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(terms))
