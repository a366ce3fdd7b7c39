"""What calls over HTTP have in common: where they go, which proxy leads there, and in words why one failed.

What the library raises can hold the request with its key, so nothing of an exception's text is passed on here; and a
server may quote the key that it was sent, so nothing of its words is passed on as they are.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from nobil_tui.base.redaction import is_loopback
from nobil_tui.feeds.transport.websocket import UnreachableError, os_error_reason

if TYPE_CHECKING:
    from aiohttp import ClientResponse

USER_AGENT = "nobil-tui"
"""Who we say we are."""


def split_url(url: str) -> SplitResult | None:
    """Split a URL that names a host; None for what no library could connect to."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")
        return parts if host and (parts.port is None or parts.port) else None
    except ValueError:
        return None


def find_proxy(address: str) -> str | None:
    """Do what would hold up the loop: import the library, and look up the proxy for ``address``.

    Raises ``UnreachableError`` for a proxy of a kind that cannot be used.
    """
    from urllib.request import getproxies, proxy_bypass

    importlib.import_module("aiohttp")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxy = getproxies().get(parts.scheme)
    if not proxy:
        return None
    if "://" not in proxy:
        return f"http://{proxy}"
    if not proxy.lower().startswith(("http://", "https://")):
        raise UnreachableError("a SOCKS proxy is not of use here: set HTTPS_PROXY to one of HTTP, or NO_PROXY")
    return proxy


def failure_reason(error: Exception, host: str) -> str:
    """Say why ``host`` gave no answer, from a ``ClientError``, an ``OSError`` or a ``ValueError``."""
    from aiohttp import ClientConnectorError, ClientHttpProxyError, ClientResponseError

    if isinstance(error, TimeoutError):
        return f"{host} does not answer"
    if isinstance(error, ClientHttpProxyError):
        return f"the proxy in the environment answered HTTP {error.status}"
    if isinstance(error, ClientConnectorError):
        # The host of the error: it may be the proxy's.
        return os_error_reason(error.os_error, error.host)
    if isinstance(error, ClientResponseError):
        return f"{host} does not answer as a web server does"
    if isinstance(error, OSError):
        return os_error_reason(error, host)
    if isinstance(error, ValueError):
        return f"{host}, or the proxy in the environment, is no usable address"
    return f"{host} gave no whole answer"


async def read_body(response: ClientResponse, most: int) -> bytes:
    """Read an answer of at most ``most`` bytes; a longer one is not read on, and counts as empty."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            return b""
    return bytes(body)
