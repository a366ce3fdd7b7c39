"""One GET request with the standard library, in a thread.

Used for data that the first rows on screen wait for: importing aiohttp takes almost as long as
importing Textual. Requests with a key use aiohttp (see ``http``): it can also go through an HTTPS
proxy, for which TLS inside TLS is needed.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
from functools import cache
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPSConnection,
    LineTooLong,
    RemoteDisconnected,
)
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.redaction import is_loopback
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.feeds.transport.failures import UnreachableError, os_error_reason
from nobil_tui.feeds.transport.http import OnBytes, sends_too_slowly
from nobil_tui.feeds.transport.http_client_internals import connect_by
from nobil_tui.feeds.transport.proxies import SOCKS_SCHEMES, proxy_failure, proxy_for, proxy_place
from nobil_tui.feeds.transport.websocket import NEXT_ADDRESS_DELAY

MAX_REDIRECTS = 3
CHUNK = 65_536
"""Bytes of one read, and between two reports of progress."""

_TUNNEL = LazyPattern(r"Tunnel connection failed: (\d{3})\b")


class Timeouts(NamedTuple):
    """Timeouts in seconds: to connect, and between two reads."""

    connect: float = 15.0
    silence: float = 30.0


class Fetched(NamedTuple):
    """A response, as sent: nothing is decompressed."""

    status: int
    headers: Message
    body: bytes
    """Empty unless the status is 200."""


async def fetch(
    url: str,
    headers: Mapping[str, str],
    most: int,
    on_bytes: OnBytes,
    timeouts: Timeouts,
    *,
    redirects: bool = True,
) -> Fetched:
    """Return the response to a GET request.

    ``redirects``: follow them, with the same headers: not for a request with a key.
    ``on_bytes`` is called on the event loop. Raises ``UnreachableError``, also for a response of
    more than ``most`` bytes, and for one that arrives at less than ``MIN_RATE``.
    """
    loop = asyncio.get_running_loop()
    transfer = _Transfer(most, timeouts)
    try:
        async with asyncio.timeout(timeouts.connect + 2 * timeouts.silence) as limit:

            def report(done: int, total: int | None) -> None:
                # The beginning of the response is in time; the rest has a limit of its own.
                with suppress(RuntimeError):
                    limit.reschedule(None)
                if done:
                    on_bytes(done, total)

            transfer.report = lambda done, total: loop.call_soon_threadsafe(report, done, total)
            return await run_in_thread(lambda: _fetch(url, headers, transfer, redirects))
    except TimeoutError:
        raise UnreachableError(f"{urlsplit(url).hostname} does not answer") from None
    finally:
        transfer.abandon()


class _TooSlowError(TimeoutError):
    """The response arrives at less than ``MIN_RATE``."""


class _Transfer:
    """What the thread of a request shares with the event loop."""

    def __init__(self, most: int, timeouts: Timeouts) -> None:
        self.most = most
        self.timeouts = timeouts
        self.report: Callable[[int, int | None], object]
        """Called by the thread when the response begins, and after each chunk."""
        self.abandoned = False
        self._connections: list[HTTPConnection] = []

    def add(self, connection: HTTPConnection) -> None:
        """Note a connection of the request."""
        self._connections.append(connection)

    def abandon(self) -> None:
        """End the thread, even while it waits for the server."""
        self.abandoned = True
        for connection in self._connections:
            if (sock := connection.sock) is not None:
                with suppress(OSError):
                    # Not the one of a TLS socket, which the thread uses.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _fetch(url: str, headers: Mapping[str, str], transfer: _Transfer, redirects: bool) -> Fetched:
    host = urlsplit(url).hostname or ""
    proxy = _usable_proxy(url)
    opener = _opener(proxy, transfer, redirects)
    silence = transfer.timeouts.silence
    try:
        with opener.open(Request(url, headers=dict(headers)), timeout=silence) as response:
            return Fetched(response.status, response.headers, _read(response, transfer))
    except HTTPError as error:
        # A response with the status of a failure.
        error.close()
        return Fetched(error.code, error.headers, b"")
    except URLError as error:
        # The texts of other errors do not help the user.
        reason = error.reason if isinstance(error.reason, Exception) else OSError()
        raise UnreachableError(_reason(reason, host, proxy)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise UnreachableError(_reason(error, host, proxy)) from None


def _read(response: Any, transfer: _Transfer) -> bytes:
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else None
    body = bytearray()
    began = time.monotonic()
    transfer.report(0, total)
    while chunk := response.read1(CHUNK):
        reported = len(body) // CHUNK
        body += chunk
        passed = time.monotonic() - began
        if transfer.abandoned:
            raise TimeoutError
        if sends_too_slowly(len(body), passed, transfer.timeouts.silence):
            raise _TooSlowError
        if len(body) > transfer.most:
            raise ValueError("too long")
        if len(body) // CHUNK > reported:
            transfer.report(len(body), total)
    if total is not None and len(body) < total:
        raise HTTPException
    return bytes(body)


def _reason(error: Exception, host: str, proxy: str | None) -> str:
    """Return why a request failed, perhaps through a proxy."""
    if isinstance(error, _TooSlowError):
        return f"{host} sends too slowly"
    if isinstance(error, TimeoutError):
        return f"{host} does not answer"
    if isinstance(error, BadStatusLine | LineTooLong) and not isinstance(error, RemoteDisconnected):
        return f"{host} does not answer as a web server does"
    # Before OSError: a server that closes at once raises an exception that is both.
    if isinstance(error, HTTPException):
        return f"the connection to {host} closed before the response was complete"
    if isinstance(error, OSError):
        if refused := _TUNNEL.match(str(error)):
            return f"the proxy in the environment answered HTTP {refused[1]}"
        place: tuple[str, int] = getattr(error, "place", (host, 0))
        if proxy is not None and place == proxy_place(proxy):
            return proxy_failure(error, *place)
        return os_error_reason(error, *place, plain="http")
    return f"{host} sent too much, or its address is invalid"


def _usable_proxy(url: str) -> str | None:
    proxy = proxy_for(url)
    scheme = urlsplit(proxy).scheme if proxy is not None else ""
    if scheme == "https" or scheme in SOCKS_SCHEMES:
        kind = "HTTPS" if scheme == "https" else "SOCKS"
        raise UnreachableError(
            f"{kind} proxies are not supported; set HTTPS_PROXY to an http:// proxy"
        )
    return proxy


def _opener(proxy: str | None, transfer: _Transfer, redirects: bool) -> OpenerDirector:
    """Return an opener for HTTP and HTTPS alone: no files, no FTP, no credentials of the user."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler({"http": proxy, "https": proxy} if proxy else {}),
        _Plain(transfer),
        _Encrypted(transfer),
        *([_Redirects()] if redirects else []),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(HTTPRedirectHandler):
    max_redirections = max_repeats = MAX_REDIRECTS


