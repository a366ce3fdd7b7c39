"""An index of stations: find matches among tens of thousands at every keystroke.

The register changes at most once a day, so the results of static terms are cached, and a longer
filter searches only the result of the shorter one. Live terms are evaluated each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, compress, filterfalse

from msgspec import Struct

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import Position, distance_km
from nobil_tui.charging.register import Facts, Plug, Register, best
from nobil_tui.charging.station import Station, Summary, summarize
from nobil_tui.search.document import Document, make_document
from nobil_tui.search.fields import FIELDS, FieldValues
from nobil_tui.search.places import Places
from nobil_tui.search.plug_terms import PlugFilter, PlugMatch
from nobil_tui.search.query import Query
from nobil_tui.search.selection import Selection, any_stale, count_connectors, select_connectors
from nobil_tui.search.terms import Either, LiveState, LiveTerm, StarredTerm, State, Term, narrows

_MAX_RESULTS = 24
"""How many filters have cached results."""
_MAX_DOCUMENTS = 600_000
"""The most folded stations; beyond this the index starts over."""
_MAX_VALUES = 2000
"""The most values of a field that the completion offers."""

CountConnectors = Callable[[Station], Summary]


class _Result:
    """The documents that some static terms keep."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.ids = {document.id for document in documents}


class PreparedIndex(Struct, frozen=True):
    """The result of ``StationIndex.prepare`` for one version of the register."""

    version: int
    documents: list[Document]
    field_values: FieldValues


