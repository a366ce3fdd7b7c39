"""A stream written to a file while it comes: what ``nobil-tui record`` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import Feed
from nobil_tui.feeds.enova import EnovaFeed
from nobil_tui.headless.link_reporter import Say, Teller
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.store.recorder import Recorder, RecordError
from nobil_tui.wire.recording import FeedName

LOOK_EVERY = 1.0
"""Seconds between two looks at the recorder."""


class FrameTap:
    """A tap for a link, which is there before what it feeds: the recorder is made once it is known what comes."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None

    def __call__(self, data: bytes, at: int) -> None:
        """Hand a frame on."""
        if self.recorder is not None:
            self.recorder(data, at)


def format_of(feed: Feed) -> FeedName:
    """Tell what the frames of a link's feed are recorded as."""
    return "enova" if isinstance(feed, EnovaFeed) else "v1"


async def record(
    feed: Feed,
    name: str,
    recorder: Recorder,
    say: Say,
    progress: Callable[[int], None],
    *,
    clock: Clock | None = None,
) -> None:
    """Let ``feed`` run, whose link has ``recorder`` as its tap, until it ends or is cancelled.

    ``progress`` is told how many frames are written, now and then. Raises ``KeyRefusedError``, and ``RecordError``
    where the disk takes no more. Closing the recorder is left to who made it.
    """
    reading = asyncio.create_task(_read(feed, name, say))
    looking = asyncio.create_task(_look(recorder, say, progress, clock or Clock()))
    try:
        await asyncio.wait([reading, looking], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (reading, looking):
            task.cancel()
        await asyncio.gather(reading, looking, return_exceptions=True)
    for task in (reading, looking):
        if not task.cancelled():
            task.result()


async def _read(feed: Feed, name: str, say: Say) -> None:
    monitor, teller = Monitor(feed), Teller(name, say)
    async with aclosing(monitor.batches()) as batches:
        async for batch in batches:
            teller.tell(batch, monitor.counts)
            teller.stop_if_refused(batch.link)


async def _look(recorder: Recorder, say: Say, progress: Callable[[int], None], clock: Clock) -> None:
    path: Path = recorder.path
    while recorder.error is None:
        await clock.sleep(LOOK_EVERY)
        if recorder.path != path:
            path = recorder.path
            say(f"Goes on in {path}.")
        progress(recorder.frames)
    raise RecordError(recorder.error)
