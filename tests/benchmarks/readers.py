"""Clients without a screen, run as processes: one drops what it reads, one keeps a board."""

from __future__ import annotations

import asyncio
import json
import sys

from nobil_tui.base.memory import defer_collection
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.codecs import V1_CODEC
from tests.benchmarks.country import checksum


async def bare(url: str) -> None:
    """Receive frames and drop them."""
    from websockets.asyncio.client import connect

    async with connect(
        url, compression=None, max_size=None, proxy=None, ping_interval=None
    ) as connection:
        async for _ in connection:
            pass


async def board(url: str) -> None:
    """Keep a board up to date like the app; print its state when the server disconnects."""

    async def dial() -> str:
        return url

    monitor = Monitor(StreamFeed(Link(dial), V1_CODEC))
    batches = monitor.batches()
    async for batch in batches:
        if batch.link.phase.value == "retrying":
            break
    await batches.aclose()
    state = checksum(monitor.board.stations.values())
    print(
        json.dumps(
            {"checksum": state, "frames": monitor.counts.frames, "changes": monitor.counts.changes}
        )
    )


if __name__ == "__main__":
    # Like the headless commands.
    defer_collection()
    asyncio.run({"bare": bare, "board": board}[sys.argv[1]](sys.argv[2]))
