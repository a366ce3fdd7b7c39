"""The hub: serves version 1 of the stream API from a running monitor, to any number of consumers.

A consumer joins between two steps of the loop: it is given the board as it is and counted in at once, so whatever
changes afterwards reaches it. What was already in the board and leaves with the next batch repeats what it holds.
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
from nobil_tui.hub.consumer import CLOSE_WITHIN, MOST_WAITING, Consumer
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
"""Both paths, and both names of the key's parameter, are the same API."""

LARGEST_MESSAGE = 4096
"""Bytes that a consumer may say at once, although nobody listens."""
GOODBYE = 0.05
"""Seconds that consumers have to answer the closing handshake before they are cut."""

logger = logging.getLogger(__name__)

# The library's lines hold the whole URL and with it the key (debug), and a traceback for whatever strangers send that
# is no handshake: neither is anybody's business.
_quiet = logging.getLogger("nobil_tui.hub.websockets")
_quiet.setLevel(logging.INFO)
_quiet.addFilter(lambda record: record.msg != "opening handshake failed")


class Hub:
    """Runs ``monitor`` and serves its board. Use it with ``async with``, or ``start`` and ``close`` it.

    ``port`` 0 is any that is free. Nobody else may take the monitor's batches.
    """

    def __init__(
        self,
        monitor: Monitor,
        *,
        key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        if not key:
            raise ValueError("a hub without a key would let in everybody")
        self._monitor = monitor
        self._key = key
        self._host = host
        self._port = port
        self._most_waiting = most_waiting
        self._consumers: set[Consumer] = set()
        self._snapshot: bytes | None = None
        self._server: Server | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it listens: the URL without the key. Known after ``start``."""
        if self._server is None:
            raise RuntimeError("the hub is not started")
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            # All addresses of this machine is no place to connect to.
            host = "127.0.0.1" if address.version == 4 else "::1"
        return f"ws://{f'[{host}]' if address.version == 6 else host}:{port}{PATH}"

    @property
    def url(self) -> str:
        """The URL with the key: a secret."""
        return f"{self.address}?{KEY}={quote(self._key, safe='')}"

    @property
    def consumers(self) -> int:
        """How many are connected."""
        return len(self._consumers)

    async def start(self) -> None:
        """Read the feed and listen; returns when both do. Raises ``HubError`` where it cannot listen."""
        self._reading = asyncio.create_task(self._read())
        self._reading.add_done_callback(lambda _: self._ready.set())
        try:
            # Whoever asks early should not be told of an empty country.
            await self._ready.wait()
            if self._reading.done():
                self._reading.result()
            await self._listen()
        except BaseException:
            # Also where it is called off: nothing may go on listening.
            await self.close()
            raise

    async def wait(self) -> None:
        """Wait until the hub is closed. What breaks the reading of the feed is raised here."""
        if self._server is None or self._reading is None:
            raise RuntimeError("the hub is not started")
        await asyncio.wait([self._reading])
        if not self._reading.cancelled():
            self._reading.result()
        # A feed that ends leaves a board to serve.
        await self._server.wait_closed()

    async def close(self) -> None:
        """Stop reading, and let go of everybody: politely for ``GOODBYE`` seconds."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._server is None:
            return
        self._server.close()
        closed = asyncio.ensure_future(self._server.wait_closed())
        await asyncio.wait([closed], timeout=GOODBYE)
        for consumer in [*self._consumers]:
            consumer.abort()
        # Strangers in the middle of a handshake are not waited for.
        await asyncio.wait([closed], timeout=GOODBYE)
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
                self._attend,
                self._host,
                self._port,
                process_request=self._admit,
                # Packing is done for each consumer alone, and a big snapshot stalls the loop.
                compression=None if is_loopback(self._host) else "deflate",
                max_size=LARGEST_MESSAGE,
                # A pong waits behind a big snapshot on a slow line: who reads is told by what waits to be sent.
                ping_timeout=None,
                close_timeout=CLOSE_WITHIN,
                server_header=None,
                logger=_quiet,
            )
        except (OSError, OverflowError) as error:
            raise HubError(bind_reason(error, self._host, self._port)) from None
        except UnicodeError:
            raise HubError(f"{self._host[:40]!r} is no host: choose an address of this machine") from None

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        path, _, query = request.path.partition("?")
        if path not in PATHS:
            return connection.respond(HTTPStatus.NOT_FOUND, f"The stream is at {PATH}\n")
        given = [value for name, value in parse_qsl(query) if name in KEYS]
        if not any(same_key(value, self._key) for value in given):
            return connection.respond(HTTPStatus.UNAUTHORIZED, f"Give your key as ?{KEY}=\n")
        return None

    async def _attend(self, connection: ServerConnection) -> None:
        consumer = Consumer(connection, self._most_waiting)
        # No await between these two: nothing may change in between.
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
                self._tell(batch)
                self._ready.set()
        finally:
            await batches.aclose()

    def _tell(self, batch: Batch) -> None:
        """Send a batch to everybody. Each frame is written once, and none for nobody."""
        self._snapshot = None
        if not self._consumers:
            return
        if batch.whole:
            snapshot = self._snapshot_frame()
            for consumer in self._consumers:
                consumer.start_anew(snapshot)
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
    """Tell which stations a consumer must hear of anew."""
    # Under a flood the oldest changes are dropped: then every station that was touched.
    if len(batch.entries) >= MAX_ENTRIES:
        return sorted(batch.touched)
    changed = (entry.station for entry in batch.entries if not isinstance(entry, Note))
    return list(dict.fromkeys([*changed, *sorted(batch.expired)]))
