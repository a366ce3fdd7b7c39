"""The occupancy of a station, hour by hour. Times are whole seconds since the epoch.

The same code counts live and over stored changes, so that both agree to the second.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from nobil_tui.charging.conditions import Condition
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.listening import Listening

NOT_OBSERVED = 255
"""The code of a connector that is not observed now."""
CONDITIONS: dict[int, Condition] = {condition.code: condition for condition in Condition}
"""The condition that a stored code means; ``NOT_OBSERVED`` means none."""
IS_OBSERVED = bytes(
    code in CONDITIONS and CONDITIONS[code].counted and CONDITIONS[code] is not Condition.UNKNOWN
    for code in range(NOT_OBSERVED + 1)
)
"""For each code, whether the condition is known and counts."""
FREE, FAULT = Condition.FREE.code, Condition.FAULT.code


class HourTally(NamedTuple):
    """Seconds of one hour, or a part of it."""

    week: int
    hour: int
    """The hour of the week; see ``LocalHour``."""
    observed: int
    """Seconds in which at least one connector was observed: its condition known, and in service."""
    any_free: int
    """Seconds with at least one free connector."""
    connectors: int
    """Connector-seconds observed."""
    free: int
    """Connector-seconds free."""
    fault: int
    """Connector-seconds in fault."""


class StationTally(Struct, gc=False):
    """The conditions of a station's connectors, and the seconds of the current hour so far."""

    since: int = 0
    """The time up to which seconds are counted."""
    period: int = 0
    """The period of listening that the conditions belong to."""
    codes: bytearray = bytearray()
    connectors: int = 0
    """How many connectors are observed."""
    free: int = 0
    fault: int = 0
    week: int = 0
    hour: int = -1
    observed_seconds: int = 0
    any_free_seconds: int = 0
    connector_seconds: int = 0
    free_seconds: int = 0
    fault_seconds: int = 0

    def set(self, index: int, code: int) -> None:
        """Set the condition of a connector; ``advance`` to the time of the report before."""
        codes = self.codes
        if index >= len(codes):
            codes = self.codes = codes + bytes([NOT_OBSERVED]) * (index + 1 - len(codes))
        before = codes[index]
        codes[index] = code
        self.connectors += IS_OBSERVED[code] - IS_OBSERVED[before]
        self.free += (code == FREE) - (before == FREE)
        self.fault += (code == FAULT) - (before == FAULT)

    def code(self, index: int) -> int:
        """Return the code of a connector."""
        return self.codes[index] if index < len(self.codes) else NOT_OBSERVED

    def reset(self) -> None:
        """Forget the conditions: no connector is observed until it is reported again."""
        self.codes = bytearray(b"\xff" * len(self.codes))
        self.connectors = self.free = self.fault = 0

    def advance(
        self, to: int, listening: Listening, hours: LocalHours, done: list[HourTally]
    ) -> None:
        """Count the time up to ``to``; append each completed hour to ``done``."""
        since, last = self.since, listening.last
        if to < since:
            return
        if last is not None and last.began <= since and last.period == self.period:
            # Almost always: the link has been live all the time.
            if self.connectors:
                self._count(since, min(to, last.ended), hours, done)
            self.since = to
            return
        for began, ended, period in listening.between(self.since, to):
            if period > self.period:
                self.period = period
                self.reset()
            if self.connectors:
                self._count(began, ended, hours, done)
        self.since = to

    def take(self, done: list[HourTally]) -> None:
        """Append the counts of the current hour, if there are any, and begin at zero."""
        if self.observed_seconds:
            done.append(
                HourTally(
                    self.week,
                    self.hour,
                    self.observed_seconds,
                    self.any_free_seconds,
                    self.connector_seconds,
                    self.free_seconds,
                    self.fault_seconds,
                )
            )
            self.observed_seconds = self.any_free_seconds = 0
            self.connector_seconds = self.free_seconds = self.fault_seconds = 0

    def _count(self, began: int, ended: int, hours: LocalHours, done: list[HourTally]) -> None:
        while began < ended:
            _, over, week, hour = hours.at(began)
            if hour != self.hour or week != self.week:
                self.take(done)
                self.week, self.hour = week, hour
            until = min(over, ended)
            seconds = until - began
            self.observed_seconds += seconds
            self.connector_seconds += seconds * self.connectors
            if self.free:
                self.any_free_seconds += seconds
                self.free_seconds += seconds * self.free
            if self.fault:
                self.fault_seconds += seconds * self.fault
            began = until
