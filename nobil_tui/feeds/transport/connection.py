"""One open WebSocket: its frames, and the pings that show whether it is alive.

The library's own keep-alive closes a live connection whose reader is slow, so the pings are sent
here: a connection counts as dead only if it was being read.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.transport.clock_jump import CHECK_EVERY, JumpDetector
from nobil_tui.feeds.transport.failures import close_reason

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed

    from nobil_tui.feeds.transport.websockets_internals import SlicedConnection

PING_INTERVAL = 5.0
"""Seconds between pings: the longest time that a quiet link is unconfirmed."""
PONG_GRACE = 1000
"""Milliseconds that a pong may take on a slow line. A later one is queued behind unread frames."""
DEAD_AFTER = 45.0
"""Seconds without a frame or a pong after which a connection is dead, unless bytes arrive."""
MIN_PROGRESS = 16 * 1024
"""Bytes within ``DEAD_AFTER`` that keep a connection alive: on a slow line a snapshot takes
minutes, and nothing can arrive between its parts."""
CLOSE_TIMEOUT = 0.2
"""Seconds that a closing handshake may take before the connection is aborted."""

_TOO_BIG = 1009
"""The close code that we send for a frame over the maximum size."""


class Frame(Struct, frozen=True, gc=False):
    """A frame as received, and when, in ms."""

    data: bytes
    at: int


class ClosedError(Exception):
    """The connection ended. Its text is the reason and holds no secret.

    ``unreadable`` says why the frame that ended it cannot be read; empty if none did.
    """

    def __init__(self, reason: str, unreadable: str = "") -> None:
        super().__init__(reason)
        self.unreadable = unreadable


class Connection:
    """Receive the frames of an open WebSocket, and abort it once it is dead.

    Use it as an async context manager. ``secrets`` are hidden in what the server says on closing.
    """

    def __init__(self, websocket: SlicedConnection, secrets: list[str], clock: Clock) -> None:
        self.alive_at = clock.now()
        """Time of the last frame or pong, in ms."""
        self.farewell = b""
        """The last frame to send when we close the connection; empty for none."""
        self._websocket = websocket
        self._secrets = secrets
        self._clock = clock
        self._alive_on = clock.monotonic()
        """``alive_at`` on the monotonic clock, which no change of the system time moves."""
        self._pinged_on: float | None = None
        """Monotonic time of the ping whose pong is missing."""
        self._round_trip = 0.0
        """Seconds that the last pong took."""
        self._receiving = False
        """Whether ``receive`` waits. Otherwise no frame is read, and no pong behind it."""
        self._watching: asyncio.Task[None] | None = None
        self._failure = ""
        self._jumps = JumpDetector(clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._watching is not None:
                self._watching.cancel()
                # Not awaited directly: suppressing its cancellation could suppress our own.
                await asyncio.wait([self._watching])
                # The traceback of its cancellation refers to this object.
                self._watching = None
        finally:
            await self._close()

    @property
    def behind(self) -> int:
        """How far reading lags behind sending, in ms: pongs wait in the same queue as frames."""
        waiting = 0.0 if self._pinged_on is None else self._clock.monotonic() - self._pinged_on
        behind = round(max(waiting, self._round_trip) * 1000)
        return behind if behind > PONG_GRACE else 0

    async def receive(self) -> Frame:
        """Return the next frame. Raises ``ClosedError`` at the end of the connection."""
        from websockets.exceptions import ConnectionClosed

        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        self._receiving = True
        try:
            data = await self._websocket.recv(decode=False)
        except ConnectionClosed as closed:
            raise self._closed(closed) from None
        self._receiving = False
        if not self._note_alive():
            raise ClosedError(self._failure)
        return Frame(data, self.alive_at)

    async def send(self, data: bytes) -> None:
        """Send a binary frame. Raises ``ClosedError`` at the end of the connection."""
        from websockets.exceptions import ConnectionClosed

        try:
            await self._websocket.send(data)
        except ConnectionClosed as closed:
            raise self._closed(closed) from None

    def fail(self, reason: str) -> None:
        """Abort the connection; ``receive`` raises ``ClosedError`` with ``reason``."""
        self._failure = reason
        self._websocket.transport.abort()

    def _closed(self, closed: ConnectionClosed) -> ClosedError:
        if closed.sent is not None and closed.sent.code == _TOO_BIG:
            reason = "the server sent a frame that is too large"
            return ClosedError(reason, "too large, or compressed to a tiny part of its size")
        return ClosedError(self._failure or close_reason(closed, self._secrets))

    def _note_alive(self) -> bool:
        """Note that the server was heard; return false if the clock jumped since the last time.

        Then nothing is known about the time in between, and the connection fails: frames that
        arrive until it is closed do not count.
        """
        if not self._failure and (reason := self._jumps.reason()):
            self.fail(reason)
        if self._failure:
            return False
        self._alive_on = self._clock.monotonic()
        self.alive_at = self._clock.now()
        return True

    async def _watch(self) -> None:
        """Abort the connection once nothing came for ``DEAD_AFTER``: no frame, no pong, and fewer
        than ``MIN_PROGRESS`` bytes of a frame; or the clock jumped.

        Time during which ``receive`` was not called does not count.
        """
        pinging = asyncio.create_task(self._ping())
        pinged_on = self._clock.monotonic()
        idle_on = progress_on = 0.0
        counted = self._websocket.received
        try:
            while self._clock.monotonic() - max(self._alive_on, idle_on, progress_on) < DEAD_AFTER:
                await self._clock.sleep(CHECK_EVERY)
                if reason := self._jumps.reason():
                    self.fail(reason)
                    return
                now = self._clock.monotonic()
                if not self._receiving:
                    idle_on = now
                if self._websocket.received - counted >= MIN_PROGRESS:
                    counted, progress_on = self._websocket.received, now
                # Send one at a time: the wait for the pong shows how far reading is behind.
                if pinging.done() and now - pinged_on >= PING_INTERVAL:
                    pinging = asyncio.create_task(self._ping())
                    pinged_on = now
        finally:
            pinging.cancel()
        self.fail("nothing was received any more")

    async def _ping(self) -> None:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            pinged_on = self._pinged_on = self._clock.monotonic()
            await (await self._websocket.ping())
            if self._note_alive():
                self._round_trip, self._pinged_on = self._alive_on - pinged_on, None

    async def _close(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            with suppress(TimeoutError, ConnectionClosed):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    if self.farewell:
                        await self._websocket.send(self.farewell)
                    await self._websocket.close()
        finally:
            # Also if closing was cancelled.
            self._websocket.transport.abort()
            self._websocket.release()
