"""The hall: runs one feed, applies it to one board, and hands out what happened in batches.

The app, the hub and the headless commands all stand on it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Collection
from contextlib import suppress

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import SLICE_SECONDS, yield_to_loop
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Degraded,
    Ended,
    Event,
    Feed,
    Ignored,
    Lost,
    RawReport,
    Refused,
    Restarted,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.monitor.batch import Batch, BatchEntry, LinkPhase, LinkState, Note, NoteKind, StreamCounts
from nobil_tui.store.state_writer import Keeper, Keeping

TICK = 0.05
"""Seconds between batches at the least."""
HARD_ON = 0.005
"""Seconds in which a snapshot follows a connection: one batch for both, where there was nothing before."""
LOOK_EVERY = 60.0
"""Seconds between two looks at what has grown too old, while the link is down."""
TELL_EVERY = 60_000
"""Milliseconds between two notes of unreadable frames at the least: a stream of them would be all that is told."""
MOST_ENTRIES = 10_000
"""Entries of one batch; under a flood that nobody takes, the oldest go."""

logger = logging.getLogger(__name__)


class Monitor:
    """Runs ``feed`` into ``board``; take the ``batches``.

    With a ``keeper``, an empty board goes on from what is kept, and what happens is kept for a later session. Where it
    is not ``bounded``, a batch holds all that happened, however much: for a feed that waits until it is taken.
    ``clock`` is the one that the feed's times go by.
    """

    def __init__(
        self,
        feed: Feed,
        board: Board | None = None,
        *,
        tick: float = TICK,
        keeper: Keeper | None = None,
        bounded: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.board = board or Board()
        self.link = LinkState()
        self.counts = StreamCounts()
        self.frame_at = 0
        """When the last frame came, in ms; zero before one."""
        self._alive_at = 0
        self._keeping = Keeping(self.board, keeper) if keeper is not None else None
        self._feed = feed
        self._tick = tick
        self._clock = clock or Clock()
        self._entries: deque[BatchEntry] = deque(maxlen=MOST_ENTRIES if bounded else None)
        self._raw_reports: deque[RawReport] = deque(maxlen=MOST_ENTRIES)
        self._touched: set[str] = set()
        self._expired: set[str] = set()
        self._whole = False
        self._unreadable: Unreadable | None = None
        self._told_unreadable_at = -TELL_EVERY
        self._news = asyncio.Event()
        self._down = asyncio.Event()
        """Set while nothing is listened to."""

    @property
    def behind(self) -> int:
        """How far what is applied lies behind what is sent, in ms; zero where it keeps up."""
        return self._feed.behind

    def retry(self) -> None:
        """Try to connect now."""
        self._feed.retry()

    def touch(self, stations: Collection[str]) -> None:
        """Put stations into the next batch that were changed by other means than a report."""
        if stations:
            self._touched.update(stations)
            self._news.set()

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Run the feed and yield what happens, at most once a tick; ends when the feed ends.

        What is not taken in time is gathered into the next batch. ``aclose`` shuts the link down.
        """
        reading, aging = asyncio.create_task(self._read()), asyncio.create_task(self._age())
        reading.add_done_callback(lambda _: self._news.set())
        try:
            while True:
                await self._news.wait()
                if not self.board.stations:
                    await self._first_stations(min(HARD_ON, self._tick))
                self._news.clear()
                yield self._take()
                if reading.done() and not self._news.is_set():
                    reading.result()
                    return
                if self._keeping is not None:
                    await self._keeping.hand_over()
                await asyncio.sleep(self._tick)
        finally:
            reading.cancel()
            aging.cancel()
            try:
                await asyncio.gather(reading, aging, return_exceptions=True)
            finally:
                # Also where somebody is too impatient to wait for the link.
                if self._keeping is not None:
                    self._note_kept(self._keeping)
                    self._keeping.finish()

    async def _first_stations(self, seconds: float) -> None:
        """Wait for the first stations, so long at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.board.stations:
                    self._news.clear()
                    await self._news.wait()

    async def _read(self) -> None:
        if self._keeping is not None and await self._keeping.restore(self._clock.now):
            self._whole = True
            self._news.set()
            self._note_link()
        events = self._feed.events()
        slice_end = time.perf_counter() + SLICE_SECONDS
        try:
            async for event in events:
                before = self.link
                self._apply(event)
                # The first try is no news: that is how it begins.
                if not isinstance(event, Connecting) or self.link != before:
                    self._news.set()
                # Not held until the next one comes: of a snapshot, the board keeps only what it needs.
                del event
                if time.perf_counter() > slice_end:
                    await yield_to_loop()
                    slice_end = time.perf_counter() + SLICE_SECONDS
        finally:
            await events.aclose()

    async def _age(self) -> None:
        """Forget what grows too old while nothing happens: where a key is refused, that can be for weeks."""
        while True:
            await self._down.wait()
            await self._clock.sleep(LOOK_EVERY)
            self._forget(self._clock.now())

    def _forget(self, now: int) -> None:
        if expired := self.board.expire(now):
            self._touched.update(expired)
            self._expired.update(expired)
            self._news.set()

    def _note_link(self) -> None:
        if self.board.downtime.live:
            self._down.clear()
        else:
            self._down.set()

    def _note_kept(self, keeping: Keeping) -> None:
        keeping.note(self._touched, self._alive_at)
        keeping.note((report.station_id for report in self._raw_reports), self._alive_at)

    def _take(self) -> Batch:
        if self._keeping is not None:
            self._note_kept(self._keeping)
        if self._unreadable is not None and self._unreadable.at - self._told_unreadable_at >= TELL_EVERY:
            bad = self._unreadable
            self._told_unreadable_at = bad.at
            logger.warning("unreadable frame (%d so far): %s", self.counts.unreadable, bad.reason)
            self._entries.append(Note(bad.at, NoteKind.UNREADABLE, bad.reason))
        batch = Batch(
            self.link, list(self._entries), self._touched, self._expired, list(self._raw_reports), self._whole
        )
        self._entries.clear()
        self._raw_reports.clear()
        self._touched, self._expired = set(), set()
        self._whole = False
        self._unreadable = None
        return batch

    def _apply(self, event: Event) -> None:
        match event:
            case StationReport(station, at):
                self._frame(at)
                self._changed(station.id, self.board.apply_station(station, at))
            case ConnectorReport(station_id, evse_uid, connector, at):
                self._frame(at)
                self.counts.unknown_words.note(connector)
                self._changed(station_id, self.board.apply_connector(station_id, evse_uid, connector, at))
            case RawReport(station_id, index, connector, at):
                self._frame(at)
                if self.board.apply_raw_report(station_id, index, connector, at):
                    self._raw_reports.append(event)
            case Snapshot():
                self._snapshot(event)
            case Unreadable(_, at):
                self._frame(at)
                self.counts.unreadable += 1
                self._unreadable = event
            case Ignored(_, at):
                self._frame(at)
                self.counts.ignored += 1
            case _:
                self._link_event(event)
                self._note_link()

    def _link_event(self, event: Connecting | Connected | Degraded | Lost | Refused | Ended | Restarted) -> None:
        board = self.board
        match event:
            case Connecting():
                self.link = LinkState(LinkPhase.CONNECTING, self.link.reason)
            case Connected(at):
                self._alive_at = at
                self._forget(at)
                board.downtime.start(at)
                self.link = LinkState(LinkPhase.LIVE)
                self._entries.append(Note(at, NoteKind.CONNECTED, ""))
            case Degraded(reason, at):
                if reason:
                    self._note_once(Note(at, NoteKind.DEGRADED, reason))
                self.link = LinkState(LinkPhase.LIVE, reason)
            case Lost(reason, heard_at, retry_at):
                board.downtime.stop(heard_at)
                self._note_once(Note(heard_at, NoteKind.LOST, reason))
                self.link = LinkState(LinkPhase.RETRYING, reason, retry_at)
            case Refused(reason, heard_at):
                board.downtime.stop(heard_at)
                self.link = LinkState(LinkPhase.REFUSED, reason)
                self._entries.append(Note(heard_at, NoteKind.REFUSED, reason))
            case Restarted(at):
                self._begin_anew(at)
            case Ended(at):
                self.link = LinkState(LinkPhase.ENDED)
                self._entries.append(Note(at, NoteKind.ENDED, ""))

    def _begin_anew(self, at: int) -> None:
        # What is not yet taken belongs to what is not said any more.
        self._entries.clear()
        self._raw_reports.clear()
        self._touched.clear()
        self._expired.clear()
        self.board.clear()
        self._whole = True
        self.link = LinkState()
        self._entries.append(Note(at, NoteKind.RESTARTED, ""))

    def _note_once(self, note: Note) -> None:
        # A server that is away for an hour is one line in the log, not sixty.
        if self.link.reason != note.text:
            self._entries.append(note)

    def _frame(self, at: int) -> None:
        self.counts.frames += 1
        self.frame_at = self._alive_at = at

    def _changed(self, station: str, changes: list[Change]) -> None:
        self._touched.add(station)
        if changes:
            self.counts.changes += len(changes)
            self._entries.extend(changes)

    def _snapshot(self, snapshot: Snapshot) -> None:
        self._frame(snapshot.at)
        if self._keeping is not None:
            self._keeping.note((), snapshot.at, whole=True)
        self.counts.unreadable += snapshot.unreadable
        partial = snapshot.unreadable > 0
        for station in snapshot.stations:
            if station.evse_uids:
                for connector in station.connectors:
                    self.counts.unknown_words.note(connector)
        renewal = self.board.apply_snapshot(snapshot.stations, snapshot.at, partial=partial, gap=snapshot.gap)
        self.counts.changes += len(renewal.changes)
        self._entries.extend(renewal.changes)
        if renewal.left:
            count = len(renewal.left)
            text = renewal.left[0] if count == 1 else f"{count:,} stations"
            self._entries.append(Note(snapshot.at, NoteKind.LEFT, f"{text} left the stream"))
        if partial:
            self._unreadable = Unreadable(f"{snapshot.unreadable:,} stations of the snapshot", snapshot.at)
        self._whole = True
