"""Benchmarks of memory and processor time of the open app."""

from __future__ import annotations

import time

from tests.benchmarks.bench import RATE, STATIONS, TRIVIAL_READY, Bench, rows_painted
from tests.benchmarks.figures import Result, Row, Rule, Table
from tests.benchmarks.programs import cpu_seconds, memory
from tests.benchmarks.serving import LoadServer
from tests.benchmarks.terminal import Terminal

SIZES = (1_000, 10_000, 30_000, 100_000)
_GROWS = 1.3
"""Tolerated ratio of the cost per station in a large country to that in a small one."""


def weight(bench: Bench) -> Result:
    """Measure the memory with a large country."""
    figures, baselines = [], []
    for _ in range(bench.rounds):
        with bench.country() as (_server, app), bench.world.trivial() as trivial:
            trivial.wait(lambda seen: TRIVIAL_READY in seen)
            app.watch(bench.seconds)
            trivial.watch(0.5)
            figures.append(memory(app.process.pid))
            baselines.append(memory(trivial.process.pid))
    what = f"memory (resident) with {STATIONS:,} stations and {STATIONS * 5:,} connectors"
    return Result(
        [
            Row(
                "memory",
                what,
                "MB",
                figures,
                Rule.TIMES_AT_MOST,
                2.5,
                "a trivial Textual app",
                baselines,
            )
        ]
    )


def log(bench: Bench) -> Result:
    """Measure the cost of the event log at a steady rate."""
    with_log: list[float] = []
    without: list[float] = []
    for turn in range(bench.rounds):
        for has_log in (True, False) if turn % 2 else (False, True):
            (with_log if has_log else without).append(_cpu(bench, has_log))
    what, against = f"processor with the event log at {RATE:,} lines/s", "the app without the log"
    return Result(
        [Row("log", what, "of a core", with_log, Rule.MORE_AT_MOST, 0.06, against, without)]
    )


def _cpu(bench: Bench, has_log: bool) -> float:
    with LoadServer(STATIONS) as server:
        args = ("--source", server.url)
        with bench.world.app(*args) if has_log else bench.world.app_without_log(*args) as app:
            app.wait(rows_painted)
            if not has_log:
                app.press("v")
            app.watch(2)
            server.ask("rate", changes=RATE)
            app.watch(2)
            return _core(app, bench.seconds)


def _core(app: Terminal, seconds: float) -> float:
    """Return the fraction of a core that the app uses for some seconds."""
    before, began = cpu_seconds(app.process.pid), time.perf_counter()
    app.watch(seconds)
    return (cpu_seconds(app.process.pid) - before) / (time.perf_counter() - began)


def growth(bench: Bench) -> Result:
    """Measure the cost per station in countries of several sizes."""
    measured: dict[int, list[tuple[float, float, float]]] = {size: [] for size in SIZES}
    for turn in range(bench.rounds):
        for size in SIZES if turn % 2 else reversed(SIZES):
            measured[size].append(_of_size(bench, size))
    lines: list[list[float]] = []
    for size in SIZES:
        # The minimum of each: other load of the machine can only add.
        seconds, megabytes, a_change = (min(each) for each in zip(*measured[size], strict=True))
        lines.append([size, seconds * 1000, megabytes, a_change * 1e6])
    for line, before in zip(lines, [None, *lines[:-1]], strict=True):
        more = [0.0, 0.0]
        if before is not None:
            stations = line[0] - before[0]
            more = [
                (line[1] - before[1]) / stations * 1000,
                (line[2] - before[2]) / stations * 1000,
            ]
        line += more
    heads = (
        "stations",
        "painted after, ms",
        "memory, MB",
        "a change, µs",
        "one more station, µs",
        "one more, kB",
    )
    table = Table("What one more station costs", heads, lines)
    last, first = lines[-1], lines[1]
    against = f"between {SIZES[0]:,} and {SIZES[1]:,}"
    between = f"between {SIZES[-2]:,} and {SIZES[-1]:,}"
    rows = [
        Row(
            "growth",
            f"one more station, time, {between}",
            "µs",
            [last[4]],
            Rule.TIMES_AT_MOST,
            _GROWS,
            against,
            [first[4]],
        ),
        Row(
            "growth",
            f"one more station, memory, {between}",
            "kB",
            [last[5]],
            Rule.TIMES_AT_MOST,
            _GROWS,
            against,
            [first[5]],
        ),
        Row(
            "growth",
            f"a change at {SIZES[-1]:,} stations",
            "µs",
            [last[3]],
            Rule.TIMES_AT_MOST,
            _GROWS,
            f"at {SIZES[0]:,}",
            [lines[0][3]],
        ),
    ]
    return Result(rows, [table])


def _of_size(bench: Bench, stations: int) -> tuple[float, float, float]:
    """Return CPU seconds to a painted list, MB, and CPU seconds per change."""
    with LoadServer(stations) as server, bench.world.app("--source", server.url) as app:
        app.wait(rows_painted)
        painted = cpu_seconds(app.process.pid)
        app.watch(3)
        weight = memory(app.process.pid)
        idle = _core(app, bench.seconds)
        server.ask("rate", changes=RATE)
        app.watch(1)
        return painted, weight, (_core(app, bench.seconds) - idle) / RATE


def soak(bench: Bench) -> Result:
    """Measure the memory over half an hour at 500 changes per second."""
    rate = 500
    minutes = 0.1 if bench.quick else bench.minutes
    early_at = min(5.0, minutes / 6)
    with bench.country() as (server, app):
        server.ask("rate", changes=rate)
        app.watch(early_at * 60)
        early = memory(app.process.pid)
        app.watch((minutes - early_at) * 60)
        late = memory(app.process.pid)
    what = f"memory after {minutes:g} minutes at {rate} changes/s"
    return Result(
        [
            Row(
                "soak",
                what,
                "MB",
                [late],
                Rule.TIMES_AT_MOST,
                1.05,
                f"after {early_at:g} minutes",
                [early],
            )
        ]
    )
