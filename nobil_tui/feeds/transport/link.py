"""A link to a server: connect, read frames, and connect again after a loss.

The library's own reconnecting iterator backs off only if *connecting* fails, so the loop is ours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import AddSecret, secrets_in_address
from nobil_tui.base.tasks import run_until_first
from nobil_tui.charging.events import Connected, Connecting, Lost, Refused, Unreadable
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.clock_jump import JumpDetector
from nobil_tui.feeds.transport.connection import CLOSE_TIMEOUT, ClosedError, Connection, Frame
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from nobil_tui.feeds.transport.websocket import open_connection

MAX_FRAME = 64 * 1024 * 1024
"""The maximum size of a frame in bytes; a national snapshot has some 10 to 20 MB."""

logger = logging.getLogger(__name__)

LinkEvent = Connecting | Connected | Frame | Unreadable | Lost | Refused

Tap = Callable[[bytes, int], None]
"""Called with each frame and its time (ms). At a loss: no bytes, and when data last came."""


class SubprotocolSession(Protocol):
    """The session of another protocol over a WebSocket."""

    @property
    def subprotocol(self) -> str:
        """Its registered name, sent in the handshake."""
        ...

    async def start(self, connection: Connection) -> None:
        """Open the session on a new connection. Raises ``ClosedError`` if that fails."""
        ...


class Link:
    """Connect, read frames, and connect again after a loss.

    ``dial`` returns the whole URL of one handshake, a secret: it holds the key. It may raise
    ``RefusedError`` or ``UnreachableError``. A refusal stops the link until ``retry`` is called,
    but one after a connection that worked is retried slowly. If that URL ``expires``, a refused
    handshake says nothing about the key, and the next try asks for another URL. ``add_secret`` is
    called with each secret of a URL, to hide it in the log. A ``key`` is hidden like these in what
    the server says, which may repeat it. A ``session`` is started on each connection before that
    counts as live; it takes no key, so that a refused handshake is one failure of many.
    """

    def __init__(
        self,
        dial: Callable[[], Awaitable[str]],
        *,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
        tap: Tap | None = None,
        expires: bool = False,
        add_secret: AddSecret | None = None,
        key: str = "",
        session: SubprotocolSession | None = None,
    ) -> None:
        self._dial = dial
        self._session = session
        self._add_secret = add_secret
        self._key = key
        self._tap = tap
        self._expires = expires
        self._clock = clock or Clock()
        self._backoff = backoff or Backoff()
        self._connection: Connection | None = None
        self._worked = False
        """Whether a connection was ever live: then a refusal may be the server's error."""
        self._retry_now = asyncio.Event()

    @property
    def behind(self) -> int:
        """How far reading lags behind sending, in ms."""
        return self._connection.behind if self._connection is not None else 0

    @property
    def alive_at(self) -> int:
        """When the server was last heard, in ms, by a frame or a pong; zero if the link is down."""
        return self._connection.alive_at if self._connection is not None else 0

    def retry(self) -> None:
        """Connect now: end the wait for the next attempt, or the stop after a refusal."""
        self._retry_now.set()

    async def events(self) -> AsyncGenerator[LinkEvent, None]:
        """Yield frames and changes of the link until cancelled."""
        while True:
            yield Connecting()
            began = self._clock.now()
            try:
                connection = await self._open()
            except RefusedError as error:
                seconds = self._backoff.refused() if self._worked else 0.0
                yield self._refused(str(error), began, seconds)
                await self._pause(seconds)
                continue
            except UnreachableError as error:
                seconds = max(self._backoff.wait(), error.retry_after)
                yield self._lost(str(error), began, seconds)
                await self._pause(seconds)
                continue
            live_since = self._clock.monotonic()
            unreadable = ""
            async with connection:
                self._connection = connection
                try:
                    if self._session is not None:
                        await self._session.start(connection)
                    self._worked = True
                    yield Connected(connection.alive_at)
                    while True:
                        frame = await self._receive(connection)
                        yield frame
                        # Free it before the next one arrives: a snapshot has megabytes.
                        del frame
                except ClosedError as error:
                    reason, unreadable = str(error), error.unreadable
                finally:
                    self._connection = None
            heard_at = connection.alive_at
            del connection
            if unreadable:
                yield Unreadable(unreadable, heard_at)
            if self._tap is not None:
                self._tap(b"", heard_at)
            self._backoff.lived(self._clock.monotonic() - live_since)
            seconds = self._backoff.wait()
            yield self._lost(reason, heard_at, seconds)
            await self._pause(seconds)

    async def _open(self) -> Connection:
        url = await self._dial()
        secrets = secrets_in_address(url)
        if self._add_secret is not None:
            for secret in secrets:
                self._add_secret(secret)
        subprotocol = self._session.subprotocol if self._session is not None else ""
        try:
            websocket = await open_connection(url, MAX_FRAME, CLOSE_TIMEOUT, subprotocol)
        except RefusedError as error:
            if self._session is not None:
                raise UnreachableError(f"the server answered {error}") from None
            if not self._expires:
                raise
            raise UnreachableError(
                f"the server no longer accepts the URL it issued ({error})"
            ) from None
        logger.info("connected")
        return Connection(websocket, [*secrets, *filter(None, (self._key,))], self._clock)

    async def _receive(self, connection: Connection) -> Frame:
        frame = await connection.receive()
        if self._tap is not None and frame.data:
            self._tap(frame.data, frame.at)
        return frame

    def _refused(self, reason: str, began: int, seconds: float) -> Refused:
        logger.warning("key refused: %s", reason)
        self._retry_now.clear()
        return Refused(reason, began, self._at(seconds) if seconds else 0)

    def _lost(self, reason: str, heard_at: int, seconds: float) -> Lost:
        logger.info("lost: %s; next try in %.1f s", reason, seconds)
        # A retry that was requested while the link was up does not count.
        self._retry_now.clear()
        # If the clock was set back, the last time must not be in the future.
        return Lost(reason, min(heard_at, self._clock.now()), self._at(seconds))

    def _at(self, seconds: float) -> int:
        """Return the time ``seconds`` from now, in ms."""
        return self._clock.now() + round(seconds * 1000)

    async def _pause(self, seconds: float) -> None:
        """Wait ``seconds``, or forever if they are zero; ``retry`` ends the wait.

        So does a jump of the clock: after the machine slept, the next attempt is due, and after the
        clock was set back, the announced time is wrong.
        """
        if seconds:
            due = self._clock.sleep(seconds)
            await run_until_first(self._retry_now.wait(), due, JumpDetector(self._clock).wait())
        else:
            await self._retry_now.wait()
