"""Benchmarks of the hub: the cost of a delivered message, and many consumers that join at once."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Result, Row, Rule
from tests.benchmarks.programs import ROOT

SERVED_STATIONS = 20_000
CONSUMERS = 500
CHANGES = 500
"""Changes a second."""
JOINERS = 200


class InexactError(Exception):
    """A consumer ends with another state than the hub."""


class Helper:
    """A process that is controlled by lines of JSON."""

    def __init__(self, module: str, *args: object) -> None:
        self._process = subprocess.Popen(  # our own program
            [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def answer(self) -> dict[str, Any]:
        """Wait for an answer."""
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def ask(self, do: str, **more: object) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        return self.answer()


def hub(bench: Bench) -> Result:
    """Measure the hub against a bare loop of websockets.broadcast that sends the same."""
    ours, bare, lag, joined, whole = [], [], [], [], []
    for _ in range(bench.rounds):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sent"
            figures = _serve(bench, path)
            ours.append(figures["each"])
            lag.append(figures["lag"])
            joined.append(figures["joined"])
            whole.append(figures["exact"])
            bare.append(_broadcast(bench, path))
    count = _consumers(bench)
    what = f"processor for a message to one of {count} consumers, {CHANGES} changes/s"
    against = "websockets.broadcast of the same"
    return Result(
        [
            Row("hub", what, "µs", ours, Rule.TIMES_AT_MOST, 0.4, against, bare),
            Row("hub", "consumers that end with the exact state", "", whole),
            Row("hub", f"{JOINERS} join at once: until all have the snapshot", "s", joined),
            Row("hub", "the same: longest gap of another consumer", "s", lag, Rule.AT_MOST, 1),
        ]
    )


def _consumers(bench: Bench) -> int:
    return 100 if bench.quick else CONSUMERS


def _serve(bench: Bench, path: Path) -> dict[str, float]:
    """Serve a country to consumers; return what a message costs, and how a rush of joins is."""
    count = _consumers(bench)
    with Helper("hub_server", "hub", SERVED_STATIONS, path) as server:
        url = server.answer()["url"]
        with Helper("hub_readers", url) as readers, Helper("hub_readers", url) as rush:
            readers.ask("join", count=count, whole=True)
            server.ask("begin", rate=CHANGES)
            time.sleep(bench.seconds)
            ended = server.ask("end")
            time.sleep(0.5)
            state = readers.ask("state")
            if state["checksum"] != ended["checksum"] or state["same"] != count:
                raise InexactError(f"served {ended}, received {state}")
            server.ask("begin", rate=CHANGES)
            time.sleep(0.5)
            # The pause between the two loads is no gap.
            readers.ask("gaps")
            joined = rush.ask("join", count=JOINERS, whole=True)["slowest"]
            time.sleep(0.5)
            lag = readers.ask("gaps")["longest"]
    each = ended["cpu"] / ended["messages"] * 1e6
    return {"each": each, "exact": state["same"], "joined": joined, "lag": lag}


def _broadcast(bench: Bench, path: Path) -> float:
    """Send the same messages at the same times with the library; return what one costs in µs."""
    count = _consumers(bench)
    with (
        Helper("hub_server", "bare", 0, path) as server,
        Helper("hub_readers", server.answer()["url"]) as readers,
    ):
        readers.ask("join", count=count, whole=False)
        while server.ask("consumers")["consumers"] < count:
            time.sleep(0.05)
        ended = server.ask("begin")
    return float(ended["cpu"] / ended["messages"] * 1e6)
