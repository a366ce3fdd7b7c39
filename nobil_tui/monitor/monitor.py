"""The monitor: run one feed, apply it to one board, and pass what happened to sinks in batches.

The app, the hub and the headless commands all use it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Generator,
    Sequence,
)
from contextlib import suppress

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import SLICE_SECONDS, yield_to_loop
from nobil_tui.charging.board import MAX_STATIONS, Board, Change, SnapshotResult
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Degraded,
    Ended,
    Feed,
    HubReport,
    HubState,
    Ignored,
    Lost,
    RawReport,
    Refused,
    Restarted,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.monitor.batch import (
    MAX_ENTRIES,
    Batch,
    BatchEntry,
    LinkPhase,
    LinkState,
    Note,
    NoteKind,
    StreamCounts,
)
from nobil_tui.monitor.pace import StreamPace
from nobil_tui.monitor.sinks import BatchOutlet, Sink, SinkRunner
from nobil_tui.monitor.stream_record import StreamRecord

TICK = 0.05
"""Seconds between two batches at least."""
SNAPSHOT_WAIT = 0.005
"""Seconds to wait for the first snapshot after a connection, so that both are one batch."""
EXPIRY_INTERVAL = 60.0
"""Seconds between two searches for expired connectors, while the link is down."""
UNREADABLE_NOTE_INTERVAL = 60_000
"""Milliseconds between two notes of unreadable frames at least: they must not fill the log."""

logger = logging.getLogger(__name__)


_NotASnapshot = (
    Connecting
    | Connected
    | StationReport
    | ConnectorReport
    | HubReport
    | RawReport
    | Unreadable
    | Ignored
    | Degraded
    | Lost
    | Refused
    | Ended
    | Restarted
)

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
        self.link = LinkState()
        self.counts = StreamCounts()
        self.record = StreamRecord()
        """The latest problems, to look at."""
        self.frame_at = 0
        """When the last frame was received, in ms; zero before one."""
        self._alive_at = 0
        self._restore = restore
        self._bounded = bounded
        self._outlet: BatchOutlet | None = None
        """The batches of the consumer of ``batches``, if there is one."""
        self._feed = feed
        self._tick = tick
        self._clock = clock or Clock()
        self._runners = [SinkRunner(sink, self._clock) for sink in sinks]
        self._entries: deque[BatchEntry] = deque(maxlen=MAX_ENTRIES if bounded else None)
        self._first_entry = 0
        """How many entries left with earlier batches."""
        self._raw_reports: deque[tuple[int, RawReport]] = deque(maxlen=MAX_ENTRIES)
        """The chargers' own reports, each with how many entries were made before it."""
        self._touched: set[str] = set()
        self._expired: set[str] = set()
        self._whole = False
        self._restored = False
        self._told_full = False
        self._unreadable: Unreadable | None = None
        self._told_unreadable_at = -UNREADABLE_NOTE_INTERVAL
        self._pace = StreamPace()
        self._news = asyncio.Event()
        self._applied = asyncio.Event()
        """Set unless a snapshot is being applied: no batch has a part of one."""
        self._applied.set()
        self._down = asyncio.Event()
        """Set while the link is down."""

    @property
    def behind(self) -> int:
        """How far the board lags behind the stream, in ms; zero if it keeps up."""
        return self._feed.behind

    def unusual_silence(self, now: int) -> int:
        """Return for how long (ms) a live stream has been silent if that is unusual for it, else
        zero."""
        return self._pace.unusual_silence(now) if self.link.phase is LinkPhase.LIVE else 0

    def retry(self) -> None:
        """Connect now."""
        self._feed.retry()

    def touch(self, stations: Collection[str]) -> None:
        """Add stations to the next batch that changed without a report, as by
        ``Board.use_register``."""
        if stations:
            self._touched.update(stations)
            self._news.set()

    async def run(self) -> None:
        """Run the feed until it ends, then finish all sinks in their order. Raises the feed's
        error.

        Also finishes the sinks if the feed fails, or if it is cancelled, which shuts the link down.
        """
        reading = asyncio.create_task(self._read())
        reading.add_done_callback(lambda _: self._news.set())
        aging = asyncio.create_task(self._age())
        tasks = [reading, aging, *(asyncio.create_task(runner.run()) for runner in self._runners)]
        try:
            await self._pump(reading)
            reading.result()
        finally:
            for task in tasks:
                task.cancel()
            try:
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                # Also if the caller does not wait for the link to close.
                rest = self._next_batch()
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
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _pump(self, reading: asyncio.Task[None]) -> None:
        """Pass on each batch, at most once a tick, until ``reading`` is done."""
        time_of = asyncio.get_running_loop().time
        next_at = time_of()
        while True:
            await self._news.wait()
            # Not after each batch: behind a lone change, that timer would wake the process for
            # nothing.
            if (rest := next_at - time_of()) > 0:
                await asyncio.sleep(rest)
            if not self.board.stations:
                await self._first_stations(min(SNAPSHOT_WAIT, self._tick))
            await self._applied.wait()
            self._news.clear()
            batch = self._next_batch()
            if self._outlet is not None:
                self._outlet.put(batch)
            for runner in self._runners:
                runner.put(batch)
            next_at = time_of() + self._tick
            if reading.done() and not self._news.is_set():
                return

    async def _first_stations(self, seconds: float) -> None:
        """Wait for the first stations, for at most so many seconds."""
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
            self._whole = self._restored = True
            self._news.set()
            self._note_link()
        events = self._feed.events()
        slice_end = time.perf_counter() + SLICE_SECONDS
        try:
            async for event in events:
                before = self.link
                if isinstance(event, Snapshot):
                    self._applied.clear()
                    try:
                        await self._snapshot(event)
                    finally:
                        self._applied.set()
                else:
                    self._apply(event)
                # The first attempt to connect needs no batch: it is the initial state.
                if not isinstance(event, Connecting) or self.link != before:
                    self._news.set()
                # Released before the next one arrives: the board keeps only a part of a snapshot.
                del event
                if time.perf_counter() > slice_end:
                    await yield_to_loop()
                    slice_end = time.perf_counter() + SLICE_SECONDS
        finally:
            await events.aclose()

    async def _age(self) -> None:
        """Expire connectors while the link is down: with a rejected key, that can last weeks."""
        while True:
            await self._down.wait()
            await self._clock.sleep(EXPIRY_INTERVAL)
            self._expire(self._clock.now())

    def _expire(self, now: int) -> None:
        if expired := self.board.expire(now):
            self._touched.update(expired)
            self._expired.update(expired)
            self._news.set()

    def _note_link(self) -> None:
        if self.board.downtime.live:
            self._down.clear()
        else:
            self._down.set()

    def _next_batch(self) -> Batch:
        """Return what happened since the last call."""
        if (
            self._unreadable is not None
            and self._unreadable.at - self._told_unreadable_at >= UNREADABLE_NOTE_INTERVAL
        ):
            bad = self._unreadable
            self._told_unreadable_at = bad.at
            logger.warning("unreadable frame (%d so far): %s", self.counts.unreadable, bad.reason)
            self._entries.append(Note(bad.at, NoteKind.UNREADABLE, bad.reason))
        if self.board.dropped and not self._told_full:
            self._told_full = True
            text = f"the stream names more than {MAX_STATIONS:,} stations, or too many connectors"
            logger.warning("%s; the rest is ignored", text)
            self._entries.append(Note(self.frame_at, NoteKind.FULL, text))
        batch = Batch(
            self.link,
            list(self._entries),
            self._touched,
            self._expired,
            [report for _, report in self._raw_reports],
            [place for place, _ in self._raw_reports],
            self._first_entry,
            self._whole,
            self._restored,
            self._alive_at,
        )
        self._first_entry += len(self._entries)
        self._entries.clear()
        self._raw_reports.clear()
        self._touched, self._expired = set(), set()
        self._whole = self._restored = False
        self._unreadable = None
        return batch

    def _apply(self, event: _NotASnapshot) -> None:
        match event:
            case StationReport(station, at, relayed):
                self._frame(at)
                apply = self.board.apply_relayed_station if relayed else self.board.apply_station
                self._changed(station.id, apply(station, at))
            case ConnectorReport():
                self._connector(event)
            case RawReport(station_id, index, connector, at, evse_uid):
                self._frame(at)
                if evse_uid:
                    index = self.board.index_of(station_id, evse_uid)
                    event = RawReport(station_id, index, connector, at)
                if self.board.apply_raw_report(station_id, index, connector, at):
                    self._heard(event)
            case HubReport(hub, at):
                self._frame(at)
                self._hub_state(hub, at)
                self._note_link()
            case Unreadable(_, at):
                self._frame(at)
                self.counts.unreadable += 1
                self._unreadable = event
                self.record.note(event, at)
            case Ignored(_, at):
                self._frame(at)
                self.counts.ignored += 1
                self.record.note(event, at)
            case _:
                self.record.note(event, self._clock.now())
                self._link_event(event)
                self._note_link()

    def _connector(self, report: ConnectorReport) -> None:
        station_id, evse_uid, connector, at = (
            *(report.station_id, report.evse_uid),
            *(report.connector, report.at),
        )
        self._frame(at)
        self.counts.unknown_words.note(connector)
        changes = self.board.apply_connector(station_id, evse_uid, connector, at)
        self._changed(station_id, changes)
        if not changes and (index := self.board.index_of(station_id, evse_uid)) >= 0:
            # The same again is what version 1 calls a charger's own report: no change.
            self._heard(RawReport(station_id, index, connector, at))

    def _heard(self, report: RawReport) -> None:
        self._raw_reports.append((self._first_entry + len(self._entries), report))

    def _hub_state(self, hub: HubState, at: int) -> None:
        """Apply the state of the hub that relays the stream; the link to the hub is live."""
        self.board.apply_hub_state(hub, at)
        if not hub.live:
            self._note_once(Note(at - hub.down_for, NoteKind.NOT_LIVE, hub.reason))
            self.link = LinkState(LinkPhase.NOT_LIVE, hub.reason)
            return
        if self.link.phase is LinkPhase.NOT_LIVE:
            self._entries.append(Note(at, NoteKind.CONNECTED, ""))
        self.link = LinkState(LinkPhase.LIVE)

    def _link_event(
        self, event: Connecting | Connected | Degraded | Lost | Refused | Ended | Restarted
    ) -> None:
        board = self.board
        match event:
            case Connecting():
                self._pace.stop()
                self.link = LinkState(LinkPhase.CONNECTING, self.link.reason)
            case Connected(at):
                self._alive_at = at
                self._expire(at)
                board.downtime.start(at)
                self._pace.start(self._clock.now())
                self.link = LinkState(LinkPhase.LIVE)
                self._entries.append(Note(at, NoteKind.CONNECTED, ""))
            case Degraded(reason, at, polled):
                if polled:
                    board.downtime.stop(at)
                if reason:
                    self._note_once(Note(at, NoteKind.DEGRADED, reason))
                self.link = LinkState(LinkPhase.LIVE, reason)
            case Lost(reason, heard_at, retry_at):
                board.downtime.stop(heard_at)
                # Without a time, it is not for us to try: a relay is silent.
                kind = NoteKind.LOST if retry_at else NoteKind.NOT_LIVE
                phase = LinkPhase.RETRYING if retry_at else LinkPhase.NOT_LIVE
                self._note_once(Note(heard_at, kind, reason))
                self.link = LinkState(phase, reason, retry_at)
            case Refused(reason, heard_at, retry_at):
                board.downtime.stop(heard_at)
                note = Note(heard_at, NoteKind.REFUSED, reason)
                if retry_at:
                    self._note_once(note)
                else:
                    # The user asked for each of these.
                    self._entries.append(note)
                self.link = LinkState(LinkPhase.REFUSED, reason, retry_at)
            case Restarted(at):
                self._restart(at)
            case Ended(at):
                self.link = LinkState(LinkPhase.ENDED)
                self._entries.append(Note(at, NoteKind.ENDED, ""))

    def _restart(self, at: int) -> None:
        # The entries of the next batch are void too.
        self._entries.clear()
        self._raw_reports.clear()
        self._touched.clear()
        self._expired.clear()
        self.board.clear()
        self._told_full = False
        self._whole, self._restored = True, False
        self.link = LinkState()
        self._entries.append(Note(at, NoteKind.RESTARTED, ""))

    def _note_once(self, note: Note) -> None:
        # An hour of failed attempts is one line in the log, not sixty.
        if self.link.reason != note.text:
            self._entries.append(note)

    def _frame(self, at: int) -> None:
        self.counts.frames += 1
        self.frame_at = self._alive_at = at
        self._pace.note(at)

    def _changed(self, station: str, changes: list[Change]) -> None:
        self._touched.add(station)
        if changes:
            self.counts.changes += len(changes)
            self._entries.extend(changes)

    async def _snapshot(self, snapshot: Snapshot) -> None:
        """Apply a snapshot in time slices."""
        self._frame(snapshot.at)
        self.counts.unreadable += snapshot.unreadable
        partial = snapshot.unreadable > 0
        for station in snapshot.stations:
            if station.evse_uids:
                for connector in station.connectors:
                    self.counts.unknown_words.note(connector)
        if snapshot.hub is not None:
            steps = self.board.relayed_snapshot_steps(snapshot.stations, snapshot.hub, snapshot.at)
            result = await _in_slices(steps)
            self._hub_state(snapshot.hub, snapshot.at)
            self._note_link()
        else:
            steps = self.board.snapshot_steps(
                snapshot.stations, snapshot.at, partial=partial, gap=snapshot.gap
            )
            result = await _in_slices(steps)
        self.counts.changes += len(result.changes)
        self._entries.extend(result.changes)
        if result.left:
            count = len(result.left)
            text = result.left[0] if count == 1 else f"{count:,} stations"
            self._entries.append(Note(snapshot.at, NoteKind.LEFT, f"{text} left the stream"))
        if partial:
            reason = f"{snapshot.unreadable:,} stations of the snapshot"
            self._unreadable = Unreadable(reason, snapshot.at, snapshot.sample)
            self.record.note(self._unreadable, snapshot.at)
        self._whole, self._restored = True, False


async def _in_slices(steps: Generator[None, None, SnapshotResult]) -> SnapshotResult:
    """Run steps in time slices; return their result."""
    slice_end = time.perf_counter() + SLICE_SECONDS
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: SnapshotResult = end.value
            return result
        if time.perf_counter() > slice_end:
            await yield_to_loop()
            slice_end = time.perf_counter() + SLICE_SECONDS
