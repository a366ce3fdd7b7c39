"""Benchmarks of the response time to keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.bench import (
    RATE,
    STATIONS,
    TRIVIAL_READY,
    Bench,
    cursor_presses,
    layout_painted,
    pause,
    trivial_presses,
)
from tests.benchmarks.figures import Result, Row, Rule, quantile
from tests.benchmarks.programs import cpu_seconds
from tests.benchmarks.registers import store_register
from tests.benchmarks.serving import silent_server
from tests.benchmarks.terminal import Terminal

_TRIVIAL = "a trivial Textual app, idle"
_IDLE = "the same app's idle key"
_ORDERS = 5
_WANTED = ("oslo", "ccs free", "bergen type2", "150kw", "op:re", "-tesla trondheim")
"""Typical filters: words, plugs, power, an operator, negation."""
SLOW_LINE = 100_000
"""Bytes per second."""


def keys(bench: Bench) -> Result:
    """Measure a key at a steady load, and the processor time of that load."""
    trivial, loaded, cpu, written = [], [], [], []
    for turn in range(bench.rounds):
        if turn % 2:
            trivial.append(_trivial(bench))
        with bench.country() as (server, app):
            server.ask("rate", changes=RATE)
            app.watch(2)
            began, pid = app.now(), app.process.pid
            before = cpu_seconds(pid)
            bytes_written = app.watch(bench.seconds)
            seconds = app.now() - began
            cpu.append((cpu_seconds(pid) - before) / seconds)
            written.append(bytes_written / seconds / 1000)
            loaded.append(cursor_presses(app, bench.presses))
        if not turn % 2:
            trivial.append(_trivial(bench))
    middle, base = [median(each) for each in loaded], [median(each) for each in trivial]
    high, high_base = (
        [quantile(each, 0.95) for each in loaded],
        [quantile(each, 0.95) for each in trivial],
    )
    at = f"at {RATE:,} changes/s"
    return Result(
        [
            Row(
                "keys",
                f"key to paint {at}, median",
                "ms",
                middle,
                Rule.TIMES_AT_MOST,
                1.5,
                _TRIVIAL,
                base,
            ),
            Row(
                "keys",
                f"key to paint {at}, p95",
                "ms",
                high,
                Rule.MORE_AT_MOST,
                20,
                _TRIVIAL,
                high_base,
            ),
            Row("keys", f"processor {at}", "of a core", cpu, Rule.AT_MOST, 0.20),
            Row("keys", f"written to the terminal {at}", "kB/s", written, Rule.AT_MOST, 300),
        ]
    )


def find(bench: Bench) -> Result:
    """Measure a keystroke in the filter and a change of order, with a large country."""
    idle, filtered, sorted_, slowest = [], [], [], []
    for _ in range(bench.rounds):
        with bench.country() as (_server, app):
            before = cursor_presses(app, bench.presses // 2)
            filtered.append(median(_filter_presses(app, bench.presses // 10)))
            orders = _sort_presses(app, 2 if bench.quick else 4)
            idle.append(median(before + cursor_presses(app, bench.presses // 2)))
            sorted_.append(median(median(each) for each in orders))
            slowest.append(max(median(each) for each in orders))
    over = f"over {STATIONS:,} rows, to paint"
    return Result(
        [
            Row(
                "find",
                f"filter keystroke {over}",
                "ms",
                filtered,
                Rule.MORE_AT_MOST,
                16,
                _IDLE,
                idle,
            ),
            Row("find", f"sort {over}", "ms", sorted_, Rule.MORE_AT_MOST, 25, _IDLE, idle),
            Row(
                "find",
                f"sort {over}, the slowest order",
                "ms",
                slowest,
                Rule.MORE_AT_MOST,
                25,
                _IDLE,
                idle,
            ),
        ]
    )


def register(bench: Bench) -> Result:
    """Measure a keystroke in the filter and the start, with a register of the whole country."""
    filtered: list[float] = []
    idle: list[float] = []
    with_it: list[float] = []
    without: list[float] = []
    for _ in range(bench.rounds):
        env = bench.world.env()
        store_register(Path(env["HOME"]))
        with bench.country(env=env) as (_server, app):
            app.watch(3)
            before = cursor_presses(app, bench.presses // 2)
            filtered.append(median(_typed(app, _WANTED)))
            idle.append(median(before + cursor_presses(app, bench.presses // 2)))
        with silent_server() as url:
            for taken, home in ((without, bench.world.env()), (with_it, env)):
                with bench.world.app("--source", url, env=home) as app:
                    taken.append((app.wait(layout_painted) - app.started) * 1000)
    over = f"over {STATIONS:,} stations with a register, to paint"
    start = "start to the layout painted, with a stored register"
    return Result(
        [
            Row(
                "register",
                f"filter keystroke {over}",
                "ms",
                filtered,
                Rule.MORE_AT_MOST,
                16,
                _IDLE,
                idle,
            ),
            Row("register", start, "ms", with_it, Rule.MORE_AT_MOST, 400, "without one", without),
        ]
    )


def slow_line(bench: Bench) -> Result:
    """Measure a key on a terminal that reads 100 kB/s, at a steady load."""
    figures = []
    for _ in range(bench.rounds):
        with bench.country(pace=SLOW_LINE) as (server, app):
            server.ask("rate", changes=RATE)
            app.watch(5)
            figures.append(max(cursor_presses(app, 10 if bench.quick else 30)))
    what = f"key to paint at {RATE:,} changes/s on a line of {SLOW_LINE // 1000} kB/s, slowest"
    return Result([Row("slow-line", what, "ms", figures, Rule.AT_MOST, 500)])


def _trivial(bench: Bench) -> list[float]:
    with bench.world.trivial() as app:
        app.wait(lambda seen: TRIVIAL_READY in seen)
        app.watch(0.5)
        return trivial_presses(app, bench.presses)


def _filter_presses(app: Terminal, times: int) -> list[float]:
    """Type filters of three letters; return the ms from each key to its paint."""
    return _typed(app, [f"{turn % 10}{(turn + 3) % 10}{(turn + 5) % 10}" for turn in range(times)])


def _typed(app: Terminal, texts: Sequence[str]) -> list[float]:
    """Type several filters; return the ms from each key to the end of its paint.

    Only what changes is painted, so no text says that a key was answered: its end does.
    """
    taken = []
    for text in texts:
        app.press("/")
        app.watch(0.3)
        for key in text:
            typed = app.press(key)
            taken.append((app.settle() - typed) * 1000)
        app.press("\x1b")
        app.watch(0.5)
    return taken


def _sort_presses(app: Terminal, times: int) -> list[list[float]]:
    """Cycle through the sort orders; return the ms from each key to its paint, by order."""
    taken: list[list[float]] = [[] for _ in range(_ORDERS)]
    for turn in range(times * _ORDERS):
        typed = app.press("o")
        taken[turn % _ORDERS].append(
            (app.wait(lambda seen: f"Stations {STATIONS:,} ".encode() in seen) - typed) * 1000
        )
        app.watch(pause() + 0.2)
    return taken
