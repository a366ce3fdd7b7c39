"""Finland's service, run as a process for the benchmarks: REST answers and an MQTT broker.

It prints a line of JSON with both addresses, and ends when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from nobil_tui.base.clock import Clock
from tests.feeds.finland_service import Country, FinlandService
from tests.feeds.mqtt_broker import NatsBroker


async def main() -> None:
    """Serve a country with these numbers of locations and EVSEs."""
    locations, evses = map(int, sys.argv[1:])
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            NatsBroker(Path(folder)) as broker,
            FinlandService(
                Country(locations, evses, at=clock.now()), clock, constant=True
            ) as service,
        ):
            print(json.dumps({"address": service.address, "stream": broker.url}), flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
