"""NOBIL Real-time by Enova."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import AddSecret
from nobil_tui.base.text import safe_text, short_hash
from nobil_tui.feeds.source import OpenSource
from nobil_tui.feeds.transport.enova_token import TOKEN_ADDRESS, enova_link

if TYPE_CHECKING:
    from nobil_tui.feeds.transport.link import Tap


class EnovaSource:
    """Connects with a ``key``, by the token call at an ``address``; an empty one is the usual one.

    ``add_secret`` as for ``Link``.
    """

    simulated = False

    def __init__(
        self,
        key: str,
        address: str = "",
        *,
        clock: Clock | None = None,
        tap: Tap | None = None,
        add_secret: AddSecret | None = None,
    ) -> None:
        self._key = key
        self._address = address or TOKEN_ADDRESS
        self._clock = clock
        self._tap = tap
        self._add_secret = add_secret

    @property
    def name(self) -> str:
        """Its name, and the host where it is not the usual one."""
        name = "NOBIL Real-time"
        return (
            name if self._address == TOKEN_ADDRESS else f"{name} at {safe_text(urlsplit(self._address).hostname or '')}"
        )

    @property
    def state_key(self) -> str:
        """``enova``; another one for another address, whose stations may be others."""
        return "enova" if self._address == TOKEN_ADDRESS else f"enova-{short_hash(self._address)}"

    def open(self) -> OpenSource:
        """Make the feed; the connection is made when it is read."""
        # Here, in a thread and after the first paint: the loop would stand still for it.
        from nobil_tui.feeds.stream import StreamFeed
        from nobil_tui.wire.codecs import ENOVA

        importlib.import_module("websockets.asyncio.client")
        link = enova_link(self._key, self._address, clock=self._clock, tap=self._tap, add_secret=self._add_secret)
        return OpenSource(StreamFeed(link, ENOVA))

    def close(self) -> None:
        """There is nothing to let go of: the link ends with its reading."""
