"""Fintraffic's AFIR service over HTTP: complete answers, decompressed within a size limit.

Source: the operator's documentation. It requires gzip, asks programs to identify themselves, and
answers 429 with ``Retry-After`` if it is asked too often.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError, gunzip
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.version import installed_version
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport import http
from nobil_tui.feeds.transport.failures import UnreachableError, parse_retry_after

if TYPE_CHECKING:
    from aiohttp import ClientResponse

FINLAND_ADDRESS = "https://afir.digitraffic.fi/api/charging-network/v1"
"""The operator's REST API."""
LOCATIONS, TARIFFS, STATUSES = "locations/all", "tariffs/all", "locations/statuses/all"
"""Paths of the answers."""
MAX_ANSWER = 256 * 1024 * 1024
"""Maximum size of an answer in bytes, as sent and decompressed; a real one has up to ten million.
"""
CONNECT_TIMEOUT, SILENCE_TIMEOUT = 15.0, 30.0
"""Timeout in seconds, to connect and between two reads."""
LEAST_SKEW = 2_000
"""Milliseconds: a smaller error of a clock cannot be measured."""
UNDER_WAY = 65_536
"""Bytes between two reports of progress."""


class Answer(NamedTuple):
    """One answer, decompressed."""

    body: bytes
    etag: str
    """The ``ETag``; empty if the server sent none."""
    requested_at: int
    """Time of the request, in ms."""
    skew: int
    """How far the server's clock is ahead of ours, in ms; zero if unknown."""
    modified_at: int
    """Time of the last change by the server's clock, in ms; zero if unknown."""


class FinlandRest:
    """Download answers from ``address``. After a 429, no request is sent until its ``Retry-After``
    is over.
    """

    def __init__(self, address: str = "", *, clock: Clock | None = None) -> None:
        """Raise ``SourceError`` if ``address`` is not an HTTP address."""
        self._address = (address or FINLAND_ADDRESS).rstrip("/")
        parts = http.split_url(self._address)
        if parts is None or parts.scheme not in ("https", "http"):
            raise SourceError(
                "The address under [finland] in the config must begin with https:// or http:// "
                "and name a host."
            )
        self.host = parts.hostname or ""
        """The server's host."""
        self._clock = clock or Clock()
        self._not_before = 0.0

    async def get(
        self, path: str, etag: str = "", on_bytes: http.OnBytes = lambda _done, _total: None
    ) -> Answer | None:
        """Return the answer at ``path``; None if it is still the version that ``etag`` names.

        Raises ``UnreachableError``.
        """
        wait = self._not_before - self._clock.monotonic()
        if wait > 0:
            raise UnreachableError(f"{self.host} asked us to wait", wait)
        proxy = await run_in_thread(lambda: http.find_proxy(self._address))
        import aiohttp

        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Digitraffic-User": f"nobil-tui/{installed_version()}",
            "User-Agent": http.USER_AGENT,
        }
        if etag:
            headers["If-None-Match"] = etag
        timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_TIMEOUT, sock_read=SILENCE_TIMEOUT
        )
        requested_at = self._clock.now()
        try:
            async with (
                # Decompressed within a bound, in a thread.
                aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
                session.get(
                    f"{self._address}/{path}", headers=headers, proxy=proxy, max_redirects=3
                ) as response,
            ):
                if response.status == 304 and etag:
                    return None
                if response.status != 200:
                    raise self._refusal(response)
                sent = await _read(response, on_bytes)
                found = response.headers
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UnreachableError(http.failure_reason(error, self.host)) from None
        try:
            body = await run_in_thread(lambda: gunzip(sent, MAX_ANSWER))
        except NotReadableError as error:
            raise UnreachableError(
                f"{self.host} sent an answer that cannot be read: {error}"
            ) from None
        date = _http_date(found.get("Date", ""))
        return Answer(
            bytes(body),
            found.get("ETag", "")[:256],
            requested_at,
            _skew(date, requested_at, self._clock.now()),
            _http_date(found.get("Last-Modified", "")),
        )

    def _refusal(self, response: ClientResponse) -> UnreachableError:
        status = response.status
        seconds = parse_retry_after(response.headers.get("Retry-After", ""), self._clock.now())
        if status == 429:
            self._not_before = self._clock.monotonic() + seconds
            return UnreachableError(f"{self.host} answered HTTP 429 (too many requests)", seconds)
        return UnreachableError(f"{self.host} answered HTTP {status}", seconds)


async def _read(response: ClientResponse, on_bytes: http.OnBytes) -> bytes:
    body = bytearray()
    total, told = response.content_length, 0
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ValueError("too long")
        if len(body) - told >= UNDER_WAY:
            told = len(body)
            on_bytes(told, total)
    return bytes(body)


def _skew(date: int, requested_at: int, answered_at: int) -> int:
    """Return how far the clock that dated an answer is ahead of ours, in ms; zero if it may be
    right.

    An HTTP date has whole seconds.
    """
    skew = date - (requested_at + answered_at) // 2 if date else 0
    return skew if abs(skew) > LEAST_SKEW + (answered_at - requested_at) else 0


def _http_date(text: str) -> int:
    """Parse an HTTP date; return ms, zero if it is invalid."""
    try:
        return round(parsedate_to_datetime(text).timestamp() * 1000) if text else 0
    except (ValueError, OverflowError):
        return 0
