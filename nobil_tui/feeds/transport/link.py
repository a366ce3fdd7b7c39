"""One way to keep a link up, for every feed over a WebSocket.

The library's own reconnecting iterator backs off only when *connecting* fails, and its keep-alive kills a live link
whose reader is slow; so the loop and the watch are ours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import Hush, secrets_in
from nobil_tui.charging.events import Connected, Connecting, Lost, Refused
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.websocket import RefusedError, UnreachableError, close_reason, open_connection

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MAX_FRAME = 64 * 1024 * 1024
"""Bytes. A national snapshot has some 10 to 20 MB."""
PING_INTERVAL = 5.0
"""Seconds between our pings: what a quiet link can be unconfirmed by, and how soon it shows that we are behind."""
PONG_GRACE = 1000
"""Milliseconds that a pong may take on a slow line. One that takes longer waits behind what was not read yet."""
DEAD_AFTER = 45.0
"""Seconds without a frame or a pong after which a link is dead."""
CLOSE_TIMEOUT = 0.2
"""Seconds that a closing handshake may take before the connection is cut."""

logger = logging.getLogger(__name__)


class Frame(Struct, frozen=True, gc=False):
    """A frame as it came, and when, in ms."""

    data: bytes
    at: int


LinkEvent = Connecting | Connected | Frame | Lost | Refused

Tap = Callable[[bytes, int], None]
"""Sees each frame as it came, and when, in ms. Where the link broke it sees no bytes, and when last something came."""


class Link:
    """Connects, reads frames, and connects again.

    ``dial`` gives the whole URL for one handshake (a secret: it holds the key). It may raise ``RefusedError`` or
    ``UnreachableError``. Where the URL ``expires``, a handshake that is refused says so and nothing of the key: the
    next try asks for another URL. ``hush`` is told what of a URL is to be kept out of the log.
    """

    def __init__(
        self,
        dial: Callable[[], Awaitable[str]],
        *,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
        tap: Tap | None = None,
        expires: bool = False,
        hush: Hush | None = None,
    ) -> None:
        self._dial = dial
        self._hush = hush
        self._tap = tap
        self._expires = expires
        self._clock = clock or Clock()
        self._backoff = backoff or Backoff()
        self._asked = asyncio.Event()
        self._alive_at = 0
        self._alive_on = 0.0
        """The same on the clock that nobody sets: the watch must neither cut a live link nor spare a dead one."""
        self._pinged_on: float | None = None
        """When the ping was sent whose pong has not come."""
        self._took = 0.0
        """Seconds that the last pong took."""
        self._asking = False
        """Whether somebody waits for a frame. While nobody does, none is read, and no pong behind it."""

    @property
    def behind(self) -> int:
        """How far what is read lies behind what is sent, in ms: pongs stand in the same queue as frames."""
        waiting = 0.0 if self._pinged_on is None else self._clock.monotonic() - self._pinged_on
        behind = round(max(waiting, self._took) * 1000)
        return behind if behind > PONG_GRACE else 0

    def retry(self) -> None:
        """Try now: ends the wait for the next try, or the stop after a refusal."""
        self._asked.set()

    async def events(self) -> AsyncGenerator[LinkEvent, None]:
        """Yield frames and what becomes of the link, for ever."""
        while True:
            yield Connecting()
            began = self._clock.now()
            try:
                connection, secrets = await self._open()
            except RefusedError as error:
                logger.warning("key refused: %s", error)
                self._asked.clear()
                yield Refused(str(error), began)
                await self._asked.wait()
                continue
            except UnreachableError as error:
                seconds = max(self._backoff.wait(), error.retry_after)
                yield self._lost(str(error), began, seconds)
                await self._pause(seconds)
                continue
            reason = ""
            live_since = self._clock.monotonic()
            frames = self._read(connection, secrets)
            try:
                yield self._connected()
                async for frame in frames:
                    if isinstance(frame, str):
                        reason = frame
                    else:
                        yield frame
                    del frame
            finally:
                await frames.aclose()
                await _hang_up(connection)
            if self._tap is not None:
                self._tap(b"", self._alive_at)
            self._backoff.lived(self._clock.monotonic() - live_since)
            seconds = self._backoff.wait()
            yield self._lost(reason, self._alive_at, seconds)
            await self._pause(seconds)

    async def _open(self) -> tuple[ClientConnection, list[str]]:
        """Open a connection, and return with it what its server knows and nobody else may."""
        url = await self._dial()
        secrets = secrets_in(url)
        if self._hush is not None:
            for secret in secrets:
                self._hush(secret)
        try:
            return await open_connection(url, MAX_FRAME, CLOSE_TIMEOUT), secrets
        except RefusedError as error:
            if not self._expires:
                raise
            raise UnreachableError(f"the server no longer takes the address that it gave ({error})") from None

    def _connected(self) -> Connected:
        logger.info("connected")
        self._took, self._pinged_on = 0.0, None
        return Connected(self._alive())

    def _alive(self) -> int:
        """Note that the link is alive now, and return that, in ms."""
        self._alive_on = self._clock.monotonic()
        self._alive_at = self._clock.now()
        return self._alive_at

    async def _read(self, connection: ClientConnection, secrets: list[str]) -> AsyncGenerator[Frame | str, None]:
        """Yield frames, and at the end the reason for it, without ``secrets``."""
        from websockets.exceptions import ConnectionClosed

        watch = asyncio.create_task(self._watch(connection))
        alive, tap = self._alive, self._tap
        try:
            while True:
                self._asking = True
                data = await connection.recv(decode=False)
                self._asking = False
                at = alive()
                if tap is not None and data:
                    tap(data, at)
                yield Frame(data, at)
                # Here and wherever it goes through: a snapshot has megabytes, and the next frame may be long in coming.
                del data
        except ConnectionClosed as closed:
            yield "nothing was heard any more" if watch.done() else close_reason(closed, secrets)
        finally:
            watch.cancel()
            # Not awaited itself: what would be suppressed then could be our own cancellation.
            await asyncio.wait([watch])

    async def _watch(self, connection: ClientConnection) -> None:
        """Cut a link on which neither a frame nor a pong came for too long; ends only when it has.

        While nobody asks for frames, nothing can come: that time does not count.
        """
        pinging = asyncio.create_task(self._ping(connection))
        idle_on = 0.0
        try:
            while self._clock.monotonic() - max(self._alive_on, idle_on) < DEAD_AFTER:
                await self._clock.sleep(PING_INTERVAL)
                if not self._asking:
                    idle_on = self._clock.monotonic()
                # One at a time: how long it waits for its pong is how far we are behind.
                if pinging.done():
                    pinging = asyncio.create_task(self._ping(connection))
        finally:
            pinging.cancel()
        connection.transport.abort()

    async def _ping(self, connection: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            pinged_on = self._pinged_on = self._clock.monotonic()
            await (await connection.ping())
            self._alive()
            self._took, self._pinged_on = self._alive_on - pinged_on, None

    def _lost(self, reason: str, heard_at: int, seconds: float) -> Lost:
        logger.info("lost: %s; next try in %.1f s", reason, seconds)
        # What was asked for while the link was up is no answer to this.
        self._asked.clear()
        return Lost(reason, heard_at, self._clock.now() + round(seconds * 1000))

    async def _pause(self, seconds: float) -> None:
        """Wait for the next try, or for the user to ask for it."""
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._asked.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _hang_up(connection: ClientConnection) -> None:
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await connection.close()
    finally:
        # Also where the closing itself was cancelled.
        connection.transport.abort()
