"""Why a connection failed or ended, in words for the user.

The libraries' exceptions can contain the whole URL with the key, so their texts are never used
unless known to hold none. A server may quote the key, so it is removed from the server's words.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nobil_tui.base.redaction import remove_secrets
from nobil_tui.base.text import safe_text

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed

MAX_RETRY_AFTER = 3600.0
"""The maximum ``Retry-After`` in seconds; longer times are reduced to it."""

_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED = 10, 9, 18
_OTHER_HOST = (62, 64)
"""OpenSSL's verification errors, ``X509_V_ERR_...``; the last ones for a name and an address."""
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
"""OpenSSL's reasons for a response that is not TLS; they differ between its versions."""
_ERRNO = re.compile(r"\[Errno (\d{1,4})\]")


class RefusedError(Exception):
    """The server rejected the key."""


class UnreachableError(Exception):
    """The source could not be reached this time. ``retry_after`` is the delay that the server asked
    for, in seconds.
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def response_error(status: int, retry_after: str, now: int) -> RefusedError | UnreachableError:
    """Return the error for an HTTP response that is a failure, at ``now`` (ms).

    ``retry_after`` is its header; empty without one. With it, a 403 does not refuse the key but
    asks to wait: servers send it to clients that ask too often.
    """
    seconds = parse_retry_after(retry_after, now)
    if status == 401 or (status == 403 and not retry_after):
        return RefusedError(f"HTTP {status}")
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


def close_reason(closed: ConnectionClosed, secrets: Iterable[str] = ()) -> str:
    """Return why an open connection was closed, in the server's words if it gave any, without
    ``secrets``.
    """
    said = closed.rcvd
    if said is None:
        return "the connection broke"
    words = safe_text(remove_secrets(secrets, said.reason))
    return f"the server closed: {words}" if words else "the server closed the connection"


def os_error_reason(
    error: Exception,
    host: str,
    port: int = 0,
    *,
    plain: str = "",
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Return why ``host`` could not be reached, from an exception of the operating system.

    ``port``: the one that was tried, zero if unknown. ``plain``: the scheme of the same address
    without TLS, to suggest it to a user whose server does not use TLS.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_reason(error, host, environ)
    if isinstance(error, ssl.SSLError):
        if plain and getattr(error, "reason", "") in _NOT_TLS:
            return f"{_place(host, port)} does not use TLS; try {plain}://"
        return f"no secure connection to {host}"
    if isinstance(error, socket.gaierror):
        return f"{host} is not found (is there a network?)"
    if isinstance(error, EOFError):
        return f"{host} closed the connection"
    if isinstance(error, OSError) and (number := _errno_of(error)):
        if number == errno.ECONNREFUSED:
            return f"nothing listens at {_place(host, port)}"
        return f"{host}: {os.strerror(number)}"
    return f"{host} cannot be reached"


def _errno_of(error: OSError) -> int:
    """Return the number of an error; zero if it combines different ones.

    A host with several addresses has an error for each. asyncio combines them in one text, which
    holds their numbers.
    """
    if error.errno:
        return error.errno
    numbers = {int(number) for number in _ERRNO.findall(str(error))}
    return numbers.pop() if len(numbers) == 1 else 0


def _place(host: str, port: int) -> str:
    if not port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _certificate_reason(
    error: ssl.SSLCertVerificationError, host: str, environ: Mapping[str, str]
) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return f"the certificate of {host} has expired (or this machine's date is wrong)"
    if code == _NOT_YET_VALID:
        return f"the certificate of {host} is not valid yet (or this machine's date is wrong)"
    if code in _OTHER_HOST:
        return f"the certificate of {host} is for another host"
    name = environ.get("SSL_CERT_FILE", "")
    if name and not os.access(name, os.R_OK):
        return f"no certificate can be trusted: SSL_CERT_FILE={safe_text(name)} cannot be read"
    if code == _SELF_SIGNED:
        return f"{host} has a self-signed certificate; to trust it, set SSL_CERT_FILE to its file"
    return (
        f"the certificate of {host} is not trusted ({safe_text(error.verify_message)}); "
        "behind a firewall that inspects TLS, set SSL_CERT_FILE to the file of its certificate"
    )
