"""A server of version 1 of the stream API."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import KEY_PLACEHOLDER, AddSecret
from nobil_tui.base.text import short_hash
from nobil_tui.feeds.source import OpenSource
from nobil_tui.sources.address import Address

if TYPE_CHECKING:
    from nobil_tui.feeds.transport.link import Tap


class V1Source:
    """Connects to an ``address``, with a ``key`` where that has a place for one.

    ``unsent``: whether there is a key for it, and no place. ``add_secret`` as for ``Link``.
    """

    simulated = False

    def __init__(
        self,
        address: Address,
        key: str = "",
        *,
        unsent: bool = False,
        clock: Clock | None = None,
        tap: Tap | None = None,
        add_secret: AddSecret | None = None,
    ) -> None:
        self._address = address
        self._unsent = unsent
        self._url = address.with_key(key)
        self._clock = clock
        self._tap = tap
        self._add_secret = add_secret

    @property
    def name(self) -> str:
        """The host."""
        return self._address.display_name

    @property
    def state_key(self) -> str:
        """The same for the same host and path."""
        return f"v1-{short_hash(self._address.endpoint)}"

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user should know of how the key travels, or that it does not: a sentence or two each."""
        address = self._address
        cautions = []
        if self._unsent and not address.contains_key:
            cautions.append(
                "The key under [stream] in the config is not sent: "
                f"write {KEY_PLACEHOLDER} into the source, where it goes."
            )
        if (address.takes_key or address.contains_key) and not (address.encrypted or address.is_local):
            cautions.append(
                f"The key goes to {address.display_name} unencrypted: everybody on the way can read it. "
                "Use wss:// if the server has it."
            )
        return tuple(cautions)

    def open(self) -> OpenSource:
        """Make the feed; the connection is made when it is read."""
        # Here, in a thread and after the first paint: the loop would stand still for it.
        from nobil_tui.feeds.stream import StreamFeed
        from nobil_tui.feeds.transport.link import Link
        from nobil_tui.wire.codecs import V1

        importlib.import_module("websockets.asyncio.client")
        link = Link(self._dial, clock=self._clock, tap=self._tap, add_secret=self._add_secret)
        return OpenSource(StreamFeed(link, V1))

    def close(self) -> None:
        """There is nothing to let go of: the link ends with its reading."""

    async def _dial(self) -> str:
        return self._url
