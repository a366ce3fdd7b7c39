"""The hub: a sink that serves a board as version 1 of the stream API, to any number of consumers.

A consumer joins between two steps of the loop: it gets a snapshot as of the last batch and is
registered at once, so that every later change reaches it, and none twice.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import Counter, deque
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.config.hub import HubSection
from nobil_tui.hub.api_keys import ConsumerKeys
from nobil_tui.hub.consumer import (
    GOING_AWAY,
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    Allowance,
    Consumer,
)
from nobil_tui.hub.counts import HubCounts
from nobil_tui.hub.denial import Denial
from nobil_tui.hub.door import Door
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.frames import SharedFrame
from nobil_tui.hub.key_check import KeyCheck
from nobil_tui.hub.listener import Listener
from nobil_tui.hub.requests import KEY, PATH
from nobil_tui.hub.served_board import ServedBoard
from nobil_tui.monitor.batch import Batch

if TYPE_CHECKING:
    import ssl

SWEEP_SECONDS = 1.0
"""Seconds between two checks for consumers that do not read."""
JOIN_SLICE = 0.005
"""Seconds of sending snapshots to new consumers before others get their turn."""
DISCONNECT_TIMEOUT = 0.05
"""Default of the seconds to wait for closing handshakes before the connections are aborted."""
_NO_EVENTS = HubLog()


class Hub:
    """Serve ``board`` as a sink of its monitor.

    Use it with ``async with``, or ``start`` and ``close`` it, before or after its monitor starts.
    It serves the board until it is closed, also after the monitor has ended. ``port`` 0 is any free
    port. ``connections`` lowers the limit of all connections. ``about`` says what is served;
    ``clock`` is the clock of the board's times.
    """

    def __init__(
        self,
        board: Board,
        *,
        keys: ConsumerKeys,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: HubSection | None = None,
        connections: int = 0,
        tls: ssl.SSLContext | None = None,
        about: HubState | None = None,
        clock: Clock | None = None,
        events: HubLog = _NO_EVENTS,
    ) -> None:
        self.limits = limits or HubSection()
        self._connections = connections or self.limits.connections
        self.counts = HubCounts()
        self.served = ServedBoard(board, about or HubState(), clock or Clock())
        self.make_http: Callable[[], asyncio.Protocol] | None = None
        """Returns a new connection of the HTTP server; None without one."""
        self._keys = keys
        self._listener = Listener(host, port, lambda: Door(self))
        self.tls = tls
        """What encrypts the connections; None for plain ones."""
        self._events = events
        self._consumers: dict[Consumer, None] = {}
        self._per_key: Counter[str] = Counter()
        self._joining: deque[Consumer] = deque()
        self._doors: set[Door] = set()
        self.key_check = KeyCheck(keys, self.limits.failed_tries, self.counts, events)
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._emptied = asyncio.Event()
        self._closed = asyncio.Event()
        self._error: BaseException | None = None

    @property
    def addresses(self) -> list[str]:
        """The URLs without the key, one for each address of the host. Raises ``RuntimeError``
        before ``start``."""
        self._require_started()
        return [self._url_of(host, port) for host, port in self._listener.places]

    def _require_started(self) -> None:
        if not self._listener.is_started:
            raise RuntimeError("the hub is not started")

    def _url_of(self, host: str, port: int) -> str:
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            # A client cannot connect to "all addresses".
            host = "127.0.0.1" if address.version == 4 else "::1"
        scheme = "ws" if self.tls is None else "wss"
        return f"{scheme}://{f'[{host}]' if address.version == 6 else host}:{port}{PATH}"

    @property
    def urls(self) -> list[str]:
        """The URLs, with the key if that is to be shown: secrets."""
        key = self._keys.shown
        query = f"?{KEY}={quote(key, safe='')}" if key else ""
        return [f"{address}{query}" for address in self.addresses]

    @property
    def address(self) -> str:
        """The first of ``addresses``."""
        return self.addresses[0]

    @property
    def url(self) -> str:
        """The first of ``urls``."""
        return self.urls[0]

    @property
    def consumers(self) -> int:
        """How many consumers are connected."""
        return len(self._consumers)

    @property
    def sent_bytes(self) -> int:
        """How many bytes were sent to consumers."""
        return self.counts.bytes + sum(each.sent_bytes for each in self._consumers)

    @property
    def sent_messages(self) -> int:
        """How many messages were sent to consumers."""
        return self.counts.messages + sum(each.sent_messages for each in self._consumers)

    @property
    def behind(self) -> int:
        """How many consumers are behind."""
        return sum(each.is_behind for each in self._consumers)

    def use_limits(self, limits: HubSection, connections: int = 0) -> None:
        """Use the limits of a changed config for everything that begins from now on;
        ``connections`` as above."""
        self.limits = limits
        self._connections = connections or limits.connections
        self.key_check.allow(limits.failed_tries)

    async def start(self) -> None:
        """Listen for consumers. Raises ``HubError`` if that fails.

        Consumers that connect before the first batch get their snapshot with it.
        """
        # Imported now: the first handshake should not wait for it.
        import websockets.extensions.permessage_deflate
        import websockets.server  # noqa: F401  # for its side effect

        await self._listener.start()
        self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._start_all())]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def wait(self) -> None:
        """Wait until the hub is closed. Raises the error if a batch could not be sent."""
        self._require_started()
        await self._closed.wait()
        if self._error is not None:
            raise self._error

    async def close(self, within: float = DISCONNECT_TIMEOUT) -> None:
        """Close all connections: with a handshake, for at most ``within`` seconds."""
        if not self._listener.is_started or self._closed.is_set():
            return
        await self._listener.stop_accepting()
        self._say_goodbye()
        self._emptied.clear()
        if self._consumers:
            try:
                async with asyncio.timeout(within):
                    await self._emptied.wait()
            except TimeoutError:
                pass
        await cancel_and_wait(*self._tasks)
        connections: list[Consumer | Door] = [*self._consumers, *self._doors]
        handshakes = [door.encrypting for door in self._doors if door.encrypting is not None]
        for each in connections:
            each.abort()
        await asyncio.gather(*handshakes, return_exceptions=True)
        # Connections are closed in the next iteration of the loop.
        await asyncio.sleep(0)
        self._closed.set()

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

    # The door

    @property
    def handshake_seconds(self) -> float:
        """The seconds that a request may take to arrive."""
        return self.limits.handshake_seconds

    @property
    def behind_proxy(self) -> bool:
        """Whether a proxy in front names the address of the client."""
        return self.limits.behind_proxy

    @property
    def path_prefix(self) -> str:
        """What a proxy in front may pass on before our path."""
        return self.limits.path_prefix

    @property
    def allowance(self) -> Allowance:
        """What a consumer may send."""
        return Allowance(self.limits.received_bytes, self.limits.received_frames)

    @property
    def owner(self) -> Hub:
        """What a consumer belongs to."""
        return self

    def opened(self, door: Door) -> bool:
        """Count a connection; return whether there is room for it."""
        self._doors.add(door)
        if len(self._doors) + len(self._consumers) <= self._connections:
            return True
        self.counts.refused[HTTPStatus.SERVICE_UNAVAILABLE] += 1
        return False

    def closed(self, door: Door) -> None:
        """Note that a connection is not at the door any more."""
        self._doors.discard(door)

    def admit(self, keys: list[str], address: str) -> str | Denial:
        """Check the API keys of a consumer; return the name of the valid one."""
        name = self.key_check.check(keys, address)
        if isinstance(name, str) and self._per_key[name] >= self.limits.connections_per_client:
            self.counts.refused[HTTPStatus.SERVICE_UNAVAILABLE] += 1
            return Denial(
                HTTPStatus.SERVICE_UNAVAILABLE, "This key has too many connections already", 30
            )
        return name

    def join(self, consumer: Consumer) -> None:
        """Take in a consumer whose handshake is done."""
        self._consumers[consumer] = None
        self._per_key[consumer.name] += 1
        self.counts.joined += 1
        self._joining.append(consumer)
        self._news.set()
        self._events.emit(
            "consumer joined",
            client=consumer.name,
            address=consumer.address,
            consumers=self.consumers,
        )

    def http_protocol(self) -> asyncio.Protocol | None:
        """Return a new connection of the HTTP server; None without one."""
        return self.make_http() if self.make_http is not None else None

    # Consumers

    def snapshot(self) -> SharedFrame:
        """Return the snapshot as of the last delivery."""
        return self.served.snapshot()

    def left(self, consumer: Consumer) -> None:
        """Note that the connection of a consumer is closed."""
        if consumer not in self._consumers:
            return
        del self._consumers[consumer]
        self._per_key[consumer.name] -= 1
        if not self._per_key[consumer.name]:
            del self._per_key[consumer.name]
        counts = self.counts
        counts.bytes += consumer.sent_bytes
        counts.messages += consumer.sent_messages
        counts.resynced += consumer.resynced
        if consumer.reason:
            counts.dropped[consumer.reason] += 1
        if consumer.abusive:
            self.key_check.note_flood(consumer.address)
        if not self._consumers:
            self._emptied.set()
        self._events.emit(
            "consumer left",
            client=consumer.name,
            address=consumer.address,
            reason=consumer.reason or "closed by the consumer",
            seconds=round(time.monotonic() - consumer.joined_at),
            bytes=consumer.sent_bytes,
            consumers=self.consumers,
        )

    async def _start_all(self) -> None:
        """Send new consumers their snapshot, a few at a time so that others do not wait."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not self.served.ready:
                continue
            end = time.perf_counter() + JOIN_SLICE
            while self._joining:
                self._joining.popleft().start(self.snapshot())
                if time.perf_counter() > end:
                    await asyncio.sleep(JOIN_SLICE)
                    end = time.perf_counter() + JOIN_SLICE

    async def _sweep(self) -> None:
        """Close consumers that do not read or whose key was revoked; keep the others open."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            # Count sweeps, not seconds: a hub that was stopped itself must not disconnect its
            # consumers.
            for consumer in [*self._consumers]:
                consumer.sweep()
                if consumer.stalled >= self.limits.stalled_seconds:
                    consumer.close(TRY_AGAIN_LATER, "does not read")
            for name in [name for name in self._per_key if not self._keys.has(name)]:
                for consumer in [each for each in self._consumers if each.name == name]:
                    consumer.close(POLICY_VIOLATION, "key revoked")

    def _say_goodbye(self) -> None:
        for consumer in [*self._consumers]:
            consumer.close(GOING_AWAY, "the hub stops")

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
            self._fail(error)
            raise

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Close the hub if one of its tasks failed: consumers would wait for it forever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._listener.close()
        self._say_goodbye()
        self._closed.set()

    def _send(self, batch: Batch) -> None:
        """Send a batch to all consumers. Each frame is encoded once, and only if there are
        consumers."""
        delivery = self.served.apply(batch, needed=bool(self._consumers))
        if self._joining:
            self._news.set()
        if isinstance(delivery, SharedFrame):
            for consumer in self._consumers:
                if consumer.has_started:
                    consumer.start(delivery)
        elif delivery is not None:
            for consumer in self._consumers:
                consumer.deliver(delivery)
