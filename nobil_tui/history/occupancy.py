"""The occupancy of many stations, hour by hour. Times are whole seconds since the epoch.

The numbers of a station are fields of one integer, so that a country is counted in one pass. The
result equals that of ``StationTally``, which counts one station over stored changes.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from itertools import compress, repeat
from operator import add, methodcaller, mul, sub
from typing import NamedTuple

from nobil_tui.history.hours import LocalHour, LocalHours
from nobil_tui.history.listening import Listening
from nobil_tui.history.tally import FAULT, FREE, IS_OBSERVED, NOT_OBSERVED

MAX_ROWS = 1024
"""How many stations are counted at once: enough to be fast, few enough for a time slice."""
SECONDS_COLUMNS = 5
"""The numbers of seconds of an hour; see ``HourTally``."""

_BITS = 32
"""Bits of a field: the connector-seconds of an hour never overflow into the next field."""
_FIELD = (1 << _BITS) - 1
_ANY_OBSERVED, _ANY_FREE, _OBSERVED_EACH, _FREE_EACH, _FAULT_EACH = (
    1 << _BITS * index for index in range(SECONDS_COLUMNS)
)
"""One of each field, in the order of ``HourTally``."""
_ANY = _ANY_OBSERVED | _ANY_FREE
_WEIGHTS = tuple(
    _OBSERVED_EACH * IS_OBSERVED[code] + _FREE_EACH * (code == FREE) + _FAULT_EACH * (code == FAULT)
    for code in range(NOT_OBSERVED + 1)
)
"""The amount that a connector with each code adds to the counts of its station."""
_PACK = methodcaller("to_bytes", SECONDS_COLUMNS * _BITS // 8, "little")


class HourColumns(NamedTuple):
    """Seconds of one hour, or a part of it, for several stations."""

    week: int
    hour: int
    """The hour of the week; see ``LocalHour``."""
    stations: Sequence[str]
    seconds: Sequence[array[int]]
    """A column for each number of seconds of ``HourTally``, in its order."""


class Occupancy:
    """The conditions of up to ``MAX_ROWS`` stations, and the seconds of the current hour so far."""

    def __init__(self, at: int) -> None:
        self.stations: list[str] = []
        self.codes: list[bytearray] = []
        """The codes of the connectors of each station."""
        self._counts: list[int] = []
        """The amounts that a second adds to the seconds of each station: its connectors, and
        whether there are any."""
        self._seconds: list[int] = []
        """The fields of ``HourTally`` of each station, for the hour ``_week`` and ``_hour``."""
        self._at = at
        """Up to when all stations are counted; some are ahead, within the same hour."""
        self._since = array("q")
        """Up to when each station is counted; not before ``_at``."""
        self._period = 0
        """The period of listening that the conditions belong to."""
        self._names: tuple[str, ...] = ()
        """``stations``, the same object from hour to hour."""
        self._span: LocalHour | None = None
        """The hour that ``_at`` is in."""
        self._week, self._hour = 0, -1

    def add(self, station: str, at: int) -> int:
        """Add a station without observations; return its row."""
        self.stations.append(station)
        self.codes.append(bytearray())
        self._counts.append(0)
        self._seconds.append(0)
        self._since.append(max(at, self._at))
        return len(self.stations) - 1

    def code(self, row: int, index: int) -> int:
        """Return the code of a connector."""
        codes = self.codes[row]
        return codes[index] if index < len(codes) else NOT_OBSERVED

    def set(self, row: int, index: int, code: int) -> None:
        """Set the condition of a connector; ``advance_row`` to the time of the report before."""
        codes = self.codes[row]
        if index >= len(codes):
            codes.extend([NOT_OBSERVED] * (index + 1 - len(codes)))
        counts = (self._counts[row] & ~_ANY) + _WEIGHTS[code] - _WEIGHTS[codes[index]]
        codes[index] = code
        self._counts[row] = _with_any(counts)

    def set_all(self, row: int, codes: bytearray) -> None:
        """Set the conditions of all connectors of a station, as ``set`` does."""
        self.codes[row] = codes
        self._counts[row] = _with_any(sum(map(_WEIGHTS.__getitem__, codes)))

    def advance_row(
        self, row: int, to: int, listening: Listening, hours: LocalHours, done: list[HourColumns]
    ) -> None:
        """Count the time of one station up to ``to``; of all, if an hour or interval ended."""
        span, last = self._span, listening.last
        if (
            span is None
            or last is None
            or to >= span.ended
            or last.began > self._at
            or last.period != self._period
        ):
            self.advance(to, listening, hours, done)
            return
        until = min(to, last.ended)
        passed = until - self._since[row]
        if passed > 0:
            self._since[row] = until
            self._seconds[row] += passed * self._counts[row]

    def advance(
        self, to: int, listening: Listening, hours: LocalHours, done: list[HourColumns]
    ) -> None:
        """Count the time of all stations up to ``to``; append each completed hour to ``done``."""
        if to < self._at:
            return
        for began, ended, period in listening.between(self._at, to):
            if period > self._period:
                self._period = period
                self._forget()
            while began < ended:
                span = hours.at(began)
                self._begin_hour(span, done)
                until = min(span.ended, ended)
                self._count_all(began, until)
                began = until
        self._at = to
        self._span = hours.at(to)
        self._begin_hour(self._span, done)
        if min(self._since, default=to) < to:
            self._since = array("q", map(max, self._since, repeat(to)))

    def take(self, done: list[HourColumns]) -> None:
        """Append the counts of the current hour, if there are any, and begin at zero."""
        seconds = self._seconds
        if not any(seconds):
            return
        self._seconds = [0] * len(seconds)
        if len(self._names) != len(self.stations):
            self._names = tuple(self.stations)
        stations = self._names
        if not all(seconds):
            stations = tuple(compress(stations, seconds))
            seconds = list(filter(None, seconds))
        fields = array("I", b"".join(map(_PACK, seconds)))
        if sys.byteorder == "big":
            fields.byteswap()
        columns = [fields[index::SECONDS_COLUMNS] for index in range(SECONDS_COLUMNS)]
        done.append(HourColumns(self._week, self._hour, stations, columns))

    def _begin_hour(self, span: LocalHour, done: list[HourColumns]) -> None:
        if (span.week, span.hour) != (self._week, self._hour):
            self.take(done)
            self._week, self._hour = span.week, span.hour

    def _forget(self) -> None:
        """Forget the conditions: no connector is observed until it is reported again."""
        for codes in self.codes:
            codes[:] = b"\xff" * len(codes)
        self._counts = [0] * len(self._counts)

    def _count_all(self, began: int, until: int) -> None:
        """Count an hour or a part of it, in which the conditions do not change."""
        if began > self._at:
            # There was a gap, or another part before: all stations are counted up to here.
            self._since = array("q", [began]) * len(self._since)
        passed = list(map(sub, repeat(until), self._since))
        if min(passed, default=0) < 0:
            # Stations that are ahead of the others.
            passed = [max(0, seconds) for seconds in passed]
            self._since = array("q", map(max, self._since, repeat(until)))
        else:
            self._since = array("q", [until]) * len(self._since)
        self._seconds = list(map(add, self._seconds, map(mul, passed, self._counts)))


def _with_any(counts: int) -> int:
    """Return counts with a one for each kind that occurs."""
    if counts & _FIELD * _OBSERVED_EACH:
        counts |= _ANY_OBSERVED
    if counts & _FIELD * _FREE_EACH:
        counts |= _ANY_FREE
    return counts
