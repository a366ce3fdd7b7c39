"""A local server of NOBIL Real-time as its operator describes it, which fails when a test tells it
to.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from multidict import CIMultiDictProxy
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.enova_token import TokenClient
from nobil_tui.feeds.transport.link import Link, Tap
from tests.http_service import Answer, HttpService, body, quiet

KEY = "k3y-Of/The+Test=7Q"
"""The only valid key; not a real one."""
LIFETIME = 3600.0
"""Lifetime of a token in seconds: the platform's default."""

Talk = Callable[[ServerConnection], Awaitable[None]]


class EnovaService(HttpService):
    """The token endpoint and the WebSocket. ``answers`` and ``talks`` are used up first, then it
    answers correctly.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.calls: list[CIMultiDictProxy[str]] = []
        """Headers of each token request."""
        self.methods: list[str] = []
        """Method and path of each token request."""
        self.bodies: list[bytes] = []
        self.answers: deque[Answer] = deque()
        """Answers to the next token requests."""
        self.talks: deque[Talk] = deque()
        """Behaviour of the next WebSockets; the others stay open and send what is passed to
        ``say``.
        """
        self.host = "127.0.0.1"
        """The host in the URLs that it issues."""
        self.lifetime = LIFETIME
        """Lifetime of a token in seconds."""
        self.issued: list[str] = []
        """All issued tokens: each is a secret."""
        self.handshakes = 0
        """Number of opened WebSockets."""
        self.turned_away = 0
        """Number of handshakes without a valid token."""
        self.called = asyncio.Event()
        """Set when a request has arrived."""
        self._clock = clock
        self._good_until: dict[str, int] = {}
        self._open: set[ServerConnection] = set()
        self._numbers = itertools.count(1)

    @property
    def address(self) -> str:
        """URL of the token endpoint."""
        return f"{self.origin}/nobil/real-time/v1/Realtime"

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._sockets: Server = await serve(
            self._talk,
            "127.0.0.1",
            0,
            process_request=self._check,
            close_timeout=0.1,
            logger=quiet,
        )
        self._socket_port: int = next(iter(self._sockets.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sockets.close()
        await self._sockets.wait_closed()
        await super().__aexit__(kind, error, trace)

    @property
    def secrets(self) -> list[str]:
        """All secrets: none of them may be in a log, a reason or a repr."""
        return [KEY, *self.issued]

    async def say(self, *frames: str) -> None:
        """Send a frame on every open WebSocket."""
        for connection in list(self._open):
            for frame in frames:
                await connection.send(frame)

    async def hang_up(self) -> None:
        """Close every open WebSocket."""
        for connection in list(self._open):
            await connection.close(1001, "going away")

    def url(self) -> str:
        """Issue a token: the URL of one handshake."""
        token = f"eyJhbGciOiJub25lIn0.{next(self._numbers):08d}.c2lnbmF0dXJl"
        self.issued.append(token)
        self._good_until[token] = self._clock.now() + round(self.lifetime * 1000)
        return f"ws://{self.host}:{self._socket_port}/client/hubs/realtime?access_token={token}"

    async def half(self, request: web.Request) -> web.StreamResponse:
        """Send a part of an answer, then nothing more."""
        return await self.part(request, 200, b'{"accessToken": "ws')

    async def half_refused(self, request: web.Request) -> web.StreamResponse:
        """Reject the key with a reason that never ends."""
        return await self.part(request, 401, b'{"message": "')

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for a token."""
        self.calls.append(request.headers)
        self.methods.append(f"{request.method} {request.path}")
        self.bodies.append(await request.read())
        self.called.set()
        if self.answers:
            return await self.answers.popleft()(request)
        if request.headers.get("x-api-key") != KEY:
            return await refusal(401, "Access denied due to invalid subscription key.")(request)
        return web.json_response({"accessToken": self.url()})

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Accept a handshake whose token is neither used nor expired."""
        given = parse_qs(urlsplit(request.path).query).get("access_token", [""])[0]
        if self._good_until.pop(given, 0) > self._clock.now():
            self.handshakes += 1
            return None
        self.turned_away += 1
        return connection.respond(HTTPStatus.UNAUTHORIZED, "")

    async def _talk(self, connection: ServerConnection) -> None:
        if self.talks:
            await self.talks.popleft()(connection)
            return
        self._open.add(connection)
        try:
            await connection.wait_closed()
        finally:
            self._open.discard(connection)


def frame(station: str, key: str, word: str) -> str:
    """Return a frame as the service sends it."""
    return json.dumps({"nobilId": station, "evseUId": key, "status": word}, separators=(",", ":"))


def refusal(code: int, message: object) -> Answer:
    """Answer as the service does for an invalid key."""
    return body(json.dumps({"statusCode": code, "message": message}).encode(), code)


def token(url: object) -> Answer:
    """Answer with this token."""
    return body(json.dumps({"accessToken": url}).encode())


def closing(*frames: str) -> Talk:
    """Send a close frame with a reason, as the service does from time to time."""

    async def talk(connection: ServerConnection) -> None:
        for said in frames:
            await connection.send(said)
        await connection.close(1001, "going away")

    return talk


async def breaking(connection: ServerConnection) -> None:
    """Abort the connection without a close frame."""
    connection.transport.abort()


def enova_link(
    key: str,
    address: str,
    *,
    clock: Clock | None = None,
    backoff: Backoff | None = None,
    tap: Tap | None = None,
) -> Link:
    """Return a link that requests a new URL from ``address`` before each handshake, as
    ``EnovaSource`` does."""
    tokens = TokenClient(key, address, clock=clock)
    return Link(tokens.dial, clock=clock, backoff=backoff, tap=tap, expires=True)
