"""The token request of NOBIL Real-time: exchanges an API key for the URL of one handshake. Both are
secrets.

Source: the operator's documentation of NOBIL Real-time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.redaction import remove_secrets
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport import http
from nobil_tui.feeds.transport.failures import (
    RefusedError,
    UnreachableError,
    parse_retry_after,
    redirect_note,
)

if TYPE_CHECKING:
    from aiohttp import ClientResponse

TOKEN_ADDRESS = "https://api.data.enova.no/nobil/real-time/v1/Realtime"  # noqa: S105  # an address
"""The operator's token endpoint."""
CALL_TIMEOUT = 15.0
"""Timeout of a whole request, in seconds."""
MAX_TOKEN_RESPONSE = 64 * 1024
"""Maximum size of a response in bytes; a real one has about one thousand."""
MAX_URL = 16 * 1024
"""Maximum length of a URL with a token, in characters."""


class _Response(Struct):
    url: str = field(name="accessToken")


class _Complaint(Struct):
    message: str


class TokenClient:
    """Request the URL of a handshake from ``address``. Each ``dial`` sends at most one request."""

    def __init__(
        self,
        key: str,
        address: str = TOKEN_ADDRESS,
        *,
        clock: Clock | None = None,
        timeout: float = CALL_TIMEOUT,
    ) -> None:
        """``timeout`` is in seconds. Raises ``SourceError`` if ``address`` is not an http or https
        URL.
        """
        parts = http.split_url(address)
        if parts is None or parts.scheme not in ("https", "http"):
            raise SourceError(
                "the address of the token request is invalid; expected https:// and a host"
            )
        self._key = key.strip()
        self._address = address
        self._host = parts.hostname or ""
        self._plain = parts.scheme == "http"
        self._clock = clock or Clock()
        self._timeout = timeout

    async def dial(self) -> str:
        """Return the URL for one handshake. Raises ``RefusedError`` or ``UnreachableError``,
        without secrets.
        """
        if not (self._key and self._key.isascii() and self._key.isprintable()):
            raise RefusedError(
                "there is no key"
                if not self._key
                else "the key holds characters that an API key cannot have"
            )
        proxy = await run_in_thread(lambda: http.find_proxy(self._address))
        import aiohttp

        try:
            async with (
                # Without trust_env, which would also send credentials for the host from ~/.netrc.
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=self._timeout), auto_decompress=False
                ) as session,
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
            raise UnreachableError(http.failure_reason(error, self._host)) from None

    def _headers(self) -> dict[str, str]:
        return {
            "x-api-key": self._key,
            "Content-Length": "0",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": http.USER_AGENT,
        }

    async def _url(self, response: ClientResponse) -> str:
        status = response.status
        retry_after = response.headers.get("Retry-After", "")
        # A 403 with a time to wait says nothing about the key.
        if status == 401 or (status == 403 and not retry_after):
            raise RefusedError(await self._refusal(response))
        if not 200 <= status < 300:
            asked = parse_retry_after(retry_after, self._clock.now())
            raise UnreachableError(
                f"{self._host} answered HTTP {status}{redirect_note(status)}", asked
            )
        url = url_of(await http.read_body(response, MAX_TOKEN_RESPONSE), plain=self._plain)
        if url is None:
            raise UnreachableError(f"{self._host} answered, but with no token")
        return url

    async def _refusal(self, response: ClientResponse) -> str:
        """Return an error with the reason for rejecting the key, in the server's words if it gave
        any.
        """
        from aiohttp import ClientError

        reason = f"HTTP {response.status}"
        try:
            message = msgspec.json.decode(
                await http.read_body(response, MAX_TOKEN_RESPONSE), type=_Complaint
            ).message
        except (*DECODE_ERRORS, ClientError, TimeoutError, OSError):
            return reason
        said = remove_secrets((self._key,), message.strip())
        return f"{reason}: {safe_text(said)}" if said else reason


def url_of(response: bytes | bytearray, *, plain: bool) -> str | None:
    """Return the URL in a response; None if it has no trusted one.

    An unencrypted URL is trusted only if the request itself was unencrypted (``plain``).
    """
    try:
        url = msgspec.json.decode(response, type=_Response).url
    except DECODE_ERRORS:
        return None
    if len(url) > MAX_URL:
        return None
    parts = http.split_url(url)
    schemes = ("wss", "ws") if plain else ("wss",)
    return url if parts is not None and parts.scheme in schemes and not parts.fragment else None
