"""Describe an alert that fires: title, summary, and the change as a line of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple, assert_never

import msgspec

from nobil_tui.alerts.rules import connector_index, selected, wanted_condition
from nobil_tui.charging.board import Board, Change, Since
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector, Station, Summary
from nobil_tui.config.alert_rules import AlertRule, AlertWhen
from nobil_tui.monitor.batch import BatchEntry
from nobil_tui.search.query import Query
from nobil_tui.search.selection import UnknownConnectors
from nobil_tui.wire.changes import ChangeLine, json_line, line_of

LATE = 60_000
"""If the change is older than this, in ms, the message says when it happened."""
MAX_NAMED_STATIONS = 3
"""How many stations of an area are named."""
_DAY = 20 * 3_600_000


class AlertLine(ChangeLine, frozen=True):
    """An alert that fired: the fields of a change, and its own texts."""

    alert: str
    """The station's name, or the filter of an area."""
    when: str
    summary: str


class Firing(NamedTuple):
    """An alert that fires."""

    rule: AlertRule
    at: int
    """When it fired, in ms."""
    station: str
    """The station of the alert; for an area, one of its stations."""
    title: str
    summary: str
    """What happened, in a sentence."""
    change: Change
    """The change of one connector; ``before`` is None if the change was not received."""
    first: bool = True
    """Whether this instance delivers what only one of all instances delivers."""

    def line(self, register: Register) -> bytes:
        """Return the change as ``tail`` prints it."""
        return json_line(self.change, register)

    def alert_line(self, register: Register) -> bytes:
        """Return the alert and the change as a line of JSON."""
        change = msgspec.structs.asdict(line_of(self.change, register))
        line = AlertLine(**change, alert=self.title, when=str(self.rule.when), summary=self.summary)
        return msgspec.json.encode(line) + b"\n"

    @property
    def values(self) -> Mapping[str, str]:
        """The values for the placeholders in the hook's command."""
        return {
            "name": self.title,
            "summary": self.summary,
            "station": self.station,
            "connector": str(self.change.number),
            "when": str(self.rule.when),
        }


class RuleContext(NamedTuple):
    """The data for the texts of an alert."""

    board: Board
    register: Register
    query: Query
    entries: Iterable[BatchEntry]
    """The changes of the batch that made the alert fire."""
    now: int
    zone: tzinfo | None = None


def make_firing(
    rule: AlertRule, total: Summary, stations: Mapping[str, Summary], context: RuleContext
) -> Firing | None:
    """Describe an alert that saw ``total`` in ``stations``; return None if they are gone."""
    found = _latest(rule, stations, context)
    if found is None:
        return None
    station, index, since = found
    change = _change(station, index, context)
    name = context.register.name(station.id)
    title = name if rule.station or rule.when is not AlertWhen.FREE else rule.filter
    summary = _summary(rule, total, index, _late(since, context))
    if title is not name:
        summary += _names(stations, station.id, context.register)
    return Firing(rule, context.now, station.id, title, summary + ".", change)


def describe(rule: AlertRule, query: Query, station: Station | None) -> str:
    """Return what an alert waits for, as a clause: ``a connector with CCS is free``.

    For an area, its filter is not repeated.
    """
    plugs = f" with {query.plugs.label}" if rule.station and query.plugs else ""
    what = f"a connector{plugs}"
    if rule.connector:
        index = None if station is None else connector_index(rule, station)
        what = f"connector {rule.connector if index is None else index + 1}"
    match rule.when:
        case AlertWhen.FAULT:
            return f"{what} has a fault"
        case AlertWhen.WORKS:
            return f"{what} works again"
        case AlertWhen.FREE if rule.least > 1:
            return f"at least {rule.least} connectors{plugs} are free"
        case AlertWhen.FREE:
            return f"{what} is free"
        case _:
            assert_never(rule.when)


def _latest(
    rule: AlertRule, stations: Mapping[str, Summary], context: RuleContext
) -> tuple[Station, int, Since] | None:
    """Return the connector that was the last to get the condition that the alert waits for."""
    changed = {entry.station for entry in context.entries if isinstance(entry, Change)}
    candidates = [each for each in stations if each in changed] or list(stations)
    best: tuple[Station, int, Since] | None = None
    for station_id in candidates:
        station = context.board.stations.get(station_id)
        if station is None:
            continue
        for index in _wanted(rule, station, context):
            since = context.board.since(station, index, context.now)
            if best is None or since.at > best[2].at:
                best = station, index, since
    return best


def _wanted(rule: AlertRule, station: Station, context: RuleContext) -> list[int]:
    indexes = selected(rule, context.query, station, context.register)
    if isinstance(indexes, UnknownConnectors):
        indexes = range(len(station.connectors))
    connectors = station.connectors
    return [each for each in indexes if wanted_condition(rule.when, connectors[each].condition)]


def _change(station: Station, index: int, context: RuleContext) -> Change:
    for entry in reversed(list(context.entries)):
        if isinstance(entry, Change) and (entry.station, entry.number) == (station.id, index + 1):
            return entry
    after: Connector = station.connectors[index]
    return Change(context.now, station.id, index + 1, None, after, missed=True)


def _summary(rule: AlertRule, total: Summary, index: int, late: str) -> str:
    match rule.when:
        case AlertWhen.FAULT:
            return f"Connector {index + 1} has a fault{late}"
        case AlertWhen.WORKS if rule.connector:
            return f"Connector {index + 1} works again"
        case AlertWhen.WORKS:
            return f"Works again: {total.text} free"
        case AlertWhen.FREE if rule.connector:
            return f"Connector {index + 1} is free{late}"
        case AlertWhen.FREE if not rule.station:
            return f"{total.free} free{late}"
        case AlertWhen.FREE:
            what = f" ({rule.filter})" if rule.filter else ""
            return f"{total.text}{what} free{late}"
        case _:
            assert_never(rule.when)


def _names(stations: Mapping[str, Summary], first: str, register: Register) -> str:
    free = [each for each, summary in stations.items() if summary.free and each != first]
    names = [register.name(each) for each in (first, *free[: MAX_NAMED_STATIONS - 1])]
    more = len(free) - (MAX_NAMED_STATIONS - 1)
    return f": {', '.join(names)}" + (f" and {more} more" if more > 0 else "")


def _late(since: Since, context: RuleContext) -> str:
    """Return since when the alert is on, after a comma; empty if that is recent."""
    if context.now - since.at <= LATE:
        return ""
    time = _clock_text(since.at, context.now, context.zone)
    return f", since at least {time}" if since.at_least else f", since {time}"


def dated(
    values: Mapping[str, str], at: int, now: int, zone: tzinfo | None = None
) -> Mapping[str, str]:
    """Return the values of an alert that fired at ``at`` (ms), and the time unless recent."""
    if now - at <= LATE or "summary" not in values:
        return values
    return {**values, "summary": f"At {_clock_text(at, now, zone)}: {values['summary']}"}


def _clock_text(at: int, now: int, zone: tzinfo | None) -> str:
    form = "%H:%M" if now - at < _DAY else "%Y-%m-%d %H:%M"
    return datetime.fromtimestamp(at / 1000, zone).strftime(form)
