"""Sort stations by each order of the list; and ids in an order, with their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from nobil_tui.search.sorting import changed_at

if TYPE_CHECKING:
    from nobil_tui.charging.board import Board
    from nobil_tui.charging.geo import Position
    from nobil_tui.charging.register import Register
    from nobil_tui.charging.station import Station, Summary
    from nobil_tui.search.index import StationIndex
    from nobil_tui.search.query import Query


class StationOrder:
    """Sorts stations, and caches the compared values until they change.

    Each order except that by name takes ids in the order of ties. Stations whose value is unknown
    come last, whether the order is reversed or not.
    """

    def __init__(self, board: Board, register: Register, index: StationIndex) -> None:
        self._board = board
        self._register = register
        self._index = index
        self._by_id: list[str] = []
        self._names: dict[str, str] = {}
        self._by_name: dict[bool, list[str]] = {}
        self._changed: dict[str, float] = {}

    def replace(self, by_id: list[str]) -> None:
        """Replace the stations that ``by_name`` sorts; they are given in the order of their ids."""
        self._by_id = by_id
        self._by_name.clear()

    def reported(self, station: str) -> None:
        """Note that a station may have changed."""
        self._changed.pop(station, None)

    def clear(self) -> None:
        """Clear the cache: any station, or the register, may have changed."""
        self._changed.clear()
        self._names.clear()
        self._by_name.clear()

    def by_name(self, *, reverse: bool = False) -> list[str]:
        """Return all stations sorted by name."""
        order = self._by_name.get(reverse)
        if order is None:
            if self._register:
                names, name_of = self._names, self._register.name
                for station in self._by_id:
                    if station not in names:
                        names[station] = name_of(station).casefold()
                key = names.__getitem__
            else:
                # Without a register, stations are called by their ids.
                key = str.casefold
            # Stable, so equal names stay in the order of the ids in both directions.
            order = sorted(self._by_id, key=key, reverse=reverse)
            self._by_name[reverse] = order
        return order

    def by_free(
        self, ids: list[str], count: Callable[[Station], Summary] | None, reverse: bool
    ) -> list[str]:
        """Sort by free connectors, most first; ``count`` counts those that are selected, if any."""
        stations = self._board.stations
        # There are few distinct counts, so buckets are fastest.
        buckets: defaultdict[int, list[str]] = defaultdict(list)
        for i in ids:
            station = stations.get(i)
            if station is None:
                buckets[-1].append(i)
            else:
                buckets[(station.summary if count is None else count(station)).free].append(i)
        descending = sorted(buckets, reverse=not reverse)
        return [i for free in descending for i in buckets[free]]

    def by_change(self, ids: list[str], reverse: bool) -> list[str]:
        """Sort by the time of the last change, latest first."""
        stations, changed = self._board.stations, self._changed
        for i in ids:
            if i not in changed:
                # Floats compare fastest.
                changed[i] = float(changed_at(stations[i])) if i in stations else -1.0
        return sorted(ids, key=changed.__getitem__, reverse=not reverse)

    def by_distance(self, ids: list[str], origin: Position | None, reverse: bool) -> list[str]:
        """Sort by the distance from ``origin``, nearest first."""
        km = self._index.distances(ids, origin)
        # As ``_known_first``, without a call for each station.
        known = {i: distance for i in ids if (distance := km[i]) is not None}
        order = sorted(known, key=known.__getitem__, reverse=reverse)
        return order if len(order) == len(ids) else order + [i for i in ids if i not in known]

    def by_price(self, ids: list[str], reverse: bool) -> list[str]:
        """Sort by the lowest price of a kWh, cheapest first."""
        facts_of = self._register.facts
        return _known_first(ids, lambda i: facts_of(i).kwh_price, reverse)

    def by_place(self, ids: list[str], reverse: bool) -> list[str]:
        """Sort by the name of the place."""
        facts_of = self._register.facts
        return _known_first(ids, lambda i: facts_of(i).place.casefold() or None, reverse)

    def by_power(self, ids: list[str], query: Query, reverse: bool) -> list[str]:
        """Sort by the power of the strongest plug that ``query`` selects, strongest first."""
        return _known_first(ids, self._index.powers(ids, query).get, not reverse)

    def by_connectors(self, ids: list[str], reverse: bool) -> list[str]:
        """Sort by the number of connectors, most first."""
        counts = {i: s.summary.total for i in ids if (s := self._board.stations.get(i))}
        return _known_first(ids, counts.get, not reverse)


def _known_first(
    ids: list[str], value_of: Callable[[str], float | str | None], reverse: bool
) -> list[str]:
    """Sort by a value; stations whose value is unknown come last in both directions."""
    known = {i: value for i in ids if (value := value_of(i)) is not None}
    order = sorted(known, key=known.__getitem__, reverse=reverse)
    return order if len(order) == len(ids) else order + [i for i in ids if i not in known]


class OrderedIds:
    """Ids in their order, immutable, with the row of each."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self._rows: dict[str, int] | None = None

    @property
    def rows(self) -> dict[str, int]:
        """The row of each id, from 0. Built on first use: a keystroke of the filter needs few."""
        if self._rows is None:
            self._rows = {station: row for row, station in enumerate(self.ids)}
        return self._rows

    def row_of(self, station: str) -> int | None:
        """Return the row of an id; None if it is not present."""
        if self._rows is not None:
            return self._rows.get(station)
        try:
            # Numbering a whole country takes five times as long as one search.
            return self.ids.index(station)
        except ValueError:
            return None

    def count_missing(self, stations: set[str]) -> int:
        """Count the stations that are not present."""
        return len(stations.difference(self.ids if self._rows is None else self._rows))
