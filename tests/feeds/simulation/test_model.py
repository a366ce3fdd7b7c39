"""The simulation does not depend on how time is divided, and its reports make up its state."""

from __future__ import annotations

from collections import Counter
from functools import cache
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import RawReport, StationReport
from nobil_tui.charging.station import Connector, Station, operator_status
from nobil_tui.feeds.simulation.limits import MAX_SIMULATED_STATIONS, MAX_SPEED, MIN_SPEED
from nobil_tui.feeds.simulation.model import Simulation, _Site
from tests.for_each import for_each

MIDNIGHT = 1_710_198_000_000
"""A Tuesday in March, 00:00 in Norway."""
HOUR = 3_600_000
NOON = MIDNIGHT + 12 * HOUR

Happened = list[StationReport | RawReport]


def shares(stations: list[Station]) -> dict[str, float]:
    said = Counter((c.status, c.error) for station in stations for c in station.connectors)
    total = sum(said.values())
    return {
        "in use": said[1, 0] / total,
        "free": said[0, 0] / total,
        "fault": (said[0, 1] + said[-1, 1]) / total,
        "unknown": said[-1, 0] / total,
    }


def reports(happened: Happened) -> list[StationReport]:
    return [event for event in happened if isinstance(event, StationReport)]


# Reproducibility


@pytest.mark.slow
@settings(max_examples=8)
@given(
    stations=st.integers(1, 30),
    seed=st.integers(),
    speed=st.sampled_from([0.5, 1.0, 10.0, 333.0]),
    cuts=st.lists(st.integers(0, 30 * 60_000), max_size=6).map(sorted),
)
def test_same_events_however_time_is_divided(
    stations: int, seed: int, speed: float, cuts: list[int]
) -> None:
    in_steps = Simulation(stations, seed, start=NOON, speed=speed)
    at_once = Simulation(stations, seed, start=NOON, speed=speed)
    came: Happened = []
    for cut in cuts:
        came += in_steps.advance(NOON + cut)
    came += in_steps.advance(NOON + 30 * 60_000)
    assert came == at_once.advance(NOON + 30 * 60_000)
    assert in_steps.stations == at_once.stations
    assert in_steps.next_at == at_once.next_at


def test_another_seed_gives_another_country() -> None:
    one, other = Simulation(50, 1, start=NOON), Simulation(50, -1, start=NOON)
    assert one.stations != other.stations
    assert list(one.register) != list(other.register)


def test_reading_the_state_changes_nothing() -> None:
    one, other = Simulation(50, start=NOON), Simulation(50, start=NOON)
    for station in one.stations:
        station.connectors.clear()
    assert one.advance(NOON + HOUR) == other.advance(NOON + HOUR)


def test_time_never_runs_backwards() -> None:
    simulation = Simulation(50, start=NOON)
    simulation.advance(NOON + HOUR)
    assert simulation.advance(NOON) == []
    assert simulation.next_at > NOON + HOUR


# Reports


def test_reports_are_in_order_with_wall_clock_times() -> None:
    simulation = Simulation(100, start=NOON, speed=60)
    came = simulation.advance(NOON + 60_000)
    times = [event.at for event in came]
    assert times == sorted(times)
    assert NOON <= times[0] <= times[-1] <= NOON + 60_000
    assert simulation.next_at > NOON + 60_000
    for report in reports(came):
        assert max(connector.timestamp for connector in report.station.connectors) == report.at
        assert report.station.status == operator_status(report.station.connectors)


def test_every_report_is_a_change_and_leads_to_the_same_state() -> None:
    simulation = Simulation(100, start=NOON)
    board = Board()
    board.apply_snapshot(simulation.stations, NOON)
    for event in simulation.advance(NOON + 24 * HOUR):
        if isinstance(event, StationReport):
            assert board.apply_station(event.station, event.at)
        else:
            held = board.stations[event.station_id].connectors[event.index]
            assert held == event.connector
    assert [(s.id, s.connectors) for s in simulation.stations] == [
        (s.id, s.connectors) for s in board.stations.values()
    ]


def test_initial_changes_are_plausible_and_in_the_past() -> None:
    ages = [
        NOON - connector.timestamp
        for station in Simulation(start=NOON).stations
        for connector in station.connectors
        if connector.timestamp != -1
    ]
    assert min(ages) > 0
    assert 10 * 60_000 < median(ages) < 5 * HOUR
    assert max(ages) > 12 * HOUR
    assert sum(age < 10 * 60_000 for age in ages) > 10


def test_register_has_every_connector() -> None:
    simulation = Simulation(start=NOON)
    assert simulation.connectors == sum(len(station.connectors) for station in simulation.stations)
    assert [*simulation.register] == [station.id for station in simulation.stations]
    for station in simulation.stations:
        assert len(simulation.register.facts(station.id).plugs) == len(station.connectors)


# Statistics


def test_a_third_is_in_use_at_midday() -> None:
    noon = shares(Simulation(2000, start=NOON).stations)
    assert 0.34 < noon["in use"] < 0.43
    assert 0.02 < noon["fault"] < 0.06
    assert 0.01 < noon["unknown"] < 0.06