class StationIndex:
    """Finds the stations that match a query, and their distances."""

    def __init__(self, register: Register, starred: Collection[str] = ()) -> None:
        """``starred`` is shared with its owner, not copied."""
        self.places = Places(register)
        self._register = register
        self._starred = starred
        self._version = register.version
        self._documents: dict[str, Document] = {}
        self._last_ids: Iterable[str] | None = None
        """The ids of the last search: while a filter is typed they are the same object."""
        self._results: dict[frozenset[Term], _Result] = {}
        self._distances: dict[str, float | None] = {}
        self._origin: Position | None = None
        self._matches: dict[int, PlugMatch] = {}
        self._matches_of = PlugFilter()
        self._values: FieldValues | None = None

    @property
    def field_values(self) -> FieldValues:
        """The register's values of each field for completion, most frequent first."""
        self._invalidate()
        if self._values is None:
            self._values = _field_values(self._register)
        return self._values

    def prepare(self, ids: Iterable[str]) -> PreparedIndex:
        """Fold stations ahead of the first query.

        Safe to call in a thread, since it changes nothing: pass the result to ``adopt`` in the
        thread of the queries.
        """
        # Read the version first: the register can be replaced while this runs.
        version = self._register.version
        unchanged = self._version == version
        documents, values = (self._documents, self._values) if unchanged else ({}, None)
        fresh = self._fold([station for station in ids if station not in documents])
        self.places.prepare()
        return PreparedIndex(version, fresh, values or _field_values(self._register))

    def adopt(self, prepared: PreparedIndex) -> None:
        """Take over what was prepared, unless the register was replaced since."""
        self._invalidate()
        if prepared.version != self._version:
            return
        self._values = self._values or prepared.field_values
        known = self._documents
        fresh = [document for document in prepared.documents if document.id not in known]
        if fresh:
            known.update((document.id, document) for document in fresh)
            # The cached results lack them. Searching again later is cheaper than updating now.
            self._results.clear()

    def matching(
        self,
        ids: Iterable[str],
        query: Query,
        board: Board,
        now: int,
        count: CountConnectors | None = None,
    ) -> list[str]:
        """Return the ids that match a query at ``now`` (ms), in their order.

        ``ids`` must not be changed afterwards. ``count`` may replace the method ``count`` for this
        query, if the caller has a cache.
        """
        self._invalidate()
        listed = list(ids)
        searches = query.terms or any(isinstance(state, Either) for state in query.states)
        if searches and ids is not self._last_ids:
            self._add(listed)
            self._last_ids = ids
        if query.terms:
            kept = self._search(frozenset(query.terms), query.terms).ids
            # Runs over a whole country at each keystroke, here and in _add: loops in C.
            listed = list(filter(kept.__contains__, listed))
        if query.states:
            counter = count or partial(self._count, plugs=query.plugs)
            listed = self._in_states(listed, query.states, query.plugs, board, now, counter)
        return listed

    def count(self, station: Station, query: Query) -> Summary:
        """Count the connectors of a station that a query selects."""
        self._invalidate()
        return self._count(station, query.plugs)

    def selected_connectors(self, station: Station, query: Query) -> Selection:
        """Return the connectors of a station that a query selects."""
        self._invalidate()
        facts = self._register.facts(station.id)
        return select_connectors(station, facts, self._match(query.plugs, facts))

    def best_plug(self, station: str, query: Query) -> Plug | None:
        """Return the strongest plug that a query selects; of all plugs if it selects none."""
        self._invalidate()
        facts = self._register.facts(station)
        match = self._match(query.plugs, facts)
        if isinstance(match, bool):
            return facts.best_plug
        return best(compress(facts.plugs, match))

    def powers(self, stations: Iterable[str], query: Query) -> dict[str, float]:
        """Return the power in kW of the strongest plug that a query selects, where it is known."""
        facts_of, known, found = self._register.facts, dict[int, float](), {}
        for station in stations:
            plugs = facts_of(station).plugs
            # By identity, as in ``_match``: stations share few tuples of plugs.
            kw = known.get(id(plugs))
            if kw is None:
                plug = self.best_plug(station, query)
                kw = known[id(plugs)] = plug.kw if plug is not None else 0.0
            if kw:
                found[station] = kw
        return found

    def distances(
        self, stations: Iterable[str], origin: Position | None
    ) -> Mapping[str, float | None]:
        """Return the distance of stations from ``origin`` in km; None where a position is unknown.

        The mapping may contain other stations too.
        """
        self._invalidate()
        known = self._distances
        if origin != self._origin or len(known) > _MAX_DOCUMENTS:
            known.clear()
            self._origin = origin
        facts_of = self._register.facts
        for station in stations:
            if station not in known:
                position = facts_of(station).position
                if position is None or origin is None:
                    known[station] = None
                else:
                    known[station] = distance_km(origin, position)
        return known

    def _invalidate(self) -> None:
        """Drop everything that was derived from a register that has been replaced."""
        if self._version == self._register.version and len(self._documents) <= _MAX_DOCUMENTS:
            return
        self._version = self._register.version
        self._documents.clear()
        self._last_ids = None
        self._results.clear()
        self._distances.clear()
        self._matches.clear()
        self._values = None

    def _add(self, ids: list[str]) -> None:
        """Fold new stations, and add them to the cached results that they match."""
        documents = self._documents
        fresh = list(filterfalse(documents.__contains__, ids))
        if not fresh:
            return
        new = self._fold(fresh)
        documents.update((document.id, document) for document in new)
        for terms, result in self._results.items():
            kept = new
            for term in terms:
                kept = term.keep(kept)
            result.documents += kept
            result.ids.update(document.id for document in kept)

    def _fold(self, ids: list[str]) -> list[Document]:
        facts_of = self._register.facts
        return [make_document(station, facts_of(station)) for station in dict.fromkeys(ids)]

    def _search(self, key: frozenset[Term], terms: tuple[Term, ...]) -> _Result:
        """Return the result of static terms, cached by use."""
        result = self._results.pop(key, None)
        if result is None:
            documents = self._candidates(terms)
            for term in terms:
                documents = term.keep(documents)
            result = _Result(documents)
            while len(self._results) >= _MAX_RESULTS:
                # The least recently used one is first.
                del self._results[next(iter(self._results))]
        self._results[key] = result
        return result

    def _candidates(self, terms: tuple[Term, ...]) -> list[Document]:
        """Return the smallest cached result that contains all matches, else all documents."""
        wider = [
            result.documents
            for cached, result in self._results.items()
            if all(any(narrows(new, old) for new in terms) for old in cached)
        ]
        smallest = min(wider, key=len, default=None)
        return list(self._documents.values()) if smallest is None else smallest

    def _in_states(
        self,
        ids: list[str],
        states: Iterable[State],
        plugs: PlugFilter,
        board: Board,
        now: int,
        count: CountConnectors,
    ) -> list[str]:
        """Keep the stations that match all of the terms."""
        for term in states:
            match term:
                case StarredTerm(negated):
                    starred = self._starred
                    ids = [i for i in ids if (i in starred) is not negated]
                case LiveTerm(state=LiveState.STALE, negated=negated):
                    ids = self._stale(ids, plugs, board, now, negated)
                case LiveTerm():
                    ids = _in_state(ids, term, plugs, board, count)
                case Either(terms):
                    kept: set[str] = set()
                    for each in terms:
                        if isinstance(each, LiveTerm | StarredTerm):
                            kept.update(self._in_states(ids, (each,), plugs, board, now, count))
                        else:
                            kept |= self._search(frozenset((each,)), (each,)).ids
                    ids = list(filter(kept.__contains__, ids))
        return ids

    def _stale(
        self, ids: list[str], plugs: PlugFilter, board: Board, now: int, negated: bool
    ) -> list[str]:
        if board.downtime.total(now) <= SLIGHT:
            # None can be stale: skip the whole country.
            return ids if negated else []
        stations = board.stations
        return [i for i in ids if self._is_stale(stations.get(i), plugs, board, now) is not negated]

    def _is_stale(self, station: Station | None, plugs: PlugFilter, board: Board, now: int) -> bool:
        if station is None:
            return False
        facts = self._register.facts(station.id)
        selected = select_connectors(station, facts, self._match(plugs, facts))
        return any_stale(station, selected, board, now)

    def _count(self, station: Station, plugs: PlugFilter) -> Summary:
        if not plugs:
            return station.summary
        facts = self._register.facts(station.id)
        match = self._match(plugs, facts)
        if match is True:
            return station.summary
        if match and not station.evse_uids and len(match) == len(station.connectors):
            # The common case: like select_connectors, without a list of indexes.
            return summarize(list(compress(station.connectors, match)))
        return count_connectors(station, select_connectors(station, facts, match))

    def _match(self, plugs: PlugFilter, facts: Facts) -> PlugMatch:
        """Return which plugs match. Stations share few tuples of plugs: each is examined once."""
        if plugs is not self._matches_of and plugs != self._matches_of:
            self._matches.clear()
            self._matches_of = plugs
        # By identity: the register holds the plugs for as long as this is cached.
        known = id(facts.plugs)
        match = self._matches.get(known)
        if match is None:
            match = self._matches[known] = plugs.match(facts.plugs)
        return match


