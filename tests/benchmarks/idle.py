"""Benchmark of an app that is open all day: processor, wake-ups and output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.bench import RATE, Bench, cursor_presses, trivial_presses
from tests.benchmarks.figures import Result, Row, Rule
from tests.benchmarks.programs import cpu_seconds, wake_ups
from tests.benchmarks.terminal import Terminal

_CLOCK = "a trivial Textual app with a clock"


@dataclass(frozen=True)
class _Load:
    """Stations and changes per second, and the limits; None if the figure is only shown."""

    stations: int
    changes: int
    cpu: float | None = None
    """Percent of a core."""
    wake_ups: float | None = None
    """Per second."""
    kilobytes: float | None = None
    """Per second."""

    @property
    def name(self) -> str:
        """The load in words."""
        changes = f"{self.changes:,} changes/s" if self.changes else "quiet link"
        return f"{self.stations:,} stations, {changes}"


_LOADS = (
    _Load(400, 0, 0.4, 6, 1),
    _Load(12_000, 10, 3, 25, 12),
    _Load(12_000, RATE),
)


@dataclass(frozen=True)
class _Cost:
    """What an app costs in one round."""

    cpu: float
    wake_ups: float
    kilobytes: float
    key: float
    """Milliseconds from a key to its paint, median."""


def idle(bench: Bench) -> Result:
    """Measure what an untouched app costs, beside a trivial one with a clock."""
    clock: list[_Cost] = []
    costs: list[list[_Cost]] = [[] for _ in _LOADS]
    for turn in range(bench.rounds):
        if turn % 2:
            clock.append(_clock(bench))
        for load, found in zip(_LOADS, costs, strict=True):
            found.append(_loaded(bench, load))
        if not turn % 2:
            clock.append(_clock(bench))
    return Result(
        [
            row
            for load, found in zip(_LOADS, costs, strict=True)
            for row in _rows(load, found, clock)
        ]
    )


def _rows(load: _Load, found: list[_Cost], clock: list[_Cost]) -> list[Row]:
    def row(
        what: str, unit: str, limit: float | None, figures: list[float], base: list[float]
    ) -> Row:
        rule = Rule.TOLD if limit is None else Rule.AT_MOST
        return Row("idle", f"{load.name}: {what}", unit, figures, rule, limit or 0.0, _CLOCK, base)

    return [
        row(
            "processor",
            "% of a core",
            load.cpu,
            [each.cpu for each in found],
            [each.cpu for each in clock],
        ),
        row(
            "wake-ups",
            "/s",
            load.wake_ups,
            [each.wake_ups for each in found],
            [each.wake_ups for each in clock],
        ),
        row(
            "written to the terminal",
            "kB/s",
            load.kilobytes,
            [each.kilobytes for each in found],
            [each.kilobytes for each in clock],
        ),
        row(
            "key to paint, median",
            "ms",
            None,
            [each.key for each in found],
            [each.key for each in clock],
        ),
    ]


def _loaded(bench: Bench, load: _Load) -> _Cost:
    with bench.country(load.stations) as (server, app):
        if load.changes:
            server.ask("rate", changes=load.changes)
        return _cost(bench, app, median_key=lambda: median(cursor_presses(app, bench.presses // 2)))


def _clock(bench: Bench) -> _Cost:
    with bench.world.module("clock") as app:
        app.wait(lambda seen: b"pressed 0 times" in seen)
        return _cost(
            bench, app, median_key=lambda: median(trivial_presses(app, bench.presses // 2))
        )


def _cost(bench: Bench, app: Terminal, median_key: Callable[[], float]) -> _Cost:
    pid = app.process.pid
    app.watch(1 if bench.quick else 3)
    began, cpu, woken = app.now(), cpu_seconds(pid), wake_ups(pid)
    written = app.watch(2 * bench.seconds)
    seconds = app.now() - began
    return _Cost(
        100 * (cpu_seconds(pid) - cpu) / seconds,
        (wake_ups(pid) - woken) / seconds,
        written / seconds / 1000,
        median_key(),
    )
