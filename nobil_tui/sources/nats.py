"""The stream that a relay publishes into NATS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nobil_tui.base.text import short_hash
from nobil_tui.feeds.nats.server import parse_server, require_library, unencrypted_login
from nobil_tui.feeds.source import OpenSource

if TYPE_CHECKING:
    from nobil_tui.sources.hub_stations import Found
    from nobil_tui.sources.request import SourceRequest


def login_warnings(request: SourceRequest) -> tuple[str, ...]:
    """Return a warning if the login may travel unencrypted.

    Raises ``SourceError`` for an invalid address.
    """
    warning = unencrypted_login(parse_server(request.text, request.environ))
    return (warning,) if warning else ()


class NatsSource:
    """Connect to a NATS server; the login is in the address or in the environment."""

    simulated = False

    def __init__(self, request: SourceRequest) -> None:
        """Raise ``SourceError`` for an invalid address."""
        self._request = request
        self._server = parse_server(request.text, request.environ)

    @property
    def name(self) -> str:
        """The hosts."""
        return self._server.display_name

    @property
    def state_key(self) -> str:
        """The same for the same hosts."""
        return f"nats-{short_hash(','.join(sorted(self._server.urls)))}"

    def open(self) -> OpenSource:
        """Create the feed. Raises ``SourceError`` if the package for NATS is not installed."""
        require_library()
        from nobil_tui.feeds.nats.feed import NatsFeed
        from nobil_tui.sources.hub_stations import HubStations
        from nobil_tui.wire.codecs import V1_CODEC

        options = self._request.options
        feed = NatsFeed(
            self._server, clock=options.clock, add_secret=options.add_secret, tap=options.tap
        )
        # Record it as a hub behind the relay would send it.
        stations = HubStations(self._fetch_names, self.state_key, clock=options.clock)
        return OpenSource(feed, codec=V1_CODEC.name, sends_snapshot=True, station_data=stations)

    async def _fetch_names(self, known: str) -> Found | None:
        from nobil_tui.feeds.nats.connection import nats_connection
        from nobil_tui.feeds.nats.register import fetch_register
        from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
        from nobil_tui.sources.hub_stations import Found

        try:
            async with nats_connection(self._server, "nobil-tui names") as connection:
                found = await fetch_register(connection, known)
        except RefusedError as error:
            raise UnreachableError(str(error)) from None
        return None if found is None else Found(*found)

    def close(self) -> None:
        """Do nothing: leaving the feed closes the connection."""
