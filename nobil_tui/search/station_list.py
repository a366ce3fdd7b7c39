"""The stations as a list to look through: filtered, sorted, and no more.

It stands over a board and a register and holds ids only. It moves when it is told to: what changes on the board marks
it stale, and whoever shows it decides when a list may move under the hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Plug, Register
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.completion import FieldValues
from nobil_tui.search.document import fold_line
from nobil_tui.search.index import PreparedIndex, StationIndex
from nobil_tui.search.listed import Listed
from nobil_tui.search.selection import Query, UnknownConnectors
from nobil_tui.search.sorting import Sort, changed_at
from nobil_tui.search.terms import LiveState, TextTerm

_AGED = 5_000
"""Milliseconds of a break after which a filter for what is stale is asked again."""


class StationList:
    """The ids of the stations to show, in order. Set what to show, then ``refresh``."""

    def __init__(
        self, board: Board, register: Register, starred: Iterable[str] = (), home: Position | None = None
    ) -> None:
        self.board = board
        self.register = register
        self.starred = starred if isinstance(starred, set) else set(starred)
        """A set that was handed over stays the same object: whoever keeps the stars and this list agree."""
        self.sort = Sort.STARRED
        self.reverse = False
        self.pinned = True
        """Whether starred stations stand on top whatever the order."""
        self.query = Query("")
        """What ``filter`` asks, read."""
        self.starred_only = False
        self.faults_only = False
        self.registered = False
        """Whether stations that only the register knows are listed too."""
        self.stale = False
        self._listed = Listed([])
        self._gathered: object = None
        """Of what ``_by_id`` was made."""
        self._home = home
        self._index = StationIndex(register)
        self._version = register.version
        self._listened = 0
        self._names: dict[str, str] = {}
        self._by_id: list[str] = []
        """All that could be listed."""
        self._by_name: dict[bool, list[str]] = {}
        self._counts: dict[str, Summary] = {}
        self._changed: dict[str, float] = {}

    # What to show

    @property
    def filter(self) -> str:
        """What a station must fit, in the language of ``query.py``."""
        return self.query.text

    @filter.setter
    def filter(self, text: str) -> None:
        plugs = self.query.plugs
        self.query = _read(text, self.home) if text else Query("")
        if self.query.plugs != plugs:
            self._counts.clear()

    @property
    def home(self) -> Position | None:
        """From where distances are meant, unless the filter says otherwise."""
        return self._home

    @home.setter
    def home(self, home: Position | None) -> None:
        self._home = home
        self.filter = self.filter

    @property
    def origin(self) -> Position | None:
        """From where the list's distances are."""
        return self.query.near or self._home

    @property
    def available_sorts(self) -> tuple[Sort, ...]:
        """The orders that make sense now."""
        return tuple(sort for sort in Sort if sort is not Sort.DISTANCE or self.origin is not None)

    @property
    def active_sort(self) -> Sort:
        """What the list is ordered by: without an origin nothing is near, and names stand in."""
        return self.sort if self.sort in self.available_sorts else Sort.NAME

    @property
    def field_values(self) -> FieldValues:
        """What stands in the register, for completion."""
        return self._index.field_values

    # What is shown

    @property
    def filtered(self) -> bool:
        """Whether anything may be hidden."""
        return bool(self.query) or self.starred_only or self.faults_only

    @property
    def ids(self) -> list[str]:
        """The stations to show, in order."""
        return self._listed.ids

    @property
    def hidden_starred(self) -> int:
        """How many starred stations are not in the list."""
        return self._listed.lacks(self.starred)

    @property
    def total(self) -> int:
        """How many stations there were to show without a filter, when the list was made."""
        return len(self._by_id)

    def row_of(self, station: str) -> int | None:
        """Tell the line on which a station stands; None where it is not shown."""
        return self._listed.line_of(station)

    def count(self, station: Station) -> Summary:
        """Count the connectors that the filter asks for; all where it asks for none."""
        if not self.query.plugs:
            return station.summary
        counts = self._counts.get(station.id)
        if counts is None:
            counts = self._counts[station.id] = self._index.count(station, self.query)
        return counts

    def count_free(self) -> tuple[int, int]:
        """Count, over all that is listed, the free connectors and those in service that the filter asks for."""
        board = self.board
        if not self.filtered:
            return board.tally[Condition.FREE], board.connectors - board.tally[Condition.NOT_IN_SERVICE]
        stations = board.stations
        counts = [self.count(stations[i]) for i in self.ids if i in stations]
        return sum(count.free for count in counts), sum(count.total for count in counts)

    def selected_connectors(self, station: Station) -> Sequence[int] | None:
        """Tell the indexes of the connectors that the filter asks for; None where it cannot be told which they are."""
        if not self.query.plugs:
            return range(len(station.connectors))
        wanted = self._index.selected_connectors(station, self.query)
        return None if isinstance(wanted, UnknownConnectors) else wanted

    def best_plug(self, station: str) -> Plug | None:
        """The strongest plug of a station, of those that the filter asks for where it does."""
        return self._index.best_plug(station, self.query)

    def distance(self, station: str) -> float | None:
        """Tell how far a station is from ``origin``, in km; None where either place is not known."""
        return self._index.distances((station,), self.origin)[station]

    def find(self, words: Iterable[str]) -> list[str]:
        """Tell the stations whose texts hold every word, by name, whatever the list shows: words are words here."""
        terms = tuple(TextTerm("", (needle,)) for word in words if (needle := fold_line(word)))
        return self._index.matching(self._named(False), Query("", terms), self.board, 0)

    # What happens

    def mark_changed(self, touched: Collection[str], *, whole: bool, now: int) -> None:
        """Mark the list stale if what happened until ``now`` (ms) can change who is in it, or where."""
        if whole or self._version != self.register.version:
            self._forget()
            self.stale = True
            return
        for station in touched:
            self._counts.pop(station, None)
            self._changed.pop(station, None)
        if not self.stale:
            self.stale = self._has_moved(touched, now)

    def refresh(self, now: int) -> None:
        """Filter and sort anew, as it is at ``now`` (ms)."""
        if self._version != self.register.version:
            self._forget()
        self._gather()
        ids = self._sorted(self._matching(self._base(), now))
        if self.starred and (self.pinned or self.sort is Sort.STARRED):
            starred = self.starred
            ids = [i for i in ids if i in starred] + [i for i in ids if i not in starred]
        self._listed = Listed(ids)
        self._listened = self.board.downtime.total(now)
        self.stale = False

    def prepare(self) -> PreparedIndex:
        """Make ready what the first keystrokes need, after a refresh; fit for a thread. Then ``adopt`` it."""
        return self._index.prepare(self._by_id)

    def adopt(self, ready: PreparedIndex) -> None:
        """Take over what ``prepare`` made ready."""
        self._index.adopt(ready)

    # Inside

    def _forget(self) -> None:
        self._version = self.register.version
        self._counts.clear()
        self._changed.clear()
        self._names.clear()
        self._by_name.clear()

    def _gather(self) -> None:
        """Take in who is there to be listed. Between two times few come or go, so the order of the ids is kept."""
        gathered = self.board.membership, frozenset(self.starred), self.register.version if self.registered else None
        if gathered == self._gathered:
            return
        self._gathered = gathered
        every = {*self.board.stations, *self.starred, *(self.register if self.registered else ())}
        fresh = every.difference(self._by_id)
        by_id = [station for station in self._by_id if station in every]
        # As the stream names them, which is mostly in order already: then there is little to sort.
        by_id += [station for station in self.board.stations if station in fresh]
        by_id += fresh - self.board.stations.keys()
        by_id.sort()
        self._by_id = by_id
        self._by_name.clear()

    def _has_moved(self, touched: Collection[str], now: int) -> bool:
        lines, stations = self._listed.lines, self.board.stations
        if self.active_sort.is_live and any(station in lines for station in touched):
            return True
        if self._asks_stale and self._has_aged(now):
            return True
        if not self.query.is_live and not self.faults_only:
            # Who is in it cannot change, only who is there at all.
            touched = [station for station in touched if station not in lines]
        there = [station for station in touched if station in stations or station in lines]
        fitting = set(self._matching(there, now)) if there else set()
        return any((station in fitting) is not (station in lines) for station in there)

    def _has_aged(self, now: int) -> bool:
        """Whether what was not touched may have grown stale: by steps, for a break that lasts ages all of a country."""
        listening = self.board.downtime
        passed = listening.total(now) - self._listened
        return passed >= _AGED or (listening.live and passed > 0)

    @property
    def _asks_stale(self) -> bool:
        return any(state.state is LiveState.STALE for state in self.query.states)

    def _matching(self, ids: Collection[str], now: int) -> list[str]:
        stations = self.board.stations
        if self.starred_only:
            ids = [i for i in ids if i in self.starred]
        if self.faults_only:
            ids = [i for i in ids if (station := stations.get(i)) is not None and station.summary.faults]
        return self._index.matching(ids, self.query, self.board, now, self.count)

    def _base(self) -> list[str]:
        """All ids in an order that the stream cannot change: by name, else by id."""
        return self._named(self.reverse) if self.active_sort in (Sort.STARRED, Sort.NAME) else self._by_id

    def _named(self, reverse: bool) -> list[str]:
        """All ids by the stations' names."""
        order = self._by_name.get(reverse)
        if order is None:
            if self.register:
                names, name_of = self._names, self.register.name
                for station in self._by_id:
                    if station not in names:
                        names[station] = name_of(station).casefold()
                key = names.__getitem__
            else:
                # Without a register the id is the name of all.
                key = str.casefold
            # From the order of the ids, since equals stay as they stand, also the other way round.
            order = sorted(self._by_id, key=key, reverse=reverse)
            self._by_name[reverse] = order
        return order

    def _sorted(self, ids: list[str]) -> list[str]:
        """Put ids that stand by id into an order that moves, or turn them round."""
        match self.active_sort:
            case Sort.ID:
                return ids[::-1] if self.reverse else ids
            case Sort.FREE:
                return self._by_free(ids)
            case Sort.CHANGED:
                return sorted(ids, key=self._changes(ids).__getitem__, reverse=not self.reverse)
            case Sort.DISTANCE:
                km = self._index.distances(ids, self.origin)
                placed = [i for i in ids if km[i] is not None]
                placed.sort(key=km.__getitem__, reverse=self.reverse)  # type: ignore[arg-type]  # None was left out
                return placed if len(placed) == len(ids) else placed + [i for i in ids if km[i] is None]
            case _:
                return ids

    def _by_free(self, ids: list[str]) -> list[str]:
        """Put ids into order by what is free. There are few different numbers, so a heap for each is fastest."""
        stations, counts = self.board.stations, self.count
        asked = bool(self.query.plugs)
        heaps: defaultdict[int, list[str]] = defaultdict(list)
        for i in ids:
            station = stations.get(i)
            free = -1 if station is None else (counts(station) if asked else station.summary).free
            heaps[free].append(i)
        return [i for free in sorted(heaps, reverse=not self.reverse) for i in heaps[free]]

    def _changes(self, ids: list[str]) -> Mapping[str, float]:
        """When each of some stations changed last. Numbers are kept as floats: those compare fastest."""
        stations, changed = self.board.stations, self._changed
        for i in ids:
            if i not in changed:
                changed[i] = float(changed_at(stations[i])) if i in stations else -1.0
        return changed


def _read(text: str, home: Position | None) -> Query:
    # Its patterns are compiled when there is something to read: the first paint need not wait for them.
    from nobil_tui.search.query import parse_query

    return parse_query(text, home)
