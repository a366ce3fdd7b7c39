"""A month of the simulation, observed: the profiles equal what SQL computes from the changes."""

from __future__ import annotations

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Lost, Snapshot
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.observation import Observation
from nobil_tui.history.replay import Replay
from nobil_tui.history.statistics import profile_of, weeks_observed
from tests.history.records import MINUTE, OSLO, at, sql_profile
from tests.history.test_occupancy import cells_of

HOUR = 60 * MINUTE
BEGIN = at("2026-03-02 06:30")
HOURS_IN_ALL = 31 * 24
"""Until after clocks go forward on 29 March."""
DOWN = {90: 1, 200: 2, 400: 9}
"""The hours at whose begin the link breaks, and for how many hours."""


@pytest.mark.slow
def test_the_profile_of_a_month_equals_sql_over_the_changes() -> None:
    database, board, hours = HistoryDatabase.in_memory(), Board(), LocalHours(OSLO)
    observation = Observation(board, hours)
    replay = Replay(board, observation)
    simulation = Simulation(5, seed=3, start=BEGIN)
    until_down = 0
    for number in range(HOURS_IN_ALL):
        now = BEGIN + number * HOUR
        events = simulation.advance(now + HOUR - 1)
        if number in DOWN:
            replay.apply(Lost("", now, now))
            until_down = number + DOWN[number]
        if number < until_down:
            continue
        if number in (0, until_down):
            # The events of this hour lie behind the snapshot: it is taken at its end.
            replay.apply(Connected(now + HOUR - 1))
            replay.apply(Snapshot(simulation.stations, now + HOUR - 1))
            continue
        for event in events:
            replay.apply(event)
        database.write(observation.take_portion())
    end = BEGIN + HOURS_IN_ALL * HOUR
    observation.finish(end)
    database.write(observation.take_portion())

    assert database.contents.changes > 600
    for station in database.stations:
        history = database.station(station)
        found = {hour: counts[:5] for hour, counts in cells_of(history.profile).items()}
        assert found == sql_profile(database, station, BEGIN // 1000, end // 1000)
        assert cells_of(profile_of(history, hours, end)) == cells_of(history.profile)
        assert not found or weeks_observed(history.profile) in (4, 5)
