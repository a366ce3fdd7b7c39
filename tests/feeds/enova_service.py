"""NOBIL Real-time as its operator describes it, on this machine, misbehaving as a test tells it to."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from multidict import CIMultiDictProxy
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.enova_token import TokenClient
from nobil_tui.feeds.transport.link import Link, Tap

KEY = "k3y-Of/The+Test=7Q"
"""The one key that is taken; no real one."""
LIFETIME = 3600.0
"""Seconds that a token is good for, the platform's default."""

# A server may log its own secrets; what the tests look at is the client's log.
_quiet = logging.getLogger("tests.enova_service")
_quiet.disabled = True

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Talk = Callable[[ServerConnection], Awaitable[None]]


class EnovaService:
    """The token call and the socket. What is left of ``answers`` and ``talks`` is used first, then what is right."""

    def __init__(self, clock: Clock) -> None:
        self.calls: list[CIMultiDictProxy[str]] = []
        """The headers of each token call."""
        self.methods: list[str] = []
        """The method and path of each."""
        self.bodies: list[bytes] = []
        self.answers: deque[Answer] = deque()
        """How the next token calls are answered."""
        self.talks: deque[Talk] = deque()
        """What the next sockets do; further ones stay open and pass on what ``say`` is given."""
        self.lifetime = LIFETIME
        """Seconds that a token lives."""
        self.issued: list[str] = []
        """Every token that was given: a secret each."""
        self.handshakes = 0
        """How many sockets were opened."""
        self.turned_away = 0
        """How many handshakes had no good token."""
        self.called = asyncio.Event()
        """Set when a call has come."""
        self._clock = clock
        self._good_until: dict[str, int] = {}
        self._open: set[ServerConnection] = set()
        self._numbers = itertools.count(1)
        self._closing = asyncio.Event()

    @property
    def address(self) -> str:
        """Where the token call goes."""
        return f"http://127.0.0.1:{self._port}/nobil/real-time/v1/Realtime"

    async def __aenter__(self) -> EnovaService:
        app = web.Application(logger=_quiet)
        app.router.add_route("*", "/{path:.*}", self._token_call)
        self._runner = web.AppRunner(app, access_log=None, logger=_quiet, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port: int = self._runner.addresses[0][1]
        self._sockets: Server = await serve(
            self._talk, "127.0.0.1", 0, process_request=self._check, close_timeout=0.1, logger=_quiet
        )
        self._socket_port: int = next(iter(self._sockets.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._sockets.close()
        await self._sockets.wait_closed()
        await self._runner.cleanup()

    @property
    def secrets(self) -> list[str]:
        """What may be in no log, no reason and no repr."""
        return [KEY, *self.issued]

    async def say(self, *frames: str) -> None:
        """Send to every open socket."""
        for connection in list(self._open):
            for frame in frames:
                await connection.send(frame)

    async def hang_up(self) -> None:
        """Close every open socket."""
        for connection in list(self._open):
            await connection.close(1001, "going away")

    def url(self) -> str:
        """Issue a token: the URL of one handshake."""
        token = f"eyJhbGciOiJub25lIn0.{next(self._numbers):08d}.c2lnbmF0dXJl"
        self.issued.append(token)
        self._good_until[token] = self._clock.now() + round(self.lifetime * 1000)
        return f"ws://127.0.0.1:{self._socket_port}/client/hubs/realtime?access_token={token}"

    async def never(self, _: web.Request) -> web.StreamResponse:
        """Leave a call without an answer until the service goes down."""
        await self._closing.wait()
        return web.Response(status=500)

    async def half(self, request: web.Request) -> web.StreamResponse:
        """Answer a part, and then nothing more."""
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"accessToken": "ws')
        await self._closing.wait()
        return response

    async def half_refused(self, request: web.Request) -> web.StreamResponse:
        """Refuse the key, and never come to the end of the reason."""
        response = web.StreamResponse(status=401, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"message": "')
        await self._closing.wait()
        return response

    async def _token_call(self, request: web.Request) -> web.StreamResponse:
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
        """Let in who has a token that is neither used nor expired."""
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
    """Write a frame as the service sends it."""
    return json.dumps({"nobilId": station, "evseUId": key, "status": word}, separators=(",", ":"))


def status(code: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with nothing but a status."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers=headers)

    return answer


def refusal(code: int, message: object) -> Answer:
    """Answer as the service does when it does not take the key."""
    return body(json.dumps({"statusCode": code, "message": message}).encode(), code)


def body(data: bytes, code: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with these bytes, said to be JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, body=data, headers={"Content-Type": "application/json", **(headers or {})})

    return answer


def token(url: object) -> Answer:
    """Answer with this as the token."""
    return body(json.dumps({"accessToken": url}).encode())


def closing(*frames: str) -> Talk:
    """Say this and close, as the service does now and then."""

    async def talk(connection: ServerConnection) -> None:
        for said in frames:
            await connection.send(said)
        await connection.close(1001, "going away")

    return talk


async def breaking(connection: ServerConnection) -> None:
    """Break the connection without a word."""
    connection.transport.abort()


def enova_link(
    key: str,
    address: str,
    *,
    clock: Clock | None = None,
    backoff: Backoff | None = None,
    tap: Tap | None = None,
) -> Link:
    """Return a link that requests a new URL from ``address`` before each handshake, as ``EnovaSource`` does."""
    tokens = TokenClient(key, address, clock=clock)
    return Link(tokens.dial, clock=clock, backoff=backoff, tap=tap, expires=True)
