"""Hours of the week in local time. Times are whole seconds since the epoch."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

HOURS_OF_WEEK = 168
"""Hours of a week, from Monday 00:00."""
_QUARTER = 900
"""Seconds: every UTC offset in use is a multiple of it, so an hour of local time begins at one."""
_MAX_CACHED = 100_000
"""Quarters of an hour that are cached: almost three years of them."""


class LocalHour(NamedTuple):
    """One hour of local time."""

    began: int
    ended: int
    week: int
    """The number of the week, counted from Monday, 1 January of the year 1."""
    hour: int
    """The hour of the week, from 0 (Monday 00:00) to 167."""


class LocalHours:
    """The calendar of a time zone; None for the zone of the machine.

    When clocks go back, two hours in a row have the same week and hour of the week.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._cache: dict[int, LocalHour] = {}

    def at(self, seconds: int) -> LocalHour:
        """Return the hour that holds a time."""
        quarter = seconds // _QUARTER
        found = self._cache.get(quarter)
        if found is None:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            found = self._cache[quarter] = self._find(seconds)
        return found

    def _find(self, seconds: int) -> LocalHour:
        local = datetime.fromtimestamp(seconds, self._zone)
        began = seconds - 60 * local.minute - local.second
        week, weekday = divmod(local.toordinal() - 1, 7)
        return LocalHour(began, began + 3600, week, weekday * 24 + local.hour)
