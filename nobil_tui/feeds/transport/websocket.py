"""Open a WebSocket, and describe failures for the user.

The library's exceptions can contain the whole URL with the key, so their texts are never used
unless known to hold none. A server may quote the key, so it is removed from the server's words.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import is_loopback, remove_secrets
from nobil_tui.base.text import safe_text

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection, connect
    from websockets.exceptions import ConnectionClosed, InvalidStatus

OPEN_TIMEOUT = 15.0
"""Timeout for opening a connection, in seconds."""
MAX_RETRY_AFTER = 3600.0
"""Seconds: longer ``Retry-After`` times are reduced to this."""
READ_AHEAD = 4
"""Number of frames to buffer before reading from the network pauses. Frames can be very large, and
a buffer of 64 does not make a flood of them faster to read.
"""

# The library's debug messages contain the whole URL with the key.
_quiet = logging.getLogger("nobil_tui.feeds.websockets")
_quiet.setLevel(logging.INFO)


class RefusedError(Exception):
    """The server rejected the key. Not retried until the user acts."""


class UnreachableError(Exception):
    """The source could not be reached this time. ``retry_after`` is the delay that the server asked
    for, in seconds.
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


async def open_connection(
    url: str, largest: int, hang_up: float, subprotocol: str = ""
) -> ClientConnection:
    """Open a WebSocket. Raises ``RefusedError`` or ``UnreachableError``, without secrets."""
    from websockets.exceptions import (
        InvalidHandshake,
        InvalidProxy,
        InvalidStatus,
        InvalidURI,
        ProxyError,
    )
    from websockets.typing import Subprotocol

    host = _host_of(url)
    local = is_loopback(host)
    try:
        return await _connect()(
            url,
            subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
            max_size=largest,
            max_queue=READ_AHEAD,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=hang_up,
            ping_interval=None,
            logger=_quiet,
            # A proxy is never used for this machine; and decompressing a large snapshot blocks the
            # event loop.
            proxy=None if local else True,
            compression=None if local else "deflate",
        )
    except InvalidStatus as error:
        raise _answered(error) from None
    except TimeoutError:
        raise UnreachableError(f"{host} does not answer") from None
    except InvalidURI:
        raise UnreachableError("the source is not a WebSocket address") from None
    except InvalidProxy:
        raise UnreachableError("the proxy in the environment has an invalid address") from None
    except ProxyError:
        raise UnreachableError(f"the proxy in the environment cannot reach {host}") from None
    except InvalidHandshake as error:
        raise UnreachableError(
            f"{host} is not a WebSocket server ({type(error).__name__})"
        ) from None
    except ImportError:
        raise UnreachableError("a SOCKS proxy requires the package python-socks") from None
    except (OSError, EOFError, asyncio.IncompleteReadError) as error:
        raise UnreachableError(os_error_reason(error, host)) from None
    except ValueError:
        # A host name that cannot be encoded for DNS, or a proxy whose port is not a number.
        raise UnreachableError(
            f"{host}, or the proxy in the environment, has an invalid address"
        ) from None


def _connect() -> type[connect]:
    """Return the library's ``connect`` without redirects: a key is only sent to its own source."""
    from websockets.asyncio.client import connect

    class Connect(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    return Connect


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        # Accessing the port validates it.
        if parts.port != 0:
            return safe_text(parts.hostname or "")
    except ValueError:
        pass
    raise UnreachableError("the source is not a WebSocket address")


def close_reason(closed: ConnectionClosed, secrets: Iterable[str] = ()) -> str:
    """Return why an open connection was closed, in the server's words if it gave any, without
    ``secrets``.
    """
    said = closed.rcvd
    if closed.sent is not None and closed.sent.code == 1009:
        return "the server sent a frame that is too large"
    if said is None:
        return "the connection broke"
    words = safe_text(remove_secrets(secrets, said.reason))
    return f"the server closed: {words}" if words else "the server closed the connection"


def _answered(error: InvalidStatus) -> RefusedError | UnreachableError:
    response, status = error.response, error.response.status_code
    if status in (401, 403):
        return RefusedError(f"HTTP {status}")
    asked = response.headers.get_all("Retry-After")
    seconds = parse_retry_after(asked[0], Clock().now()) if asked else 0.0
    return UnreachableError(f"the server answered HTTP {status}{redirect_note(status)}", seconds)


def redirect_note(status: int) -> str:
    """Return a note that a redirect was not followed, to append to a message; empty for another
    status.
    """
    points = 300 <= status < 400 and status != 304
    return ", which points elsewhere: the key is not sent there" if points else ""


def parse_retry_after(text: str, now: int) -> float:
    """Parse a ``Retry-After`` header at ``now`` (ms), given as seconds or an HTTP date.

    Returns seconds; zero if the header is invalid.
    """
    if text.isascii() and text.isdigit() and len(text) < 9:
        return min(MAX_RETRY_AFTER, float(text))
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(text)
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = (until - datetime.fromtimestamp(now / 1000, UTC)).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return min(MAX_RETRY_AFTER, max(0.0, seconds))


def os_error_reason(error: Exception, host: str) -> str:
    """Return why ``host`` could not be reached, from an exception of the operating system."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {host} is not trusted: {safe_text(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection to {host}"
    if isinstance(error, socket.gaierror):
        return f"{host} is not found (is there a network?)"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {host}"
    if isinstance(error, OSError) and error.errno:
        return f"{host}: {os.strerror(error.errno)}"
    if isinstance(error, EOFError):
        return f"{host} closed the connection"
    # A combined error for all addresses of a host has no errno.
    return f"{host} cannot be reached"
