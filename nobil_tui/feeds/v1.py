"""Version 1 of the stream API as a feed: a WebSocket that sends a snapshot and then what happens."""

from __future__ import annotations

from typing import assert_never

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.charging.events import Event, Ignored, RawReport, Snapshot, StationReport, Unreadable
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.connection import Frame
from nobil_tui.feeds.transport.link import Link
from nobil_tui.wire import v1


class V1Feed(StreamFeed):
    """Reads version 1 from a link."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, read)


def read(frame: Frame) -> Event:
    """Tell what one frame says."""
    try:
        message = v1.decode(frame.data)
    except NotReadableError as error:
        return Unreadable(str(error), frame.at)
    if isinstance(message, v1.Update):
        return StationReport(message.data, frame.at)
    if isinstance(message, v1.RawReport):
        report = message.data
        return RawReport(report.uuid, report.connector, v1.connector_of(report), frame.at)
    if isinstance(message, v1.Snapshot):
        return Snapshot(message.stations, frame.at, message.unreadable)
    if isinstance(message, v1.Unknown):
        return Ignored(message.type, frame.at)
    assert_never(message)
