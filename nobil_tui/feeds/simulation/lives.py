"""The events of a simulated connector: sessions, faults and repairs. Times are simulated ms.

Each event draws the next one and its time, so that each connector has exactly one pending event,
and the cost of a step depends on the number of events, not of stations.
"""

from __future__ import annotations

import math
import random
from enum import IntEnum

from msgspec import Struct

from nobil_tui.charging.station import Connector
from nobil_tui.feeds.simulation.rhythm import HOUR
from nobil_tui.feeds.simulation.sites import Habit

MINUTE = 60_000.0
DAY_MS = 24 * HOUR

FAULT_EVERY = 8 * DAY_MS
"""Average time until a free connector fails."""
FAULT_AFTER_SESSION = 0.002
"""Probability that a connector is broken after a session."""
FAULT_LASTS = (9 * HOUR, 1.1)
"""Average duration of a fault, and the standard deviation of its logarithm."""
IN_FAULT = 0.035
"""Share of connectors in fault at any time. Follows from the numbers above."""
LOST_EVERY = 9 * DAY_MS
"""Average time until a station loses contact."""
LOST_LASTS = (5 * HOUR, 1.3)
"""Average duration without contact, and the standard deviation of its logarithm."""
LOST = LOST_LASTS[0] / (LOST_EVERY + LOST_LASTS[0])
"""Share of stations without contact at any time."""
NEVER_HEARD = 0.007
"""Share of stations that the stream lists but that never reported."""
FLAPPERS = 0.015
"""Share of connectors that flap from time to time."""
FLAPPING_EVERY = 4 * HOUR
"""Average time that a flapping connector is free until it flaps."""
FLAP_COUNT = (6, 24)
"""Minimum and maximum number of changes when a connector flaps."""
FLAP_LASTS = (8_000.0, 90_000.0)
"""Minimum and maximum time between two of these changes."""


class Step(IntEnum):
    """The next event of a connector."""

    ARRIVE = 0
    LEAVE = 1
    BREAK = 2
    MEND = 3
    FLAP = 4


class SimulatedConnector(Struct, gc=False):
    """A connector and its pending event."""

    site: int
    """Index of its station."""
    index: int
    """Position in the station's list."""
    habit: Habit
    pace: float
    """Average arrivals per simulated hour if the connector were always free."""
    flapper: bool
    status: int = 0
    error: int = 0
    changed: float = 0.0
    """When ``status`` or ``error`` changed last."""
    next: Step = Step.ARRIVE
    flaps: int = 0
    """Number of flaps left."""

    def said(self, timestamp: int) -> Connector:
        """Return the connector as reported, last changed at ``timestamp`` (wall clock, in ms)."""
        return Connector(self.status, self.error, timestamp)

    def turn(self, status: int, error: int, at: float) -> None:
        """Set status and error, changed at ``at``."""
        self.status = status
        self.error = error
        self.changed = at


class ConnectorLives:
    """Draw the events of connectors. ``offset`` is the local time's offset from UTC in hours."""

    def __init__(self, rng: random.Random, offset: int) -> None:
        self._rng = rng
        self._offset = offset

    def begin(self, outlet: SimulatedConnector, now: float) -> float:
        """Start a connector at a random moment of its history; return the time of its next event.

        Its last hours are simulated from a free connector: twice the average stay is enough for the
        start to make no difference.
        """
        rng, habit = self._rng, outlet.habit
        if rng.random() < IN_FAULT:
            return self._begin_broken(outlet, now)
        at = now - 2.5 * habit.minutes * MINUTE
        since = at - self.wait(HOUR / outlet.pace)
        while True:
            arrival = habit.rhythm.after(at, self.wait(1 / outlet.pace), self._offset)
            if arrival > now:
                outlet.turn(0, 0, since)
                return self._first(outlet, now, arrival)
            since = at = arrival + self._stay(habit)
            if at > now:
                outlet.turn(1, 0, arrival)
                outlet.next = Step.LEAVE
                return at

    def step(self, outlet: SimulatedConnector, now: float) -> float:
        """Apply the pending event, and return the time of the next one."""
        step = outlet.next
        if step is Step.ARRIVE:
            outlet.turn(1, 0, now)
            outlet.next = Step.LEAVE
            return now + self._stay(outlet.habit)
        if step is Step.FLAP:
            return self._flap(outlet, now)
        if step is Step.BREAK or (step is Step.LEAVE and self._rng.random() < FAULT_AFTER_SESSION):
            self._break(outlet, now)
            return now + self.spell(FAULT_LASTS)
        return self._free(outlet, now)

    def spell(self, lasts: tuple[float, float]) -> float:
        """Draw a duration from its average and the standard deviation of its logarithm."""
        mean, spread = lasts
        return max(
            MINUTE, mean * math.exp(spread * self._rng.gauss(0.0, 1.0) - spread * spread / 2)
        )

    def spell_met(self, lasts: tuple[float, float]) -> tuple[float, float]:
        """Draw a duration seen at a random moment; return the time elapsed and the time remaining.

        Long durations are observed more often: a log-normal distribution weighted by length is a
        log-normal distribution with a larger mean.
        """
        mean, spread = lasts
        length = self.spell((mean * math.exp(spread * spread), spread))
        gone = length * self._rng.random()
        return gone, length - gone

    def wait(self, mean: float) -> float:
        """Draw an exponentially distributed waiting time."""
        return -math.log(1.0 - self._rng.random()) * mean

    def _stay(self, habit: Habit) -> float:
        spread = habit.spread
        minutes = habit.minutes * math.exp(spread * self._rng.gauss(0.0, 1.0) - spread * spread / 2)
        return min(habit.most, max(2.0, minutes)) * MINUTE

    def _free(self, outlet: SimulatedConnector, now: float) -> float:
        outlet.turn(0, 0, now)
        arrival = outlet.habit.rhythm.after(now, self.wait(1 / outlet.pace), self._offset)
        return self._first(outlet, now, arrival)

    def _first(self, outlet: SimulatedConnector, now: float, arrival: float) -> float:
        """Return the time of the event that ends a free period, and make it the pending event."""
        outlet.next, first = Step.ARRIVE, arrival
        fault = now + self.wait(FAULT_EVERY)
        if fault < first:
            outlet.next, first = Step.BREAK, fault
        if outlet.flapper:
            flapping = now + self.wait(FLAPPING_EVERY)
            if flapping < first:
                outlet.next, first = Step.FLAP, flapping
        return first

    def _break(self, outlet: SimulatedConnector, now: float) -> None:
        # Operators report a fault together with the last status about as often as not.
        outlet.turn(-1 if self._rng.random() < 0.6 else 0, 1, now)
        outlet.next = Step.MEND

    def _begin_broken(self, outlet: SimulatedConnector, now: float) -> float:
        gone, left = self.spell_met(FAULT_LASTS)
        self._break(outlet, now - gone)
        return now + left

    def _flap(self, outlet: SimulatedConnector, now: float) -> float:
        rng = self._rng
        if outlet.flaps == 0:
            least, most = FLAP_COUNT
            # An even number, so that the connector is free in the end.
            outlet.flaps = 2 * int((least + (most - least) * rng.random()) / 2)
        outlet.flaps -= 1
        if outlet.flaps == 0:
            return self._free(outlet, now)
        if outlet.flaps % 2:
            outlet.turn(-1, int(rng.random() < 0.5), now)
        else:
            outlet.turn(0, 0, now)
        shortest, longest = FLAP_LASTS
        return now + shortest + (longest - shortest) * rng.random()
