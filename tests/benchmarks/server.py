"""The load server, run as a process: version 1 over ``websockets``, controlled by lines of JSON.

Clients must never wait for it. So only the handshake, the snapshot, pings and the end are the
library's; changes are written to its transport as frames encoded before, many at a time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from tests.benchmarks.country import Country, checksum, framed, free

TICK = 0.005
"""Seconds between two writes at a steady rate."""
STROKE = 1 << 16
"""Bytes of one write of a flood."""


def now() -> int:
    """Return the time in ms."""
    return int(time.time() * 1000)


class Server:
    """Serve one country to any number of clients."""

    def __init__(self, country: Country) -> None:
        self._country = country
        self._clients: set[ServerConnection] = set()
        self._rate = 0.0
        self._sent = 0
        self._connected = asyncio.Event()

    async def serve_one(self, connection: ServerConnection) -> None:
        """Send the snapshot, and then the changes."""
        await connection.send(self._country.snapshot(), text=True)
        self._clients.add(connection)
        self._connected.set()
        try:
            await connection.wait_closed()
        finally:
            self._clients.discard(connection)

    async def change_steadily(self) -> None:
        """Send changes at the set rate until cancelled."""
        began, sent = time.perf_counter(), 0
        rate = self._rate
        while True:
            await asyncio.sleep(TICK)
            if rate != self._rate:
                rate, began, sent = self._rate, time.perf_counter(), 0
            due = int((time.perf_counter() - began) * rate) - sent
            if due > 0:
                sent += due
                await self._push([self._country.change(now()) for _ in range(due)])

    async def do(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Handle the command of a line."""
        match asked["do"]:
            case "wait":
                await self._connected.wait()
                return {}
            case "rate":
                self._rate = float(asked["changes"])
                return {}
            case "burst":
                return await self._flood(int(asked["changes"]))
            case "state":
                stations = self._country.stations
                return {"free": free(stations), "checksum": checksum(stations), "sent": self._sent}
            case "hang up":
                self._connected.clear()
                for client in list(self._clients):
                    await client.close()
                return {}
        raise ValueError(asked)

    async def _flood(self, changes: int) -> dict[str, Any]:
        """Send changes as fast as the client reads; print how long it took until all were read."""
        (client,) = self._clients
        messages = [self._country.change(now()) for _ in range(changes)]
        self._sent += changes
        size = sum(map(len, messages))
        step = max(1, STROKE * changes // max(1, size))
        strokes = [framed(messages[at : at + step]) for at in range(0, changes, step)]
        began = time.perf_counter()
        for stroke in strokes:
            client.transport.write(stroke)
            await client.drain()
        # A client answers a ping after it has read everything before it.
        await (await client.ping())
        return {"seconds": time.perf_counter() - began, "bytes": size}

    async def _push(self, messages: list[bytes]) -> None:
        self._sent += len(messages)
        stroke = framed(messages)
        for client in list(self._clients):
            client.transport.write(stroke)
            await client.drain()


async def main(stations: int) -> None:
    """Serve until the end of the input."""
    server = Server(Country(stations, seed=1, now=now()))
    options = {"compression": None, "ping_interval": None, "close_timeout": 0.2}
    async with serve(server.serve_one, "127.0.0.1", 0, **options) as serving:  # type: ignore[arg-type]
        steady = asyncio.create_task(server.change_steadily())
        port = next(iter(serving.sockets)).getsockname()[1]
        # Encoded in advance: the first client must not wait for it.
        server._country.snapshot()
        print(json.dumps({"port": port}), flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await server.do(json.loads(line))), flush=True)
        steady.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
