"""A relay of a country that changes, for the benchmark of NATS, controlled by lines of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.nats.server import parse_server
from nobil_tui.hub.nats_lease import LEASE_SECONDS
from tests.benchmarks.country import Country, checksum
from tests.benchmarks.hub_server import Load, now
from tests.hub.relays import Relay, until


async def main(url: str, stations: int) -> None:
    """Publish until the end of the input."""
    loop = asyncio.get_running_loop()
    load = Load(Country(stations, 1, now()))
    relay = Relay(
        parse_server(url, {}),
        load,
        "benchmark",
        lease=LEASE_SECONDS,
        heartbeat=LEASE_SECONDS / 4,
        clock=Clock(),
    )
    relay.start()
    await until(lambda: len(relay.board.stations) == stations)
    # The whole country is published first.
    await until(lambda: len(relay.publisher._sent) == stations)
    began = time.process_time()
    print(json.dumps({"ready": True}), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        load.rate = asked.get("rate", 0)
        spent, began = time.process_time() - began, time.process_time()
        state = checksum(relay.board.stations.values())
        print(json.dumps({"cpu": spent, "checksum": state}), flush=True)
    await relay.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
