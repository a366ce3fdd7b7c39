"""Profiles of many stations, packed into values: against naive counts, and from earlier tables."""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.history import database as database_module
from nobil_tui.history import observation as observation_module
from nobil_tui.history import profile_chunks
from nobil_tui.history.database import APPLICATION_ID, MIGRATIONS, HistoryDatabase
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.observation import Observation, Portion
from nobil_tui.history.occupancy import HourColumns
from nobil_tui.history.profile_chunks import ProfileChunk, read_profile
from nobil_tui.history.statistics import HourProfile, profile_of
from nobil_tui.store.database_file import migrate
from tests.history.records import MINUTE, OSLO, WORDS, at, report
from tests.history.test_occupancy import cells_of

STATIONS = [f"NOR_{number}" for number in range(7)]
HOUR = 5

observed = st.integers(1, 3600)
parts = st.lists(
    st.tuples(st.integers(1, 4), st.dictionaries(st.sampled_from(STATIONS), observed, min_size=1)),
    max_size=8,
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count and store a few stations at once, so that there are several chunks of them."""
    monkeypatch.setattr(observation_module, "MAX_ROWS", 2)
    for module in (database_module, profile_chunks):
        monkeypatch.setattr(module, "CHUNK_STATIONS", 3)


@settings(max_examples=50)
@given(st.lists(parts, max_size=3))
def test_the_profiles_equal_a_naive_count(portions: list[list[tuple[int, dict[str, int]]]]) -> None:
    database = HistoryDatabase.in_memory()
    totals: dict[str, int] = defaultdict(int)
    by_week: dict[tuple[str, int], int] = defaultdict(int)
    week = 0
    for portion in portions:
        hours = []
        for further, seconds in sorted(portion, key=lambda part: part[0]):
            for station, number in seconds.items():
                totals[station] += number
                by_week[station, week + further] += number
            columns = [array("I", seconds.values())] * 5
            hours.append(HourColumns(week + further, HOUR, [*seconds], columns))
        database.write(Portion(hours=hours))
        week += max((further for further, _ in portion), default=0)
    for station in STATIONS:
        total = totals[station]
        weeks = sum(by_week[station, each] >= 900 for each in range(week + 1))
        expected = HourProfile(total, total, total, total, total, weeks, weeks)
        assert database.station(station).profile[HOUR] == expected


events = st.lists(
    st.tuples(st.sampled_from([0, 1, 30, 200]), st.sampled_from(STATIONS), st.sampled_from(WORDS)),
    max_size=40,
)


@settings(max_examples=50)
@given(events)
def test_stations_counted_together_equal_their_changes(script: list[tuple[int, str, str]]) -> None:
    database, board, hours = HistoryDatabase.in_memory(), Board(), LocalHours(OSLO)
    now = at("2026-03-28 22:40")
    board.downtime.start(now)
    observation = Observation(board, hours)
    observation.begin(now)
    for minutes, station, word in script:
        now += minutes * MINUTE
        for change in board.apply_connector(station, "a", report(word), now):
            observation.apply(change)
        observation.confirm(station, now)
        database.write(observation.take_portion())
    observation.finish(now + MINUTE)
    database.write(observation.take_portion())
    for station in STATIONS:
        history = database.station(station)
        counted = cells_of(profile_of(history, hours, now + MINUTE))
        assert cells_of(history.profile) == counted


def test_numbers_stop_at_their_limit() -> None:
    packed = ProfileChunk()
    for week in range(1, 4):
        packed.add(week, [array("I", [2**31])] * 5)
    again = ProfileChunk(packed.week, packed.pack())
    profile = read_profile(again.pack(), 0)
    assert (profile.observed, profile.fault, profile.weeks) == (2**32 - 1, 2**32 - 1, 3)
    assert read_profile(again.pack(), 1) == HourProfile()


def test_profiles_of_the_first_tables_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, APPLICATION_ID, MIGRATIONS[:1])
    rows = [
        # Hour, station, five numbers of seconds, weeks, weeks free, latest week, its seconds.
        (5, 1, 9000, 4000, 18000, 5000, 60, 2, 1, 10, 1000, 900),
        (5, 2, 7200, 0, 7200, 0, 0, 1, 0, 9, 3600, 0),
        (5, 4, 100, 100, 100, 100, 0, 0, 0, 10, 100, 100),
        (167, 4, 3600, 3600, 3600, 3600, 0, 0, 0, 8, 3600, 3600),
    ]
    connection.executemany(
        "INSERT INTO station VALUES (?, ?)", [(n, f"NOR_{n}") for n in range(1, 5)]
    )
    connection.executemany(f"INSERT INTO profile VALUES ({', '.join('?' * 12)})", rows)
    connection.close()

    database = HistoryDatabase.open_to_write(path)
    found = {
        (hour, station): database.station(f"NOR_{station}").profile[hour]
        for hour, station in ((5, 1), (5, 2), (5, 3), (5, 4), (167, 4))
    }
    assert found == {
        (5, 1): HourProfile(9000, 4000, 18000, 5000, 60, 3, 2),
        (5, 2): HourProfile(7200, 0, 7200, 0, 0, 2, 0),
        (5, 3): HourProfile(),
        (5, 4): HourProfile(100, 100, 100, 100, 0, 0, 0),
        (167, 4): HourProfile(3600, 3600, 3600, 3600, 0, 1, 1),
    }
    # What comes later adds to it.
    database.write(
        Portion(hours=[HourColumns(11, 5, ["NOR_2"], [array("I", [1800])] * 5)]),
    )
    assert database.station("NOR_1").profile[5] == found[5, 1]
    assert database.station("NOR_2").profile[5].weeks == 3
    database.close()
