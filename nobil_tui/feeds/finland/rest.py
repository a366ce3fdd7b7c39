"""Fintraffic's AFIR service over HTTP: complete responses, decompressed within a size limit.

Source: the operator's documentation. It requires gzip, asks programs to identify themselves, and
answers 429 with ``Retry-After`` if it is asked too often.
"""

from __future__ import annotations

from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError, gunzip
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.version import VERSION
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport.failures import UnreachableError, parse_retry_after
from nobil_tui.feeds.transport.fetch import Timeouts, fetch
from nobil_tui.feeds.transport.http import USER_AGENT, OnBytes, split_url

FINLAND_ADDRESS = "https://afir.digitraffic.fi/api/charging-network/v1"
"""The operator's REST API."""
LOCATIONS, TARIFFS, STATUSES = "locations/all", "tariffs/all", "locations/statuses/all"
"""Paths of the responses."""
MAX_RESPONSE = 64 * 1024 * 1024
"""Maximum size of a response in bytes, as sent and decompressed; a real one has up to ten million.
"""
TIMEOUTS = Timeouts(connect=15.0, silence=30.0)
LEAST_SKEW = 2_000
"""Milliseconds: a smaller error of a clock cannot be measured."""


class RestResponse(NamedTuple):
    """One response, decompressed."""

    body: bytes
    etag: str
    """The ``ETag``; empty if the server sent none."""
    requested_at: int
    """Time of the request, in ms."""
    skew: int
    """How far the server's clock is ahead of ours, in ms; zero if unknown."""
    modified_at: int
    """Time of the last change by the server's clock, in ms; zero if unknown."""
    cached_for: int = 0
    """For how long a cache kept it, in ms."""


class FinlandRest:
    """Download responses from ``address``.

    After a 429, no request is sent until its ``Retry-After`` is over.
    """

    def __init__(self, address: str = "", *, clock: Clock | None = None) -> None:
        """Raise ``SourceError`` if ``address`` is not an HTTP address."""
        self._address = (address or FINLAND_ADDRESS).rstrip("/")
        parts = split_url(self._address)
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
        self, path: str, etag: str = "", on_bytes: OnBytes = lambda _done, _total: None
    ) -> RestResponse | None:
        """Return the response at ``path``; None if it is still the version that ``etag`` names.

        Raises ``UnreachableError``.
        """
        wait = self._not_before - self._clock.monotonic()
        if wait > 0:
            raise UnreachableError(f"{self.host} asked us to wait", wait)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Digitraffic-User": f"nobil-tui/{VERSION}",
            "User-Agent": USER_AGENT,
        }
        if etag:
            headers["If-None-Match"] = etag
        requested_at = self._clock.now()
        url = f"{self._address}/{path}"
        status, found, sent = await fetch(url, headers, MAX_RESPONSE, on_bytes, TIMEOUTS)
        if status == 304 and etag:
            return None
        if status != 200:
            raise self._refusal(status, found)
        try:
            body = await run_in_thread(lambda: gunzip(sent, MAX_RESPONSE))
        except NotReadableError as error:
            raise UnreachableError(
                f"{self.host} sent a response that cannot be read: {error}"
            ) from None
        cached_for = _age(found.get("Age", ""))
        date = _http_date(found.get("Date", ""))
        if date:
            # It is the time at which the server made the response, not the cache.
            date += cached_for
        return RestResponse(
            bytes(body),
            found.get("ETag", "")[:256],
            requested_at,
            _skew(date, requested_at, self._clock.now()),
            _http_date(found.get("Last-Modified", "")),
            cached_for,
        )

    def _refusal(self, status: int, headers: Message) -> UnreachableError:
        seconds = parse_retry_after(headers.get("Retry-After", ""), self._clock.now())
        if status == 429:
            self._not_before = self._clock.monotonic() + seconds
            return UnreachableError(f"{self.host} answered HTTP 429 (too many requests)", seconds)
        return UnreachableError(f"{self.host} answered HTTP {status}", seconds)


def _skew(date: int, requested_at: int, answered_at: int) -> int:
    """Return how far the clock that dated a response is ahead of ours, in ms; zero if it may be
    right.

    An HTTP date has whole seconds.
    """
    skew = date - (requested_at + answered_at) // 2 if date else 0
    return skew if abs(skew) > LEAST_SKEW + (answered_at - requested_at) else 0


def _age(text: str) -> int:
    """Parse the value of ``Age``; return ms, zero if it is missing or invalid."""
    text = text.strip()
    return int(text) * 1000 if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _http_date(text: str) -> int:
    """Parse an HTTP date, which is in GMT also if it does not say so; return ms, zero if it is
    invalid."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    return round((date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp() * 1000)
