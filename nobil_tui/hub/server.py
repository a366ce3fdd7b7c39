"""The hub: a sink that serves a board as version 1 of the stream API, to any number of consumers.

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
from nobil_tui.charging.board import Board
from nobil_tui.hub.api_keys import same_key
from nobil_tui.hub.consumer import CONSUMER_CLOSE_TIMEOUT, MAX_QUEUED_FRAMES, Consumer
from nobil_tui.hub.errors import HubError, bind_reason
from nobil_tui.monitor.batch import MAX_ENTRIES, Batch, Note
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

# The library logs the whole URL with the key (debug), and a traceback for every connection that
# sends no valid handshake: neither belongs in the log.
_quiet = logging.getLogger("nobil_tui.hub.websockets")
_quiet.setLevel(logging.INFO)
_quiet.addFilter(lambda record: record.msg != "opening handshake failed")


class Hub:
    """Serve ``board`` as a sink of its monitor.

    Use it with ``async with``, or ``start`` and ``close`` it, before or after its monitor starts.
    It serves the board until it is closed, also after the monitor has ended. ``port`` 0 is any free
    port.
    """

    def __init__(
        self,
        board: Board,
        *,
        key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        max_queued_frames: int = MAX_QUEUED_FRAMES,
    ) -> None:
        if not key:
            raise ValueError("a hub needs a key")
        self._board = board
        self._key = key
        self._host = host
        self._port = port
        self._max_queued_frames = max_queued_frames
        self._consumers: set[Consumer] = set()
        self._snapshot: bytes | None = None
        self._server: Server | None = None
        self._ready = False
        """Whether a batch was received: an early consumer should not get an empty snapshot."""
        self._error: Exception | None = None

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
        """Listen for consumers. Raises ``HubError`` if that fails.

        Consumers that connect before the first batch get their snapshot with it.
        """
        from websockets.asyncio.server import serve

        if not self._host:
            raise HubError(
                "no host to listen on: choose an address of this machine, such as 127.0.0.1"
            )
        try:
            self._server = await serve(
                self._serve_consumer,
                self._host,
                self._port,
                process_request=self._check_request,
                # Frames are compressed per consumer, and a large snapshot would stall the loop.
                compression=None if is_loopback(self._host) else "deflate",
                max_size=LARGEST_MESSAGE,
                # On a slow line a pong waits behind a large snapshot: the queue shows whether it
                # reads.
                ping_timeout=None,
                close_timeout=CONSUMER_CLOSE_TIMEOUT,
                server_header=None,
                logger=_quiet,
            )
        except (OSError, OverflowError) as error:
            raise HubError(bind_reason(error, self._host, self._port)) from None
        except UnicodeError:
            raise HubError(
                f"{self._host[:40]!r} is not a host: choose an address of this machine, such "
                f"as 127.0.0.1"
            ) from None

    async def wait(self) -> None:
        """Wait until the hub is closed. Raises the error if a batch could not be sent."""
        if self._server is None:
            raise RuntimeError("the hub is not started")
        await self._server.wait_closed()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Close all connections: with a handshake for ``DISCONNECT_TIMEOUT`` seconds."""
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
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # Consumers

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
        if self._ready:
            consumer.put(self._snapshot_frame())
        self._consumers.add(consumer)
        logger.info("a consumer joined (%d)", self.consumers)
        try:
            await consumer.run()
        finally:
            self._consumers.discard(consumer)
            logger.info("a consumer left (%d)", self.consumers)

    # The stream

    async def take(self, batch: Batch) -> None:
        """Send a batch to all consumers."""
        self._send_or_close(batch)

    def finish(self, batch: Batch) -> None:
        """Send the rest. The board is still served."""
        self._send_or_close(batch)

    def _send_or_close(self, batch: Batch) -> None:
        """Send a batch. If that fails, close the hub: consumers would miss it without a notice."""
        try:
            self._send(batch)
        except Exception as error:
            self._error = error
            if self._server is not None:
                self._server.close()
            raise

    def _send(self, batch: Batch) -> None:
        """Send a batch to all consumers. Each frame is encoded once, and only if there are
        consumers."""
        self._snapshot = None
        whole = batch.whole or not self._ready
        self._ready = True
        if not self._consumers:
            return
        if whole:
            snapshot = self._snapshot_frame()
            for consumer in self._consumers:
                consumer.restart(snapshot)
            frames = []
        else:
            stations = self._board.stations
            frames = [
                update_frame(stations[station])
                for station in _changed(batch)
                if station in stations
            ]
        frames += [
            raw_frame(report.station_id, report.index, report.connector)
            for report in batch.raw_reports
        ]
        for consumer in self._consumers:
            for frame in frames:
                consumer.put(frame)

    def _snapshot_frame(self) -> bytes:
        if self._snapshot is None:
            self._snapshot = snapshot_frame(self._board.stations.values())
        return self._snapshot


def _changed(batch: Batch) -> list[str]:
    """Return the stations to send an update for."""
    # If the oldest changes were dropped, every touched station is sent.
    if len(batch.entries) >= MAX_ENTRIES:
        return sorted(batch.touched)
    changed = (entry.station for entry in batch.entries if not isinstance(entry, Note))
    return list(dict.fromkeys([*changed, *sorted(batch.expired)]))
