"""The statistics of a station as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from nobil_tui.base.clock import iso
from nobil_tui.base.text import safe_text
from nobil_tui.charging.register import Register
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.statistics import (
    HourProfile,
    Profile,
    StationHistory,
    Statistics,
)

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def usual_text(hour: HourProfile) -> str:
    """Return how often a connector is free at an hour of the week; empty if too little was
    observed."""
    if not hour.weeks:
        return ""
    weeks = f"{hour.weeks_free} of {hour.weeks} week{'' if hour.weeks == 1 else 's'}"
    if 2 * hour.weeks_free < hour.weeks:
        return f"Usually busy at this hour: free in {weeks}"
    usually = "Usually" if 2 * hour.weeks_free > hour.weeks else "Sometimes"
    return f"{usually} free at this hour: {weeks}"


def observed_text(statistics: Statistics) -> str:
    """Return for how many weeks a station was observed; before a week counts, for how long."""
    if not statistics.weeks:
        return f"{duration_text(sum(hour.observed for hour in statistics.profile))} observed"
    return f"{statistics.weeks} week{'' if statistics.weeks == 1 else 's'} observed"


def duration_text(seconds: int) -> str:
    """Return a duration such as ``42 min`` or ``1 h 05 min``."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min" if minutes or not seconds else f"{seconds} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


def size_text(size: int) -> str:
    """Return a size in bytes such as ``12.3 MB``."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def share_text(share: float) -> str:
    """Return a share such as ``3.1 %``."""
    return f"{share * 100:.{0 if share >= 0.1 or not share else 1}f} %"


def session_text(statistics: Statistics) -> str:
    """Return the median and 90th percentile of a session; empty without one."""
    median, long = statistics.median_session, statistics.long_session
    if median is None or long is None:
        return ""
    count = f"{statistics.sessions:,} session{'' if statistics.sessions == 1 else 's'}"
    return f"median {duration_text(median)}, 90 % within {duration_text(long)} ({count})"


def summary_text(
    history: StationHistory,
    statistics: Statistics,
    register: Register,
    hours: LocalHours,
    now: int,
) -> str:
    """Return the summary of a station for a terminal, at ``now`` (ms)."""
    facts = register.facts(history.station)
    name = safe_text(", ".join(filter(None, (facts.name, facts.place))))
    lines = [f"{history.station}  {name}".rstrip(), *_lines(history, statistics, hours, now)]
    credit = register.credit_of(history.station)
    return "\n".join([*lines, f"Names: {credit}"] if name and credit else lines)


def _lines(
    history: StationHistory, statistics: Statistics, hours: LocalHours, now: int
) -> Iterator[str]:
    yield observed_text(statistics)
    if usual := usual_text(statistics.profile[hours.at(now // 1000).hour]):
        yield usual
    yield "Session: " + (session_text(statistics) or "no whole session recorded")
    if statistics.fault_share is not None:
        fault = f"Fault: {share_text(statistics.fault_share)} of the time"
        if statistics.fault is not None:
            number, began = statistics.fault
            fault += f"; connector {number} since {local_time(began)}"
        yield fault
    yield ""
    yield "Time with a free connector, in tenths (F: all of it, .: too little observed)"
    yield "     " + "".join(f"{hour:<3}" for hour in range(0, 24, 3))
    for weekday, name in enumerate(WEEKDAYS):
        yield f"{name}  {''.join(map(_tenth, _day(statistics.profile, weekday)))}"
    if statistics.changes:
        yield ""
        yield "Last changes"
    for change in statistics.changes:
        before = change.before.label if change.before is not None else ""
        yield f"{local_time(change.at)}  connector {change.number}: {before} > {change.after.label}"
    if history.size:
        yield ""
        yield f"History on disk: {size_text(history.size)}"


def local_time(at: int) -> str:
    """Return a time in ms as local date and time."""
    return datetime.fromtimestamp(at / 1000).strftime("%Y-%m-%d %H:%M")


def _day(profile: Profile, weekday: int) -> Profile:
    return profile[weekday * 24 : weekday * 24 + 24]


def _tenth(hour: HourProfile) -> str:
    share = hour.share_free
    if share is None:
        return "."
    return "F" if share >= 0.995 else str(int(share * 10))


def summary_data(
    history: StationHistory, statistics: Statistics, register: Register
) -> dict[str, Any]:
    """Return the summary of a station for JSON. Durations are in seconds, times in ISO 8601."""
    name = register.facts(history.station).name or None
    return {
        "station": history.station,
        "name": name,
        "weeks_observed": statistics.weeks,
        "sessions": statistics.sessions,
        "median_session": statistics.median_session,
        "session_90th_percentile": statistics.long_session,
        "fault_share": statistics.fault_share,
        "longest_current_fault": None
        if statistics.fault is None
        else {"connector": statistics.fault[0], "since": iso(statistics.fault[1])},
        "hours_of_week": [
            {
                "weekday": WEEKDAYS[number // 24],
                "hour": number % 24,
                "observed_seconds": hour.observed,
                "free_seconds": hour.any_free,
                "connector_seconds": hour.connectors,
                "connector_seconds_free": hour.free,
                "connector_seconds_fault": hour.fault,
                "weeks": hour.weeks,
                "weeks_free": hour.weeks_free,
            }
            for number, hour in enumerate(statistics.profile)
            if hour.observed
        ],
        "changes": [
            {
                "time": iso(change.at),
                "connector": change.number,
                "before": change.before.label if change.before is not None else None,
                "after": change.after.label,
            }
            for change in statistics.changes
        ],
        "size": history.size,
        "credit": (register.credit_of(history.station) or None) if name else None,
    }
