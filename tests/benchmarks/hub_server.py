"""A server for the benchmark of the hub, run as a process and controlled by lines of JSON.

It is our hub, or a loop of ``websockets.broadcast`` that sends the same messages: then it gets
their bytes and their times from a file that the hub's run has written.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, broadcast, serve

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, Snapshot
from nobil_tui.config.hub import HubSection
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.consumer import Delivery
from nobil_tui.hub.frames import SharedFrame
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.batch import Batch
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire import v1
from tests.benchmarks.country import Country, checksum

KEY = "benchmark"
STEP = 0.01
"""Seconds between two changes of the load."""


def now() -> int:
    """Return the time in ms."""
    return int(time.time() * 1000)


class Load:
    """A feed of a country that changes at a set rate."""

    behind = 0
    alive_at = 0

    def __init__(self, country: Country) -> None:
        self.country = country
        self.rate = 0.0
        self.changes = 0

    def retry(self) -> None:
        """Do nothing: it is always connected."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the snapshot, then changes at the rate."""
        yield Connected(now())
        snapshot = v1.decode(self.country.snapshot(), now())
        assert isinstance(snapshot, Snapshot)
        yield snapshot
        due, at = 0.0, time.perf_counter()
        while True:
            await asyncio.sleep(STEP)
            before, at = at, time.perf_counter()
            due += (at - before) * self.rate
            for _ in range(int(due)):
                self.changes += 1
                yield v1.decode(self.country.change(now()), now())
            due -= int(due)


class RecordingHub(Hub):
    """A hub that keeps what it sends, to be sent again by the bare loop."""

    def __init__(self, board: Board, **options: Any) -> None:
        super().__init__(board, **options)
        self.sent: list[tuple[float, bytes]] = []
        self.record = False
        apply = self.served.apply

        def recorded(batch: Batch, *, needed: bool) -> Delivery | SharedFrame | None:
            delivery = apply(batch, needed=needed)
            if self.record and isinstance(delivery, Delivery):
                self.sent.append((time.perf_counter(), delivery.all_frames))
            return delivery

        self.served.apply = recorded  # type: ignore[method-assign]


def split(frames: bytes) -> list[bytes]:
    """Return the messages of joined text frames."""
    messages, at = [], 0
    while at < len(frames):
        size, at = frames[at + 1], at + 2
        if size == 126:
            size, at = int.from_bytes(frames[at : at + 2], "big"), at + 2
        elif size == 127:
            size, at = int.from_bytes(frames[at : at + 8], "big"), at + 8
        messages.append(frames[at : at + size])
        at += size
    return messages


async def _commands() -> AsyncGenerator[dict[str, Any], None]:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        yield json.loads(line)


def _answer(**data: object) -> None:
    print(json.dumps(data), flush=True)


def _write(path: Path, sent: list[tuple[float, bytes]]) -> None:
    path.write_bytes(msgspec.msgpack.encode(sent))


def _read(path: Path) -> list[tuple[float, list[str]]]:
    recorded = msgspec.msgpack.decode(path.read_bytes(), type=list[tuple[float, bytes]])
    return [(at, [each.decode() for each in split(frames)]) for at, frames in recorded]


async def run_hub(stations: int, path: Path) -> None:
    """Serve a country with our hub."""
    load, board = Load(Country(stations, seed=1, now=now())), Board()
    limits = HubSection(connections=5000, connections_per_client=5000)
    hub = RecordingHub(board, keys=OneKey(KEY), limits=limits, clock=Clock())
    monitor = Monitor(load, board, sinks=[hub])
    async with hub:
        running = asyncio.create_task(monitor.run())
        _answer(url=hub.url)
        cpu, messages = 0.0, 0
        async for asked in _commands():
            match asked["do"]:
                case "begin":
                    hub.record, load.rate = True, float(asked["rate"])
                    cpu, messages = time.process_time(), hub.sent_messages
                    _answer(ok=True)
                case "end":
                    cpu = time.process_time() - cpu
                    load.rate = 0.0
                    await asyncio.sleep(0.5)
                    _write(path, hub.sent)
                    _answer(
                        cpu=cpu,
                        messages=hub.sent_messages - messages,
                        checksum=checksum(board.stations.values()),
                        resynced=hub.counts.resynced + hub.behind,
                        consumers=hub.consumers,
                    )
                case "consumers":
                    _answer(consumers=hub.consumers, messages=hub.sent_messages)
        await cancel_and_wait(running)


async def run_bare(path: Path) -> None:
    """Send recorded messages at their times with ``websockets.broadcast``."""
    connections: set[ServerConnection] = set()

    async def serve_one(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()
        connections.discard(connection)

    async with serve(
        serve_one, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=0.2
    ) as serving:
        port = next(iter(serving.sockets)).getsockname()[1]
        _answer(url=f"ws://127.0.0.1:{port}/")
        async for asked in _commands():
            if asked["do"] == "consumers":
                _answer(consumers=len(connections), messages=0)
                continue
            ticks = _read(path)
            cpu, began, messages = time.process_time(), time.perf_counter(), 0
            for at, texts in ticks:
                await asyncio.sleep(max(0.0, at - ticks[0][0] - (time.perf_counter() - began)))
                for text in texts:
                    broadcast(connections, text)
                messages += len(texts) * len(connections)
            _answer(cpu=time.process_time() - cpu, messages=messages)


if __name__ == "__main__":
    what, count, name = sys.argv[1:]
    asyncio.run(run_hub(int(count), Path(name)) if what == "hub" else run_bare(Path(name)))
