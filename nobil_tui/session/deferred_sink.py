"""A sink that is opened after the first stations are shown."""

from __future__ import annotations

import threading
from collections.abc import Callable

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.monitor.batch import Batch, merge
from nobil_tui.monitor.sinks import Sink


class DeferredSink:
    """Opens a sink ``delay`` seconds after the first stations arrived, and passes batches on to it.

    Opening a file loads modules such as SQLite, creates tables and takes a lock. Even in a thread,
    that would slow down the first paint. ``open_sink`` blocks; it returns None if the session is
    closed.
    """

    def __init__(
        self, open_sink: Callable[[], Sink | None], *, delay: float = 0.0, clock: Clock
    ) -> None:
        self._open_sink = open_sink
        self._delay = delay
        self._clock = clock
        self._sink: Sink | None = None
        self._is_open = False
        self._lock = threading.Lock()
        """Held while the sink is opened: the session may end meanwhile."""
        self._early: Batch | None = None
        """The batch before the first stations."""

    async def take(self, batch: Batch) -> float | None:
        """Open the sink with the first stations; pass on a batch."""
        if not self._is_open:
            if not _has_stations(batch):
                self._early = self._with_early(batch)
                return None
            if self._delay:
                await self._clock.sleep(self._delay)
            await run_in_thread(self._open)
        pause = None
        if self._sink is not None:
            pause = await self._sink.take(self._with_early(batch))
        # Only drop it now: if this is cancelled, ``finish`` passes it on.
        self._early = None
        return pause

    def finish(self, batch: Batch) -> None:
        """Pass on the rest, even if the session ends before the sink is open."""
        batch = self._with_early(batch)
        if self._is_open or _has_stations(batch):
            self._open()
        if self._sink is not None:
            self._sink.finish(batch)

    def _open(self) -> None:
        with self._lock:
            if not self._is_open:
                self._sink = self._open_sink()
                self._is_open = True

    def _with_early(self, batch: Batch) -> Batch:
        return batch if self._early is None else merge(self._early, batch)


def _has_stations(batch: Batch) -> bool:
    return bool(batch.whole or batch.touched or batch.raw_reports)
