"""``python -m tests.benchmarks [NAME ...] [--list] [--json] [--rounds N] [--quick] [--minutes
M]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping

from tests.benchmarks import hands, history, hub, idle, nats, snapshots, starting, streaming, weight
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Result, told
from tests.benchmarks.programs import World

BENCHMARKS: Mapping[str, Callable[[Bench], Result]] = {
    "first-paint": starting.first_paint,
    "demo": starting.demo,
    "country": starting.country,
    "finland": starting.finland,
    "command-line": starting.command_line,
    "snapshot": snapshots.snapshot,
    "throughput": streaming.throughput,
    "flood": streaming.flood,
    "keys": hands.keys,
    "idle": idle.idle,
    "slow-line": hands.slow_line,
    "find": hands.find,
    "register": hands.register,
    "history": history.history,
    "hub": hub.hub,
    "nats": nats.nats,
    "memory": weight.weight,
    "log": weight.log,
    "growth": weight.growth,
    "soak": weight.soak,
}
APART = ("soak",)
"""Benchmarks that run only if named, since they take long."""


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure what nobil-tui costs."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="what to measure; all but soak if nothing is named"
    )
    parser.add_argument("--list", action="store_true", help="tell the names")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="how often to measure each (5)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short round, to see that it runs; the figures say little",
    )
    parser.add_argument(
        "--minutes", type=float, default=30, metavar="M", help="how long the soak lasts (30)"
    )
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"there is no {unknown[0]!r}; --list tells what there is")
    if asked.list:
        for name, measure in BENCHMARKS.items():
            print(f"{name:13} {(measure.__doc__ or '').strip()}")
        return
    names = asked.names or [name for name in BENCHMARKS if name not in APART]
    world = World()
    try:
        bench = Bench(world, 1 if asked.quick else max(1, asked.rounds), asked.quick, asked.minutes)
        bench.warm_up()
        results = [_measured(bench, name) for name in names]
    finally:
        world.close()
    load = [round(each, 2) for each in os.getloadavg()]
    if asked.json:
        every = {"load": load, "rows": [row.data() for result in results for row in result.rows]}
        every["tables"] = [table.data() for result in results for table in result.tables]
        print(json.dumps(every, indent=2))
    else:
        print(told(results))
        print(
            f"\n{os.cpu_count()} cores; load of the machine at the end {load}; {bench.rounds} "
            f"rounds"
        )


def _measured(bench: Bench, name: str) -> Result:
    print(f"{name} ...", file=sys.stderr, flush=True)
    return BENCHMARKS[name](bench)


if __name__ == "__main__":
    main()
