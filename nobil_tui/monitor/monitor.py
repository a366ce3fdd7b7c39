"""The monitor: run one feed, apply it to one board, and pass what happened to sinks in batches.

The app, the hub and the headless commands all use it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import SLICE_SECONDS, cancel_and_wait, yield_to_loop
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connecting, Feed, Snapshot
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.monitor.board_updater import BoardUpdater
from nobil_tui.monitor.sinks import BatchOutlet, Sink, SinkRunner

TICK = 0.05
"""The least time between two batches, in seconds."""
SNAPSHOT_WAIT = 0.005
"""Seconds to wait for the first snapshot after a connection, so that both are one batch."""
LINK_INTERVAL = 60.0
"""Seconds between two checks of the link: for expired connectors while it is down, and for how long
it has been alive while nothing is received."""


Restore = Callable[[int], Awaitable[bool]]
"""Fills the empty board with the last known state, at a time in ms; returns whether there was
one."""


class Monitor:
    """Run ``feed`` into ``board`` and pass what happens to every sink, in batches.

    Each of ``sinks`` receives every batch at its own pace; see ``Sink``. Call ``run`` or
    ``batches`` once. ``restore`` runs before the feed is read, if the board is empty. If
    ``bounded`` is false, a batch of ``batches`` holds all entries, however many: for a feed that
    waits until a batch is handled. ``clock`` is the clock of the feed's times.
    """

    def __init__(
        self,
        feed: Feed,
        board: Board | None = None,
        *,
        tick: float = TICK,
        sinks: Sequence[Sink] = (),
        restore: Restore | None = None,
        bounded: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.board = board or Board()
        self._clock = clock or Clock()
        self._updater = BoardUpdater(self.board, self._clock, bounded=bounded)
        self.counts = self._updater.counts
        self.record = self._updater.record
        """The latest problems, to look at."""
        self._restore = restore
        self._bounded = bounded
        self._outlet: BatchOutlet | None = None
        """The batches of the consumer of ``batches``, if there is one."""
        self._feed = feed
        self._tick = tick
        self._runners = [SinkRunner(sink, self._clock) for sink in sinks]
        self._news = asyncio.Event()
        self._applied = asyncio.Event()
        """Set unless a snapshot is being applied: no batch has a part of one."""
        self._applied.set()

    @property
    def link(self) -> LinkState:
        """The state of the link."""
        return self._updater.link

    @property
    def frame_at(self) -> int:
        """When the last frame was received, in ms; zero before one."""
        return self._updater.frame_at

    @property
    def behind(self) -> int:
        """How far the board lags behind the stream, in ms; zero if it keeps up."""
        return self._feed.behind

    def unusual_silence(self, now: int) -> int:
        """Return for how long (ms) a live stream has been silent if that is unusual for it, else
        zero."""
        return self._updater.unusual_silence(now)

    def retry(self) -> None:
        """Connect now."""
        self._feed.retry()

    def touch(self, stations: Collection[str]) -> None:
        """Add stations to the next batch that changed without a report, as by
        ``Board.use_register``."""
        if stations:
            self._updater.touch(stations)
            self._news.set()

    async def run(self) -> None:
        """Run the feed until it ends, then finish all sinks in their order. Raises the feed's
        error.

        Also finishes the sinks if the feed fails, or if it is cancelled, which shuts the link down.
        """
        reading = asyncio.create_task(self._read())
        reading.add_done_callback(lambda _: self._news.set())
        watching = asyncio.create_task(self._watch_link())
        tasks = [
            reading,
            watching,
            *(asyncio.create_task(runner.run()) for runner in self._runners),
        ]
        try:
            await self._pump(reading)
            reading.result()
        finally:
            try:
                await cancel_and_wait(*tasks)
            finally:
                # Also if the caller does not wait for the link to close.
                rest = self._updater.next_batch()
                for runner in self._runners:
                    runner.finish(rest)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Run the monitor and yield what happens, at most once a tick; ends when the feed ends.

        For one consumer in the foreground, such as a screen or a command: unlike a sink, it ends
        the run when it fails or calls ``aclose``. Batches that it does not take in time are merged.
        An error of the feed is raised after the last batch.
        """
        self._outlet = outlet = BatchOutlet(bounded=self._bounded)
        running = asyncio.create_task(self.run())
        running.add_done_callback(lambda _: outlet.wake())
        try:
            while True:
                await outlet.wait()
                if (batch := outlet.take()) is not None:
                    yield batch
                elif running.done():
                    running.result()
                    return
                if running.done():
                    outlet.wake()
        finally:
            await cancel_and_wait(running)

    async def _pump(self, reading: asyncio.Task[None]) -> None:
        """Pass on each batch, at most once a tick, until ``reading`` is done."""
        time_of = asyncio.get_running_loop().time
        next_at = time_of()
        while True:
            await self._news.wait()
            # Not after each batch: after a single change, that timer would wake the process for
            # nothing.
            if (rest := next_at - time_of()) > 0:
                await asyncio.sleep(rest)
            if not self.board.stations:
                await self._first_stations(min(SNAPSHOT_WAIT, self._tick))
            await self._applied.wait()
            self._news.clear()
            batch = self._updater.next_batch()
            if self._outlet is not None:
                self._outlet.put(batch)
            for runner in self._runners:
                runner.put(batch)
            next_at = time_of() + self._tick
            if reading.done() and not self._news.is_set():
                return

    async def _first_stations(self, seconds: float) -> None:
        """Wait for the first stations, for at most ``seconds``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.board.stations:
                    self._news.clear()
                    await self._news.wait()

    async def _read(self) -> None:
        if (
            self._restore is not None
            and not self.board.stations
            and await self._restore(self._clock.now())
        ):
            self._updater.restored()
            self._news.set()
        events, updater = self._feed.events(), self._updater
        slice_end = time.perf_counter() + SLICE_SECONDS
        try:
            async for event in events:
                before = updater.link
                if isinstance(event, Snapshot):
                    self._applied.clear()
                    try:
                        await updater.apply_snapshot(event)
                    finally:
                        self._applied.set()
                else:
                    updater.apply(event)
                # The first attempt to connect needs no batch: it is the initial state.
                if not isinstance(event, Connecting) or updater.link != before:
                    self._news.set()
                # Released before the next one arrives: the board keeps only a part of a snapshot.
                del event
                if time.perf_counter() > slice_end:
                    await yield_to_loop()
                    slice_end = time.perf_counter() + SLICE_SECONDS
        finally:
            await events.aclose()

    async def _watch_link(self) -> None:
        """Once a minute, expire connectors while the link is down: after a refused key, that can
        last weeks. While it is live, note so, so that sinks store how long a quiet link was alive.
        """
        while True:
            await self._clock.sleep(LINK_INTERVAL)
            if self.board.downtime.live:
                news = self._updater.note_alive(self._feed.alive_at)
            else:
                news = self._updater.expire(self._clock.now())
            if news:
                self._news.set()
