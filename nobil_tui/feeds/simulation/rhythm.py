"""When drivers arrive, by hour and day of the week, in the local time of both countries."""

from __future__ import annotations

from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import accumulate

HOUR = 3_600_000.0
"""Milliseconds."""
WEEK = 168
"""Hours."""

# The epoch was a Thursday; the week of a rhythm begins on Monday.
_EPOCH_IN_WEEK = 72


class Rhythm:
    """The distribution of arrivals over a week: 24 hourly weights each for weekdays, Saturday and
    Sunday.

    Only their ratios matter: they are normalised to an average of one over the week.
    """

    def __init__(self, weekday: str, saturday: str, sunday: str) -> None:
        days = [
            [float(weight) for weight in day.split()] for day in (*[weekday] * 5, saturday, sunday)
        ]
        weights = [weight for day in days for weight in day]
        if len(weights) != WEEK or min(weights) <= 0:
            raise ValueError("a rhythm is 24 weights above zero for each day")
        mean = sum(weights) / WEEK
        self._weights = [weight / mean for weight in weights]
        self._sums = [0.0, *accumulate(self._weights)]
        # Exact, so that the remainder of a week always falls into one of its hours.
        self._sums[WEEK] = float(WEEK)

    def after(self, time: float, hours: float, offset: int) -> float:
        """Return when as many arrivals are expected since ``time`` as on average in ``hours``.

        Times in ms since the epoch; local time is ``offset`` hours ahead of UTC.
        """
        local = time / HOUR + offset + _EPOCH_IN_WEEK
        position = local % WEEK
        hour = int(position)
        weeks, rest = divmod(
            self._sums[hour] + (position - hour) * self._weights[hour] + hours, WEEK
        )
        hour = bisect(self._sums, rest) - 1
        then = hour + (rest - self._sums[hour]) / self._weights[hour]
        return max(time, time + (then - position + weeks * WEEK) * HOUR)


def utc_offset(time: float) -> int:
    """Return how many hours Norway and Sweden are ahead of UTC at ``time`` (ms since the epoch): 1,
    or 2 in summer.

    By the European Union's rule since 1996, so that no time zone database is needed.
    """
    now = datetime.fromtimestamp(time / 1000, UTC)
    return 2 if _last_sunday(now.year, 3) <= now < _last_sunday(now.year, 10) else 1


def _last_sunday(year: int, month: int) -> datetime:
    """Return when the clocks change: 01:00 UTC on the last Sunday of a month with 31 days."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


ROAD = Rhythm(
    # 0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15  16  17  18  19  20  21  22  23
    "0.3 0.2 0.2 0.2 0.2 0.3 0.5 0.7 0.9 1.0 1.2 1.3 1.4 1.3 1.4 1.6 1.7 1.5 1.2 1.0 0.8 0.6 "
    "0.4 0.2",
    "0.3 0.2 0.2 0.2 0.2 0.2 0.3 0.4 0.7 1.1 1.5 1.8 1.9 1.8 1.6 1.5 1.3 1.1 0.9 0.7 0.6 0.4 "
    "0.3 0.2",
    "0.3 0.2 0.2 0.2 0.2 0.2 0.3 0.3 0.5 0.8 1.2 1.5 1.8 2.0 2.2 2.3 2.2 1.9 1.6 1.2 0.9 0.6 "
    "0.3 0.2",
)
STREET = Rhythm(
    "0.2 0.1 0.1 0.1 0.1 0.2 0.4 0.9 1.2 1.2 1.1 1.1 1.1 1.0 1.1 1.5 2.1 2.2 1.9 1.6 1.3 1.0 "
    "0.7 0.4",
    "0.3 0.2 0.1 0.1 0.1 0.1 0.2 0.4 0.7 1.1 1.4 1.5 1.5 1.4 1.3 1.4 1.5 1.5 1.4 1.2 1.0 0.8 "
    "0.6 0.5",
    "0.3 0.2 0.1 0.1 0.1 0.1 0.1 0.3 0.5 0.8 1.1 1.3 1.4 1.3 1.3 1.4 1.6 1.8 1.8 1.5 1.2 0.9 "
    "0.6 0.4",
)
WORK = Rhythm(
    "0.1 0.1 0.1 0.1 0.1 0.3 1.4 4.0 4.4 2.6 1.4 1.0 1.0 0.9 0.6 0.5 0.4 0.3 0.3 0.2 0.2 0.1 "
    "0.1 0.1",
    "0.1 0.1 0.1 0.1 0.1 0.1 0.2 0.3 0.5 0.6 0.6 0.6 0.5 0.4 0.4 0.3 0.3 0.2 0.2 0.2 0.1 0.1 "
    "0.1 0.1",
    "0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.2 0.3 0.4 0.5 0.5 0.5 0.4 0.4 0.3 0.3 0.2 0.2 0.2 0.1 0.1 "
    "0.1 0.1",
)
VISIT = Rhythm(
    "0.1 0.1 0.1 0.1 0.1 0.1 0.2 0.5 0.9 1.3 1.5 1.5 1.5 1.4 1.4 1.6 2.0 2.1 1.8 1.2 0.7 0.4 "
    "0.2 0.1",
    "0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.3 0.7 1.4 2.2 2.8 3.0 2.9 2.5 2.0 1.5 1.2 0.9 0.7 0.5 0.3 "
    "0.2 0.1",
    "0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.2 0.3 0.6 1.0 1.3 1.5 1.5 1.4 1.3 1.1 0.9 0.8 0.6 0.5 0.3 "
    "0.2 0.1",
)
