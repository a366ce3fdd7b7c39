"""A reverse proxy in front of a hub, as nginx with ``location`` and ``proxy_pass``."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from tests.conftest import guarded
from tests.http_service import HttpService

HOP_BY_HOP = {"connection", "upgrade", "transfer-encoding", "content-length", "host"}


class ReverseProxy(HttpService):
    """Passes what begins with ``prefix`` to the hub at ``base``, with or without the prefix."""

    def __init__(self, base: str, prefix: str, *, strips: bool) -> None:
        super().__init__()
        self._base = base
        self._prefix = prefix
        self._strips = strips
        self._client: aiohttp.ClientSession

    @property
    def port(self) -> int:
        """Its port."""
        return self._port

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(auto_decompress=False)
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await guarded(self._client.close())
        await guarded(super().__aexit__(kind, error, trace))

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on, unless its path is that of another location."""
        if not request.path.startswith(f"{self._prefix}/"):
            return web.Response(status=404)
        target = request.path_qs.removeprefix(self._prefix) if self._strips else request.path_qs
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP
        }
        headers["X-Forwarded-For"] = "192.0.2.7"
        if request.headers.get("Upgrade"):
            return await self._relay(request, target)
        # As nginx does for a location with WebSockets.
        headers["Connection"] = "upgrade"
        async with self._client.request(
            request.method, self._base + target, headers=headers, allow_redirects=False
        ) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in HOP_BY_HOP
            }
            return web.Response(body=await answer.read(), status=answer.status, headers=kept)

    async def _relay(self, request: web.Request, target: str) -> web.StreamResponse:
        forwarded = {"X-Forwarded-For": "192.0.2.7"}
        try:
            there = await self._client.ws_connect(self._base + target, headers=forwarded)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        here = web.WebSocketResponse()
        await here.prepare(request)

        async def copy(
            source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
            to: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        ) -> None:
            async for message in source:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await to.send_str(message.data)
            await to.close()

        with suppress(ConnectionError):
            await asyncio.gather(copy(here, there), copy(there, here))
        return here
