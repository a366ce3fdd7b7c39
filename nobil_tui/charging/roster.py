"""The stations as a list to look through: filtered, sorted, and no more.

It stands over a board and a register and holds ids only. It moves when it is told to: what changes on the board marks
it stale, and whoever shows it decides when a list may move under the hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum

from nobil_tui.charging.board import Board
from nobil_tui.charging.haystack import Haystack
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Station


class Sort(StrEnum):
    """What a list of stations can be ordered by."""

    STARRED = "starred"
    NAME = "name"
    ID = "id"
    FREE = "free"
    CHANGED = "changed"

    @property
    def words(self) -> str:
        """The order as a reader is told it."""
        return {"starred": "starred first", "free": "most free first", "changed": "last change first"}.get(
            self.value, f"by {self.value}"
        )

    @property
    def moves(self) -> bool:
        """Whether what the stream says can change the order."""
        return self in (Sort.FREE, Sort.CHANGED)


class Roster:
    """The ids of the stations to show, in order. Set what to show, then ``refresh``."""

    def __init__(self, board: Board, register: Register, starred: Iterable[str] = ()) -> None:
        self.board = board
        self.register = register
        self.starred = set(starred)
        self.sort = Sort.STARRED
        self.reverse = False
        self.pinned = True
        """Whether starred stations stand on top whatever the order."""
        self.filter = ""
        """Words that must all be found in id, name, place or operator."""
        self.starred_only = False
        self.faults_only = False
        self.ids: list[str] = []
        self.stale = False
        self._lines: dict[str, int] = {}
        self._haystack = Haystack(register)
        self._name_keys: dict[str, str] = {}
        self._version = register.version

    @property
    def filtered(self) -> bool:
        """Whether anything may be hidden."""
        return bool(self.filter.strip()) or self.starred_only or self.faults_only

    @property
    def hidden_starred(self) -> int:
        """How many starred stations are not in the list."""
        return sum(1 for station in self.starred if station not in self._lines)

    @property
    def total(self) -> int:
        """How many stations there are to show without a filter."""
        return len(self.board.stations.keys() | self.starred)

    def line_of(self, station: str) -> int | None:
        """Tell the line on which a station stands; None where it is not shown."""
        return self._lines.get(station)

    def note(self, touched: Collection[str], *, whole: bool) -> None:
        """Mark the list stale if what happened can change who is in it, or where."""
        if whole or self._version != self.register.version or (touched and (self.faults_only or self.sort.moves)):
            self.stale = True
        elif not self.stale and not self.starred_only:
            stations = self.board.stations
            new = [station for station in touched if station not in self._lines and station in stations]
            words = self.filter.split()
            self.stale = bool(self._haystack.matching(new, words) if words else new)

    def refresh(self) -> None:
        """Filter and sort anew."""
        if self._version != self.register.version:
            self._version = self.register.version
            self._name_keys.clear()
        ids = self._matching()
        # Twice, so that ties break by id in both directions: the second sort leaves equals as they stand.
        ids.sort()
        if self.sort is not Sort.ID or self.reverse:
            ids.sort(key=self._key(), reverse=self.reverse ^ self.sort.moves)
        if self.pinned or self.sort is Sort.STARRED:
            starred = self.starred
            ids = [i for i in ids if i in starred] + [i for i in ids if i not in starred]
        self.ids = ids
        self._lines = {station: line for line, station in enumerate(ids)}
        self.stale = False

    def _matching(self) -> list[str]:
        stations = self.board.stations
        ids: Iterable[str]
        ids = self.starred if self.starred_only else [*stations, *(i for i in self.starred if i not in stations)]
        if self.faults_only:
            ids = [i for i in ids if (station := stations.get(i)) is not None and station.summary.faults]
        words = self.filter.split()
        return self._haystack.matching(ids, words) if words else list(ids)

    def _key(self) -> Callable[[str], int] | Callable[[str], str]:
        stations = self.board.stations
        match self.sort:
            case Sort.ID:
                return str
            case Sort.FREE:
                return lambda i: stations[i].summary.free if i in stations else -1
            case Sort.CHANGED:
                return lambda i: changed_at(stations[i]) if i in stations else -1
            case _:
                return self._name_key

    def _name_key(self, station: str) -> str:
        key = self._name_keys.get(station)
        if key is None:
            if len(self._name_keys) > 2 * len(self.ids) + 1000:
                self._name_keys.clear()
            key = self._name_keys[station] = self.register.name(station).casefold()
        return key


def changed_at(station: Station) -> int:
    """When the last change at a station was, in ms, as far as is known; zero where it is not."""
    return max((connector.timestamp for connector in station.connectors), default=0)
