"""Download the station register over HTTP: one response of tens of megabytes per country.

Source: the documentation of NOBIL's API, version 3. The service accepts the API key only in the
URL, so the URL is a secret: it is sent to one host, it is in no exception, and redirects are not
followed.

If a response breaks off, only the rest is requested, provided that the server supports ranges and
identifies the version of its response. Otherwise the next update downloads all of it again.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.redaction import Secret, remove_secrets
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport import http
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.failures import UnreachableError, parse_retry_after, redirect_note
from nobil_tui.wire.register import ComplaintError, decode_register

if TYPE_CHECKING:
    from aiohttp import ClientResponse

REGISTER_ADDRESS = "https://nobil.no/api/server/datadump.php"
"""The operator's download URL."""
MAX_DUMP = 256 * 1024 * 1024
"""Maximum size in bytes, as sent and decompressed; a real response has tens of millions."""
MAX_ERROR_RESPONSE = 64 * 1024
"""Maximum size of an error response, in bytes."""
MAX_VALIDATOR = 256
"""Maximum length of an ``ETag`` or ``Last-Modified`` header, in characters."""
PROGRESS_INTERVAL = 0.1
"""Seconds between two progress reports."""
MAX_REQUESTS = 4
"""Maximum number of requests for one response: the first, and those for the missing rest."""
STRONG_AFTER = timedelta(seconds=60)
"""Age of a change from which ``Last-Modified``, which has whole seconds, identifies a version."""

_RANGE = re.compile(r"bytes (\d{1,12})-\d{1,12}/(\d{1,12}|\*)", re.ASCII)

logger = logging.getLogger(__name__)


class DownloadTimeouts(NamedTuple):
    """Timeouts of a download, in seconds."""

    connect: float = 15.0
    """To connect."""
    silence: float = 60.0
    """Between two reads."""
    complaint: float = 5.0
    """To read an error response."""


class Validators(NamedTuple):
    """Validators of a response: with them, the server need not send an unchanged one again."""

    etag: str = ""
    last_modified: str = ""


class Download(NamedTuple):
    """A complete response."""

    body: bytearray
    """It may be compressed with gzip."""
    version: Validators


class _Partial:
    """The received part of a response, and the headers with which to request the rest."""

    def __init__(self) -> None:
        self.answered = False
        """Whether the server sent a response at all."""
        self.body = bytearray()
        self.version = Validators()
        self.validator = ""
        """Value for ``If-Range``; empty if the download cannot be resumed."""
        self.encoding = ""
        self.total: int | None = None
        """Total size in bytes; None if the server does not send it."""

    @property
    def resumable(self) -> bool:
        """Whether to request only the rest."""
        return bool(self.validator and self.body)


class DownloadError(Exception):
    """The stations could not be downloaded. The text holds no secret."""

    def __init__(self, reason: str, *, refused: bool = False, answered: bool = True) -> None:
        super().__init__(reason)
        self.refused = refused
        """Whether the key was rejected."""
        self.answered = answered
        """Whether the server sent a response at all."""


