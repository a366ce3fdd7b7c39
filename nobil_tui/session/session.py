"""One source, from opening to closing: its board, its register, its last known state and its
batches."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.base.memory import resume_collection
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Feed
from nobil_tui.charging.register import Register
from nobil_tui.feeds.source import OpenSource, Player, Source, SourceError, StationData
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState, StreamCounts
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.monitor.sinks import Sink
from nobil_tui.session.deferred_sink import DeferredSink
from nobil_tui.session.history import RecordedStations, SessionHistory, simulated_history
from nobil_tui.session.options import SessionOptions
from nobil_tui.store.state_writer import StateWriter

if TYPE_CHECKING:
    from nobil_tui.history.sink import HistorySink
    from nobil_tui.history.statistics import StationHistory
    from nobil_tui.store.state_store import StateStore

START_SECONDS = 10.0
"""Seconds after which the start is over: until then, no garbage collection may delay it."""

logger = logging.getLogger(__name__)


class Session:
    """Open ``source``, run it, and save its last known state.

    ``user_register`` is used if the source has no register of its own. A ``lossless`` session
    pauses the feed until each batch has been handled, so that no change is dropped. ``recorded`` is
    as for ``SessionHistory``; only a source with a last known state is recorded.

    With a screen, ``run`` does everything. Without one, call ``open``, iterate over ``batches``,
    and call ``close``.
    """

    def __init__(
        self,
        source: Source,
        options: SessionOptions,
        user_register: Register,
        *,
        lossless: bool = False,
        recorded: RecordedStations | None = None,
    ) -> None:
        self.source = source
        self.board = Board()
        self.register = user_register
        """The source's own register if it has one, else the user's; known once the source is
        open."""
        self.clock: Clock = options.clock
        """The clock of the source's times."""
        self.options_clock: Clock = options.clock
        """The clock of this machine, for time limits."""
        self.player: Player | None = None
        self.monitor: Monitor | None = None
        self.sinks: list[Sink] = []
        """Further receivers of the batches; add them before the session runs."""
        self._user_register = user_register
        self._lossless = lossless
        self.station_data: StationData | None = None
        """The static data that the open source publishes; None if it publishes none."""
        self.codec = ""
        """Name of the format of the source's frames, to record them; empty if it has none."""
        self.sends_snapshot = False
        """Whether the open source begins with the state of every station."""
        self._feed: Feed | None = None
        self._link = LinkState()
        self._state_dir = options.state_dir
        self._sink_delay = options.sink_delay
        self._store: StateStore | None = None
        self._restore_notice = ""
        self._history: SessionHistory | None = None
        if options.history_path is not None:
            self._history = SessionHistory(
                options.history_path,
                options.zone,
                recorded if source.state_key else None,
            )
        self._close_lock = threading.Lock()
        self._closed = False
        self._retry_requested = asyncio.Event()

    @property
    def link(self) -> LinkState:
        """The state of the link, or of the attempt to open the source."""
        return self.monitor.link if self.monitor is not None else self._link

    @property
    def simulated(self) -> bool:
        """Whether the data are simulated: by the source itself, or by the source of a hub."""
        hub = self.board.hub
        return self.source.simulated or (hub is not None and hub.simulated)

    @property
    def feed(self) -> Feed:
        """The feed of the open source. Raises ``RuntimeError`` before it is open."""
        if self._feed is None:
            raise RuntimeError("the source is not open")
        return self._feed

    @property
    def counts(self) -> StreamCounts:
        """What the source has sent so far, counted."""
        return self.monitor.counts if self.monitor is not None else StreamCounts()

    @property
    def notice(self) -> str:
        """What went wrong with the last known state or the history; empty if nothing did."""
        state = (self._store.notice if self._store is not None else "") or self._restore_notice
        return state or (self._history.notice if self._history is not None else "")

    @property
    def uses_user_register(self) -> bool:
        """Whether names come from the user's register, and not from the source."""
        return self.register is self._user_register

    def retry(self) -> None:
        """Retry to open the source or to connect now."""
        self._retry_requested.set()
        if self.monitor is not None:
            self.monitor.retry()

    def register_changed(self) -> None:
        """Add the connectors that the register lists to the board, so that totals are correct."""
        if self.station_data is not None:
            self.station_data.use(self.register)
        if self.monitor is not None:
            self.monitor.touch(self.board.use_register(self.register))

    def open(self) -> None:
        """Open the source once. This may block. Raises ``SourceError``."""
        self._set_open(self.source.open())

    async def run(
        self, on_open: Callable[[], None], on_batch: Callable[[Batch], Awaitable[None]]
    ) -> None:
        """Open the source, call ``on_open``, then pass each batch to ``on_batch`` until the source
        ends.

        A source that cannot be opened is retried when ``retry`` is called. Closes the session, also
        if cancelled.
        """
        try:
            self._set_open(await self._open_with_retries())
            on_open()
            async with aclosing(self.batches()) as batches:
                async for batch in batches:
                    await on_batch(batch)
        finally:
            with suppress(asyncio.CancelledError):
                await run_in_thread(self.close)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Yield the batches of the open source, starting from its last known state, until it
        ends."""
        feed = self.feed
        gate: BackpressureFeed | None = None
        if self._lossless:
            from nobil_tui.session.backpressure import BackpressureFeed

            gate = BackpressureFeed(feed)
        writers: list[Callable[[], Sink | None]] = []
        restore = None
        if self._state_dir is not None and self.source.state_key:
            path = self._state_dir / f"{self.source.state_key}.sqlite"
            writer = await run_in_thread(partial(self._open_existing, path))
            restore = writer.restore if writer is not None else None
            writers.append(lambda: writer or self._open_writer(path))
        if self._history is not None and self._history.records:
            writers.append(self._open_history)
        deferred = [
            DeferredSink(each, delay=self._sink_delay, clock=self.options_clock) for each in writers
        ]
        self.monitor = Monitor(
            gate or feed,
            self.board,
            sinks=[*deferred, *self.sinks],
            restore=restore,
            bounded=not self._lossless,
            clock=self.clock,
        )
        self.register_changed()
        started = asyncio.get_running_loop().call_later(START_SECONDS, resume_collection)
        try:
            async with aclosing(self.monitor.batches()) as batches:
                async for batch in batches:
                    yield batch
                    if gate is not None:
                        gate.release()
        finally:
            started.cancel()

    async def restore(self) -> None:
        """Fill the board with the last known state without connecting, instead of ``batches``."""
        if self._state_dir is None or not self.source.state_key:
            return
        from nobil_tui.store.state_store import StateStore

        store = StateStore(self._state_dir / f"{self.source.state_key}.sqlite")
        stored = await run_in_thread(store.load)
        self.board.restore(stored, self.clock.now())
        self._restore_notice = store.notice
        self.board.use_register(self.register)

    def close(self) -> None:
        """Save the last known state and close the source. May block for a moment; further calls do
        nothing."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
            if self._store is not None:
                self._store.close()
            if self._history is not None:
                self._history.close()
            self.source.close()

    async def read_history(self, station: str, since: int = 0) -> StationHistory:
        """Return the history of a station: as stored, or made up if the source is simulated.

        ``since``: the time (ms) from which its single changes are needed.
        """
        history = self._history
        if history is None:
            from nobil_tui.history.statistics import StationHistory

            return StationHistory(station)
        if self.source.simulated:
            return await simulated_history(
                station, self.board, self.register, self.clock.now(), history.zone
            )
        return await history.read(station, since)

    async def _open_with_retries(self) -> OpenSource:
        """Return the open source; after a failure, wait for ``retry``."""
        while True:
            try:
                return await run_in_thread(self.source.open)
            except SourceError as error:
                logger.warning("source not opened: %s", error)
                self._link = LinkState(LinkPhase.FAILED, str(error))
            self._retry_requested.clear()
            await self._retry_requested.wait()
            self._link = LinkState()

    def _set_open(self, opened: OpenSource) -> None:
        # Drop the facts that the previous source had of its stations.
        self._user_register.use_own({})
        self.register = opened.register if opened.register is not None else self.register
        self.register.stream_credit = opened.credit
        self.clock = opened.clock or self.clock
        self.player = opened.player
        self.codec = opened.codec
        self.sends_snapshot = opened.sends_snapshot
        self.station_data = opened.station_data
        self._feed = opened.feed

    def _open_history(self) -> HistorySink | None:
        return self._history.open(self.board, self.clock.now) if self._history is not None else None

    def _open_existing(self, path: Path) -> StateWriter | None:
        """Open the last known state, to be shown at once; None if there is none yet."""
        # Unlike the method of ``Path``, this never raises. Opening the file reports errors.
        return self._open_writer(path) if os.path.exists(path) else None  # noqa: PTH110

    def _open_writer(self, path: Path) -> StateWriter | None:
        from nobil_tui.store.state_store import StateStore

        store = StateStore.open(path)
        with self._close_lock:
            if not self._closed:
                self._store = store
                return StateWriter(self.board, store)
        # The session was closed meanwhile without this store, which would keep its lock.
        store.close()
        return None
