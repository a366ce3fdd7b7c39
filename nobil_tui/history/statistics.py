"""Statistics of one station's history. No I/O; times are in ms, durations in seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from heapq import merge
from typing import NamedTuple

from msgspec import Struct, field

from nobil_tui.charging.conditions import Condition
from nobil_tui.history.hours import HOURS_OF_WEEK, LocalHours
from nobil_tui.history.listening import Listening
from nobil_tui.history.tally import CONDITIONS, FAULT, NOT_OBSERVED, HourTally, StationTally

MIN_WEEK_SECONDS = 900
"""Seconds of an hour that must be observed for the week to count."""
MIN_CELL_SECONDS = 1800
"""Seconds of an hour of the week that must be observed for its cell to be shown."""
LAST_CHANGES = 10
"""Changes of a station that its summary lists."""
_OCCUPIED = Condition.OCCUPIED.code


class HourProfile(Struct, frozen=True):
    """An hour of the week, over all weeks. The seconds are those of ``HourTally``."""

    observed: int = 0
    any_free: int = 0
    connectors: int = 0
    free: int = 0
    fault: int = 0
    weeks: int = 0
    """Weeks in which the hour was observed for at least ``MIN_WEEK_SECONDS``."""
    weeks_free: int = 0
    """Those of them in which a connector was free for at least half of the observed time."""

    @property
    def share_free(self) -> float | None:
        """The share of the observed time with a free connector; None if too little was observed."""
        return self.any_free / self.observed if self.observed >= MIN_CELL_SECONDS else None


Profile = Sequence[HourProfile]
"""The hours of the week, from Monday 00:00."""
EMPTY_PROFILE: Profile = (HourProfile(),) * HOURS_OF_WEEK


class ChangeRow(NamedTuple):
    """A condition of a connector from ``at`` (ms) on, by its code."""

    at: int
    code: int


class ConnectorHistory(Struct):
    """The stored changes of one connector, in their order."""

    uid: str
    number: int
    rows: list[ChangeRow] = field(default_factory=list)


class StationHistory(Struct):
    """The stored history of one station."""

    station: str
    connectors: list[ConnectorHistory] = field(default_factory=list)
    """Empty if its changes are not recorded."""
    listening: Listening = field(default_factory=Listening)
    profile: Profile = EMPTY_PROFILE
    size: int = 0
    """The size of the whole database in bytes; zero for a history that is not stored."""


class TimeSpan(NamedTuple):
    """A condition that a connector is known to have had, in whole seconds."""

    began: int
    ended: int
    code: int


class ChargingSession(NamedTuple):
    """A charging session whose begin and end were observed, in seconds."""

    began: int
    seconds: int


class PastChange(NamedTuple):
    """A change of condition, for a list of the last ones."""

    at: int
    number: int
    before: Condition | None
    after: Condition


class Statistics(NamedTuple):
    """Statistics of a station's history."""

    profile: Profile
    weeks: int
    """The most weeks in which any hour of the week was observed."""
    sessions: int
    median_session: int | None
    """In seconds; None without a session."""
    long_session: int | None
    """The 90th percentile of a session, in seconds; None without a session."""
    fault_share: float | None
    """The share of the observed connector time in fault; None if nothing was observed."""
    fault: tuple[int, int] | None
    """The connector's number and begin (ms) of the longest current fault; None if there is none."""
    changes: list[PastChange]
    """The last changes, latest first."""


def summarize_history(history: StationHistory) -> Statistics:
    """Return the statistics of all connectors."""
    durations = sorted(
        session.seconds
        for connector in history.connectors
        for session in sessions(connector.rows, history.listening)
    )
    observed = sum(hour.connectors for hour in history.profile)
    return Statistics(
        history.profile,
        weeks_observed(history.profile),
        len(durations),
        percentile(durations, 0.5),
        percentile(durations, 0.9),
        sum(hour.fault for hour in history.profile) / observed if observed else None,
        longest_fault(history.connectors, history.listening),
        last_changes(history.connectors, LAST_CHANGES),
    )


def weeks_observed(profile: Profile) -> int:
    """Return the most weeks in which any hour of the week was observed."""
    return max(hour.weeks for hour in profile)


