"""The station register over HTTP: all stations of one country, in one answer of tens of megabytes.

Source: the documentation of NOBIL's API, version 3. The service takes its key in the address and nowhere else, so the
address is a secret: it goes to one host, is in no exception, and no redirect is followed.

An answer that breaks off is asked for the rest of, where the server offers that and can tell whether it is still the
same answer. A server that makes its answer while it sends it can do neither: then the next try begins at zero.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
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
from nobil_tui.feeds.transport.websocket import UnreachableError, parse_retry_after, redirect_note
from nobil_tui.wire.register import ComplaintError, decode_register

if TYPE_CHECKING:
    from aiohttp import ClientResponse

REGISTER_ADDRESS = "https://nobil.no/api/server/datadump.php"
"""Where the operator gives the register."""
MAX_DUMP = 512 * 1024 * 1024
"""Bytes, as they come and unpacked; a real answer has tens of millions."""
MAX_ERROR_ANSWER = 64 * 1024
"""Bytes of an answer that only says what is wrong."""
MAX_VALIDATOR = 256
"""Characters of what a server calls a version."""
PROGRESS_INTERVAL = 0.1
"""Seconds between two words on how far it is."""
MAX_REQUESTS = 4
"""How often a server is asked for one answer: once, and then for what is missing."""
STRONG_AFTER = timedelta(seconds=60)
"""How long ago something must have changed for the second that is named to tell one version from the next."""

_RANGE = re.compile(r"bytes (\d{1,12})-\d{1,12}/(\d{1,12}|\*)", re.ASCII)

logger = logging.getLogger(__name__)

OnBytes = Callable[[int, int | None], None]
"""Is told how many bytes are there, and of how many where the server says."""


class Timeouts(NamedTuple):
    """How long a server may take, in seconds."""

    connect: float = 15.0
    """To be connected to."""
    silence: float = 60.0
    """Without a byte."""
    complaint: float = 5.0
    """To say what is wrong, after it said that something is."""


class Validators(NamedTuple):
    """What a server calls the state of its answer, in its own words: given back to it, it sends only another one."""

    etag: str = ""
    last_modified: str = ""


class Download(NamedTuple):
    """An answer as it came."""

    body: bytearray
    """It may be gzip."""
    version: Validators


class _Begun:
    """What came of an answer so far, and what it takes to ask for the rest."""

    def __init__(self) -> None:
        self.answered = False
        """Whether the server said anything at all."""
        self.body = bytearray()
        self.version = Validators()
        self.validator = ""
        """By what the server knows that it is still the same answer; empty where it cannot go on with it."""
        self.encoding = ""
        self.total: int | None = None
        """Bytes that it has in all; None where the server does not say."""

    @property
    def resumable(self) -> bool:
        """Whether only the rest need be sent."""
        return bool(self.validator and self.body)


class DownloadError(Exception):
    """The stations did not come. Its text is safe to show."""

    def __init__(self, reason: str, *, refused: bool = False, answered: bool = True) -> None:
        super().__init__(reason)
        self.refused = refused
        """Whether it is the key that is not taken."""
        self.answered = answered
        """Whether the server said anything at all."""


class RegisterClient:
    """Asks ``address`` for the stations of a country.

    Each ``fetch`` is one request, and up to ``MAX_REQUESTS`` where an answer breaks off that can go on.
    """

    def __init__(
        self,
        key: Secret,
        address: str = REGISTER_ADDRESS,
        *,
        clock: Clock | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        """Raise ``SourceError`` where ``address`` is not one of the web."""
        parts = http.split_url(address)
        if parts is None or parts.scheme not in ("https", "http"):
            raise SourceError("the address of the register must begin with https:// and name a host")
        self.host = parts.hostname or ""
        """Who is asked."""
        self._parts = parts
        self._key = key.reveal().strip()
        self._clock = clock or Clock()
        self._timeouts = timeouts or Timeouts()

    async def download(self, country: str, known: Validators, tell: OnBytes) -> Download | None:
        """Return the stations of ``country``, None where they are still the ``known`` version.

        Raises ``DownloadError``. Cancelled, it leaves nothing behind.
        """
        if not (self._key and self._key.isascii() and self._key.isprintable()):
            words = "there is no key" if not self._key else "the key holds characters that no key has"
            raise DownloadError(words, refused=True, answered=False)
        try:
            proxy = await run_in_thread(lambda: http.find_proxy(self._parts.geturl()))
        except UnreachableError as error:
            raise DownloadError(str(error), answered=False) from None
        from aiohttp import ClientError

        begun, waits, requests = _Begun(), Backoff(), 0
        while True:
            requests += 1
            try:
                return await self._ask(country, known, begun, proxy, tell)
            except (ClientError, OSError, ValueError) as error:
                reason = self._reason(error, begun.answered)
                if not begun.resumable or requests == MAX_REQUESTS:
                    raise DownloadError(reason, answered=begun.answered) from None
            logger.info("the register broke off after %d bytes: %s", len(begun.body), reason)
            await self._clock.sleep(waits.wait())

    def safe(self, said: str) -> str:
        """Make what the server said safe to show: it may quote the key."""
        return safe_text(remove_secrets((self._key,), said))

    def _url(self, country: str) -> str:
        """Write the whole address, with the key in it."""
        ours = {"apikey": self._key, "countrycode": country, "file": "false", "format": "json"}
        theirs = [pair for pair in parse_qsl(self._parts.query, keep_blank_values=True) if pair[0] not in ours]
        return self._parts._replace(query=urlencode([*theirs, *ours.items()]), fragment="").geturl()

    async def _ask(
        self, country: str, known: Validators, begun: _Begun, proxy: str | None, tell: OnBytes
    ) -> Download | None:
        """Send one request, for all of it or for the rest."""
        import aiohttp
        from yarl import URL

        timeout = aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect, sock_read=self._timeouts.silence)
        async with (
            # Unpacked later, in a thread and within a bound. Not trust_env: it would also send logins of ~/.netrc.
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
            session.get(
                URL(self._url(country), encoded=True),
                headers=_headers(known, begun),
                proxy=proxy,
                allow_redirects=False,
            ) as response,
        ):
            begun.answered = True
            return await self._answer(response, known, begun, tell)

    async def _answer(
        self, response: ClientResponse, known: Validators, begun: _Begun, tell: OnBytes
    ) -> Download | None:
        if response.status == 304 and any(known) and not begun.body:
            return None
        if response.status == 206 and begun.body:
            self._go_on(response, begun)
        elif response.status == 200:
            self._begin(response, begun)
        else:
            raise await self._complaint(response)
        await self._read(response, begun, tell)
        return Download(begun.body, begun.version)

    def _begin(self, response: ClientResponse, begun: _Begun) -> None:
        """Look at the head of a whole answer."""
        begun.encoding = _encoding(response)
        if begun.encoding not in ("identity", "gzip", "x-gzip"):
            raise DownloadError(f"{self.host} answered in an encoding that it was not asked for")
        begun.body.clear()
        begun.total = response.content_length
        begun.version = Validators(self._word(response, "ETag"), self._word(response, "Last-Modified"))
        offered = response.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
        begun.validator = _validator(begun.version, response.headers.get("Date", "")) if offered else ""

    def _go_on(self, response: ClientResponse, begun: _Begun) -> None:
        """Look at the head of the rest of an answer: it must begin where the first part ended."""
        said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if said is None or int(said[1]) != len(begun.body) or _encoding(response) != begun.encoding:
            raise DownloadError(f"{self.host} sent another part of its answer than it was asked for")
        begun.total = None if said[2] == "*" else int(said[2])

    async def _read(self, response: ClientResponse, begun: _Begun, tell: OnBytes) -> None:
        body, total = begun.body, begun.total
        told = -PROGRESS_INTERVAL
        too_large = total is not None and total > MAX_DUMP
        async for chunk in response.content.iter_any():
            body += chunk
            too_large = too_large or len(body) > MAX_DUMP
            if too_large:
                break
            if self._clock.monotonic() - told >= PROGRESS_INTERVAL:
                told = self._clock.monotonic()
                tell(len(body), total)
        if too_large:
            raise DownloadError(f"{self.host} sends more than {MAX_DUMP >> 20} MB, which no register has")
        if total is not None and len(body) != total:
            raise DownloadError(f"{self.host} gave no whole answer")
        tell(len(body), total)

    async def _complaint(self, response: ClientResponse) -> DownloadError:
        """Tell what a server says that sends no stations, in its words if it has any."""
        status = response.status
        said, about_key = await self._said(response)
        if status in (401, 403) or about_key:
            return DownloadError(f"{self.host} does not take the key: HTTP {status}{said}", refused=True)
        words = f"{self.host} answered HTTP {status}{said}{redirect_note(status)}"
        wait = parse_retry_after(response.headers.get("Retry-After", ""), self._clock.now())
        if wait:
            words += f", and asks to be left alone for {wait:.0f} s"
        return DownloadError(words)

    async def _said(self, response: ClientResponse) -> tuple[str, bool]:
        """Return the server's words, to put behind others, and whether they are about the key."""
        from aiohttp import ClientError

        try:
            async with asyncio.timeout(self._timeouts.complaint):
                decode_register(await http.read_body(response, MAX_ERROR_ANSWER))
        except ComplaintError as error:
            return f": {self.safe(str(error))}", error.about_key
        except (NotReadableError, ClientError, TimeoutError, OSError):
            pass
        return "", False

    def _word(self, response: ClientResponse, header: str) -> str:
        """Read a header that is kept and given back; one that could not be is none, nor is one that quotes the key."""
        said = response.headers.get(header, "")
        fits = len(said) <= MAX_VALIDATOR and said.isascii() and said.isprintable()
        return said if fits and remove_secrets((self._key,), said) == said else ""

    def _reason(self, error: Exception, answered: bool) -> str:
        if answered and isinstance(error, TimeoutError):
            return f"{self.host} broke off: nothing more came for {self._timeouts.silence:g} s"
        return http.failure_reason(error, self.host)


def _headers(known: Validators, begun: _Begun) -> dict[str, str]:
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": http.USER_AGENT}
    if begun.resumable:
        return {**headers, "Range": f"bytes={len(begun.body)}-", "If-Range": begun.validator}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _encoding(response: ClientResponse) -> str:
    return response.headers.get("Content-Encoding", "identity").strip().lower()


def _validator(version: Validators, date: str) -> str:
    """Tell by what a server that sent ``version`` at ``date`` knows whether it is still the same, to the byte."""
    if version.etag.startswith('"'):
        return version.etag
    from email.utils import parsedate_to_datetime

    try:
        age = parsedate_to_datetime(date) - parsedate_to_datetime(version.last_modified)
    except (ValueError, TypeError, OverflowError):
        return ""
    return version.last_modified if age >= STRONG_AFTER else ""
