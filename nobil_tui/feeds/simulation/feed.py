"""A feed that yields the reports of the simulation when they are due."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import Connected, Event, Snapshot
from nobil_tui.feeds.simulation.model import Simulation

MIN_SLEEP = 0.02
"""Seconds between two batches of events: in a large country, events are always due."""
MAX_SLEEP = 5.0
"""Seconds within which the missed events follow after the machine was suspended."""
CATCH_UP_STEP = 1000
"""Milliseconds per step of catching up: hours may have been missed, and other tasks must run in
between."""


class SimulationFeed:
    """Run a simulation by the clock: yield ``Connected``, ``Snapshot``, then reports without
    end."""

    def __init__(self, simulation: Simulation, clock: Clock | None = None) -> None:
        self._simulation = simulation
        self._clock = clock or Clock()

    @property
    def behind(self) -> int:
        """Zero: a simulation is never behind."""
        return 0

    @property
    def alive_at(self) -> int:
        """Zero: only events tell."""
        return 0

    def retry(self) -> None:
        """Do nothing: the connection cannot be lost."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield events from now on."""
        simulation, clock = self._simulation, self._clock
        at, read_at = clock.now(), clock.monotonic()
        simulation.advance(at)
        yield Connected(at)
        yield Snapshot(simulation.stations, at)
        while True:
            seconds = (simulation.next_at - max(at, clock.now())) / 1000
            await clock.sleep(min(MAX_SLEEP, max(MIN_SLEEP, seconds)))
            passed = round((clock.monotonic() - read_at) * 1000)
            read_at = clock.monotonic()
            now = clock.now()
            if now < at:
                # The clock was set back: continue from the last event now, and not hours later.
                now = at + passed
            while at < now:
                at = min(now, at + CATCH_UP_STEP)
                for event in simulation.advance(at):
                    yield event
