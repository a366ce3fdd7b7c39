"""The simulation: a country of stations, as a chain of seeded events.

Simulated time starts at the wall clock's time and may run faster. All output carries the wall
clock's time at which it becomes due, so that ages on the screen are correct at any speed.
"""

from __future__ import annotations

import math
import random
from heapq import heapify, heapreplace

from msgspec import Struct

from nobil_tui.charging.events import RawReport, StationReport
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector, Station, operator_status
from nobil_tui.feeds.simulation.country import SitePlan, plan_country
from nobil_tui.feeds.simulation.limits import (
    DEFAULT_SEED,
    DEFAULT_STATIONS,
    MAX_SIMULATED_STATIONS,
    MAX_SPEED,
    MIN_SPEED,
)
from nobil_tui.feeds.simulation.lives import (
    FLAPPERS,
    LOST,
    LOST_EVERY,
    LOST_LASTS,
    NEVER_HEARD,
    ConnectorLives,
    SimulatedConnector,
)
from nobil_tui.feeds.simulation.rhythm import HOUR, utc_offset
from nobil_tui.feeds.simulation.sites import habit_of

HEARD_EVERY = 1_300_000.0
"""Average simulated milliseconds between two keep-alives of a connector."""
BUSY_HOUR = 16
"""The hour of the day in which many arrive, in streets, at work and on roads."""
POPULARITY = 0.45
"""How much stations differ in use: the standard deviation of the logarithm."""


class _Site(Struct):
    id: str
    outlets: list[SimulatedConnector]
    silent: bool = False
    """Without contact: its connectors are unknown, but still change internally."""
    lost_at: float | None = None
    """Time at which contact was lost; None for a station that never had contact."""


