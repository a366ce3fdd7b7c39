"""Version 1 of the stream API as a feed: a WebSocket that sends a snapshot and then what happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import assert_never

from nobil_tui.feeds.events import Event, Heard, Ignored, Snapshot, StationReport, Unreadable
from nobil_tui.feeds.link import Frame, Link
from nobil_tui.wire import v1
from nobil_tui.wire.text import NotReadableError


class V1Feed:
    """Reads version 1 from a link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def behind(self) -> int:
        """How far what is read lies behind what is sent, in ms."""
        return self._link.behind

    def retry(self) -> None:
        """Try now."""
        self._link.retry()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what comes; a frame that cannot be read never ends it."""
        events = self._link.events()
        try:
            async for event in events:
                yield read(event) if isinstance(event, Frame) else event
        finally:
            await events.aclose()


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
        return Heard(report.uuid, report.connector, v1.connector_of(report), frame.at)
    if isinstance(message, v1.Snapshot):
        return Snapshot(message.stations, frame.at, message.unreadable)
    if isinstance(message, v1.Unknown):
        return Ignored(message.type, frame.at)
    assert_never(message)
