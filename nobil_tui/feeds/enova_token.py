"""The token call of NOBIL Real-time: a key goes in, the address of one handshake comes out, and both are secrets.

Source: the operator's documentation of NOBIL Real-time. What the library raises can hold the request with its key, so
nothing of an exception's text is passed on here.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

import msgspec
from msgspec import Struct, field

from nobil_tui.feeds.clock import Clock
from nobil_tui.feeds.reasons import RefusedError, UnreachableError, is_loopback, retry_after, system_reason
from nobil_tui.feeds.source import SourceError
from nobil_tui.wire.text import shown

if TYPE_CHECKING:
    from aiohttp import ClientResponse

ADDRESS = "https://api.data.enova.no/nobil/real-time/v1/Realtime"
"""Where the operator gives tokens."""
ANSWER_WITHIN = 15.0
"""Seconds that a whole call may take."""
LARGEST_ANSWER = 64 * 1024
"""Bytes; a real answer has about one thousand."""
LONGEST_URL = 16 * 1024
"""Characters of a token's URL."""

_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Answer(Struct):
    url: str = field(name="accessToken")


class _Complaint(Struct):
    message: str


class TokenCall:
    """Asks ``address`` for the URL of one handshake. Each ``dial`` is one request at the most."""

    def __init__(
        self, key: str, address: str = ADDRESS, *, clock: Clock | None = None, within: float = ANSWER_WITHIN
    ) -> None:
        """``within`` is in seconds. Raises ``SourceError`` where ``address`` is not one of the web."""
        parts = _parts(address)
        if parts is None or parts.scheme not in ("https", "http"):
            raise SourceError("the address of the token call must begin with https:// and name a host")
        self._key = key.strip()
        self._address = address
        self._host = parts.hostname or ""
        self._plain = parts.scheme == "http"
        self._clock = clock or Clock()
        self._within = within

    async def dial(self) -> str:
        """Return the URL for one handshake. Raises ``RefusedError`` or ``UnreachableError``; neither holds a secret."""
        if not (self._key and self._key.isascii() and self._key.isprintable()):
            raise RefusedError("there is no key" if not self._key else "the key holds characters that no key has")
        proxy = await asyncio.to_thread(_prepare, self._address)
        import aiohttp

        try:
            async with (
                # Not trust_env: it would also send the host whatever login ~/.netrc has for it or by default.
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._within)) as session,
                session.post(
                    self._address,
                    headers=self._headers(),
                    skip_auto_headers=("Content-Type",),
                    proxy=proxy,
                    allow_redirects=False,
                ) as response,
            ):
                return await self._url(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UnreachableError(self._reason(error)) from None

    def _headers(self) -> dict[str, str]:
        return {"x-api-key": self._key, "Content-Length": "0", "Accept": "application/json", "User-Agent": "nobil-tui"}

    async def _url(self, response: ClientResponse) -> str:
        status = response.status
        if status in (401, 403):
            raise RefusedError(await self._refusal(response))
        if not 200 <= status < 300:
            elsewhere = ", which points elsewhere: the key is not sent there" if 300 <= status < 400 else ""
            asked = retry_after(response.headers.get("Retry-After", ""), self._clock.now())
            raise UnreachableError(f"{self._host} answered HTTP {status}{elsewhere}", asked)
        url = url_of(await _body(response), plain=self._plain)
        if url is None:
            raise UnreachableError(f"{self._host} answered, but with no token")
        return url

    async def _refusal(self, response: ClientResponse) -> str:
        """Tell why the key was not taken, in the server's words if it has any."""
        from aiohttp import ClientError

        reason = f"HTTP {response.status}"
        try:
            message = msgspec.json.decode(await _body(response), type=_Complaint).message
        except (*_BROKEN, ClientError, TimeoutError, OSError):
            return reason
        # A server may quote the key, as it is or as it stands in a URL.
        said = message.strip()
        for echo in (self._key, quote(self._key, safe="")):
            said = re.sub(re.escape(echo), "…", said, flags=re.IGNORECASE)
        return f"{reason}: {shown(said)}" if said else reason

    def _reason(self, error: Exception) -> str:
        from aiohttp import ClientConnectorError, ClientHttpProxyError, ClientResponseError

        if isinstance(error, TimeoutError):
            return f"{self._host} does not answer"
        if isinstance(error, ClientHttpProxyError):
            return f"the proxy in the environment answered HTTP {error.status}"
        if isinstance(error, ClientConnectorError):
            # The host of the error: it may be the proxy's.
            return system_reason(error.os_error, error.host)
        if isinstance(error, ClientResponseError):
            return f"{self._host} does not answer as a web server does"
        if isinstance(error, OSError):
            return system_reason(error, self._host)
        if isinstance(error, ValueError):
            return f"{self._host}, or the proxy in the environment, is no usable address"
        return f"{self._host} gave no whole answer"


def url_of(answer: bytes, *, plain: bool) -> str | None:
    """Take the URL out of an answer; None if it has none to trust.

    An unencrypted one is trusted only where the call was ``plain`` itself.
    """
    try:
        url = msgspec.json.decode(answer, type=_Answer).url
    except _BROKEN:
        return None
    if len(url) > LONGEST_URL:
        return None
    parts = _parts(url)
    schemes = ("wss", "ws") if plain else ("wss",)
    return url if parts is not None and parts.scheme in schemes and not parts.fragment else None


def _parts(url: str) -> SplitResult | None:
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


def _prepare(address: str) -> str | None:
    """Do what would hold up the loop: import the libraries, and look up the proxy for ``address``."""
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
        raise UnreachableError("the token call takes no SOCKS proxy: set HTTPS_PROXY to one of HTTP, or NO_PROXY")
    return proxy


async def _body(response: ClientResponse) -> bytes:
    """Read an answer; an oversized one is not read on, and counts as empty."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            return b""
    return bytes(body)
