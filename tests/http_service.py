"""The base of the fake HTTP services: a server on 127.0.0.1 with responses that a test chooses."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from tests.conftest import GUARD

E = TypeVar("E", bound=Exception)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A server may log its own secrets, in the URLs that it is asked for; tests check the client's log.
quiet = logging.getLogger("tests.http_service")
quiet.disabled = True


class HttpService(ABC):
    """Runs inside ``async with``, on a free port. ``respond`` answers all requests."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        """Set when an answer is stuck."""
        self._closing = asyncio.Event()

    @property
    def origin(self) -> str:
        """The URL of the server without a path."""
        return f"http://127.0.0.1:{self._port}"

    @abstractmethod
    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""

    async def __aenter__(self) -> Self:
        app = web.Application(logger=quiet)
        app.router.add_route("*", "/{path:.*}", self.respond)
        self._runner = web.AppRunner(app, access_log=None, logger=quiet, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        await self._runner.cleanup()

    async def never(self, _: web.Request) -> web.StreamResponse:
        """Leave a request unanswered until the service stops."""
        self.reached.set()
        await self._closing.wait()
        return web.Response(status=500)

    async def part(self, request: web.Request, code: int, data: bytes) -> web.StreamResponse:
        """Send a part of an answer, then nothing more."""
        response = web.StreamResponse(status=code, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(data)
        self.reached.set()
        await self._closing.wait()
        return response


async def when_stuck(
    service: HttpService,
    answers: deque[Answer],
    answer: Answer,
    failure: Callable[[float], Awaitable[E]],
) -> E:
    """Return the failure of a request whose answer never ends, with a timeout in seconds that is
    long enough to get there: on a busy machine the request itself takes a while.

    ``answers`` are those that the service uses up.
    """
    timeout, reached = 0.1, False
    # Also for requests that come when their client has left.
    answers.extend([answer] * 100)
    service.reached.clear()
    while not reached:
        assert timeout < GUARD
        error = await failure(timeout)
        reached = service.reached.is_set()
        timeout *= 2
    answers.clear()
    return error


def status(code: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a status and no body."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers=headers)

    return answer


def body(data: bytes, code: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with ``data`` as JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=code, body=data, headers={"Content-Type": "application/json", **(headers or {})}
        )

    return answer


def sends(data: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return a handler of ``serve_raw`` that answers a request with bytes of any kind."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(data)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return handle
