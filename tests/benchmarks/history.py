"""The history: reading one station of a large database, and recording a country."""

from __future__ import annotations

import gc
import os
import random
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from nobil_tui.base.memory import freeze_board
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.station import Connector, Station
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.hours import HOURS_OF_WEEK, LocalHours
from nobil_tui.history.observation import Observation
from nobil_tui.history.statistics import profile_of, summarize_history
from tests.benchmarks.bench import STATIONS, Bench, layout_painted
from tests.benchmarks.figures import Result, Row, Rule, in_turns
from tests.benchmarks.programs import ROOT, python
from tests.benchmarks.serving import silent_server

CONNECTORS = 5
BEGIN = 1_750_000_000_000 // 3_600_000 * 3_600_000
"""The begin of an hour."""
HOUR = 3_600_000
YEAR = 365 * 24 * HOUR
CHANGES = 10_000_000
LARGE = "large.sqlite"
RATE = 500
"""Changes a second while all stations are recorded."""
BREAK_EVERY = 3600
"""Seconds between two breaks of seven seconds."""


def history(bench: Bench) -> Result:
    """Measure the heat map of a station among many changes, the start, and what recording costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [*_reading(folder, bench), *_starting(folder, bench), *_recording(folder, bench)]
        return Result(rows)


def _reading(folder: Path, bench: Bench) -> Iterator[Row]:
    changes = CHANGES // 50 if bench.quick else CHANGES
    database = HistoryDatabase.open_to_write(folder / LARGE)
    _fill(database._connection, changes)
    size = _size(database)
    gc.collect()
    gc.freeze()
    now, hours, figures = BEGIN + YEAR, LocalHours(), list[float]()
    for number in range(bench.rounds):
        began = time.process_time()
        found = database.station(f"NOR_{100 * number + 7:05}")
        profile_of(found, hours, now)
        summarize_history(found)
        figures.append((time.process_time() - began) * 1000)
    database.close()
    gc.unfreeze()
    what = (
        f"processor for the heat map and statistics of a station among {changes:,} changes of "
        f"a year"
    )
    yield Row("history", what, "ms", figures, Rule.AT_MOST, 100)
    yield Row("history", "size of a change", "bytes", [size / changes])


def _fill(connection: sqlite3.Connection, changes: int) -> None:
    """Store ``changes`` changes of a country, and the intervals of a year."""
    each = max(1, changes // (STATIONS * CONNECTORS))
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    names = ((number, f"NOR_{number:05}") for number in range(STATIONS))
    connection.executemany("INSERT INTO station VALUES (?, ?)", names)
    connectors = (
        (n, n // CONNECTORS, str(n % CONNECTORS), n % CONNECTORS + 1)
        for n in range(STATIONS * CONNECTORS)
    )
    connection.executemany("INSERT INTO connector VALUES (?, ?, ?, ?)", connectors)
    rows = (
        (connector, BEGIN + number * (YEAR // each) + connector % 1000, number & 1)
        for connector in range(STATIONS * CONNECTORS)
        for number in range(each)
    )
    connection.executemany("INSERT INTO change VALUES (?, ?, ?)", rows)
    start, end = BEGIN // 1000, (BEGIN + YEAR) // 1000
    intervals = ((at, at + BREAK_EVERY - 7, start) for at in range(start, end, BREAK_EVERY))
    connection.executemany("INSERT INTO listened VALUES (?, ?, ?)", intervals)
    connection.execute("COMMIT")


def _starting(folder: Path, bench: Bench) -> Iterator[Row]:
    """Paint the layout with the large history in place, and without one."""
    with silent_server() as url:

        def painted(database: Path | None) -> float:
            env = bench.world.env()
            if database is not None:
                find = python(
                    "from nobil_tui.base.paths import history_file; print(history_file())"
                )
                found = subprocess.run(
                    find, env=env, cwd=ROOT, check=True, capture_output=True, text=True
                )  # our own program
                path = Path(found.stdout.strip())
                path.parent.mkdir(parents=True)
                os.link(database, path)
            with bench.world.app("--source", url, env=env) as app:
                return (app.wait(layout_painted) - app.started) * 1000

        many = bench.rounds * (1 if bench.quick else 3)
        large, none = partial(painted, folder / LARGE), partial(painted, None)
        figures, baselines = in_turns(many, large, none)
    what = "start to the layout painted, with a large history"
    rule, limit = Rule.TIMES_AT_MOST, 1.1
    yield Row("history", what, "ms", figures, rule, limit, "without one", baselines)


def _recording(folder: Path, bench: Bench) -> Iterator[Row]:
    """Observe a country whose every change is stored."""
    board, rng = Board(), random.Random(1)
    board.downtime.start(BEGIN)
    board.apply_snapshot([Station(f"NOR_{n:05}", _connectors()) for n in range(STATIONS)], BEGIN)
    observation, database = (
        Observation(board, LocalHours()),
        HistoryDatabase.open_to_write(folder / "all.sqlite"),
    )
    stations = list(board.stations)
    observation.begin(BEGIN)
    for station in stations:
        observation.confirm(station, BEGIN, all_of_it=True)
    database.write(observation.take_portion())
    thresholds = gc.get_threshold()
    # As the app does after the first snapshot.
    freeze_board()
    counting, writing, rates, sizes, now = (
        list[float](),
        list[float](),
        list[float](),
        list[float](),
        BEGIN,
    )
    try:
        for _ in range(bench.rounds):
            rates.append(_one_rate(observation, database, stations, rng, now, bench.seconds))
            now += HOUR
            began = time.process_time()
            for _ in observation.advance(now):
                pass
            counting.append((time.process_time() - began) * 1000)
            portion = observation.take_portion()
            before = _size(database)
            database.write(portion)
            sizes.append((_size(database) - before) / STATIONS * HOURS_OF_WEEK)
            # The next week: the rows are there.
            portion.hours = [part._replace(week=part.week + 1) for part in portion.hours]
            began = time.process_time()
            database.write(portion)
            writing.append((time.process_time() - began) * 1000)
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        database.close()
    both = [count + write for count, write in zip(counting, writing, strict=True)]
    what = f"processor to update the profiles of {STATIONS:,} stations, once an hour"
    yield Row("history", what, "ms", both, Rule.AT_MOST, 50)
    yield Row("history", "of it to count the hour, in slices of the loop", "ms", counting)
    yield Row("history", "of it to write the profiles, in the thread", "ms", writing)
    rate = f"processor to record all changes at {RATE:,} a second"
    yield Row("history", rate, "of a core", rates, Rule.AT_MOST, 0.03)
    yield Row("history", "size of the profile of a station", "bytes", sizes)


def _one_rate(
    observation: Observation,
    database: HistoryDatabase,
    stations: list[str],
    rng: random.Random,
    now: int,
    seconds: float,
) -> float:
    """Return the share of a core that recording for ``seconds`` takes."""
    changes = []
    for number in range(int(RATE * seconds)):
        connector = Connector(rng.randrange(2), 0, now)
        at = now + number * 1000 // RATE
        changes.append(
            Change(at, rng.choice(stations), rng.randrange(CONNECTORS) + 1, None, connector)
        )
    began = time.process_time()
    for begin in range(0, len(changes), RATE):
        for change in changes[begin : begin + RATE]:
            observation.apply(change)
            observation.confirm(change.station, change.at)
        database.write(observation.take_portion())
    return (time.process_time() - began) / seconds


def _size(database: HistoryDatabase) -> int:
    """Return the size of the file alone: the log is as large as the largest transaction."""
    pages, size = (
        database._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "page_size")
    )
    return int(pages * size)


def _connectors() -> list[Connector]:
    return [Connector(0, 0, BEGIN) for _ in range(CONNECTORS)]
