"""What a relay publishes into NATS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nobil_tui.base.text import short_hash
from nobil_tui.feeds.nats.server import parse_server, require_library, unencrypted_login
from nobil_tui.feeds.source import OpenSource

if TYPE_CHECKING:
    from nobil_tui.sources.request import SourceRequest


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
    def warnings(self) -> tuple[str, ...]:
        """A warning if the login may travel unencrypted."""
        warning = unencrypted_login(self._server)
        return (warning,) if warning else ()

    @property
    def state_key(self) -> str:
        """The same for the same hosts."""
        return f"nats-{short_hash(','.join(sorted(self._server.urls)))}"

    def open(self) -> OpenSource:
        """Create the feed. Raises ``SourceError`` if the package for NATS is not installed."""
        require_library()
        from nobil_tui.feeds.nats.feed import NatsFeed
        from nobil_tui.wire.codecs import V1_CODEC

        options = self._request.options
        feed = NatsFeed(
            self._server, clock=options.clock, add_secret=options.add_secret, tap=options.tap
        )
        # Recorded as a hub behind the relay would send it.
        return OpenSource(feed, codec=V1_CODEC.name, sends_snapshot=True)

    def close(self) -> None:
        """Do nothing: leaving the feed closes the connection."""