class _Plain(HTTPHandler):
    def __init__(self, transfer: _Transfer) -> None:
        super().__init__()
        self._transfer = transfer

    def http_open(self, req: Request) -> Any:
        """Open an http URL."""
        return self.do_open(_connecting(HTTPConnection, self._transfer), req)


class _Encrypted(HTTPHandler):
    # Not a HTTPSHandler, which makes a TLS context at once, also for a plain URL.
    def __init__(self, transfer: _Transfer) -> None:
        super().__init__()
        self._transfer = transfer

    def https_open(self, req: Request) -> Any:
        """Open an https URL."""
        connecting = _connecting(HTTPSConnection, self._transfer)
        return self.do_open(connecting, req, context=_tls_context())

    https_request = HTTPHandler.do_request_


def _connecting(kind: Callable[..., Any], transfer: _Transfer) -> Any:
    """Return a function that makes a connection which tries all addresses of a host."""

    def connect(address: tuple[str, int]) -> socket.socket:
        return connect_socket(*address, transfer.timeouts)

    def create(*args: Any, **options: Any) -> Any:
        connection = kind(*args, **options)
        connect_by(connection, connect)
        transfer.add(connection)
        return connection

    return create


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the default context, which takes long to make: it reads all certificates."""
    return ssl.create_default_context()


def connect_socket(host: str, port: int, timeouts: Timeouts) -> socket.socket:
    """Return a connected socket, to the first address of ``host`` that answers. May block."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            connected = runner.run(_connect(host, port, timeouts.connect))
        except OSError as error:
            # A proxy's host differs from the URL's.
            error.place = (host, port)  # type: ignore[attr-defined]  # for ``_reason``
            raise
    connected.settimeout(timeouts.silence)
    return connected


async def _connect(host: str, port: int, seconds: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    delay = None if is_loopback(host) else NEXT_ADDRESS_DELAY
    async with asyncio.timeout(seconds):
        transport, _ = await loop.create_connection(
            asyncio.Protocol, host, port, happy_eyeballs_delay=delay
        )
    try:
        found: socket.socket = transport.get_extra_info("socket").dup()
        return found
    finally:
        transport.abort()
