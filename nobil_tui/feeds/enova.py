"""NOBIL Real-time by Enova as a feed: a WebSocket, reached by a token call, that tells one connector at a time.

It sends no snapshot, no time and nothing again: what changed during a break stays unknown until it is reported.
"""

from __future__ import annotations

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.redaction import AddSecret
from nobil_tui.charging.events import ConnectorReport, Ignored, Unreadable
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.connection import Frame
from nobil_tui.feeds.transport.enova_token import TOKEN_ADDRESS, TokenClient
from nobil_tui.feeds.transport.link import Link, Tap
from nobil_tui.wire import enova


class EnovaFeed(StreamFeed):
    """Reads NOBIL Real-time from a link."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, read)


def read(frame: Frame) -> ConnectorReport | Unreadable | Ignored:
    """Tell what one frame says. An empty one says nothing."""
    if not frame.data:
        return Ignored("", frame.at)
    try:
        report = enova.decode(frame.data)
    except NotReadableError as error:
        return Unreadable(str(error), frame.at)
    return ConnectorReport(report.station, report.key, report.connector, frame.at)


def enova_link(
    key: str,
    address: str = TOKEN_ADDRESS,
    *,
    clock: Clock | None = None,
    backoff: Backoff | None = None,
    tap: Tap | None = None,
    add_secret: AddSecret | None = None,
) -> Link:
    """Make the link that asks ``address`` for a new URL before each handshake.

    Raises ``SourceError`` where ``address`` is not one of the web.
    """
    call = TokenClient(key, address, clock=clock)
    return Link(call.dial, clock=clock, backoff=backoff, tap=tap, expires=True, add_secret=add_secret)