def percentile(ordered: Sequence[int], share: float) -> int | None:
    """Return the smallest value that at least ``share`` of the values do not exceed; None without
    values."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def profile_of(
    history: StationHistory,
    hours: LocalHours,
    now: int,
    *,
    since: int = 0,
    uids: Collection[str] | None = None,
) -> Profile:
    """Compute the profile from the stored changes of some connectors, None for all; see
    ``tallies``."""
    sums = [[0] * 5 for _ in range(HOURS_OF_WEEK)]
    weeks: dict[tuple[int, int], list[int]] = {}
    for tally in tallies(history, hours, now, since=since, uids=uids):
        total = sums[tally.hour]
        for place, seconds in enumerate(tally[2:]):
            total[place] += seconds
        week = weeks.setdefault((tally.week, tally.hour), [0, 0])
        week[0] += tally.observed
        week[1] += tally.any_free
    counts = [[0, 0] for _ in range(HOURS_OF_WEEK)]
    for (_, hour), (observed, free) in weeks.items():
        if observed >= MIN_WEEK_SECONDS:
            counts[hour][0] += 1
            counts[hour][1] += 2 * free >= observed
    return [HourProfile(*total, *count) for total, count in zip(sums, counts, strict=True)]


def tallies(
    history: StationHistory,
    hours: LocalHours,
    now: int,
    *,
    since: int = 0,
    uids: Collection[str] | None = None,
) -> list[HourTally]:
    """Count the occupancy of every hour from ``since`` to ``now`` from the stored changes."""
    wanted = [each for each in history.connectors if uids is None or each.uid in uids]
    rows = merge(
        *([(row.at, index, row.code) for row in each.rows] for index, each in enumerate(wanted))
    )
    listening, done = history.listening, list[HourTally]()
    begin = since // 1000
    tally = StationTally(since=begin)
    for interval in listening.between(begin, now // 1000):
        # Conditions reported earlier in the same period are known at the start.
        tally.period = interval.period
        break
    for at, index, code in rows:
        if at // 1000 < begin:
            if at // 1000 >= tally.period:
                tally.set(index, code)
            continue
        if at > now:
            break
        tally.advance(at // 1000, listening, hours, done)
        tally.set(index, code)
    tally.advance(now // 1000, listening, hours, done)
    tally.take(done)
    return done


def spans(
    rows: Sequence[ChangeRow], listening: Listening, began: int, ended: int
) -> Iterator[TimeSpan]:
    """Yield the known conditions of a connector between two times in seconds, in their order."""
    for row, following in zip(
        rows, [*rows[1:], ChangeRow(ended * 1000, NOT_OBSERVED)], strict=True
    ):
        at, until = row.at // 1000, min(following.at // 1000, ended)
        if row.code == NOT_OBSERVED or until <= began or at >= until:
            continue
        for interval in listening.between(max(at, began), until):
            if interval.period > at:
                break
            if interval.ended > interval.began:
                yield TimeSpan(interval.began, interval.ended, row.code)


def sessions(rows: Sequence[ChangeRow], listening: Listening) -> Iterator[ChargingSession]:
    """Yield the charging sessions whose begin and end were observed.

    Both have to be changes within one period: a connector that was occupied at its first report
    had been for an unknown time.
    """
    began: int | None = None
    before = NOT_OBSERVED
    period_end = 0
    for row in rows:
        at = row.at // 1000
        if at > period_end:
            # Another period, or the first one: it does not continue the condition before.
            period_end = listening.period_end(at)
            began, before = None, NOT_OBSERVED
        if row.code == _OCCUPIED and before not in (NOT_OBSERVED, _OCCUPIED):
            began = at
        elif row.code != _OCCUPIED:
            if began is not None and row.code != NOT_OBSERVED:
                yield ChargingSession(began, at - began)
            began = None
        before = row.code


def longest_fault(
    connectors: Sequence[ConnectorHistory], listening: Listening
) -> tuple[int, int] | None:
    """Return the number and begin (ms) of the fault that has lasted longest; None if there is none
    now: in the last period, a fault was reported and not its end."""
    faults = []
    last = listening.last
    for connector in connectors:
        if last is None or connector.rows[-1].at // 1000 < last.period:
            continue
        began = None
        for row in reversed(connector.rows):
            if row.code != FAULT:
                break
            began = row.at
        if began is not None:
            faults.append((began, connector.number))
    if not faults:
        return None
    began, number = min(faults)
    return number, began


def last_changes(connectors: Sequence[ConnectorHistory], most: int) -> list[PastChange]:
    """Return the last changes of condition, latest first."""
    found = []
    for connector in connectors:
        own = 0
        for row, before in zip(
            reversed(connector.rows), [*reversed(connector.rows[:-1]), None], strict=True
        ):
            if own >= most:
                break
            after = CONDITIONS.get(row.code)
            earlier = CONDITIONS.get(before.code) if before is not None else None
            if after is not None and earlier is not None and after is not earlier:
                found.append(PastChange(row.at, connector.number, earlier, after))
                own += 1
    return sorted(found, key=lambda change: (-change.at, change.number))[:most]


def strip(
    rows: Sequence[ChangeRow], listening: Listening, began: int, ended: int, cells: int
) -> list[Condition | None]:
    """Divide a time span (ms) into cells: the condition that lasted longest in each, None for a
    gap."""
    begin, end = began // 1000, ended // 1000
    width = max(1, end - begin) / cells
    totals: list[dict[int, float]] = [{} for _ in range(cells)]
    for span in spans(rows, listening, begin, end):
        cell = min(cells - 1, int((span.began - begin) / width))
        last = min(cells - 1, int((span.ended - begin) / width))
        while cell <= last:
            seconds = min(span.ended, begin + (cell + 1) * width) - max(
                span.began, begin + cell * width
            )
            if seconds > 0:
                totals[cell][span.code] = totals[cell].get(span.code, 0.0) + seconds
            cell += 1
    return [
        CONDITIONS[max(total, key=lambda code: (total[code], -code))] if total else None
        for total in totals
    ]
