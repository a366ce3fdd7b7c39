"""A made-up history of four weeks for stations of the simulation. It is computed and never
stored."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from nobil_tui.charging.conditions import Condition, condition_of
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.charging.station import Connector
from nobil_tui.feeds.simulation.lives import ConnectorLives, SimulatedConnector
from nobil_tui.feeds.simulation.model import POPULARITY
from nobil_tui.feeds.simulation.rhythm import utc_offset
from nobil_tui.feeds.simulation.sites import SiteKind, habit_of
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.listening import Interval, Listening
from nobil_tui.history.statistics import ChangeRow, ConnectorHistory, StationHistory, profile_of
from nobil_tui.history.tally import FREE

WEEKS = 4
_DAY = 24 * 3_600_000
LENGTH = WEEKS * 7 * _DAY
"""The length of the history in ms."""
_OCCUPIED = Condition.OCCUPIED.code
_BEFORE = 45 * 60_000
"""The length in ms of the condition before the present one, if the made-up history does not lead to
it."""


def simulate_history(
    station: str, connectors: Sequence[Connector], facts: Facts, now: int, hours: LocalHours
) -> StationHistory:
    """Make up four weeks of history that lead to the present conditions of a station's connectors.

    The same station and day give the same history.
    """
    # Start at midnight, so that a later call returns the same past.
    began = (now - LENGTH) // _DAY * _DAY + _DAY
    rng = random.Random(f"{station} {began}")
    lives = ConnectorLives(rng, utc_offset(now))
    popularity = math.exp(POPULARITY * rng.gauss(0.0, 1.0))
    kind = SiteKind.STREET if len(connectors) <= 2 else SiteKind.VISIT
    history = StationHistory(station)
    for index, connector in enumerate(connectors):
        plug = facts.plugs[index] if index < len(facts.plugs) else Plug("Type 2", 22.0)
        habit = habit_of(kind, plug)
        simulated = SimulatedConnector(0, index, habit, habit.per_day * popularity / 24, False)
        rows = _live(simulated, lives, began, now)
        history.connectors.append(
            ConnectorHistory(str(index), index + 1, _led_to(rows, connector, began, now))
        )
    history.listening = Listening([Interval(began // 1000, now // 1000, began // 1000)])
    history.profile = profile_of(history, hours, now)
    return history


def _live(
    connector: SimulatedConnector, lives: ConnectorLives, began: int, now: int
) -> list[ChangeRow]:
    following = lives.begin(connector, float(began))
    rows = [ChangeRow(began, _code(connector.status, connector.error))]
    while following < now:
        at = following
        following = lives.step(connector, at)
        rows.append(ChangeRow(int(at), _code(connector.status, connector.error)))
    return rows


def _led_to(rows: list[ChangeRow], connector: Connector, began: int, now: int) -> list[ChangeRow]:
    """End the rows with the present condition of a connector, since its last change."""
    code = connector.condition.code
    since = connector.timestamp if began < connector.timestamp <= now else began
    kept = [row for row in rows if row.at < since]
    while kept and kept[-1].code == code:
        last = kept.pop()
        if not kept or kept[-1].code != code:
            between = max(last.at, since - _BEFORE)
            kept += [last] if last.at < between else []
            kept.append(ChangeRow(between, _OCCUPIED if code == FREE else FREE))
    return [*kept, ChangeRow(since, code)]


def _code(status: int, error: int) -> int:
    return condition_of(status, error).code