@pytest.mark.slow
def test_initial_state_resembles_a_state_after_days() -> None:
    grown = Simulation(800, start=MIDNIGHT)
    for hour in (4, 12, 21):
        grown.advance(MIDNIGHT + hour * HOUR)
        built = shares(Simulation(800, start=MIDNIGHT + hour * HOUR).stations)
        for what, share in shares(grown.stations).items():
            assert built[what] == pytest.approx(share, abs=0.04), (hour, what)


def test_nights_and_weekends_differ_from_weekdays() -> None:
    def in_use(start: int) -> float:
        return shares(Simulation(1500, start=start).stations)["in use"]

    noon = in_use(NOON)
    assert in_use(MIDNIGHT + 4 * HOUR) < noon / 2
    assert in_use(MIDNIGHT + 5 * 24 * HOUR + 9 * HOUR) < in_use(MIDNIGHT + 9 * HOUR) - 0.1


def test_events_come_every_few_seconds_by_day() -> None:
    simulation = Simulation(start=NOON)
    came = simulation.advance(NOON + HOUR)
    changes = len(reports(came))
    assert 0.1 < changes / 3600 < 1
    assert 0.8 < (len(came) - changes) / 3600 < 1.2


def test_ten_times_the_speed_gives_ten_times_the_events() -> None:
    slow = Simulation(start=NOON).advance(NOON + 600_000)
    fast = Simulation(start=NOON, speed=10).advance(NOON + 60_000)
    assert [type(event) for event in slow] == [type(event) for event in fast]
    assert [(a.at - NOON) // 10 for a in slow] == pytest.approx([b.at - NOON for b in fast], abs=1)


@cache
def day() -> tuple[list[Station], Happened]:
    """Return the stations of a country at noon, and what they report until the next noon."""
    simulation = Simulation(600, start=NOON)
    return simulation.stations, simulation.advance(NOON + 24 * HOUR)


@cache
def lives() -> list[tuple[int, int, float]]:
    """Return each state that a connector of that day left: status, error, duration in minutes."""
    stations, happened = day()
    board = Board()
    board.apply_snapshot(stations, NOON)
    left: list[tuple[int, int, float]] = []
    for report in reports(happened):
        before = [change.before for change in board.apply_station(report.station, report.at)]
        left += [
            (was.status, was.error, (report.at - was.timestamp) / 60_000)
            for was in before
            if was is not None and was.timestamp > NOON
        ]
    return left


@pytest.mark.slow
def test_sessions_and_faults_have_plausible_durations() -> None:
    left = lives()
    sessions = sorted(minutes for status, error, minutes in left if (status, error) == (1, 0))
    assert 15 < sessions[len(sessions) // 4] < 40
    assert sum(minutes > 120 for minutes in sessions) > len(sessions) / 20
    faults = [minutes for _, error, minutes in left if error and minutes > 2]
    assert 60 < median(faults) < 24 * 60


@pytest.mark.slow
def test_some_connectors_flap() -> None:
    short = [minutes for status, _, minutes in lives() if status == -1 and minutes < 2]
    assert len(short) > 20


@pytest.mark.slow
def test_a_station_without_contact_is_unknown_and_returns() -> None:
    lost: dict[str, int] = {}
    back = []
    for event in day()[1]:
        if isinstance(event, RawReport):
            assert event.station_id not in lost
            continue
        said = {(c.status, c.error, c.timestamp) for c in event.station.connectors}
        if len(event.station.connectors) > 1 and said == {(-1, 0, event.at)}:
            lost[event.station.id] = event.at
        elif event.station.id in lost:
            assert {c.timestamp for c in event.station.connectors} == {event.at}
            back.append(event.at - lost.pop(event.station.id))
    assert len(back) > 10
    assert median(back) > HOUR


def test_some_stations_have_never_reported() -> None:
    never = [
        s
        for s in Simulation(2000, start=NOON).stations
        if {c.timestamp for c in s.connectors} == {-1}
    ]
    assert 2 < len(never) < 40
    assert all(c.status == -1 and c.error == 0 for station in never for c in station.connectors)


# Limits and cost


@pytest.mark.parametrize("stations", [0, -1, MAX_SIMULATED_STATIONS + 1])
def test_rejects_a_size_out_of_range(stations: int) -> None:
    with pytest.raises(ValueError, match="stations"):
        Simulation(stations, start=NOON)


@for_each("speed", [0.0, -1.0, float("nan"), float("inf"), MAX_SPEED * 2, MIN_SPEED / 2, 1e-300])
def test_rejects_a_speed_or_start_out_of_range(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Simulation(1, start=NOON, speed=speed)


def test_old_changes_have_valid_times_at_the_lowest_speed() -> None:
    simulation = Simulation(2000, start=NOON, speed=MIN_SPEED)
    stamps = [
        connector.timestamp for station in simulation.stations for connector in station.connectors
    ]
    assert all(stamp == -1 or 0 < stamp <= NOON for stamp in stamps)
    assert simulation.next_at >= NOON


def test_cost_of_a_step_depends_on_events_not_stations(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(5000, start=NOON)
    turns: list[str] = []
    shown = Simulation._shown

    def counted(simulation: Simulation, site: _Site) -> list[Connector]:
        turns.append(site.id)
        return shown(simulation, site)

    monkeypatch.setattr(Simulation, "_shown", counted)
    came = simulation.advance(NOON + 5000)
    assert len(turns) == len(reports(came)) < 60
