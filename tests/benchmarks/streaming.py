"""Benchmarks of the throughput: a flood, sent as fast as it is read."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.benchmarks.bench import STATIONS, Bench, cursor_presses, seen_number
from tests.benchmarks.figures import Result, Row, Rule, quantile
from tests.benchmarks.programs import ROOT, memory
from tests.benchmarks.serving import LoadServer

FREE_SHOWN = r"([\d,]+) of [\d,]+ connectors free"
_BARE = "a bare websockets loop"


class WrongStateError(Exception):
    """The client's state differs from the server's after the flood."""


def throughput(bench: Bench) -> Result:
    """Measure from the socket to the board with its changes, without a screen."""
    board: list[float] = []
    bare: list[float] = []
    for turn in range(bench.rounds):
        for reader in ("bare", "board") if turn % 2 else ("board", "bare"):
            (bare if reader == "bare" else board).append(_read(bench, reader))
    what = "changes a second, socket to board, no screen"
    return Result([Row("throughput", what, "/s", board, Rule.TIMES_AT_LEAST, 0.55, _BARE, bare)])


def flood(bench: Bench) -> Result:
    """Measure the same with the app open, while keys are pressed."""
    app, bare, keys, slowest, grown, late = [], [], [], [], [], []
    for turn in range(bench.rounds):
        if turn % 2:
            bare.append(_read(bench, "bare"))
        seen = _flood_app(bench)
        app.append(seen["rate"])
        keys.append(seen["p95"])
        slowest.append(seen["slowest"])
        grown.append(seen["grown"])
        late.append(seen["late"])
        if not turn % 2:
            bare.append(_read(bench, "bare"))
    return Result(
        [
            Row(
                "flood",
                "changes a second, the app open",
                "/s",
                app,
                Rule.TIMES_AT_LEAST,
                0.40,
                _BARE,
                bare,
            ),
            Row("flood", "a key during the flood, p95", "ms", keys, Rule.AT_MOST, 40),
            Row("flood", "a key during the flood, slowest", "ms", slowest, Rule.AT_MOST, 100),
            Row("flood", "memory that a flood takes", "MB", grown),
            Row("flood", "the exact state on screen after it", "s", late, Rule.AT_MOST, 2),
        ]
    )


def _changes(bench: Bench) -> int:
    return 20_000 if bench.quick else 200_000


def _read(bench: Bench, reader: str) -> float:
    """Flood a reader; return the changes per second."""
    changes = _changes(bench)
    with LoadServer(STATIONS) as server:
        command = [sys.executable, "-m", "tests.benchmarks.readers", reader, server.url]
        client = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )  # our own program
        server.ask("wait")
        # The first flood warms up the reader.
        server.ask("burst", changes=1000)
        seconds = server.ask("burst", changes=changes)["seconds"]
        state = server.ask("state")
        server.ask("hang up")
        said, _ = client.communicate(timeout=30)
        if reader == "board":
            held = json.loads(said)
            if held["checksum"] != state["checksum"] or held["frames"] != changes + 1001:
                raise WrongStateError(f"sent {state}, held {held}")
    return float(changes / seconds)


def _flood_app(bench: Bench) -> dict[str, float]:
    changes = _changes(bench)
    with bench.country() as (server, app):
        before = memory(app.process.pid)
        server.begin("burst", changes=changes)
        keys = cursor_presses(app, 10 if bench.quick else 40)
        seconds = None
        while seconds is None:
            # The screen must be read while the server waits for the app.
            app.watch(0.05)
            seconds = server.poll()
        grown = memory(app.process.pid) - before
        free = server.ask("state")["free"]
        app.forget()
        began = app.now()
        if not seen_number(app, FREE_SHOWN, free, 10):
            raise WrongStateError(f"never showed that {free} connectors are free")
        late = app.now() - began
    return {
        "rate": changes / seconds["seconds"],
        "p95": quantile(keys, 0.95),
        "slowest": max(keys),
        "grown": grown,
        "late": late,
    }
