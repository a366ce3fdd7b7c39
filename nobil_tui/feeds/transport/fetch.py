"""One GET request with the standard library, in a thread.

For what the first rows on screen wait for: importing aiohttp takes almost as long as importing
Textual.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
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

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.feeds.transport.failures import UnreachableError, os_error_reason
from nobil_tui.feeds.transport.http import OnBytes
from nobil_tui.feeds.transport.proxies import SOCKS_SCHEMES, proxy_for
from nobil_tui.feeds.transport.websocket import NEXT_ADDRESS_DELAY

MAX_REDIRECTS = 3
CHUNK = 65_536
"""Bytes of one read, and between two reports of progress."""

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")


class Timeouts(NamedTuple):
    """Timeouts in seconds: to connect, and between two reads."""

    connect: float = 15.0
    silence: float = 30.0


class Fetched(NamedTuple):
    """An answer, as sent: nothing is decompressed."""

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
    """Return the answer to a GET request.

    ``redirects``: follow them, with the same headers: not for a request with a key.
    ``on_bytes`` is called on the event loop. Raises ``UnreachableError``, also for an answer of
    more than ``most`` bytes.
    """
    loop = asyncio.get_running_loop()
    abandoned = threading.Event()

    def report(done: int, total: int | None) -> None:
        if abandoned.is_set():
            raise TimeoutError
        loop.call_soon_threadsafe(on_bytes, done, total)

    try:
        return await run_in_thread(lambda: _fetch(url, headers, most, report, timeouts, redirects))
    finally:
        abandoned.set()


def _fetch(
    url: str,
    headers: Mapping[str, str],
    most: int,
    report: OnBytes,
    timeouts: Timeouts,
    redirects: bool,
) -> Fetched:
    host = urlsplit(url).hostname or ""
    opener = _opener(_usable_proxy(url), timeouts, redirects)
    try:
        with opener.open(Request(url, headers=dict(headers)), timeout=timeouts.silence) as response:
            return Fetched(response.status, response.headers, _read(response, most, report))
    except HTTPError as error:
        # The answer with a status that is no success.
        error.close()
        return Fetched(error.code, error.headers, b"")
    except URLError as error:
        # The text of another error is not the user's business.
        reason = error.reason if isinstance(error.reason, Exception) else OSError()
        raise UnreachableError(_reason(reason, host)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise UnreachableError(_reason(error, host)) from None


def _read(response: Any, most: int, report: OnBytes) -> bytes:
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else None
    body = bytearray()
    while chunk := response.read1(CHUNK):
        reported = len(body) // CHUNK
        body += chunk
        if len(body) > most:
            raise ValueError("too long")
        if len(body) // CHUNK > reported:
            report(len(body), total)
    if total is not None and len(body) < total:
        raise HTTPException
    return bytes(body)


def _reason(error: Exception, host: str) -> str:
    """Return why a request failed."""
    if isinstance(error, TimeoutError):
        return f"{host} does not answer"
    # Before OSError: a server that closes at once raises an exception that is both.
    if isinstance(error, HTTPException):
        return f"the connection to {host} closed before the answer was complete"
    if isinstance(error, OSError):
        if refused := _TUNNEL.match(str(error)):
            return f"the proxy in the environment answered HTTP {refused[1]}"
        place: tuple[str, int] = getattr(error, "place", (host, 0))
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


def _opener(proxy: str | None, timeouts: Timeouts, redirects: bool) -> OpenerDirector:
    """Return an opener for HTTP and HTTPS alone: no files, no FTP, no credentials of the user."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler({"http": proxy, "https": proxy} if proxy else {}),
        _Plain(timeouts),
        _Encrypted(timeouts),
        *([_Redirects()] if redirects else []),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(HTTPRedirectHandler):
    max_redirections = max_repeats = MAX_REDIRECTS


class _Plain(HTTPHandler):
    def __init__(self, timeouts: Timeouts) -> None:
        super().__init__()
        self._timeouts = timeouts

    def http_open(self, req: Request) -> Any:
        """Open an http URL."""
        return self.do_open(_connecting(HTTPConnection, self._timeouts), req)


class _Encrypted(HTTPHandler):
    # Not a HTTPSHandler, which makes a TLS context at once, also for a plain URL.
    def __init__(self, timeouts: Timeouts) -> None:
        super().__init__()
        self._timeouts = timeouts

    def https_open(self, req: Request) -> Any:
        """Open an https URL."""
        connecting = _connecting(HTTPSConnection, self._timeouts)
        return self.do_open(connecting, req, context=_tls_context())

    https_request = HTTPHandler.do_request_


def _connecting(kind: Callable[..., Any], timeouts: Timeouts) -> Any:
    """Return a function that makes a connection which tries all addresses of a host."""

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        return connect_socket(*address, timeouts)

    def create(*args: Any, **options: Any) -> Any:
        connection = kind(*args, **options)
        # The library's own tries one address after the other, each to its timeout.
        connection._create_connection = connect
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
            # A proxy has another place than the URL.
            error.place = (host, port)  # type: ignore[attr-defined]  # for ``_reason``
            raise
    connected.settimeout(timeouts.silence)
    return connected


async def _connect(host: str, port: int, seconds: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds):
        transport, _ = await loop.create_connection(
            asyncio.Protocol, host, port, happy_eyeballs_delay=NEXT_ADDRESS_DELAY
        )
    try:
        found: socket.socket = transport.get_extra_info("socket").dup()
        return found
    finally:
        transport.abort()
