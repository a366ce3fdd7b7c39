"""The simulation as a feed: reports as they fall due."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import Connected, Event, Snapshot
from nobil_tui.feeds.simulation.model import Simulation

MIN_SLEEP = 0.02
"""Seconds: in a large country something is due every moment, and then a few come together."""
MAX_SLEEP = 5.0
"""Seconds: after the machine was asleep, what was missed comes soon."""
CATCH_UP_STEP = 1000
"""Milliseconds that are let pass at once: hours may have to be made up for, and nobody may wait for all of them."""


class SimulationFeed:
    """Lets a simulation live by the clock: ``Connected``, ``Snapshot``, then reports without end."""

    def __init__(self, simulation: Simulation, clock: Clock | None = None) -> None:
        self._simulation = simulation
        self._clock = clock or Clock()

    @property
    def behind(self) -> int:
        """It never is."""
        return 0

    def retry(self) -> None:
        """There is nothing to try: the link cannot break."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what happens from now on."""
        simulation, clock = self._simulation, self._clock
        at = clock.now()
        simulation.advance(at)
        yield Connected(at)
        yield Snapshot(simulation.stations, at)
        while True:
            seconds = (simulation.next_at - clock.now()) / 1000
            await clock.sleep(min(MAX_SLEEP, max(MIN_SLEEP, seconds)))
            now = clock.now()
            while at < now:
                at = min(now, at + CATCH_UP_STEP)
                for event in simulation.advance(at):
                    yield event
