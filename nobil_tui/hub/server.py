"""The hub: serve version 1 of the stream API from a running monitor, to any number of consumers.

A consumer joins between two steps of the loop: it gets a snapshot of the board and is registered at
once, so that every later change reaches it. A change that the snapshot contains already may be sent
again with the next batch.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, quote

from nobil_tui.base.redaction import is_loopback
from nobil_tui.hub.api_keys import same_key
from nobil_tui.hub.consumer import CONSUMER_CLOSE_TIMEOUT, MAX_QUEUED_FRAMES, Consumer
from nobil_tui.hub.errors import HubError, bind_reason
from nobil_tui.monitor.batch import MAX_ENTRIES, Batch, Note
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.v1_encode import raw_frame, snapshot_frame, update_frame

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

PATH = "/api/v1/stream/realtime"
PATHS = {PATH, "/api/v1/stream"}
KEY = "key"
KEYS = {KEY, "apikey"}
"""Both paths and both parameter names are the same API."""

LARGEST_MESSAGE = 4096
"""Bytes of one message from a consumer; messages are dropped."""
DISCONNECT_TIMEOUT = 0.05
"""Seconds to wait for closing handshakes before the connections are aborted."""

logger = logging.getLogger(__name__)

# The library logs the whole URL with the key (debug), and a traceback for every connection that sends
# no valid handshake: neither belongs in the log.
_quiet = logging.getLogger("nobil_tui.hub.websockets")
_quiet.setLevel(logging.INFO)
_quiet.addFilter(lambda record: record.msg != "opening handshake failed")


class Hub:
    """Run ``monitor`` and serve its board. Use it with ``async with``, or ``start`` and ``close`` it.

    ``port`` 0 is any free port. The hub iterates over the monitor's batches; other receivers must be
    its sinks.
    """

    def __init__(
        self,
        monitor: Monitor,
        *,
        key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        max_queued_frames: int = MAX_QUEUED_FRAMES,
    ) -> None:
        if not key:
            raise ValueError("a hub needs a key")
        self._monitor = monitor
        self._key = key
        self._host = host
        self._port = port
        self._max_queued_frames = max_queued_frames
        self._consumers: set[Consumer] = set()
        self._snapshot: bytes | None = None
        self._server: Server | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    @property
    def address(self) -> str:
        """The URL without the key. Raises ``RuntimeError`` before ``start``."""
        if self._server is None:
            raise RuntimeError("the hub is not started")
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            # "All addresses" is not an address to connect to.
            host = "127.0.0.1" if address.version == 4 else "::1"
        return f"ws://{f'[{host}]' if address.version == 6 else host}:{port}{PATH}"

    @property
    def url(self) -> str:
        """The URL with the key: a secret."""
        return f"{self.address}?{KEY}={quote(self._key, safe='')}"

    @property
    def consumers(self) -> int:
        """How many consumers are connected."""
        return len(self._consumers)

    async def start(self) -> None:
        """Read the feed and listen; return once both work. Raises ``HubError`` if it cannot listen."""
        self._reading = asyncio.create_task(self._read())
        self._reading.add_done_callback(lambda _: self._ready.set())
        try:
            # An early consumer should not get an empty snapshot.
            await self._ready.wait()
            if self._reading.done():
                self._reading.result()
            await self._listen()
        except BaseException:
            # Also if cancelled: nothing may keep listening.
            await self.close()
            raise

    async def wait(self) -> None:
        """Wait until the hub is closed. Raises the error that ended the feed, if there was one."""
        if self._server is None or self._reading is None:
            raise RuntimeError("the hub is not started")
        await asyncio.wait([self._reading])
        if not self._reading.cancelled():
            self._reading.result()
        # After the feed has ended, the board is still served.
        await self._server.wait_closed()

    async def close(self) -> None:
        """Stop reading and close all connections: with a handshake for ``DISCONNECT_TIMEOUT`` seconds."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._server is None:
            return
        self._server.close()
        closed = asyncio.ensure_future(self._server.wait_closed())
        await asyncio.wait([closed], timeout=DISCONNECT_TIMEOUT)
        for consumer in [*self._consumers]:
            consumer.abort()
        # Connections in the middle of the opening handshake are not waited for.
        await asyncio.wait([closed], timeout=DISCONNECT_TIMEOUT)
        closed.cancel()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # Consumers

    async def _listen(self) -> None:
        from websockets.asyncio.server import serve

        if not self._host:
            raise HubError("no host to listen on: choose an address of this machine, such as 127.0.0.1")
        try:
            self._server = await serve(
                self._serve_consumer,
                self._host,
                self._port,
                process_request=self._check_request,
                # Frames are compressed per consumer, and a large snapshot would stall the loop.
                compression=None if is_loopback(self._host) else "deflate",
                max_size=LARGEST_MESSAGE,
                # On a slow line a pong waits behind a large snapshot: the queue shows whether it reads.
                ping_timeout=None,
                close_timeout=CONSUMER_CLOSE_TIMEOUT,
                server_header=None,
                logger=_quiet,
            )
        except (OSError, OverflowError) as error:
            raise HubError(bind_reason(error, self._host, self._port)) from None
        except UnicodeError:
            raise HubError(
                f"{self._host[:40]!r} is not a host: choose an address of this machine, such as 127.0.0.1"
            ) from None

    def _check_request(self, connection: ServerConnection, request: Request) -> Response | None:
        path, _, query = request.path.partition("?")
        if path not in PATHS:
            return connection.respond(HTTPStatus.NOT_FOUND, f"The stream is at {PATH}\n")
        given = [value for name, value in parse_qsl(query) if name in KEYS]
        if not any(same_key(value, self._key) for value in given):
            return connection.respond(HTTPStatus.UNAUTHORIZED, f"Give your key as ?{KEY}=\n")
        return None

    async def _serve_consumer(self, connection: ServerConnection) -> None:
        consumer = Consumer(connection, self._max_queued_frames)
        # No await between these two: the board must not change in between.
        consumer.put(self._snapshot_frame())
        self._consumers.add(consumer)
        logger.info("a consumer joined (%d)", self.consumers)
        try:
            await consumer.run()
        finally:
            self._consumers.discard(consumer)
            logger.info("a consumer left (%d)", self.consumers)

    # The stream

    async def _read(self) -> None:
        batches = self._monitor.batches()
        try:
            async for batch in batches:
                self._send(batch)
                self._ready.set()
        finally:
            await batches.aclose()

    def _send(self, batch: Batch) -> None:
        """Send a batch to all consumers. Each frame is encoded once, and only if there are consumers."""
        self._snapshot = None
        if not self._consumers:
            return
        if batch.whole:
            snapshot = self._snapshot_frame()
            for consumer in self._consumers:
                consumer.restart(snapshot)
            frames = []
        else:
            stations = self._monitor.board.stations
            frames = [update_frame(stations[station]) for station in _changed(batch) if station in stations]
        frames += [raw_frame(report.station_id, report.index, report.connector) for report in batch.raw_reports]
        for consumer in self._consumers:
            for frame in frames:
                consumer.put(frame)

    def _snapshot_frame(self) -> bytes:
        if self._snapshot is None:
            self._snapshot = snapshot_frame(self._monitor.board.stations.values())
        return self._snapshot


def _changed(batch: Batch) -> list[str]:
    """Return the stations to send an update for."""
    # If the oldest changes were dropped, every touched station is sent.
    if len(batch.entries) >= MAX_ENTRIES:
        return sorted(batch.touched)
    changed = (entry.station for entry in batch.entries if not isinstance(entry, Note))
    return list(dict.fromkeys([*changed, *sorted(batch.expired)]))