class RegisterClient:
    """Download the stations of a country from ``address``.

    Each ``download`` sends one request, or up to ``MAX_REQUESTS`` if a response breaks off and can
    be resumed.
    """

    def __init__(
        self,
        key: Secret,
        address: str = REGISTER_ADDRESS,
        *,
        clock: Clock | None = None,
        timeouts: DownloadTimeouts | None = None,
    ) -> None:
        """Raise ``SourceError`` if ``address`` is not an http or https URL."""
        parts = http.split_url(address)
        if parts is None or parts.scheme not in ("https", "http"):
            raise SourceError(
                "the address of the register is invalid; expected https:// or http:// and a host"
            )
        self.host = parts.hostname or ""
        """The server's host."""
        self._parts = parts
        self._key = key.reveal().strip()
        self._clock = clock or Clock()
        self._timeouts = timeouts or DownloadTimeouts()

    async def download(
        self, country: str, known: Validators, on_bytes: http.OnBytes
    ) -> Download | None:
        """Return the stations of ``country``; None if they are still the ``known`` version.

        Raises ``DownloadError``. Can be cancelled at any time.
        """
        if not (self._key and self._key.isascii() and self._key.isprintable()):
            words = (
                "there is no key"
                if not self._key
                else "the key holds characters that an API key cannot have"
            )
            raise DownloadError(words, refused=True, answered=False)
        try:
            proxy = await run_in_thread(lambda: http.find_proxy(self._parts.geturl()))
        except UnreachableError as error:
            raise DownloadError(str(error), answered=False) from None
        from aiohttp import ClientError

        partial, waits, requests = _Partial(), Backoff(), 0
        while True:
            requests += 1
            try:
                return await self._ask(country, known, partial, proxy, on_bytes)
            except (ClientError, OSError, ValueError) as error:
                reason = self._reason(error, partial.answered)
                if not partial.resumable or requests == MAX_REQUESTS:
                    raise DownloadError(reason, answered=partial.answered) from None
            logger.info(
                "the download of the register broke off after %d bytes: %s",
                len(partial.body),
                reason,
            )
            await self._clock.sleep(waits.wait())

    def safe(self, said: str) -> str:
        """Remove the key from the server's words, and make them safe to show."""
        return safe_text(remove_secrets((self._key,), said))

    def _url(self, country: str) -> str:
        """Return the URL with the key in it: a secret."""
        ours = {"apikey": self._key, "countrycode": country, "file": "false", "format": "json"}
        theirs = [
            pair
            for pair in parse_qsl(self._parts.query, keep_blank_values=True)
            if pair[0] not in ours
        ]
        return self._parts._replace(query=urlencode([*theirs, *ours.items()]), fragment="").geturl()

    async def _ask(
        self,
        country: str,
        known: Validators,
        partial: _Partial,
        proxy: str | None,
        on_bytes: http.OnBytes,
    ) -> Download | None:
        """Send one request, for the whole response or for the rest."""
        import aiohttp
        from yarl import URL

        timeout = aiohttp.ClientTimeout(
            total=None, connect=self._timeouts.connect, sock_read=self._timeouts.silence
        )
        async with (
            # Decompressed later, in a thread and within a bound. Without trust_env, which would
            # also send credentials from ~/.netrc.
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
            session.get(
                URL(self._url(country), encoded=True),
                headers=_headers(known, partial),
                proxy=proxy,
                allow_redirects=False,
            ) as response,
        ):
            partial.answered = True
            return await self._answer(response, known, partial, on_bytes)

    async def _answer(
        self, response: ClientResponse, known: Validators, partial: _Partial, on_bytes: http.OnBytes
    ) -> Download | None:
        if response.status == 304 and any(known) and not partial.body:
            return None
        if response.status == 206 and partial.body:
            self._resume(response, partial)
        elif response.status == 200:
            self._begin(response, partial)
        else:
            raise await self._complaint(response)
        await self._read(response, partial, on_bytes)
        return Download(partial.body, partial.version)

    def _begin(self, response: ClientResponse, partial: _Partial) -> None:
        """Process the headers of a whole response."""
        partial.encoding = _encoding(response)
        if partial.encoding not in ("identity", "gzip", "x-gzip"):
            raise DownloadError(f"{self.host} answered in an encoding that was not requested")
        partial.body.clear()
        partial.total = response.content_length
        partial.version = Validators(
            self._word(response, "ETag"), self._word(response, "Last-Modified")
        )
        offered = response.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
        partial.validator = (
            _validator(partial.version, response.headers.get("Date", "")) if offered else ""
        )

    def _resume(self, response: ClientResponse, partial: _Partial) -> None:
        """Process the headers of the rest of a response, which must begin where the first part
        ended.
        """
        said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if (
            said is None
            or int(said[1]) != len(partial.body)
            or _encoding(response) != partial.encoding
        ):
            raise DownloadError(
                f"{self.host} sent a different part of its response than was requested"
            )
        partial.total = None if said[2] == "*" else int(said[2])

    async def _read(
        self, response: ClientResponse, partial: _Partial, on_bytes: http.OnBytes
    ) -> None:
        body, total = partial.body, partial.total
        reported_at = -PROGRESS_INTERVAL
        too_large = total is not None and total > MAX_DUMP
        began, before = self._clock.monotonic(), len(body)
        async for chunk in response.content.iter_any():
            body += chunk
            passed = self._clock.monotonic() - began
            if http.sends_too_slowly(len(body) - before, passed, self._timeouts.silence):
                raise DownloadError(f"{self.host} sends too slowly")
            too_large = too_large or len(body) > MAX_DUMP
            if too_large:
                break
            if self._clock.monotonic() - reported_at >= PROGRESS_INTERVAL:
                reported_at = self._clock.monotonic()
                on_bytes(len(body), total)
        if too_large:
            raise DownloadError(
                f"{self.host} sent more than {MAX_DUMP >> 20} MB; a register is smaller"
            )
        if total is not None and len(body) != total:
            raise DownloadError(
                f"the connection to {self.host} closed before the response was complete"
            )
        on_bytes(len(body), total)

    async def _complaint(self, response: ClientResponse) -> DownloadError:
        """Return the error for a response without stations, in the server's words if possible."""
        status = response.status
        said, about_key = await self._said(response)
        asked = response.headers.get("Retry-After", "")
        # A 403 with a time to wait is no verdict on the key.
        if status == 401 or (status == 403 and not asked) or about_key:
            return DownloadError(f"{self.host} rejected the key: HTTP {status}{said}", refused=True)
        words = f"{self.host} answered HTTP {status}{said}{redirect_note(status)}"
        wait = parse_retry_after(asked, self._clock.now())
        if wait:
            words += f", and asks to retry after {wait:.0f} s"
        return DownloadError(words)

    async def _said(self, response: ClientResponse) -> tuple[str, bool]:
        """Return the server's words, to append to a message, and whether they are about the key."""
        from aiohttp import ClientError

        try:
            async with asyncio.timeout(self._timeouts.complaint):
                decode_register(await http.read_body(response, MAX_ERROR_RESPONSE))
        except ComplaintError as error:
            return f": {self.safe(str(error))}", error.about_key
        except (NotReadableError, ClientError, TimeoutError, OSError):
            pass
        return "", False

    def _word(self, response: ClientResponse, header: str) -> str:
        """Return a header to be stored and sent back; empty if it is invalid or quotes the key."""
        said = response.headers.get(header, "")
        fits = len(said) <= MAX_VALIDATOR and said.isascii() and said.isprintable()
        return said if fits and remove_secrets((self._key,), said) == said else ""

    def _reason(self, error: Exception, answered: bool) -> str:
        if answered and isinstance(error, TimeoutError):
            return f"{self.host} stopped sending: no data for {self._timeouts.silence:g} s"
        return http.failure_reason(error, self.host)


def _headers(known: Validators, partial: _Partial) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": http.USER_AGENT,
    }
    if partial.resumable:
        return {**headers, "Range": f"bytes={len(partial.body)}-", "If-Range": partial.validator}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _encoding(response: ClientResponse) -> str:
    return response.headers.get("Content-Encoding", "identity").strip().lower()


def _validator(version: Validators, date: str) -> str:
    """Return the value for ``If-Range`` that identifies ``version``, sent at ``date``, to the byte;
    empty without one.
    """
    if version.etag.startswith('"'):
        return version.etag
    from email.utils import parsedate_to_datetime

    try:
        age = parsedate_to_datetime(date) - parsedate_to_datetime(version.last_modified)
    except (ValueError, TypeError, OverflowError):
        return ""
    return version.last_modified if age >= STRONG_AFTER else ""
