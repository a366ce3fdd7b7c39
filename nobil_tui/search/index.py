"""Finding stations among tens of thousands, fast enough to do it at every keystroke.

What the register says of a station changes at most once a day, so what static terms keep is remembered, and a filter
that is typed on looks only through what the shorter one kept. What the stream says is asked anew each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import compress, filterfalse
from typing import NamedTuple

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import Position, distance_km
from nobil_tui.charging.register import Facts, Plug, Register, best
from nobil_tui.charging.station import Station, Summary, summarize
from nobil_tui.search.completion import FieldValues
from nobil_tui.search.document import Document, make_document
from nobil_tui.search.plug_terms import PlugFilter, PlugMatch, plug_kinds
from nobil_tui.search.selection import Query, UnknownConnectors, any_stale, count_connectors, select_connectors
from nobil_tui.search.terms import LiveState, Term, narrows

_MOST_KEPT = 24
"""Filters whose finds are remembered."""
_MOST_ROWS = 600_000
"""Stations that are kept folded; with more, it begins anew."""
_MOST_VALUES = 2000
"""Different values of a field that are offered for completion."""

CountConnectors = Callable[[Station], Summary]
"""Counts the connectors of a station."""


class _Finds:
    """What some static terms keep."""

    def __init__(self, rows: list[Document]) -> None:
        self.rows = rows
        self.ids = {row.id for row in rows}


class PreparedIndex(NamedTuple):
    """What was made ready for a station_index from one version of its register."""

    version: int
    rows: list[Document]
    values: FieldValues


class StationIndex:
    """Finds the stations that fit a query, and tells how far they are."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._version = register.version
        self._rows: dict[str, Document] = {}
        self._taken_in: Iterable[str] | None = None
        """The ids that were looked for in it last: at each keystroke they are the same."""
        self._finds: dict[frozenset[Term], _Finds] = {}
        self._distances: dict[str, float | None] = {}
        self._measured_from: Position | None = None
        self._fits: dict[int, PlugMatch] = {}
        self._fits_of = PlugFilter()
        self._values: FieldValues | None = None

    @property
    def field_values(self) -> FieldValues:
        """What stands in the register's fields, for completion; the most frequent first."""
        self._renew()
        if self._values is None:
            self._values = self._values_of_all()
        return self._values

    def prepare(self, ids: Iterable[str]) -> PreparedIndex:
        """Make ready what the first query of some stations would otherwise wait for.

        Fit for a thread, since it changes nothing: hand what it returns to ``adopt``, where queries are asked.
        """
        # Before anything is read: the register can be replaced while this runs.
        version = self._register.version
        rows, values = (self._rows, self._values) if self._version == version else ({}, None)
        fresh = self._fold([station for station in ids if station not in rows])
        return PreparedIndex(version, fresh, values or self._values_of_all())

    def adopt(self, ready: PreparedIndex) -> None:
        """Take over what was prepared; what was made from a register that has been replaced since is left."""
        self._renew()
        if ready.version != self._version:
            return
        self._values = self._values or ready.values
        fresh = [row for row in ready.rows if row.id not in self._rows]
        if fresh:
            self._rows.update((row.id, row) for row in fresh)
            # What is remembered has not seen them. To look through all once more is quicker than through so many now.
            self._finds.clear()

    def matching(
        self, ids: Iterable[str], query: Query, board: Board, now: int, counts: CountConnectors | None = None
    ) -> list[str]:
        """Keep the ids that fit a query at ``now`` (ms), in their order. Nobody may change ``ids`` afterwards.

        ``counts`` answers as the method ``counts`` does for this query, where the caller remembers what it told.
        """
        self._renew()
        listed = list(ids)
        if query.terms:
            if ids is not self._taken_in:
                self._take_in(listed)
                self._taken_in = ids
            kept = self._find(frozenset(query.terms), query.terms).ids
            # Here and where they are taken in: a country at each keystroke, so in loops that run in C.
            listed = list(filter(kept.__contains__, listed))
        if query.states:
            listed = self._in_state(listed, query, board, now, counts or partial(self._count, asks=query.plugs))
        return listed

    def count(self, station: Station, query: Query) -> Summary:
        """Count the connectors of a station that a query asks for; all where it asks for none."""
        self._renew()
        return self._count(station, query.plugs)

    def selected_connectors(self, station: Station, query: Query) -> Sequence[int] | UnknownConnectors:
        """Tell the indexes of the connectors of a station that a query asks for; all where it asks for none."""
        self._renew()
        facts = self._register.facts(station.id)
        return select_connectors(station, facts, self._fit(query.plugs, facts))

    def best_plug(self, station: str, query: Query) -> Plug | None:
        """Tell the strongest plug of a station that a query asks for; of all where it asks for none or has none."""
        self._renew()
        facts = self._register.facts(station)
        fit = self._fit(query.plugs, facts)
        return facts.best_plug if isinstance(fit, bool) else best(compress(facts.plugs, fit))

    def distances(self, stations: Iterable[str], origin: Position | None) -> Mapping[str, float | None]:
        """Tell how far each station is from ``origin``, in km; None where either place is not known.

        What is returned may hold others too.
        """
        self._renew()
        known = self._distances
        if origin != self._measured_from or len(known) > _MOST_ROWS:
            known.clear()
            self._measured_from = origin
        facts_of = self._register.facts
        for station in stations:
            if station not in known:
                place = facts_of(station).position
                known[station] = None if place is None or origin is None else distance_km(origin, place)
        return known

    # Inside

    def _renew(self) -> None:
        """Forget what was made from a register that has been replaced."""
        if self._version == self._register.version and len(self._rows) <= _MOST_ROWS:
            return
        self._version = self._register.version
        self._rows.clear()
        self._taken_in = None
        self._finds.clear()
        self._distances.clear()
        self._fits.clear()
        self._values = None

    def _take_in(self, ids: list[str]) -> None:
        """Look at stations not seen before with all that is remembered."""
        rows = self._rows
        fresh = list(filterfalse(rows.__contains__, ids))
        if not fresh:
            return
        new = self._fold(fresh)
        rows.update((row.id, row) for row in new)
        for terms, finds in self._finds.items():
            kept = new
            for term in terms:
                kept = term.keep(kept)
            finds.rows += kept
            finds.ids.update(row.id for row in kept)

    def _fold(self, fresh: list[str]) -> list[Document]:
        facts_of = self._register.facts
        return [make_document(station, facts_of(station)) for station in dict.fromkeys(fresh)]

    def _values_of_all(self) -> FieldValues:
        return _values_of([self._register.facts(station) for station in self._register])

    def _find(self, key: frozenset[Term], terms: tuple[Term, ...]) -> _Finds:
        finds = self._finds.pop(key, None)
        if finds is None:
            rows: list[Document] = self._start(terms)
            for term in terms:
                rows = term.keep(rows)
            finds = _Finds(rows)
            while len(self._finds) >= _MOST_KEPT:
                # The one that was not asked for the longest.
                del self._finds[next(iter(self._finds))]
        self._finds[key] = finds
        return finds

    def _start(self, terms: tuple[Term, ...]) -> list[Document]:
        """Choose the fewest rows that hold all that fit: what a wider filter kept, else all."""
        wider = [
            finds.rows
            for held, finds in self._finds.items()
            if all(any(narrows(new, old) for new in terms) for old in held)
        ]
        fewest = min(wider, key=len, default=None)
        return list(self._rows.values()) if fewest is None else fewest

    def _in_state(self, ids: list[str], query: Query, board: Board, now: int, counts: CountConnectors) -> list[str]:
        stations = board.stations
        for state in query.states:
            negated = state.negated
            if state.state is LiveState.STALE:
                ids = self._stale(ids, query.plugs, board, now, negated)
                continue
            count_of = state.state.count_of
            if not query.plugs:
                ids = [
                    i for i in ids if ((s := stations.get(i)) is not None and count_of(s.summary) > 0) is not negated
                ]
                continue
            # Where no connector at all is in the state, it need not be asked which have the plug. Those of which that
            # cannot be told are unknown, though, whatever they are in.
            least = -1 if state.state is LiveState.UNKNOWN else 0
            ids = [
                i
                for i in ids
                if ((s := stations.get(i)) is not None and count_of(s.summary) > least and count_of(counts(s)) > 0)
                is not negated
            ]
        return ids

    def _stale(self, ids: list[str], asks: PlugFilter, board: Board, now: int, negated: bool) -> list[str]:
        if board.downtime.total(now) <= SLIGHT:
            # Nothing can be: a country need not be asked.
            return ids if negated else []
        stations = board.stations
        return [i for i in ids if self._is_stale(stations.get(i), asks, board, now) is not negated]

    def _is_stale(self, station: Station | None, asks: PlugFilter, board: Board, now: int) -> bool:
        if station is None:
            return False
        facts = self._register.facts(station.id)
        return any_stale(station, select_connectors(station, facts, self._fit(asks, facts)), board, now)

    def _count(self, station: Station, asks: PlugFilter) -> Summary:
        if not asks:
            return station.summary
        facts = self._register.facts(station.id)
        fit = self._fit(asks, facts)
        if fit is True:
            return station.summary
        if fit and not station.evse_uids and len(fit) == len(station.connectors):
            # As ``select_connectors`` does, without its list of indexes: most of a country goes this way.
            return summarize(list(compress(station.connectors, fit)))
        return count_connectors(station, select_connectors(station, facts, fit))

    def _fit(self, asks: PlugFilter, facts: Facts) -> PlugMatch:
        """Tell which plugs are asked for. Few sets of plugs are different, so each is looked at once."""
        if asks is not self._fits_of and asks != self._fits_of:
            self._fits.clear()
            self._fits_of = asks
        # By identity: the register holds the plugs for as long as this is kept.
        known = id(facts.plugs)
        fit = self._fits.get(known)
        if fit is None:
            fit = self._fits[known] = asks.match(facts.plugs)
        return fit


def _values_of(every: list[Facts]) -> FieldValues:
    def frequent(texts: Iterable[str]) -> tuple[str, ...]:
        counted = Counter(texts)
        counted.pop("", None)
        return tuple(text for text, _ in counted.most_common(_MOST_VALUES))

    return FieldValues(
        operators=frequent(facts.operator or facts.owner for facts in every),
        owners=frequent(facts.owner for facts in every),
        places=frequent(facts.place for facts in every),
        plugs=frequent(kind for facts in every for plug in facts.plugs for kind in plug_kinds(plug.name)),
    )
