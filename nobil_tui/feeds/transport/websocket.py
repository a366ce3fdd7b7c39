"""Open a WebSocket, and report failures in words without secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import is_loopback
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.transport.failures import (
    RefusedError,
    UnreachableError,
    os_error_reason,
    response_error,
)
from nobil_tui.feeds.transport.proxies import SOCKS_SCHEMES, proxy_failure, proxy_for, proxy_place

if TYPE_CHECKING:
    from nobil_tui.feeds.transport.websockets_internals import SlicedConnection

OPEN_TIMEOUT = 15.0
"""Timeout for opening a connection, in seconds."""
NEXT_ADDRESS_DELAY = 0.25
"""Seconds after which the next address of a host is tried too: the first one may lead nowhere, as
IPv6 does in many networks."""
READ_AHEAD = 4
"""Number of frames to buffer before reading from the network pauses. Frames can be very large, and
a buffer of 64 does not make a flood of them faster to read.
"""

# The library's debug messages contain the whole URL with the key.
_quiet = logging.getLogger("nobil_tui.feeds.websockets")
_quiet.setLevel(logging.INFO)


async def open_connection(
    url: str, largest: int, hang_up: float, subprotocol: str = ""
) -> SlicedConnection:
    """Open a WebSocket. Raises ``RefusedError`` or ``UnreachableError``, without secrets."""
    from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidURI
    from websockets.typing import Subprotocol

    from nobil_tui.feeds.transport.websockets_internals import (
        BoundedDeflateFactory,
        ConnectOnce,
        SlicedConnection,
    )

    host, port = _place_of(url)
    proxy = proxy_for(url)
    try:
        connection = await ConnectOnce(
            url,
            subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
            max_size=largest,
            max_queue=(READ_AHEAD, 0),
            open_timeout=OPEN_TIMEOUT,
            close_timeout=hang_up,
            ping_interval=None,
            logger=_quiet,
            proxy=proxy,
            # On this machine, decompressing a large snapshot only blocks the event loop.
            extensions=None if is_loopback(host) else [BoundedDeflateFactory()],
            compression=None,
            create_connection=SlicedConnection,
            # On this machine there is nothing to wait for, and a cancelled race of addresses leaves
            # its connection to the collector.
            happy_eyeballs_delay=None if is_loopback(host) else NEXT_ADDRESS_DELAY,
        )
    except (
        InvalidHandshake,
        InvalidProxy,
        InvalidURI,
        OSError,
        EOFError,
        ImportError,
        ValueError,
    ) as error:
        raise _failure(error, host, port, proxy) from None
    assert isinstance(connection, SlicedConnection)  # noqa: S101  # made by create_connection
    return connection


def _failure(
    error: Exception, host: str, port: int, proxy: str | None
) -> RefusedError | UnreachableError:
    """Return the error to raise for one of the library."""
    from websockets.exceptions import (
        InvalidHandshake,
        InvalidProxy,
        InvalidStatus,
        InvalidURI,
        ProxyError,
    )

    match error:
        case InvalidStatus():
            response = error.response
            asked = response.headers.get_all("Retry-After")
            return response_error(response.status_code, asked[0] if asked else "", Clock().now())
        case TimeoutError():
            words = f"{host} does not answer"
        case InvalidURI():
            words = "the source is not a WebSocket address"
        case InvalidProxy():
            words = "the proxy in the environment has an invalid address"
        case ProxyError():
            words = f"the proxy in the environment cannot reach {host}"
        case InvalidHandshake() if isinstance(error.__cause__, EOFError):
            words = f"{host} closed the connection"
        case InvalidHandshake():
            words = f"{host} is not a WebSocket server ({type(error).__name__})"
        case ImportError():
            words = "a SOCKS proxy requires the package python-socks"
        case OSError() | EOFError():
            words = _reason(error, host, port, proxy)
        case _:
            # A host name that cannot be encoded for DNS, or a proxy whose port is not a number.
            words = f"{host}, or the proxy in the environment, has an invalid address"
    return UnreachableError(words)


def _reason(error: Exception, host: str, port: int, proxy: str | None) -> str:
    """Return why a connection to ``host`` failed, perhaps through a proxy."""
    from ssl import SSLError

    if proxy is None or isinstance(error, SSLError):
        return os_error_reason(error, host, port, plain="ws")
    # No other error can come from beyond a proxy: it reports those by a status.
    what = "SOCKS proxy" if urlsplit(proxy).scheme in SOCKS_SCHEMES else "proxy"
    return proxy_failure(error, *proxy_place(proxy), what)


def _place_of(url: str) -> tuple[str, int]:
    """Return the host and port of a WebSocket address. Raises ``UnreachableError``."""
    try:
        parts = urlsplit(url)
        # Accessing the port validates it.
        if parts.port != 0:
            port = parts.port or (443 if parts.scheme == "wss" else 80)
            return safe_text(parts.hostname or ""), port
    except ValueError:
        pass
    raise UnreachableError("the source is not a WebSocket address")
