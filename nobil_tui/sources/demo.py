"""The simulation as a source: a hub on this machine, and a link to it like to any other server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nobil_tui.base.slot import Slot
from nobil_tui.feeds.prelude import PreludeFeed
from nobil_tui.feeds.source import OpenSource, SourceError
from nobil_tui.sources.stream import open_stream

if TYPE_CHECKING:
    from nobil_tui.hub.demo_server import DemoServer
    from nobil_tui.sources.request import SourceRequest

PAST = 600.0
"""How many seconds of past events the log begins with, so that a first start has something to show.
"""
MAX_STATIONS_WITH_PAST = 2000


class DemoSource:
    """Run a simulated country while it is open."""

    name = "demo"
    simulated = True
    state_key = ""

    def __init__(self, request: SourceRequest) -> None:
        self.options = request.options
        self._request = request
        self._demo: Slot[DemoServer] = Slot(lambda demo: demo.stop())

    def open(self) -> OpenSource:
        """Build the country, serve it, and create the feed. Raises ``SourceError``."""
        # Imported here, in a thread and after the first paint: it would block the event loop.
        from nobil_tui.hub.demo_server import DemoServer
        from nobil_tui.hub.errors import HubError

        options = self.options
        speed = 1.0 if options.speed is None else options.speed
        turn = self._demo.start()
        try:
            # A large or fast country would take long to catch up.
            has_past = options.stations <= MAX_STATIONS_WITH_PAST and speed == 1.0
            demo = DemoServer.start(
                options.stations,
                options.seed,
                speed,
                clock=options.clock,
                past=PAST if has_past else 0.0,
            )
        except (HubError, ValueError) as error:
            raise SourceError(f"The simulation cannot start: {error}.") from None
        if not self._demo.put(turn, demo):
            raise SourceError("The simulation was closed while it started.")
        url = demo.url

        async def dial() -> str:
            return url

        opened = open_stream(self._request, dial, register=demo.register)
        return replace(opened, feed=PreludeFeed(demo.past, opened.feed))

    def close(self) -> None:
        """Stop serving."""
        self._demo.close()
