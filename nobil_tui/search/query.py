"""A parsed filter: its terms, and the problems of its text."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from nobil_tui.charging.geo import Position
from nobil_tui.search.filter_problems import FilterProblem
from nobil_tui.search.plug_terms import PlugFilter
from nobil_tui.search.sorting import Sort
from nobil_tui.search.terms import (
    Either,
    LiveState,
    LiveTerm,
    StarredTerm,
    State,
    Term,
)


class Query(Struct, frozen=True):
    """A parsed filter. A station must match every term."""

    text: str
    """As typed."""
    terms: tuple[Term, ...] = ()
    """The static terms, ``plugs`` among them."""
    plugs: PlugFilter = PlugFilter()
    """The plugs of the filter: only connectors with them are counted."""
    states: tuple[State, ...] = ()
    near: Position | None = None
    """The position that distances are measured from, if the text names one."""
    problems: tuple[FilterProblem, ...] = ()
    by_distance: bool = False
    """Whether the text contains ``near``, so that the nearest stations come first."""
    order: tuple[Sort, bool] | None = None
    """The order that the text asks for, and whether it is reversed."""
    names_place: bool = False
    """Whether it names a place, whose position depends on the known stations."""
    parts: tuple[str, ...] = ()
    """The texts of its terms; terms joined by ``or`` are one."""

    def __bool__(self) -> bool:
        """Return whether it has a term: an empty query matches every station."""
        return bool(self.terms or self.states)

    @property
    def is_live(self) -> bool:
        """Whether reports can change which stations match."""
        return any(True for _ in _live_terms(self.states))

    @property
    def asks_stale(self) -> bool:
        """Whether it asks for stale connectors."""
        return any(term.state is LiveState.STALE for term in _live_terms(self.states))

    @property
    def asks_starred(self) -> bool:
        """Whether it asks for starred stations."""
        return any(
            isinstance(each, StarredTerm)
            for state in self.states
            for each in (state.terms if isinstance(state, Either) else (state,))
        )

    def without_live(self) -> Query:
        """Return the query without the terms that reports can affect."""
        return replace(
            self, states=tuple(each for each in self.states if not any(_live_terms((each,))))
        )


def _live_terms(states: Iterable[State]) -> Iterable[LiveTerm]:
    for state in states:
        terms = state.terms if isinstance(state, Either) else (state,)
        yield from (term for term in terms if isinstance(term, LiveTerm))
