"""A feed that decodes the frames of a link."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.events import Event
from nobil_tui.feeds.transport.connection import Frame
from nobil_tui.feeds.transport.link import Link
from nobil_tui.wire.codecs import Codec

DECODED_IN_THREAD = 1024 * 1024
"""Frames of at least this many bytes are decoded in a thread, since they would delay a key press.
"""


class StreamFeed:
    """A link whose frames are decoded by a codec."""

    def __init__(self, link: Link, codec: Codec) -> None:
        self.codec = codec
        self._link = link

    @property
    def behind(self) -> int:
        """How far reading lags behind the stream, in ms."""
        return self._link.behind

    @property
    def alive_at(self) -> int:
        """When the server was last heard, in ms."""
        return self._link.alive_at

    def retry(self) -> None:
        """Connect now."""
        self._link.retry()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events of the link; a frame that cannot be decoded never ends the stream."""
        decode = self.codec.decoder()
        async with aclosing(self._link.events()) as events:
            async for event in events:
                if not isinstance(event, Frame):
                    yield event
                elif len(event.data) < DECODED_IN_THREAD:
                    yield decode(event.data, event.at)
                else:
                    yield await run_in_thread(partial(decode, event.data, event.at))
                # Released before the next one arrives: a snapshot has megabytes.
                del event
