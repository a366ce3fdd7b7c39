"""Shared parts of HTTP requests: URLs, proxies, and the reasons for failures.

The library's exceptions can contain the request with its key, so their texts are never used. A
server may quote the key that it received, so its words are never used unchecked either.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from nobil_tui.base.decoding import NotReadableError, gunzip
from nobil_tui.feeds.transport.failures import UnreachableError, os_error_reason
from nobil_tui.feeds.transport.proxies import SOCKS_SCHEMES, proxy_failure, proxy_for

if TYPE_CHECKING:
    from aiohttp import ClientResponse

USER_AGENT = "nobil-tui"
"""The ``User-Agent`` header."""

MIN_RATE = 256
"""The lowest rate in bytes per second. The download from a slower server is aborted: it would never
end."""

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes received so far, and the total if the server sends it."""


def split_url(url: str) -> SplitResult | None:
    """Split a URL that has a host; return None for a URL that the library could not connect to."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")
        return parts if host and (parts.port is None or parts.port) else None
    except ValueError:
        return None


def sends_too_slowly(size: int, seconds: float, silence: float) -> bool:
    """Return whether ``size`` bytes in ``seconds`` are too few, if it may be silent for
    ``silence``."""
    return seconds > silence and size < MIN_RATE * seconds


def find_proxy(address: str) -> str | None:
    """Import the library and look up the proxy for ``address``, which would block the event loop.

    Raises ``UnreachableError`` for an unsupported kind of proxy.
    """
    importlib.import_module("aiohttp")
    proxy = proxy_for(address)
    if proxy is not None and urlsplit(proxy).scheme in SOCKS_SCHEMES:
        raise UnreachableError("SOCKS proxies are not supported; set HTTPS_PROXY to an HTTP proxy")
    return proxy


def failure_reason(error: Exception, host: str) -> str:
    """Return why a request to ``host`` failed, from a ``ClientError``, an ``OSError`` or a
    ``ValueError``.
    """
    from aiohttp import (
        ClientConnectorError,
        ClientHttpProxyError,
        ClientProxyConnectionError,
        ClientResponseError,
    )

    if isinstance(error, TimeoutError):
        return f"{host} does not answer"
    if isinstance(error, ClientHttpProxyError):
        return f"the proxy in the environment answered HTTP {error.status}"
    if isinstance(error, ClientProxyConnectionError):
        return proxy_failure(error.os_error, error.host, error.port or 0)
    if isinstance(error, ClientConnectorError):
        # Its host is not always the given one: a server may redirect.
        return os_error_reason(error.os_error, error.host, error.port or 0, plain="http")
    if isinstance(error, ClientResponseError):
        return f"{host} does not answer as a web server does"
    if isinstance(error, OSError):
        return os_error_reason(error, host)
    if isinstance(error, ValueError):
        return f"{host}, or the proxy in the environment, has an invalid address"
    return f"the connection to {host} closed before the response was complete"


async def read_body(response: ClientResponse, most: int) -> bytes | bytearray:
    """Read a response of at most ``most`` bytes, as sent and decompressed.

    Stop at a longer one, and return it as empty; one that cannot be decompressed too. The session
    must not decompress: the library does so within no limit.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            return b""
    try:
        return gunzip(body, most)
    except NotReadableError:
        return b""
