"""The rules of alerts: when one is on, when it fires, and which connectors it counts. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Station, Summary, summarize
from nobil_tui.config.alert_rules import AlertRule, AlertWhen
from nobil_tui.search.query import Query
from nobil_tui.search.selection import UnknownConnectors, count_connectors, select_connectors

FLAP = 60_000
"""An alert that was off for fewer ms does not fire: the connector flaps."""


class Seen(Struct, frozen=True):
    """What an alert last saw. Times in ms."""

    on: bool
    """Whether its condition was met."""
    off_at: int = 0
    """When it last went off; zero if that was never seen."""
    unknown: int = 0
    """How many of its connectors were unknown when the count was last reached."""


def see(rule: AlertRule, summary: Summary, before: Seen | None, now: int) -> Seen | None:
    """Return what an alert sees in the counts of its connectors; None if nothing is known yet.

    A connector that becomes unknown may still have its condition, so that alone does not turn an
    alert off. An alert for "works" waits for the end of a fault: it is on while there is no fault.
    """
    if before is None and summary.unknown == summary.total:
        return None
    count, on_if_reached = _counted(rule.when, summary)
    if count >= rule.least:
        return _seen(on_if_reached, before, now, summary.unknown)
    if before is not None and before.on is on_if_reached:
        became_unknown = max(0, summary.unknown - before.unknown)
        if count + became_unknown >= rule.least:
            return before
    return _seen(not on_if_reached, before, now, 0)


def _counted(when: AlertWhen, summary: Summary) -> tuple[int, bool]:
    """Return the connectors that an alert counts, and whether enough of them turn it on or off."""
    match when:
        case AlertWhen.FREE:
            return summary.free, True
        case AlertWhen.FAULT:
            return summary.faults, True
        case AlertWhen.WORKS:
            return summary.faults, False
        case _:
            assert_never(when)


def _seen(on: bool, before: Seen | None, now: int, unknown: int) -> Seen:
    off_at = 0 if before is None else before.off_at
    if before is not None and before.on and not on:
        off_at = now
    return Seen(on, off_at, unknown)


def fires(before: Seen | None, after: Seen, now: int) -> bool:
    """Return whether an alert fires: it went on, and had not gone off within the last minute."""
    return before is not None and after.on and not before.on and not flaps(before.off_at, now)


def flaps(off_at: int, now: int) -> bool:
    """Return whether an alert that went off at ``off_at`` is on again too soon to fire."""
    # After the clock was set back, a time in the future means nothing.
    return 0 <= now - off_at < FLAP


def armed(rule: AlertRule, summary: Summary, now: int) -> Seen | None:
    """Return the state of an alert when the user arms it: unknown counts as not met."""
    seen = see(rule, summary, None, now)
    if seen is None and rule.when is not AlertWhen.WORKS:
        return Seen(on=False)
    return seen


def connector_index(rule: AlertRule, station: Station) -> int | None:
    """Return the index of the connector of an alert; None if the station lacks it."""
    uids = station.evse_uids
    if rule.connector in uids:
        return uids.index(rule.connector)
    if rule.connector.isascii() and rule.connector.isdecimal():
        index = int(rule.connector) - 1
        if 0 <= index < len(station.connectors):
            return index
    return None


def selected(
    rule: AlertRule, query: Query, station: Station, register: Register
) -> Sequence[int] | UnknownConnectors:
    """Return the connectors of a station that an alert counts."""
    if rule.connector:
        index = connector_index(rule, station)
        return () if index is None else (index,)
    if not query.plugs:
        return range(len(station.connectors))
    facts = register.facts(station.id)
    return select_connectors(station, facts, query.plugs.match(facts.plugs))


def count(rule: AlertRule, query: Query, station: Station, register: Register) -> Summary:
    """Count the connectors of a station that an alert counts, by condition."""
    if rule.connector:
        index = connector_index(rule, station)
        return summarize([] if index is None else [station.connectors[index]])
    return count_connectors(station, selected(rule, query, station, register))


def wanted_condition(when: AlertWhen, condition: Condition) -> bool:
    """Return whether an alert for ``when`` waits for ``condition``."""
    match when:
        case AlertWhen.FREE:
            return condition is Condition.FREE
        case AlertWhen.FAULT:
            return condition is Condition.FAULT
        case AlertWhen.WORKS:
            return condition is Condition.FREE or condition.in_use
        case _:
            assert_never(when)
