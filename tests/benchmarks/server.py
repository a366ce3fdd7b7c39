"""The load server, a process of its own: version 1 over bare ``websockets``, told what to do a line of JSON at a time.

It must never be what a client waits for. So the handshake, the snapshot, pings and the end are the library's, and what
changes goes into its transport as frames that were written before, many at a stroke.
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
"""Seconds between two strokes at a steady rate."""
STROKE = 1 << 16
"""Bytes of a stroke of a flood."""


def now() -> int:
    """The time in ms."""
    return int(time.time() * 1000)


class Server:
    """Serves one country to whoever connects."""

    def __init__(self, country: Country) -> None:
        self._country = country
        self._clients: set[ServerConnection] = set()
        self._rate = 0.0
        self._sent = 0
        self._connected = asyncio.Event()

    async def serve_one(self, connection: ServerConnection) -> None:
        """Send the state, and from then on what changes."""
        await connection.send(self._country.snapshot(), text=True)
        self._clients.add(connection)
        self._connected.set()
        try:
            await connection.wait_closed()
        finally:
            self._clients.discard(connection)

    async def change_steadily(self) -> None:
        """Send as many changes a second as the rate says, for ever."""
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
        """Do what a line asks for."""
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
        """Send changes as fast as the client takes them, and tell how long it took until it had read the last."""
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
        # A client answers a ping when it has read all that came before it.
        await (await client.ping())
        return {"seconds": time.perf_counter() - began, "bytes": size}

    async def _push(self, messages: list[bytes]) -> None:
        self._sent += len(messages)
        stroke = framed(messages)
        for client in list(self._clients):
            client.transport.write(stroke)
            await client.drain()


async def main(stations: int) -> None:
    """Serve until there is no more to read."""
    server = Server(Country(stations, seed=1, now=now()))
    options = {"compression": None, "ping_interval": None, "close_timeout": 0.2}
    async with serve(server.serve_one, "127.0.0.1", 0, **options) as serving:  # type: ignore[arg-type]
        steady = asyncio.create_task(server.change_steadily())
        port = next(iter(serving.sockets)).getsockname()[1]
        # Made ready now: whoever connects first must not wait for it.
        server._country.snapshot()
        print(json.dumps({"port": port}), flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await server.do(json.loads(line))), flush=True)
        steady.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
