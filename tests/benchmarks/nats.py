"""Benchmark of NATS: what a relay costs without consumers, and with many behind several hubs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Result, Row, Rule
from tests.benchmarks.hub import CHANGES, SERVED_STATIONS, Helper, InexactError
from tests.benchmarks.programs import ROOT
from tests.feeds.nats_server import NatsProcess

HUBS = 4
CONSUMERS_PER_HUB = 250
KEY = "benchmark"


def nats(bench: Bench) -> Result:
    """Measure a relay behind which hubs serve consumers, against the same without consumers."""
    idle, busy, exact = [], [], []
    for _ in range(bench.rounds):
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            server = stack.enter_context(NatsProcess(Path(folder)))
            relay = stack.enter_context(Helper("nats_relay", server.url, SERVED_STATIONS))
            relay.answer()
            time.sleep(1.0)
            relay.ask("begin")
            idle.append(_load(bench, relay))
            readers = []
            for number in range(HUBS):
                url = _hub(stack, server.url, Path(folder) / f"home{number}")
                reader = stack.enter_context(Helper("hub_readers", url))
                reader.ask("join", count=_consumers(bench), whole=True)
                readers.append(reader)
            busy.append(_load(bench, relay))
            # Until the last changes have arrived.
            time.sleep(2.0)
            wanted = relay.ask("state")["checksum"]
            states = [reader.ask("state") for reader in readers]
            if any(state["checksum"] != wanted for state in states):
                raise InexactError(f"published {wanted}, received {states}")
            exact.append(float(sum(state["same"] for state in states)))
    count = HUBS * _consumers(bench)
    what = f"relay's processor for {CHANGES} changes/s, {HUBS} hubs with {count} consumers"
    return Result(
        [
            Row("nats", what, "s", busy, Rule.TIMES_AT_MOST, 1.3, "without consumers", idle),
            Row("nats", "consumers that end with the exact state", "", exact),
        ]
    )


def _consumers(bench: Bench) -> int:
    return 25 if bench.quick else CONSUMERS_PER_HUB


def _load(bench: Bench, relay: Helper) -> float:
    """Return the seconds of processor time that a load of some seconds takes."""
    relay.ask("load", rate=CHANGES)
    time.sleep(bench.seconds)
    return float(relay.ask("end", rate=0)["cpu"])


def _hub(stack: ExitStack, source: str, home: Path) -> str:
    """Start a hub on a source; return its URL with the key."""
    home.mkdir()
    process = subprocess.Popen(  # our own program
        [sys.executable, "-m", "nobil_tui", "serve", "--port", "0", "--source", source],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "NOBIL_HUB_KEY": KEY},
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stdout is not None
    stack.callback(process.stdout.close)
    # A fixed key is not printed.
    return f"{process.stdout.readline().strip()}?key={KEY}"
