"""The simulation, reached the way any other server is: a hub on this machine, and a link to it."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.source import OpenSource, SourceError

if TYPE_CHECKING:
    from nobil_tui.feeds.transport.link import Tap
    from nobil_tui.hub.demo_server import Demo


class DemoSource:
    """Runs a simulated country while it is open."""

    name = "demo"
    simulated = True
    state_key = ""

    def __init__(
        self, stations: int, seed: int, speed: float, *, clock: Clock | None = None, tap: Tap | None = None
    ) -> None:
        self._stations = stations
        self._seed = seed
        self._speed = speed
        self._clock = clock
        self._tap = tap
        self._lock = threading.Lock()
        self._demo: Demo | None = None
        self._turn = 0
        """Which opening it is, or closing."""

    def open(self) -> OpenSource:
        """Build the country, serve it, and make the feed that reads it. Raises ``SourceError``."""
        # Here, in a thread and after the first paint: the loop would stand still for it.
        from nobil_tui.feeds.stream import StreamFeed
        from nobil_tui.feeds.transport.link import Link
        from nobil_tui.hub.demo_server import Demo
        from nobil_tui.hub.errors import HubError
        from nobil_tui.wire.codecs import V1

        turn, before = self._next()
        if before is not None:
            before.stop()
        importlib.import_module("websockets.asyncio.client")
        try:
            demo = Demo.start(self._stations, self._seed, self._speed, clock=self._clock)
        except (HubError, ValueError) as error:
            raise SourceError(f"The simulation cannot start: {error}.") from None
        with self._lock:
            late = turn != self._turn
            if not late:
                self._demo = demo
        if late:
            # Whoever closed it meanwhile found nothing to stop.
            demo.stop()
            raise SourceError("The simulation was closed while it started.")
        url = demo.url

        async def dial() -> str:
            return url

        feed = StreamFeed(Link(dial, clock=self._clock, tap=self._tap), V1)
        return OpenSource(feed, register=demo.register)

    def close(self) -> None:
        """Stop serving."""
        _, demo = self._next()
        if demo is not None:
            demo.stop()

    def _next(self) -> tuple[int, Demo | None]:
        """Begin another turn; returns it, and what ran."""
        with self._lock:
            self._turn += 1
            demo, self._demo = self._demo, None
            return self._turn, demo
