"""Sinks: what receives the batches of a monitor, each at its own pace."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from nobil_tui.base.clock import Clock
from nobil_tui.monitor.batch import Batch, merge

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """A receiver of a monitor's batches: the state writer, alerts, history, the hub.

    The contract:

    * ``take`` gets one batch at a time, in their order. Batches are shared by all sinks: read only.
    * While ``take`` runs, the batches that follow are merged, and it gets them as one. A slow sink
      therefore delays neither the feed nor another sink.
    * ``take`` may return a pause in seconds. Batches are merged during the pause too, and passed on
      after it, even if no other batch follows.
    * Merging never loses a station: it is in ``touched`` or ``raw_reports``, or the merged batch is
      ``whole``. Of entries, only the latest ``MAX_ENTRIES`` are kept. A sink that mirrors the board
      by these fields holds the final state after ``finish``.
    * ``finish`` is called once, at the end, with what ``take`` has not completed: also with the
      batch whose ``take`` was cancelled. It must not block for long.
    * A sink that raises is logged and gets no more batches; the monitor and other sinks continue.
    """

    async def take(self, batch: Batch) -> float | None:
        """Handle a batch; return the seconds to pause before the next one, or None.

        Cancelled when the monitor stops.
        """
        ...

    def finish(self, batch: Batch) -> None:
        """Handle the rest, which may be empty, and release what the sink holds."""
        ...


class BatchOutlet:
    """The batches of one receiver that it has not taken yet, merged into one."""

    def __init__(self, *, bounded: bool = True) -> None:
        self._bounded = bounded
        self._pending: Batch | None = None
        self._news = asyncio.Event()

    def put(self, batch: Batch) -> None:
        """Add a batch. Never waits."""
        pending = self._pending
        self._pending = batch if pending is None else merge(pending, batch, bounded=self._bounded)
        self._news.set()

    def take(self) -> Batch | None:
        """Remove and return what is pending; None if there is nothing."""
        batch, self._pending = self._pending, None
        self._news.clear()
        return batch

    def wake(self) -> None:
        """Make ``wait`` return although nothing is pending."""
        self._news.set()

    async def wait(self) -> None:
        """Wait for a batch or for ``wake``."""
        await self._news.wait()


class SinkRunner:
    """Pass batches to one sink as the ``Sink`` contract says."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._outlet = BatchOutlet()
        self._taking: Batch | None = None
        self._failed = False

    def put(self, batch: Batch) -> None:
        """Pass on a batch. Never waits."""
        if not self._failed:
            self._outlet.put(batch)

    async def run(self) -> None:
        """Pass on batches until cancelled, or until the sink fails."""
        try:
            while True:
                await self._outlet.wait()
                if (batch := self._outlet.take()) is not None:
                    self._taking = batch
                    pause = await self._sink.take(batch)
                    self._taking = None
                    if pause:
                        await self._clock.sleep(pause)
        except Exception:  # noqa: BLE001 - no sink may stop the feed or another sink
            self._fail()

    def finish(self, rest: Batch) -> None:
        """Pass on what is not handled, and the ``rest``; call it after ``run`` has ended."""
        if self._failed:
            return
        for unhandled in (self._outlet.take(), self._taking):
            if unhandled is not None:
                rest = merge(unhandled, rest)
        try:
            self._sink.finish(rest)
        except Exception:  # noqa: BLE001 - no sink may stop the feed or another sink
            self._fail()

    def _fail(self) -> None:
        self._failed = True
        self._outlet.take()
        logger.exception("%s failed and gets no more batches", type(self._sink).__name__)
