"""Times as text: short ages, and clock times in the user's time zone."""

from __future__ import annotations

from datetime import datetime, tzinfo

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_LONG_AGO = 10_000 * _DAY


def age_text(milliseconds: int) -> str:
    """Return an age as ``now``, ``12 s``, ``2 min``, ``5 h`` or ``3 d``; a negative age is
    ``now``."""
    seconds = milliseconds // 1000
    if seconds < 1:
        return "now"
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} d" if seconds < _LONG_AGO else "long"


def age_text_lasts(milliseconds: int) -> int:
    """Return for how many ms an age keeps its text."""
    if milliseconds < 1000:
        return 1000 - milliseconds
    seconds = milliseconds // 1000
    step = (
        1
        if seconds < _MINUTE
        else _MINUTE
        if seconds < _HOUR
        else _HOUR
        if seconds < 2 * _DAY
        else _DAY
    )
    return step * 1000 - milliseconds % (step * 1000)


def clock_text(at: int, zone: tzinfo | None) -> str:
    """Return a time (ms) as ``14:07:31`` in a time zone; None is the local one."""
    return _local(at, zone).strftime("%H:%M:%S")


def datetime_text(at: int, zone: tzinfo | None) -> str:
    """Return a time (ms) as ``2026-03-23 14:07:31`` in a time zone; None is the local one."""
    return _local(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def since_text(at: int, now: int, zone: tzinfo | None) -> str:
    """Return a past time (ms) as ``14:02``, ``Thu 14:02``, ``12 Mar`` or ``12 Mar 2013``.

    The form depends on whether it is today, in the last week, or this year.
    """
    when, today = _local(at, zone), _local(now, zone)
    if when.date() == today.date():
        return when.strftime("%H:%M")
    if 0 <= (today.date() - when.date()).days < 7:
        return f"{_DAYS[when.weekday()]} {when:%H:%M}"
    day = f"{when.day} {_MONTHS[when.month - 1]}"
    return day if when.year == today.year else f"{day} {when.year}"


# Not from the locale: the interface is English, and snapshots must not depend on the machine.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LATEST = 253_402_214_400
"""Seconds since the epoch; ``datetime`` ends a day later, at the end of the year 9999."""


def _local(at: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(min(max(at / 1000, 0), _LATEST), zone)
