"""Benchmarks of the first frame: a whole country in one snapshot."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable

from nobil_tui.base.memory import defer_collection
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Snapshot
from nobil_tui.charging.register import Register
from nobil_tui.search.station_list import StationList
from nobil_tui.wire import v1
from tests.benchmarks.bench import STATIONS, Bench
from tests.benchmarks.country import Country
from tests.benchmarks.figures import Result, Row, Rule, in_turns
from tests.conftest import START


def snapshot(bench: Bench) -> Result:
    """Measure from the snapshot to a sorted list, without a screen."""
    now = int(time.time() * 1000)
    frame = Country(STATIONS, 1, now).snapshot()
    rounds = bench.rounds if bench.quick else bench.rounds * 3
    before = gc.get_threshold()

    def ours() -> float:
        # Like the app.
        defer_collection()
        took = _ms(_to_list, frame)
        gc.set_threshold(*before)
        return took

    figures, baselines = in_turns(rounds, ours, lambda: _ms(json.loads, frame))
    what = (
        f"snapshot of {STATIONS:,} stations ({len(frame) / 1e6:.1f} MB): decode, board, sorted list"
    )
    return Result(
        [
            Row(
                "snapshot",
                what,
                "ms",
                figures,
                Rule.TIMES_AT_MOST,
                0.4,
                "json.loads of it",
                baselines,
            )
        ]
    )


def _to_list(frame: bytes) -> object:
    message = v1.decode(frame, START)
    assert isinstance(message, Snapshot)
    board = Board()
    now = int(time.time() * 1000)
    board.apply_snapshot(message.stations, now)
    station_list = StationList(board, Register())
    station_list.refresh(now)
    return station_list


def _ms(work: Callable[[bytes], object], frame: bytes) -> float:
    gc.collect()
    began = time.perf_counter()
    made = work(frame)
    took = (time.perf_counter() - began) * 1000
    # Until here, so that freeing it is not measured.
    del made
    return took
