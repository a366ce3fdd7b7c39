"""Connections of the HTTP server: aiohttp's, with our own responses to unusable requests.

aiohttp quotes a malformed request in its response and in its log, and it may contain a key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.web import BaseRequest, StreamResponse

ErrorBody = Callable[[HTTPStatus], bytes]
"""Counts a request that cannot be handled; returns the body of the response, in JSON."""

logger = logging.getLogger(__name__)

_quiet = logging.getLogger("nobil_tui.hub.aiohttp")
_quiet.addFilter(lambda record: record.levelno >= logging.CRITICAL)


class HttpServer:
    """Makes connections whose requests ``handle`` answers."""

    def __init__(
        self, handle: Callable[[BaseRequest], Awaitable[StreamResponse]], error_body: ErrorBody
    ) -> None:
        self._server = web.Server(handle)
        self._error_body = error_body

    def connection(self) -> web.RequestHandler:
        """Return a new connection."""
        return _Connection(self._server, self._error_body)


class _Connection(web.RequestHandler):
    __slots__ = ("_error_body",)

    def __init__(self, server: web.Server, error_body: ErrorBody) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # as web.Server passes it on: no log
            logger=_quiet,
            lingering_time=0,
            keepalive_timeout=30,
        )
        self._error_body = error_body

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """Answer a request that cannot be read, or whose handler failed."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("a request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the response was sent")
        response = web.Response(
            body=self._error_body(HTTPStatus(status)),
            status=status,
            content_type="application/json",
            headers={"Server": "nobil-tui", "Cache-Control": "no-store"},
        )
        response.force_close()
        return response