class Simulation:
    """A country of charging stations, in the middle of their lives.

    ``start`` is the wall clock's time in ms since the epoch; ``speed`` is in simulated seconds per
    second. ``busy`` begins it in a busy hour, whatever the time is. The same arguments give the
    same events, however time is divided into steps. Raises ``ValueError`` for arguments out of
    range.
    """

    def __init__(
        self,
        stations: int = DEFAULT_STATIONS,
        seed: int = DEFAULT_SEED,
        *,
        start: int,
        speed: float = 1.0,
        busy: bool = False,
    ) -> None:
        if not 1 <= stations <= MAX_SIMULATED_STATIONS:
            raise ValueError(f"stations: from 1 to {MAX_SIMULATED_STATIONS:,}")
        if not MIN_SPEED <= speed <= MAX_SPEED:
            raise ValueError(f"speed: from {MIN_SPEED:g} to {MAX_SPEED:g}")
        self._start = start
        self._speed = speed
        # By its digits: a random generator treats -1 like 1.
        self._rng = random.Random(str(seed))
        offset = utc_offset(start)
        if busy:
            offset += BUSY_HOUR - round(start / HOUR + offset) % 24
        self._lives = ConnectorLives(self._rng, offset)
        self._sites: list[_Site] = []
        self._outlets: list[SimulatedConnector] = []
        # A separate generator: details for display must not change the events of a seed.
        plans = plan_country(stations, self._rng, random.Random(f"{seed} beside"))
        self.register = Register({station.id: station.facts for station in plans})
        """Static facts of the stations."""
        # The time of each pending event and its index: connectors first, then sites, then the
        # keep-alives.
        self._due: list[tuple[float, int]] = []
        self._settle(plans)

    @property
    def connectors(self) -> int:
        """Number of connectors."""
        return len(self._outlets)

    @property
    def stations(self) -> list[Station]:
        """Copies of all stations; without the operator's status, as in version 1's snapshot."""
        return [Station(site.id, self._shown(site)) for site in self._sites]

    @property
    def next_at(self) -> int:
        """Time of the next event, in wall clock ms."""
        return self._wall(self._due[0][0])

    def advance(self, now: int) -> list[StationReport | RawReport]:
        """Advance to ``now`` (wall clock, ms) and return the events in order. Time never runs
        backwards.
        """
        happened: list[StationReport | RawReport] = []
        due = self._due
        while self._wall(due[0][0]) <= now:
            at, whose = due[0]
            event: StationReport | RawReport | None
            if whose < len(self._outlets):
                event, then = self._live(self._outlets[whose], at)
            elif whose < len(self._outlets) + len(self._sites):
                event, then = self._lose_or_find(self._sites[whose - len(self._outlets)], at)
            else:
                event, then = self._keep_alive(at)
            heapreplace(due, (then, whose))
            if event is not None:
                happened.append(event)
        return happened

    # Events

    def _live(self, outlet: SimulatedConnector, at: float) -> tuple[StationReport | None, float]:
        then = self._lives.step(outlet, at)
        site = self._sites[outlet.site]
        return (None if site.silent else self._report(site, at)), then

    def _lose_or_find(self, site: _Site, at: float) -> tuple[StationReport, float]:
        site.silent = not site.silent
        if site.silent:
            site.lost_at = at
            then = at + self._lives.spell(LOST_LASTS)
        else:
            for outlet in site.outlets:
                # To an observer, this is the moment at which it ceased to be unknown.
                outlet.changed = at
            then = at + self._lives.wait(LOST_EVERY)
        return self._report(site, at), then

    def _keep_alive(self, at: float) -> tuple[RawReport | None, float]:
        outlet = self._outlets[int(self._rng.random() * len(self._outlets))]
        then = at + self._lives.wait(HEARD_EVERY / len(self._outlets))
        site = self._sites[outlet.site]
        if site.silent:
            return None, then
        said = outlet.said(self._wall(outlet.changed))
        return RawReport(site.id, outlet.index, said, self._wall(at)), then

    def _report(self, site: _Site, at: float) -> StationReport:
        connectors = self._shown(site)
        return StationReport(
            Station(site.id, connectors, operator_status(connectors)), self._wall(at)
        )

    def _shown(self, site: _Site) -> list[Connector]:
        if site.silent:
            lost_at = -1 if site.lost_at is None else self._wall(site.lost_at)
            return [Connector(-1, 0, lost_at) for _ in site.outlets]
        return [outlet.said(self._wall(outlet.changed)) for outlet in site.outlets]

    def _wall(self, at: float) -> int:
        return self._start + math.floor((at - self._start) / self._speed)

    # Start

    def _settle(self, plans: list[SitePlan]) -> None:
        for station in plans:
            self._open(station)
        outlets = len(self._outlets)
        for index, site in enumerate(self._sites):
            first = self._begin(site)
            if first is not None:
                self._due.append((first, outlets + index))
        self._due.append(
            (self._start + self._lives.wait(HEARD_EVERY / outlets), outlets + len(self._sites))
        )
        heapify(self._due)

    def _open(self, station: SitePlan) -> None:
        rng = self._rng
        popularity = math.exp(POPULARITY * rng.gauss(0.0, 1.0))
        site = _Site(station.id, [])
        for index, plug in enumerate(station.facts.plugs):
            habit = habit_of(station.kind, plug)
            pace = habit.per_day * popularity / 24
            outlet = SimulatedConnector(
                len(self._sites), index, habit, pace, rng.random() < FLAPPERS
            )
            first = self._lives.begin(outlet, float(self._start))
            self._due.append((first, len(self._outlets)))
            self._outlets.append(outlet)
            site.outlets.append(outlet)
        self._sites.append(site)

    def _begin(self, site: _Site) -> float | None:
        """Start a station in the middle of its life. Return when contact is next lost or restored,
        None for never.
        """
        chance = self._rng.random()
        if chance < NEVER_HEARD:
            site.silent = True
            return None
        if chance < NEVER_HEARD + LOST:
            gone, left = self._lives.spell_met(LOST_LASTS)
            site.silent = True
            site.lost_at = self._start - gone
            return self._start + left
        return self._start + self._lives.wait(LOST_EVERY)
