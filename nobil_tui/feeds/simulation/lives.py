"""How a connector lives: when people come and go, when it breaks and when it is mended. All times are simulated ms.

A life is a chain of states, and each state tells when it ends and what comes then; so a connector has exactly one
event before it at any time, and a step costs what happens and not what exists.
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
"""Time that a connector stands free, on average, until it breaks."""
FAULT_AFTER_SESSION = 0.002
"""The chance that a connector is broken after a session."""
FAULT_LASTS = (9 * HOUR, 1.1)
"""The average of a fault's length, and its logarithm's standard deviation."""
IN_FAULT = 0.035
"""The share of connectors in fault at any time, as it comes from the numbers above."""
LOST_EVERY = 9 * DAY_MS
"""Time until a station loses contact, on average."""
LOST_LASTS = (5 * HOUR, 1.3)
"""The average and spread of the time without contact."""
LOST = LOST_LASTS[0] / (LOST_EVERY + LOST_LASTS[0])
"""The share of stations without contact at any time."""
NEVER_HEARD = 0.007
"""The share of stations that the stream lists and that never reported."""
FLAPPERS = 0.015
"""The share of connectors that flap now and then."""
FLAPPING_EVERY = 4 * HOUR
"""Time that such a one stands free, on average, until it flaps."""
FLAP_COUNT = (6, 24)
"""How often it does, at the least and at the most."""
FLAP_LASTS = (8_000.0, 90_000.0)
"""How long each lasts."""


class Step(IntEnum):
    """What happens next to a connector."""

    ARRIVE = 0
    LEAVE = 1
    BREAK = 2
    MEND = 3
    FLAP = 4


class SimulatedConnector(Struct, gc=False):
    """A connector and what lies before it."""

    site: int
    """The index of its station."""
    index: int
    """Its place in the station's list."""
    habit: Habit
    pace: float
    """Arrivals a simulated hour on average, if it were always free."""
    flapper: bool
    status: int = 0
    error: int = 0
    changed: float = 0.0
    """When either last changed."""
    next: Step = Step.ARRIVE
    flaps: int = 0
    """Flaps still to come."""

    def said(self, timestamp: int) -> Connector:
        """Give it as the stream says it, with its last change at ``timestamp`` (wall ms)."""
        return Connector(self.status, self.error, timestamp)

    def turn(self, status: int, error: int, at: float) -> None:
        """Change what it is in."""
        self.status = status
        self.error = error
        self.changed = at


class ConnectorLives:
    """Draws what happens to connectors. ``offset`` is the local time's lead on UTC in hours."""

    def __init__(self, rng: random.Random, offset: int) -> None:
        self._rng = rng
        self._offset = offset

    def begin(self, outlet: SimulatedConnector, now: float) -> float:
        """Put a connector into the middle of its life, and return when its next event is.

        It lives its last hours alone, from free: twice a stay is enough to forget the beginning.
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
        """Let happen what is due, and return when the next is."""
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
        """Draw how long something lasts, from its average and spread."""
        mean, spread = lasts
        return max(MINUTE, mean * math.exp(spread * self._rng.gauss(0.0, 1.0) - spread * spread / 2))

    def spell_met(self, lasts: tuple[float, float]) -> tuple[float, float]:
        """Draw a spell that is met at a random moment: how long it has lasted, and how long it will yet.

        One meets the long ones more often: a log-normal length weighted with itself is one of a larger mean.
        """
        mean, spread = lasts
        length = self.spell((mean * math.exp(spread * spread), spread))
        gone = length * self._rng.random()
        return gone, length - gone

    def wait(self, mean: float) -> float:
        """Draw a wait for what comes at any moment alike."""
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
        """Tell what ends a free time first."""
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
        # An operator tells a fault beside the last status as often as not.
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
            # An even number, so that it ends up free.
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
