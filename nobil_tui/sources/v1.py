"""A server of version 1 of the stream API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nobil_tui.base.text import short_hash
from nobil_tui.feeds.source import OpenSource, SourceError
from nobil_tui.sources.stream import open_stream

if TYPE_CHECKING:
    from nobil_tui.sources.request import SourceRequest


class V1Source:
    """Connect to an address, with the API key in its placeholder if it has one."""

    simulated = False

    def __init__(self, request: SourceRequest) -> None:
        if request.address is None:
            raise SourceError("This source needs an address.")
        self._request = request
        self._address = request.address

    @property
    def name(self) -> str:
        """The host."""
        return self._address.display_name

    @property
    def state_key(self) -> str:
        """The same for the same host and path."""
        return f"v1-{short_hash(self._address.endpoint)}"

    def open(self) -> OpenSource:
        """Create the feed."""
        # Imported here, in a thread and after the first paint.
        from nobil_tui.sources.hub_stations import HubStations, fetch_over_http, register_url

        address, request = self._address, self._request
        opened = open_stream(request, self._dial)
        if not (url := register_url(address)):
            return opened
        key = request.key if address.takes_key else address.written_key
        stations = HubStations(
            fetch_over_http(url, key), self.state_key, clock=request.options.clock
        )
        return replace(opened, station_data=stations)

    def close(self) -> None:
        """Do nothing: leaving the feed closes the link."""

    async def _dial(self) -> str:
        return self._address.with_key(self._request.key)
