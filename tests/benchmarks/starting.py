"""Benchmarks of the start."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from functools import partial

import msgspec

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Register
from nobil_tui.wire.finland import decode_statuses
from nobil_tui.wire.finland_merge import Merger
from nobil_tui.wire.finland_register import decode_locations, decode_places, decode_tariffs
from tests.benchmarks.bench import (
    STATIONS,
    Bench,
    finland_painted,
    layout_painted,
    rows_painted,
)
from tests.benchmarks.figures import Result, Row, Rule, in_turns
from tests.benchmarks.programs import nobil_tui, python
from tests.benchmarks.serving import LoadServer, finland_service, silent_server
from tests.feeds.finland_service import Country

_TEXTUAL = python("import textual.app")
_CLICK = python("import click")


def first_paint(bench: Bench) -> Result:
    """Measure the time to the whole layout, while the link is CONNECTING."""
    with silent_server() as url:

        def painted() -> float:
            with bench.world.app("--source", url) as app:
                return (app.wait(layout_painted) - app.started) * 1000

        return _against_textual(bench, "first-paint", "start to the layout painted", painted, 1.2)


def demo(bench: Bench) -> Result:
    """Measure the time to the rows of the simulation."""

    def painted() -> float:
        with bench.world.app() as app:
            return (app.wait(rows_painted) - app.started) * 1000

    return _against_textual(bench, "demo", "start to the demo's rows painted", painted, 1.6)


def country(bench: Bench) -> Result:
    """Measure the time to the rows of a large country."""
    with LoadServer(STATIONS) as server:

        def painted() -> float:
            with bench.world.app("--source", server.url) as app:
                return (app.wait(rows_painted) - app.started) * 1000

        return _against_textual(
            bench, "country", f"start to {STATIONS:,} stations painted", painted, 2.0
        )


def finland(bench: Bench) -> Result:
    """Measure the time to the first real rows of Finland's service, whose REST API and broker run
    on this machine, and the memory of its stations."""
    with finland_service(5_000, 12_000) as config:

        def painted() -> float:
            with bench.world.app("--config", str(config), "--source", "finland") as app:
                return (app.wait(finland_painted) - app.started) * 1000

        start = _against_textual(
            bench, "finland", "start to Finland's 12,000 EVSEs painted", painted, 2.2
        )
    what = "memory of 12,000 EVSEs with register and prices"
    return Result([*start.rows, Row("finland", what, "MB", [_finland_mb()], Rule.AT_MOST, 40)])


def _finland_mb() -> float:
    """Return the memory of Finland's stations in MB: what the feed, board and register hold."""
    at = 1_764_668_286_000
    country = Country(5_000, 12_000, at=at)
    locations = msgspec.json.encode({"features": country.features})
    tariffs = msgspec.json.encode({"tariffs": country.tariffs})
    statuses = msgspec.json.encode({"statuses": country.statuses})
    del country
    gc.collect()
    tracemalloc.start()
    try:
        register = Register(decode_locations(locations, decode_tariffs(tariffs)).facts)
        merger, board = Merger(), Board()
        merger.use_places(decode_places(locations))
        board.apply_snapshot(merger.snapshot(decode_statuses(statuses), at).stations, at)
        gc.collect()
        assert len(board.stations) == len(register) == 5_000
        return tracemalloc.get_traced_memory()[0] / 1e6
    finally:
        tracemalloc.stop()


def command_line(bench: Bench) -> Result:
    """Measure the commands without a screen."""
    rows = []
    for args in (["--help"], ["config", "path"]):
        figures, baselines = in_turns(
            _many(bench), partial(_ms, bench, nobil_tui(*args)), partial(_ms, bench, _CLICK)
        )
        what = f"nobil-tui {' '.join(args)}"
        rows.append(
            Row(
                "command-line",
                what,
                "ms",
                figures,
                Rule.TIMES_AT_MOST,
                2.0,
                "import click",
                baselines,
            )
        )
    return Result(rows)


def _against_textual(
    bench: Bench, name: str, what: str, painted: Callable[[], float], limit: float
) -> Result:
    figures, baselines = in_turns(_many(bench), painted, lambda: _ms(bench, _TEXTUAL))
    return Result(
        [Row(name, what, "ms", figures, Rule.TIMES_AT_MOST, limit, "import textual.app", baselines)]
    )


def _many(bench: Bench) -> int:
    # A start is short and can be measured more often.
    return bench.rounds * (1 if bench.quick else 3)


def _ms(bench: Bench, command: list[str]) -> float:
    return bench.world.seconds_of(command) * 1000
