"""The station register over HTTP: all stations of one country, in one answer of tens of megabytes.

Source: the documentation of NOBIL's API, version 3. The service takes its key in the address and nowhere else, so the
address is a secret: it goes to one host, is in no exception, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

from nobil_tui.config.model import Secret
from nobil_tui.feeds import web
from nobil_tui.feeds.clock import Clock
from nobil_tui.feeds.reasons import UnreachableError, retry_after
from nobil_tui.feeds.source import SourceError
from nobil_tui.wire.register import ComplaintError, decode
from nobil_tui.wire.text import NotReadableError, shown

if TYPE_CHECKING:
    from aiohttp import ClientResponse

ADDRESS = "https://nobil.no/api/server/datadump.php"
"""Where the operator gives the register."""
LARGEST_ANSWER = 512 * 1024 * 1024
"""Bytes, as they come and unpacked; a real answer has tens of millions."""
LARGEST_COMPLAINT = 64 * 1024
"""Bytes of an answer that only says what is wrong."""
LONGEST_VERSION = 256
"""Characters of what a server calls a version."""
EVERY = 0.1
"""Seconds between two words on how far it is."""

Tell = Callable[[int, int | None], None]
"""Is told how many bytes are there, and of how many where the server says."""


class Patience(NamedTuple):
    """How long a server may take, in seconds."""

    connect: float = 15.0
    """To be connected to."""
    silence: float = 60.0
    """Without a byte."""
    complaint: float = 5.0
    """To say what is wrong, after it said that something is."""


class Version(NamedTuple):
    """What a server calls the state of its answer, in its own words: given back to it, it sends only another one."""

    etag: str = ""
    last_modified: str = ""


class Answer(NamedTuple):
    """An answer as it came."""

    body: bytearray
    """It may be gzip."""
    version: Version


class DownloadError(Exception):
    """The stations did not come. Its text is safe to show."""

    def __init__(self, reason: str, *, refused: bool = False, answered: bool = True) -> None:
        super().__init__(reason)
        self.refused = refused
        """Whether it is the key that is not taken."""
        self.answered = answered
        """Whether the server said anything at all."""


class RegisterCall:
    """Asks ``address`` for the stations of a country. Each ``fetch`` is one request at the most."""

    def __init__(
        self, key: Secret, address: str = ADDRESS, *, clock: Clock | None = None, patience: Patience | None = None
    ) -> None:
        """Raise ``SourceError`` where ``address`` is not one of the web."""
        parts = web.split(address)
        if parts is None or parts.scheme not in ("https", "http"):
            raise SourceError("the address of the register must begin with https:// and name a host")
        self.host = parts.hostname or ""
        """Who is asked."""
        self._parts = parts
        self._key = key.reveal().strip()
        self._clock = clock or Clock()
        self._patience = patience or Patience()

    async def fetch(self, country: str, known: Version, tell: Tell) -> Answer | None:
        """Return the stations of ``country``, None where they are still the ``known`` version.

        Raises ``DownloadError``. Cancelled, it leaves nothing behind.
        """
        if not (self._key and self._key.isascii() and self._key.isprintable()):
            words = "there is no key" if not self._key else "the key holds characters that no key has"
            raise DownloadError(words, refused=True, answered=False)
        try:
            proxy = await asyncio.to_thread(web.prepare, self._parts.geturl())
        except UnreachableError as error:
            raise DownloadError(str(error), answered=False) from None
        import aiohttp
        from yarl import URL

        answered = False
        timeout = aiohttp.ClientTimeout(total=None, connect=self._patience.connect, sock_read=self._patience.silence)
        try:
            async with (
                # Unpacked later, in a thread and within a bound. Not trust_env: it would also send logins of ~/.netrc.
                aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
                session.get(
                    URL(self._url(country), encoded=True),
                    headers=_headers(known),
                    proxy=proxy,
                    allow_redirects=False,
                ) as response,
            ):
                answered = True
                return await self._answer(response, known, tell)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DownloadError(self._reason(error, answered), answered=answered) from None

    def safe(self, said: str) -> str:
        """Make what the server said safe to show: it may quote the key."""
        return shown(web.without(self._key, said))

    def _url(self, country: str) -> str:
        """Write the whole address, with the key in it."""
        ours = {"apikey": self._key, "countrycode": country, "file": "false", "format": "json"}
        theirs = [pair for pair in parse_qsl(self._parts.query, keep_blank_values=True) if pair[0] not in ours]
        return self._parts._replace(query=urlencode([*theirs, *ours.items()]), fragment="").geturl()

    async def _answer(self, response: ClientResponse, known: Version, tell: Tell) -> Answer | None:
        if response.status == 304 and any(known):
            return None
        if response.status != 200:
            raise await self._complaint(response)
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", "gzip", "x-gzip"):
            raise DownloadError(f"{self.host} answered in an encoding that it was not asked for")
        body = await self._body(response, tell)
        return Answer(body, Version(_word(response, "ETag"), _word(response, "Last-Modified")))

    async def _body(self, response: ClientResponse, tell: Tell) -> bytearray:
        total = response.content_length
        body = bytearray()
        told = -EVERY
        too_large = total is not None and total > LARGEST_ANSWER
        async for chunk in response.content.iter_any():
            body += chunk
            too_large = too_large or len(body) > LARGEST_ANSWER
            if too_large:
                break
            if self._clock.monotonic() - told >= EVERY:
                told = self._clock.monotonic()
                tell(len(body), total)
        if too_large:
            raise DownloadError(f"{self.host} sends more than {LARGEST_ANSWER >> 20} MB, which no register has")
        tell(len(body), total)
        return body

    async def _complaint(self, response: ClientResponse) -> DownloadError:
        """Tell what a server says that sends no stations, in its words if it has any."""
        status = response.status
        said, about_key = await self._said(response)
        if status in (401, 403) or about_key:
            return DownloadError(f"{self.host} does not take the key: HTTP {status}{said}", refused=True)
        words = f"{self.host} answered HTTP {status}{said}"
        if 300 <= status < 400 and "Location" in response.headers:
            words += ", which points elsewhere: the key is not sent there"
        wait = retry_after(response.headers.get("Retry-After", ""), self._clock.now())
        if wait:
            words += f", and asks to be left alone for {wait:.0f} s"
        return DownloadError(words)

    async def _said(self, response: ClientResponse) -> tuple[str, bool]:
        """Return the server's words, to put behind others, and whether they are about the key."""
        from aiohttp import ClientError

        try:
            async with asyncio.timeout(self._patience.complaint):
                decode(await web.short_body(response, LARGEST_COMPLAINT))
        except ComplaintError as error:
            return f": {self.safe(str(error))}", error.about_key
        except (NotReadableError, ClientError, TimeoutError, OSError):
            pass
        return "", False

    def _reason(self, error: Exception, answered: bool) -> str:
        if answered and isinstance(error, TimeoutError):
            return f"{self.host} broke off: nothing more came for {self._patience.silence:g} s"
        return web.reason(error, self.host)


def _headers(known: Version) -> dict[str, str]:
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": web.AGENT}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _word(response: ClientResponse, header: str) -> str:
    """Read a header that is to be given back; one that could not be is none."""
    said = response.headers.get(header, "")
    return said if len(said) <= LONGEST_VERSION and said.isascii() and said.isprintable() else ""
