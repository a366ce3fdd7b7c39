"""Finland's charging network, live and without a key: Fintraffic's AFIR service."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nobil_tui.base.text import safe_text, short_hash
from nobil_tui.feeds.source import OpenSource
from nobil_tui.sources.address import parse_address

if TYPE_CHECKING:
    from nobil_tui.base.clock import Clock
    from nobil_tui.charging.register import Register
    from nobil_tui.feeds.finland.feed import FinlandFeed
    from nobil_tui.feeds.finland.rest import FinlandRest
    from nobil_tui.sources.request import SourceRequest

FIRST_PAINT = 0.25
"""Seconds from the first snapshot to the decoding of names and prices, which would slow down the
first paint."""
FINLAND_STREAM = "wss://afir.digitraffic.fi:443/mqtt"
"""Where the operator publishes statuses over MQTT."""


class FinlandSource:
    """Connect to Fintraffic, or to the addresses under ``[finland]`` in the config."""

    simulated = False

    def __init__(self, request: SourceRequest) -> None:
        """Raise ``SourceError`` for an address of the stream that is not ws or wss."""
        self._request = request
        section = request.config.finland
        self._address = section.address
        self._stream = parse_address(section.stream or FINLAND_STREAM).text

    @property
    def name(self) -> str:
        """The country, and the host if it is not the usual one."""
        host = urlsplit(self._address or self._stream).hostname or ""
        return "Finland" if self._is_usual else f"Finland at {safe_text(host)}"

    @property
    def state_key(self) -> str:
        """``finland``; one of its own for each other address, which may have other stations."""
        return (
            "finland" if self._is_usual else f"finland-{short_hash(self._address + self._stream)}"
        )

    def open(self) -> OpenSource:
        """Create the feed. Raises ``SourceError`` for an address that is not http or https."""
        # Imported here, in a thread and after the first paint: it would block the event loop.
        from nobil_tui.feeds.finland.feed import FinlandFeed
        from nobil_tui.feeds.finland.rest import FinlandRest
        from nobil_tui.feeds.transport.link import Link
        from nobil_tui.feeds.transport.mqtt import MqttSession
        from nobil_tui.wire.finland import FINLAND_CREDIT, TOPIC_FILTER

        importlib.import_module("nobil_tui.feeds.transport.websockets_internals")
        options, url = self._request.options, self._stream

        async def dial() -> str:
            return url

        session = MqttSession(TOPIC_FILTER, options.clock)
        rest = FinlandRest(self._address, clock=options.clock)
        link = Link(dial, clock=options.clock, add_secret=options.add_secret, session=session)
        feed = FinlandFeed(link, session, rest, clock=options.clock, tap=options.tap)
        return OpenSource(
            feed,
            codec=self._request.codec,
            sends_snapshot=True,
            station_data=FinlandStations(feed, rest, clock=options.clock),
            credit=FINLAND_CREDIT,
        )

    def close(self) -> None:
        """Do nothing: leaving the feed closes the link."""

    @property
    def _is_usual(self) -> bool:
        return not self._address and self._stream == FINLAND_STREAM


class FinlandStations:
    """The locations and tariffs of Fintraffic, for the user's register and for ``feed``."""

    has_names = True

    def __init__(self, feed: FinlandFeed, rest: FinlandRest, *, clock: Clock | None = None) -> None:
        self._feed = feed
        self._rest = rest
        self._clock = clock
        self._used: tuple[Register, int] | None = None
        self._used_places = False
        """Whether the register has places."""

    def use(self, register: Register) -> None:
        """Pass the locations of a register's EVSEs to the feed, unless it has them."""
        from nobil_tui.wire.finland import FINLAND_CREDIT

        used = (register, register.version)
        if used == self._used:
            return
        self._used = used
        places = {
            evse_id: station
            for station in register
            if (facts := register.facts(station)).credit == FINLAND_CREDIT
            for evse_id in facts.evse_uids
        }
        if places:
            self._used_places = True
            self._feed.use_places(places)

    def settle(self) -> None:
        """Let the feed wait for locations no longer."""
        self._feed.settle_places()

    async def update(
        self, path: Path, on_progress: Callable[[str], None], *, statuses_first: bool
    ) -> bool:
        """Update the register at ``path``, at most once a day; return whether it changed.

        Raises ``UpdateError``.
        """
        from nobil_tui.register.finland import update_finland

        async def use_places(places: Mapping[str, str]) -> None:
            if statuses_first and not self._used_places:
                self._feed.use_places(places)
                # Decoding the rest takes as long as everything so far: the statuses come first.
                await self._feed.wait_for_snapshot()
                await asyncio.sleep(FIRST_PAINT)

        cached = await update_finland(
            path,
            self._rest,
            on_places=use_places,
            on_progress=lambda progress: on_progress(progress.words),
            clock=self._clock,
        )
        return cached is not None
