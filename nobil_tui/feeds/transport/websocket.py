"""Opening a WebSocket, and why it failed in words for a person.

What the library raises can hold the whole URL, and with it the key: nothing of an exception's text is passed on here
unless it is known to hold none. What a server says can quote it: it is passed on without.
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
"""Seconds that a connection may take to be open."""
MAX_RETRY_AFTER = 3600.0
"""Seconds: a server that asks for a longer wait than this is asked again all the same."""
READ_AHEAD = 4
"""Frames that may wait here until no more is taken from the network: each may be as large as can be,
and with sixty-four of them a flood is read no faster."""

# The library's debugging lines hold the whole URL, and with it the key.
_quiet = logging.getLogger("nobil_tui.feeds.websockets")
_quiet.setLevel(logging.INFO)


class RefusedError(Exception):
    """The key is not taken. Final until the user acts."""


class UnreachableError(Exception):
    """The source could not be reached this time; ``parse_retry_after`` is what it asked us to wait, in seconds."""

    def __init__(self, reason: str, parse_retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = parse_retry_after


async def open_connection(url: str, largest: int, hang_up: float, subprotocol: str = "") -> ClientConnection:
    """Open a WebSocket, or raise ``RefusedError`` or ``UnreachableError`` with a reason that holds no secret."""
    from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI, ProxyError
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
            # A proxy of the environment never leads to this machine; and unpacking a big snapshot stalls the loop.
            proxy=None if local else True,
            compression=None if local else "deflate",
        )
    except InvalidStatus as error:
        raise _answered(error) from None
    except TimeoutError:
        raise UnreachableError(f"{host} does not answer") from None
    except InvalidURI:
        raise UnreachableError("the source is no WebSocket address") from None
    except InvalidProxy:
        raise UnreachableError("the proxy in the environment is no usable address") from None
    except ProxyError:
        raise UnreachableError(f"the proxy in the environment does not lead to {host}") from None
    except InvalidHandshake as error:
        raise UnreachableError(f"{host} is no WebSocket server ({type(error).__name__})") from None
    except ImportError:
        raise UnreachableError("a SOCKS proxy needs the package python-socks beside this program") from None
    except (OSError, EOFError, asyncio.IncompleteReadError) as error:
        raise UnreachableError(os_error_reason(error, host)) from None
    except ValueError:
        # A host that has no name in the name system, or a proxy with a port of letters.
        raise UnreachableError(f"{host}, or the proxy in the environment, is no usable address") from None


def _connect() -> type[connect]:
    """Return the library's way to connect, without the redirects: a key goes to its own source and to no other."""
    from websockets.asyncio.client import connect

    class Connect(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    return Connect


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        if parts.port != 0:
            return safe_text(parts.hostname or "")
    except ValueError:
        pass
    raise UnreachableError("the source is no WebSocket address")


def close_reason(closed: ConnectionClosed, secrets: Iterable[str] = ()) -> str:
    """Say why an open connection ended, in the server's words if it has any, without the ``secrets``."""
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
    """Say of an answer that leads elsewhere that nobody goes there, to put behind other words; else nothing."""
    points = 300 <= status < 400 and status != 304
    return ", which points elsewhere: the key is not sent there" if points else ""


def parse_retry_after(text: str, now: int) -> float:
    """Read a ``Retry-After`` header at ``now`` (ms): seconds or a date of HTTP.

    Returns seconds; zero for what is none.
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
    """Say why ``host`` could not be reached, from what the system raised."""
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
    # One error for all the addresses of a host has no number.
    return f"{host} cannot be reached"
