"""NOBIL Real-time by Enova."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nobil_tui.base.text import safe_text, short_hash
from nobil_tui.feeds.source import OpenSource
from nobil_tui.feeds.transport.enova_token import TOKEN_ADDRESS, TokenClient
from nobil_tui.sources.stream import open_stream

if TYPE_CHECKING:
    from nobil_tui.sources.request import SourceRequest


class EnovaSource:
    """Connect with an API key, by a token call before each handshake."""

    simulated = False

    def __init__(self, request: SourceRequest) -> None:
        self._request = request
        self._address = request.config.enova.address or TOKEN_ADDRESS

    @property
    def name(self) -> str:
        """The name of the service, and the host if it is not the usual one."""
        name = "NOBIL Real-time"
        if self._address == TOKEN_ADDRESS:
            return name
        return f"{name} at {safe_text(urlsplit(self._address).hostname or '')}"

    @property
    def state_key(self) -> str:
        """``enova``; one of its own for each other address, which may have other stations."""
        if self._address == TOKEN_ADDRESS:
            return "enova"
        return f"enova-{short_hash(self._address)}"

    def open(self) -> OpenSource:
        """Create the feed. Raises ``SourceError`` for an address that is not http or https."""
        request = self._request
        tokens = TokenClient(request.key, self._address, clock=request.options.clock)
        return open_stream(request, tokens.dial, expires=True)

    def close(self) -> None:
        """Do nothing: leaving the feed closes the link."""
