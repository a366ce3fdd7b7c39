"""Many consumers in one process for the benchmark of the hub, controlled by lines of JSON.

They must cost little, so they compare bytes: one is decoded, and the others must have received the
same. One that differs is decoded too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import zlib
from urllib.parse import urlsplit

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Snapshot, StationReport
from nobil_tui.wire import v1
from tests.benchmarks.country import checksum
from tests.benchmarks.hub_server import split

SNAPSHOT = 100_000
"""A frame of more bytes is a snapshot."""


class Reader(asyncio.Protocol):
    """One consumer: a handshake, then what is sent is kept."""

    def __init__(self, path: str, keep: bool) -> None:
        self._path = path
        self._keep = keep
        self._head = bytearray()
        self.opened = False
        self.began = time.perf_counter()
        self.complete_after = 0.0
        self.received = bytearray()
        """What was received, if it is kept, or else its beginning."""
        self.size = self.sum = 0
        self.last = 0.0
        self.longest_gap = 0.0
        self.first_frame = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the handshake."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Keep what is received, or its checksum."""
        if not self.opened:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            head, _, data = bytes(self._head).partition(b"\r\n\r\n")
            assert b" 101 " in head, head
            self.opened = True
        if not self.first_frame:
            self.received += data
            if len(self.received) < 10:
                return
            self.first_frame = frame_size(self.received)
            data, self.received = bytes(self.received), bytearray()
        now = time.perf_counter()
        if self.complete_after:
            self.longest_gap = max(self.longest_gap, now - self.last)
        self.last = now
        self.size += len(data)
        self.sum = zlib.crc32(data, self.sum)
        if self._keep:
            self.received += data
        if not self.complete_after and self.size >= self.first_frame:
            self.complete_after = now - self.began


def frame_size(data: bytes | bytearray) -> int:
    """Return the size of the first frame."""
    if data[1] < 126:
        return 2 + data[1]
    if data[1] == 126:
        return 4 + int.from_bytes(data[2:4], "big")
    return 10 + int.from_bytes(data[2:10], "big")


def state_of(received: bytes) -> int:
    """Return the checksum of the state that messages lead to."""
    board = Board()
    for message in split(received):
        event = v1.decode(message, 0)
        if isinstance(event, Snapshot):
            board.apply_snapshot(event.stations, 0)
        elif isinstance(event, StationReport):
            board.apply_station(event.station, 0)
    return checksum(board.stations.values())


async def main(url: str) -> None:
    """Join and report until the end of the input."""
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    readers: list[Reader] = []

    async def join(keep: bool) -> None:
        path = f"{parts.path}?{parts.query}"
        _, reader = await loop.create_connection(
            lambda: Reader(path, keep), parts.hostname or "", parts.port or 0
        )
        readers.append(reader)

    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        if asked["do"] == "join":
            new = len(readers)
            for number in range(asked["count"]):
                await join(new + number == 0)
            wanted = readers[new:]
            while asked["whole"] and not all(each.complete_after for each in wanted):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            print(json.dumps({"slowest": max(each.complete_after for each in wanted)}), flush=True)
        elif asked["do"] == "gaps":
            gap = max((each.longest_gap for each in readers), default=0.0)
            for each in readers:
                each.longest_gap = 0.0
            print(json.dumps({"longest": gap}), flush=True)
        else:
            first = readers[0]
            same = sum((each.size, each.sum) == (first.size, first.sum) for each in readers)
            answer = {"same": same, "bytes": first.size}
            if asked["do"] == "state":
                answer["checksum"] = state_of(bytes(first.received))
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