def _in_state(
    ids: list[str], term: LiveTerm, plugs: PlugFilter, board: Board, count: CountConnectors
) -> list[str]:
    """Keep the stations with as many connectors in a state as a term asks for."""
    stations, negated = board.stations, term.negated
    count_of, least, most = term.state.count_of, term.least, term.most
    if not plugs:
        return [
            i
            for i in ids
            if ((s := stations.get(i)) is not None and least <= count_of(s.summary) <= most)
            is not negated
        ]
    # If too few connectors are in the state, the plugs need not be examined. Connectors that cannot
    # be told apart count as unknown, though, whatever their states.
    least_of_all = 0 if term.state is LiveState.UNKNOWN else least
    return [
        i
        for i in ids
        if (
            (s := stations.get(i)) is not None
            and count_of(s.summary) >= least_of_all
            and least <= count_of(count(s)) <= most
        )
        is not negated
    ]


def _field_values(register: Register) -> FieldValues:
    """Collect the values of each field, most frequent first."""
    every = [register.facts(station) for station in register]
    values: dict[str, Sequence[str]] = {}
    for field in FIELDS.values():
        if field.values_of is None:
            continue
        counter = Counter(chain.from_iterable(map(field.values_of, every)))
        counter.pop("", None)
        values[field.name] = tuple(text for text, _ in counter.most_common(_MAX_VALUES))
    return values
