"""The profiles of up to ``CHUNK_STATIONS`` stations at one hour of the week, packed into one value.

A value holds one column of numbers after another, each with a number for every station, in the
order of the stations' numbers in the database.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import add, and_, ge, mul

from nobil_tui.history.occupancy import SECONDS_COLUMNS
from nobil_tui.history.statistics import MIN_WEEK_SECONDS, HourProfile

CHUNK_STATIONS = 1024
"""Stations in one value."""
_COLUMNS = "IIIIIHHHH"
"""The types of the columns: the seconds of ``HourTally`` over all weeks, how many weeks were
observed, and free, and the seconds observed, and with a free connector, in the latest week."""
_STATION_SIZE = 5 * 4 + 4 * 2
_MOST = {"I": 2**32 - 1, "H": 2**16 - 1}


class ProfileChunk:
    """The profiles of several stations at one hour of the week.

    The latest ``week`` is counted once it is over: until then, parts of its hour may still come.
    """

    def __init__(self, week: int = 0, data: bytes = b"") -> None:
        self.week = week
        count, begin = len(data) // _STATION_SIZE, 0
        self._columns: list[array[int]] = []
        for code in _COLUMNS:
            column = array(code)
            column.frombytes(data[begin : begin + count * column.itemsize])
            begin += count * column.itemsize
            if sys.byteorder == "big":
                column.byteswap()
            self._columns.append(column)

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[int]]) -> ProfileChunk:
        """Pack rows of the first version of the tables: a place in the value, the numbers over all
        weeks, the latest week, and the seconds observed and with a free connector in it."""
        stored = list(rows)
        packed = cls(max(row[8] for row in stored))
        packed._grow(1 + max(row[0] for row in stored))
        for index, *totals, week, observed, any_free in stored:
            if week < packed.week:
                enough = observed >= MIN_WEEK_SECONDS
                totals[5] += enough
                totals[6] += enough and 2 * any_free >= observed
                observed = any_free = 0
            for column, number in zip(packed._columns, (*totals, observed, any_free), strict=True):
                column[index] = min(number, _MOST[column.typecode])
        return packed

    def pack(self) -> bytes:
        """Return the value that holds the profiles."""
        columns = self._columns
        if sys.byteorder == "big":
            columns = [array(column.typecode, column) for column in columns]
            for column in columns:
                column.byteswap()
        return b"".join(column.tobytes() for column in columns)

    def add(self, week: int, seconds: Sequence[array[int]]) -> None:
        """Add the seconds of an hour in a week: a column for each number of ``HourTally``."""
        self._grow(len(seconds[0]))
        for index, column in enumerate(seconds):
            self._add(index, column)
        observed, any_free = seconds[:2]
        if week < self.week:
            self._count_weeks(observed, any_free)
            return
        if week > self.week:
            self._count_weeks(self._columns[7], self._columns[8])
            self.week = week
            for index in (7, 8):
                self._columns[index] = array("H", bytes(2 * len(self._columns[index])))
        self._add(7, observed)
        self._add(8, any_free)

    def _count_weeks(self, observed: Sequence[int], any_free: Sequence[int]) -> None:
        if not any(observed):
            return
        enough = list(map(ge, observed, repeat(MIN_WEEK_SECONDS)))
        often = map(ge, map(mul, any_free, repeat(2)), observed)
        self._add(5, enough)
        self._add(6, list(map(and_, enough, often)))

    def _add(self, index: int, more: Sequence[int]) -> None:
        """Add to a column, which may be longer. Numbers stop at their limit."""
        column = self._columns[index]
        code, size = column.typecode, column.itemsize
        try:
            added = array(code, more)
        except OverflowError:
            added = array(code, map(min, more, repeat(_MOST[code])))
        added.frombytes(bytes(size * (len(column) - len(added))))
        fields = column.tobytes(), added.tobytes()
        highest = size - 1 if sys.byteorder == "little" else 0
        if all(each[highest::size].isascii() for each in fields):
            # Below half of the limit each, so as one large integer, no field overflows into the
            # next: one addition for all.
            total = sum(int.from_bytes(each, sys.byteorder) for each in fields)
            self._columns[index] = array(code, total.to_bytes(len(fields[0]), sys.byteorder))
        else:
            sums = map(min, map(add, column, added), repeat(_MOST[code]))
            self._columns[index] = array(code, sums)

    def _grow(self, count: int) -> None:
        more = count - len(self._columns[0])
        if more > 0:
            for column in self._columns:
                column.frombytes(bytes(column.itemsize * more))


class StationColumns:
    """Sums the columns of several parts of an hour, by the numbers of the stations up to
    ``last``."""

    def __init__(self, last: int) -> None:
        self._count = (last // CHUNK_STATIONS + 1) * CHUNK_STATIONS
        empty = bytes(4 * self._count)
        self._columns = [array("I", empty) for _ in range(SECONDS_COLUMNS)]

    def add(self, numbers: Sequence[int], seconds: Sequence[array[int]]) -> None:
        """Add columns of the stations with these numbers."""
        first = numbers[0]
        place = slice(first, first + len(numbers))
        # The usual case: stations are numbered in the order in which they are first observed.
        follow_each_other = list(numbers) == list(range(place.start, place.stop))
        if follow_each_other and not any(self._columns[0][place]):
            for column, more in zip(self._columns, seconds, strict=True):
                column[place] = more
            return
        for column, more in zip(self._columns, seconds, strict=True):
            for number, value in zip(numbers, more, strict=True):
                column[number] += value

    def chunks(self) -> Iterator[tuple[int, list[array[int]]]]:
        """Yield each chunk of stations and its columns, without stations that were not observed
        at its end."""
        for begin in range(0, self._count, CHUNK_STATIONS):
            observed = self._columns[0][begin : begin + CHUNK_STATIONS]
            count = len(observed.tobytes().rstrip(b"\0")) + 3 >> 2
            if count:
                yield (
                    begin // CHUNK_STATIONS,
                    [column[begin : begin + count] for column in self._columns],
                )


def read_profile(data: bytes, index: int) -> HourProfile:
    """Return the profile of one station, by its place in a packed value."""
    count = len(data) // _STATION_SIZE
    if index >= count:
        return HourProfile()
    numbers, begin = list[int](), 0
    for code in _COLUMNS:
        size = struct.calcsize(f"<{code}")
        numbers += struct.unpack_from(f"<{code}", data, begin + index * size)
        begin += count * size
    weeks, weeks_free, observed, any_free = numbers[SECONDS_COLUMNS:]
    enough = observed >= MIN_WEEK_SECONDS
    often = enough and 2 * any_free >= observed
    connectors, free, fault = numbers[2:SECONDS_COLUMNS]
    return HourProfile(
        numbers[0], numbers[1], connectors, free, fault, weeks + enough, weeks_free + often
    )
