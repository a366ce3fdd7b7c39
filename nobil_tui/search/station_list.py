"""The list of stations to show: filtered and sorted ids over a board and a register.

Changes on the board mark the list stale. The owner decides when to refresh it, since a list must
not move while the user works with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never

from msgspec import Struct

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Plug, Register
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.fields import FieldValues
from nobil_tui.search.free_count import FreeCount
from nobil_tui.search.index import PreparedIndex, StationIndex
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.query import Query
from nobil_tui.search.selection import UnknownConnectors
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_order import OrderedIds, StationOrder
from nobil_tui.search.terms import TextTerm, needles_of

_STALE_INTERVAL = 5_000
"""Milliseconds of downtime after which a filter for stale connectors is evaluated again."""


class HeldStation(Struct, frozen=True):
    """A station that is kept where it is listed."""

    station: str
    starred: bool
    """Whether it is listed with the starred ones."""


class StationList:
    """The ids of the stations to show, in order. Set ``options``, then ``refresh``."""

    def __init__(
        self,
        board: Board,
        register: Register,
        starred: Iterable[str] = (),
        options: ListOptions | None = None,
    ) -> None:
        self.board = board
        self.register = register
        self.starred = starred if isinstance(starred, set) else set(starred)
        """A set is shared with its owner, not copied."""
        self.options = options or ListOptions()
        """Set ``filter`` and ``home`` by the properties of the list, which parse the query."""
        self.query = Query("")
        """The parsed filter."""
        self.stale = False
        """Whether ``refresh`` would change the list."""
        self._shown = OrderedIds([])
        self._index = StationIndex(register, self.starred)
        self._version = register.version
        self._downtime = 0
        self._refreshed_at = 0
        self._order = StationOrder(board, register, self._index)
        self._members: object = None
        """The stations, stars and register that ``_by_id`` was made from."""
        self._by_id: list[str] = []
        """Every station that could be listed."""
        self._counts: dict[str, Summary] = {}
        self._asked: tuple[Sort, bool] | None = None
        """The order that the filter asks for, unless the user chose one since."""
        self._no_match: str | None = None
        """Why the list is empty; None if that was not found out yet."""
        self._held: HeldStation | None = None
        self._guest = False
        self.filter = self.options.filter

    # Options

    @property
    def filter(self) -> str:
        """The filter, in the language of ``filter_parser.py``."""
        return self.options.filter

    @filter.setter
    def filter(self, text: str) -> None:
        self.options.filter = text
        before = self.query
        self.query = self.parse(text) if text else Query("")
        if self.query.plugs != before.plugs:
            self._counts.clear()
        asked = self.query.order or ((Sort.DISTANCE, False) if self.query.by_distance else None)
        unchanged = self.query.order == before.order and (
            (self.query.by_distance and self.query.near) == (before.by_distance and before.near)
        )
        if not unchanged or asked is None:
            self._asked = asked

    def parse(self, text: str) -> Query:
        """Parse a filter, with the places of the register and the home position."""
        return self._parse(text, self.home)

    def _parse(self, text: str, home: Position | None) -> Query:
        # Imported on use: the first paint need not wait for the parser.
        from nobil_tui.search.filter_parser import parse_query

        return parse_query(text, home, self._index.places)

    @property
    def home(self) -> Position | None:
        """The position that distances are measured from, unless the filter names another."""
        return self.options.home

    @home.setter
    def home(self, home: Position | None) -> None:
        self.options.home = home
        self.filter = self.filter

    @property
    def origin(self) -> Position | None:
        """The position that distances are measured from."""
        return self.query.near or self.home

    @property
    def available_sorts(self) -> tuple[Sort, ...]:
        """The orders that are possible now."""
        return tuple(sort for sort in Sort if self._is_available(sort))

    @property
    def active_sort(self) -> Sort:
        """The order of the list: by name if the chosen order is not possible.

        A filter can ask for an order, or for what is near, which holds until the user chooses one.
        """
        sort = self._asked[0] if self._asked is not None else self.options.sort
        return sort if self._is_available(sort) else Sort.NAME

    @property
    def is_reversed(self) -> bool:
        """Whether the order is reversed."""
        return self._asked[1] if self._asked is not None else self.options.reverse

    def choose_order(self, sort: Sort, *, reverse: bool = False) -> None:
        """Use an order that the user chose."""
        self._asked = None
        self.options.sort = sort
        self.options.reverse = reverse

    def _is_available(self, sort: Sort) -> bool:
        if sort.needs_origin and self.origin is None:
            return False
        if sort.needs_register and not self.register:
            return False
        return not sort.needs_prices or self.register.has_prices

    @property
    def field_values(self) -> FieldValues:
        """The register's values of each field, for completion."""
        return self._index.field_values

    @property
    def filtered(self) -> bool:
        """Whether stations may be hidden."""
        return bool(self.query) or self.options.starred_only or self.options.faults_only

    # Contents

    @property
    def ids(self) -> list[str]:
        """The stations to show, in order."""
        return self._shown.ids

    @property
    def hidden_starred(self) -> int:
        """The number of starred stations that are not in the list."""
        return self._shown.count_missing(self.starred)

    @property
    def total(self) -> int:
        """The number of stations without a filter, as of the last refresh."""
        return len(self._by_id)

    def row_of(self, station: str) -> int | None:
        """Return the row of a station, from 0; None if it is not in the list."""
        return self._shown.row_of(station)

    def hold(self, station: str) -> None:
        """Keep a station listed, and with or without the starred ones as it is now.

        For the station under the cursor: a row must not leave while the user acts on it. It stays
        until ``release`` or until another station is held.
        """
        if self._held is None or self._held.station != station:
            self._held = HeldStation(station, station in self.starred)

    @property
    def held(self) -> str:
        """The station that is kept in the list; empty if there is none."""
        return self._held.station if self._held is not None else ""

    @property
    def lists_guest(self) -> bool:
        """Whether the held station is listed although the filter does not match it."""
        return self._guest

    def release(self) -> None:
        """Let the held station go where it belongs at the next refresh."""
        if self._held is not None:
            moved = self._held.starred is not (self._held.station in self.starred)
            self.stale = self.stale or moved or self._guest
            self._held = None

    def count(self, station: Station) -> Summary:
        """Count the connectors that the filter selects."""
        if not self.query.plugs:
            return station.summary
        summary = self._counts.get(station.id)
        if summary is None:
            summary = self._counts[station.id] = self._index.count(station, self.query)
        return summary

    def count_free(self) -> FreeCount:
        """Count the connectors of the list that the filter selects."""
        board = self.board
        if not self.filtered:
            tally = board.tally
            in_service = board.connectors - tally[Condition.NOT_IN_SERVICE]
            return FreeCount(tally[Condition.FREE], in_service, tally[Condition.UNKNOWN])
        stations = board.stations
        summaries = [self.count(stations[i]) for i in self.ids if i in stations]
        return FreeCount(
            sum(each.free for each in summaries),
            sum(each.total for each in summaries),
            sum(each.unknown for each in summaries),
        )

    def selected_connectors(self, station: Station) -> Sequence[int] | None:
        """Return the indexes of the connectors that the filter selects; None if unknown."""
        if not self.query.plugs:
            return range(len(station.connectors))
        selected = self._index.selected_connectors(station, self.query)
        return None if isinstance(selected, UnknownConnectors) else selected

    def best_plug(self, station: str) -> Plug | None:
        """Return the strongest plug of a station, of those that the filter selects."""
        return self._index.best_plug(station, self.query)

    def distance(self, station: str) -> float | None:
        """Return the distance of a station from ``origin`` in km; None if unknown."""
        return self._index.distances((station,), self.origin)[station]

    def find(self, words: Iterable[str]) -> list[str]:
        """Return the stations whose texts contain every word, by name, whatever the list shows.

        The words are plain text, not the filter language.
        """
        terms = tuple(TextTerm("", needles) for word in words if (needles := needles_of((word,))))
        return self._index.matching(self._order.by_name(), Query("", terms), self.board, 0)

    def explain_no_match(self) -> str:
        """Return which word of the filter matches nothing, or that only the combination does not
        match.

        Empty if the filter matches a station. Searched once for each state of the list.
        """
        if self._no_match is None:
            # Before the first report, nothing can match.
            finds = bool(len(self.ids) - self._guest) or not self._by_id
            self._no_match = "" if finds or not self.query else self._find_no_match()
        return self._no_match

    def _find_no_match(self) -> str:
        from nobil_tui.search.no_match import first_unmatched, unmatched_part

        narrowed = self.options.starred_only or self.options.faults_only
        if len(self.query.parts) == 1 and not narrowed:
            # The list was searched for it already.
            return unmatched_part(self.query.parts[0], self._index.field_values)
        searched = first_unmatched(
            self.query.parts, self._by_id, self._matching_part, self._index.field_values
        )
        switches = "starred" if self.options.starred_only else "faulty"
        nothing = f"no {switches} station matches" if narrowed else f"nothing matches {self.filter}"
        return searched or nothing

    def _matching_part(self, part: str) -> list[str]:
        """Return the stations that match a part of the filter by itself."""
        query = self._parse(part, self.origin)
        # The list that the last refresh searched: the index knows it.
        return self._index.matching(self._presorted(), query, self.board, self._refreshed_at)

    # Changes

    def mark_changed(self, stations: Collection[str], *, whole: bool, now: int) -> None:
        """Mark the list stale if changes up to ``now`` (ms) can change its contents or order.

        ``whole`` means that any station may have changed.
        """
        if whole or self._version != self.register.version:
            self._clear_caches()
            self.stale = True
            return
        for station in stations:
            self._counts.pop(station, None)
            self._order.reported(station)
        if not self.stale:
            self.stale = self._affects_list(stations, now)

    def refresh(self, now: int) -> None:
        """Filter and sort the list as of ``now`` (ms)."""
        if self._version != self.register.version:
            self._clear_caches()
        self._update_members()
        ids = self._sorted(self._with_held(self._presorted(), now))
        starred = self._starred_as_listed()
        if starred and (self.options.pin_starred or self.active_sort is Sort.STARRED):
            ids = [i for i in ids if i in starred] + [i for i in ids if i not in starred]
        self._shown = OrderedIds(ids)
        self._no_match = None
        self._downtime = self.board.downtime.total(now)
        self._refreshed_at = now
        self.stale = False

    def _presorted(self) -> list[str]:
        """Return all ids in an order that reports cannot change: by name, else by id."""
        if self.active_sort in (Sort.STARRED, Sort.NAME):
            return self._order.by_name(reverse=self.is_reversed)
        if self.active_sort is Sort.PLACE:
            return self._order.by_name()
        return self._by_id

    def _sorted(self, ids: list[str]) -> list[str]:
        """Sort presorted ids by the active order. Ties stay in the order of the ids."""
        reverse, sort, order = self.is_reversed, self.active_sort, self._order
        match sort:
            case Sort.STARRED | Sort.NAME:
                return ids
            case Sort.ID:
                return ids[::-1] if reverse else ids
            case Sort.FREE:
                return order.by_free(ids, self.count if self.query.plugs else None, reverse)
            case Sort.CHANGED:
                return order.by_change(ids, reverse)
            case Sort.DISTANCE:
                return order.by_distance(ids, self.origin, reverse)
            case Sort.PRICE:
                return order.by_price(ids, reverse)
            case Sort.PLACE:
                return order.by_place(ids, reverse)
            case Sort.POWER:
                return order.by_power(ids, self.query, reverse)
            case Sort.CONNECTORS:
                return order.by_connectors(ids, reverse)
            case _:
                assert_never(sort)

    def _with_held(self, ids: list[str], now: int) -> list[str]:
        """Return the stations that match, and the held one, in their order."""
        matching = self._matching(ids, now)
        held = self.held
        self._guest = bool(held) and held not in matching
        if not self._guest:
            return matching
        kept = {*matching, held}
        return [i for i in ids if i in kept]

    def _starred_as_listed(self) -> set[str]:
        """Return the stations that are listed as starred: the held one as it was."""
        held = self._held
        if held is None or held.starred is (held.station in self.starred):
            return self.starred
        return self.starred ^ {held.station}

    def prepare(self) -> PreparedIndex:
        """Index the stations of the last refresh, in a thread. Pass the result to ``adopt``."""
        return self._index.prepare(self._by_id)

    def adopt(self, prepared: PreparedIndex) -> None:
        """Take over what ``prepare`` returned."""
        self._index.adopt(prepared)

    def _clear_caches(self) -> None:
        self._version = self.register.version
        self._counts.clear()
        self._order.clear()
        if self.query.names_place:
            self.filter = self.filter

    def _update_members(self) -> None:
        """Update the stations that could be listed. Few come or go, so their order is kept."""
        include_registered = self.options.include_registered
        version = self.register.version if include_registered else None
        members = self.board.membership, frozenset(self.starred), version, self.held
        if members == self._members:
            return
        self._members = members
        registered = self.register if include_registered else ()
        held = (self.held,) if self.held else ()
        every = {*self.board.stations, *self.starred, *registered, *held}
        fresh = every.difference(self._by_id)
        by_id = [station for station in self._by_id if station in every]
        # In the order of the stream, which is mostly sorted: that makes the sort cheap.
        by_id += [station for station in self.board.stations if station in fresh]
        by_id += fresh - self.board.stations.keys()
        by_id.sort()
        self._by_id = by_id
        self._order.replace(by_id)

    def _affects_list(self, changed: Collection[str], now: int) -> bool:
        """Return whether changed stations can enter or leave the list, or move in it."""
        rows, stations = self._shown.rows, self.board.stations
        if self.active_sort.is_live and any(station in rows for station in changed):
            return True
        if self._filters_stale and self._has_aged(now):
            return True
        if not self.query.is_live and not self.options.faults_only:
            # Changes of listed stations do not matter: only new stations do.
            changed = [station for station in changed if station not in rows]
        present = [station for station in changed if station in stations or station in rows]
        matching = set(self._matching(present, now)) if present else set()
        held = self.held
        return any(
            (station in matching) is not (station in rows) for station in present if station != held
        )

    def _has_aged(self, now: int) -> bool:
        """Return whether unchanged stations may have become stale.

        A downtime ages a whole country at once, so it is checked at intervals.
        """
        downtime = self.board.downtime
        passed = downtime.total(now) - self._downtime
        return passed >= _STALE_INTERVAL or (downtime.live and passed > 0)

    @property
    def _filters_stale(self) -> bool:
        return self.query.asks_stale

    def _matching(self, ids: Collection[str], now: int) -> list[str]:
        stations = self.board.stations
        if self.options.starred_only:
            ids = [i for i in ids if i in self.starred]
        if self.options.faults_only:
            ids = [i for i in ids if (s := stations.get(i)) is not None and s.summary.faults]
        return self._index.matching(ids, self.query, self.board, now, self.count)
