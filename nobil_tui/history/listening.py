"""The intervals of listening to a source. Times are whole seconds since the epoch.

A condition holds from its report until the next one, within one *period*: a chain of intervals with
gaps of at most two minutes. In such a short gap hardly any connector changes, and the next report
corrects it. After a longer gap nothing is known about a connector until it is reported again. Time
in gaps is never counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nobil_tui.charging.freshness import SLIGHT

MAX_LISTENING_GAP = SLIGHT
"""The longest gap within a period, in ms."""


class Interval(NamedTuple):
    """An interval of listening without a gap."""

    began: int
    ended: int
    period: int
    """When its period began: only connectors reported since then are known in this interval."""


class Listening:
    """Intervals of listening in their order, none of which overlap."""

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self._intervals: list[Interval] = sorted(intervals)
        self._begins = [interval.began for interval in self._intervals]
        """The begin of each interval, to search in."""

    def __iter__(self) -> Iterator[Interval]:
        return iter(self._intervals)

    def __bool__(self) -> bool:
        return bool(self._intervals)

    @property
    def last(self) -> Interval | None:
        """The latest interval."""
        return self._intervals[-1] if self._intervals else None

    def begin(self, at: int, max_gap: int = MAX_LISTENING_GAP // 1000) -> Interval:
        """Begin an interval. It belongs to the last period if the gap has at most ``max_gap``
        seconds, else to a new one."""
        last = self.last
        period = last.period if last is not None and 0 <= at - last.ended <= max_gap else at
        interval = Interval(at, at, period)
        self._intervals.append(interval)
        self._begins.append(interval.began)
        return interval

    def extend(self, at: int) -> Interval | None:
        """Extend the latest interval to a time, if it ends before it; return it."""
        last = self.last
        if last is not None and last.ended < at:
            last = self._intervals[-1] = last._replace(ended=at)
        return last

    def forget(self, before: int) -> None:
        """Drop intervals that ended before a time, except the latest one."""
        keep = bisect_left(self._intervals, before, key=lambda interval: interval.ended)
        keep = min(keep, len(self._intervals) - 1)
        del self._intervals[:keep], self._begins[:keep]

    def between(self, began: int, ended: int) -> Iterator[Interval]:
        """Yield the intervals that touch a time span, which may be empty, cut to it."""
        intervals = self._intervals
        index = bisect_right(self._begins, began) - 1
        if index < 0 or intervals[index].ended < began:
            index += 1
        while index < len(intervals) and intervals[index].began <= ended:
            found = intervals[index]
            if found.began >= began and found.ended <= ended:
                yield found
            else:
                yield Interval(max(began, found.began), min(ended, found.ended), found.period)
            index += 1

    def period_end(self, at: int) -> int:
        """Return the end of the period that a time is in; in a longer gap, the time itself."""
        index, intervals, end = bisect_right(self._begins, at) - 1, self._intervals, at
        if index >= 0 and intervals[index].ended >= at:
            # The next period begins later than this interval, so none in between has another one.
            following = index + 1
            while following < len(intervals) and intervals[following].period <= at:
                following += 1
            end = max(at, intervals[following - 1].ended)
        return end

    def uncovered(self, interval: Interval) -> list[Interval]:
        """Return the parts of an interval that these do not cover.

        In a part that begins later than the interval, only connectors reported within it are known.
        """
        parts = []
        began = interval.began
        for covered in self.between(interval.began, interval.ended):
            if covered.began > began:
                parts.append(_part(interval, began, covered.began))
            began = max(began, covered.ended)
        if began < interval.ended:
            parts.append(_part(interval, began, interval.ended))
        return parts


def _part(interval: Interval, began: int, ended: int) -> Interval:
    return Interval(began, ended, interval.period if began == interval.began else began)
