"""Observe a board: its changes, the intervals of listening, and the occupancy of each hour.

No I/O and no clock of its own: times come in as values, in ms since the epoch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from msgspec import Struct, field

from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.station import Station
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.listening import Interval, Listening
from nobil_tui.history.occupancy import MAX_ROWS, HourColumns, Occupancy
from nobil_tui.history.tally import NOT_OBSERVED


class StoredChange(NamedTuple):
    """A condition of a connector from a time on, as it is stored.

    Also stored without a change: when a connector is observed again after a break, and with
    ``NOT_OBSERVED`` when it is no longer observed.
    """

    station: str
    uid: str
    """The id of the connector inside its station; its index where the stream has no ids."""
    number: int
    at: int
    code: int


class Portion(Struct):
    """Observations that are not stored yet."""

    changes: list[StoredChange] = field(default_factory=list)
    hours: list[HourColumns] = field(default_factory=list)
    """Hours that are over, or parts of them."""
    intervals: dict[int, Interval] = field(default_factory=dict)
    """Intervals of listening that are new or longer, by their begin."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.hours or self.intervals)


class Observation:
    """Observe ``board``; take what is to be stored with ``take_portion``.

    ``recorded``: the stations whose changes are stored, None for all. With ``listening``, time is
    only counted within these intervals, and ``begin`` and ``end`` add none.
    """

    def __init__(
        self,
        board: Board,
        hours: LocalHours,
        *,
        recorded: Collection[str] | None = None,
        listening: Listening | None = None,
    ) -> None:
        self.live = listening is not None
        self._fixed = listening is not None
        self._board = board
        self._hours = hours
        self._recorded = None if recorded is None else set(recorded)
        self._listening = listening or Listening()
        self._occupancies: list[Occupancy] = []
        self._rows: dict[str, int] = {}
        """The row of each station: in all occupancies, one after the other."""
        self._portion = Portion()

    @property
    def stations(self) -> list[str]:
        """The stations that were observed."""
        return list(self._rows)

    @property
    def began(self) -> int:
        """When the present interval of listening began, in ms."""
        last = self._listening.last
        return last.began * 1000 if last is not None else 0

    @property
    def ended(self) -> int:
        """The end of listening so far, in ms; zero before it began."""
        last = self._listening.last
        return last.ended * 1000 if last is not None else 0

    @property
    def pending(self) -> int:
        """How many changes are waiting to be stored."""
        return len(self._portion.changes)

    def take_portion(self) -> Portion:
        """Return the observations to store, and forget them."""
        portion, self._portion = self._portion, Portion()
        return portion

    # The link

    def begin(self, at: int) -> None:
        """Note that the link is live from ``at`` on."""
        if self.live:
            return
        self.live = True
        last = self._listening.last
        self._note(self._listening.begin(max(at // 1000, last.ended if last is not None else 0)))

    def listen(self, at: int) -> None:
        """Note that the link is still live at ``at``."""
        if self.live and not self._fixed:
            self._note(self._listening.extend(at // 1000))

    def end(self, heard_at: int) -> None:
        """Note that the link is down, and that nothing was heard after ``heard_at``."""
        if self._fixed:
            return
        self.listen(heard_at)
        self.live = False

    def restart(self, at: int) -> None:
        """Forget all conditions, and keep the counts so far. The link is down until ``begin``."""
        self.finish(at)
        self.live = self._fixed
        self._occupancies.clear()
        self._rows.clear()
        if not self._fixed:
            self._listening = Listening()

    # Conditions

    def apply(self, change: Change) -> None:
        """Apply a change of the board."""
        after = change.after
        code = NOT_OBSERVED if after is None else after.condition.code
        if not self.live:
            # A condition reported while the link is down counts from the next period on.
            return
        station, index = change.station, change.number - 1
        occupancy, row = self._advanced(station, change.at)
        if occupancy.code(row, index) == code:
            return
        occupancy.set(row, index, code)
        if self._recorded is None or station in self._recorded:
            self._store(station, index, code, change.at)

    def confirm(self, station_id: str, at: int, *, all_of_it: bool = False) -> None:
        """Take over from the board the conditions of a station's connectors that are not observed
        yet.

        ``all_of_it``: also those of observed ones, in case changes were missed; a station that is
        not on the board is no longer observed. Connectors that are stale on the board are left out.
        """
        station = self._board.stations.get(station_id) or Station(station_id, [])
        occupancy, row = self._advanced(station_id, at)
        codes, count = occupancy.codes[row], len(station.connectors)
        is_known = not all_of_it and len(codes) == count and NOT_OBSERVED not in codes
        if not self.live or is_known:
            return
        # All connectors at once, since this runs for a whole country at the start.
        found = codes[:count].ljust(max(count, len(codes)), bytes((NOT_OBSERVED,)))
        for index, connector in enumerate(station.connectors):
            if (all_of_it or found[index] == NOT_OBSERVED) and (
                self._board.unconfirmed_for(station, index, at) <= SLIGHT
            ):
                found[index] = connector.condition.code
        if self._recorded is None or station_id in self._recorded:
            for index, code in enumerate(found):
                if code != occupancy.code(row, index):
                    is_new = not all_of_it and index < count
                    since = self._heard(station, index, at) if is_new else at
                    self._store(station_id, index, code, since)
        occupancy.set_all(row, found)

    def record(self, stations: Collection[str] | None, at: int) -> None:
        """Store the changes of other stations from ``at`` on; None for all."""
        before, self._recorded = self._recorded, None if stations is None else set(stations)
        for station, number in self._rows.items():
            recorded = self._recorded is None or station in self._recorded
            if recorded == (before is None or station in before):
                continue
            occupancy, row = self._occupancies[number // MAX_ROWS], number % MAX_ROWS
            for index, code in enumerate(occupancy.codes[row]):
                if code != NOT_OBSERVED:
                    self._store(station, index, code if recorded else NOT_OBSERVED, at)

    # Time

    def advance(self, at: int) -> Iterator[None]:
        """Count the time of all stations up to ``at``, in steps, so that completed hours can be
        stored."""
        self.listen(at)
        for occupancy in self._occupancies:
            occupancy.advance(at // 1000, self._listening, self._hours, self._portion.hours)
            yield

    def forget_listening(self, before: int) -> None:
        """Drop the intervals that ended before a time (ms) up to which every station is counted."""
        if not self._fixed:
            self._listening.forget(before // 1000)

    def finish(self, at: int) -> None:
        """Count the time of all stations up to ``at``, including the current hour."""
        for _ in self.advance(at):
            pass
        for occupancy in self._occupancies:
            occupancy.take(self._portion.hours)

    # Inside

    def _store(self, station_id: str, index: int, code: int, at: int) -> None:
        station = self._board.stations.get(station_id)
        uids = station.evse_uids if station is not None else ()
        uid = uids[index] if index < len(uids) else str(index)
        self._portion.changes.append(StoredChange(station_id, uid, index + 1, at, code))

    def _advanced(self, station: str, at: int) -> tuple[Occupancy, int]:
        """Count the time of a station up to ``at``; return the occupancy that holds its conditions,
        and its row."""
        # Listen before counting: only time that was listened to counts.
        self.listen(at)
        seconds, occupancies = at // 1000, self._occupancies
        number = self._rows.get(station)
        if number is None:
            number = self._rows[station] = len(self._rows)
            if number // MAX_ROWS >= len(occupancies):
                occupancies.append(Occupancy(seconds))
            occupancies[-1].add(station, seconds)
        occupancy, row = occupancies[number // MAX_ROWS], number % MAX_ROWS
        occupancy.advance_row(row, seconds, self._listening, self._hours, self._portion.hours)
        return occupancy, row

    def _heard(self, station: Station, index: int, at: int) -> int:
        heard = self._board.heard(station, index) or at
        return heard if self.began <= heard <= at else at

    def _note(self, interval: Interval | None) -> None:
        if interval is not None:
            self._portion.intervals[interval.began] = interval
