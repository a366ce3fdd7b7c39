"""The board updater: apply the events of a feed to a board, and collect what happened in batches.

It runs nothing itself; see ``Monitor``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Generator
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import SLICE_SECONDS, yield_to_loop
from nobil_tui.charging.board import MAX_STATIONS, Board, Change, SnapshotResult
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Degraded,
    Ended,
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
    Batch,
    BatchBuilder,
    LinkPhase,
    LinkState,
    Note,
    NoteKind,
    StreamCounts,
)
from nobil_tui.monitor.pace import StreamPace
from nobil_tui.monitor.stream_record import StreamRecord

if TYPE_CHECKING:
    from nobil_tui.charging.hub_relay import HubRelay

UNREADABLE_NOTE_INTERVAL = 60_000
"""The least time in ms between two notes of unreadable frames: they must not fill the log."""
QUIET_AFTER = 30_000
"""Time in ms without an event after which a link is quiet; applying a frame never takes as long."""

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


class BoardUpdater:
    """Applies events to ``board``; ``next_batch`` returns what they changed.

    If ``bounded`` is false, a batch holds all entries, however many.
    """

    def __init__(self, board: Board, clock: Clock, *, bounded: bool = True) -> None:
        self.board = board
        self.link = LinkState()
        self.counts = StreamCounts()
        self.record = StreamRecord()
        """The latest problems, to look at."""
        self.frame_at = 0
        """When the last frame was received, in ms; zero before one."""
        self._alive_at = 0
        self._clock = clock
        self._next = BatchBuilder(bounded=bounded)
        self._hub_relay: HubRelay | None = None
        self._warned_full = False
        self._unreadable: Unreadable | None = None
        self._warned_unreadable_at = -UNREADABLE_NOTE_INTERVAL
        self._pace = StreamPace()

    def unusual_silence(self, now: int) -> int:
        """Return for how long (ms) a live stream has been silent if that is unusual for it, else
        zero."""
        return self._pace.unusual_silence(now) if self.link.phase is LinkPhase.LIVE else 0

    def touch(self, stations: Collection[str]) -> None:
        """Add stations to the next batch that changed without a report."""
        self._next.touched.update(stations)

    def restored(self) -> None:
        """Note that the last known state was restored to the board."""
        self._next.whole = self._next.restored = True

    def expire(self, now: int) -> bool:
        """Expire connectors that were not confirmed for too long; return whether there are any."""
        expired = self.board.expire(now)
        self._next.touched.update(expired)
        self._next.expired.update(expired)
        return bool(expired)

    def note_alive(self, at: int) -> bool:
        """Note that a link was alive at ``at`` (ms) on which nothing came for a while; return
        whether that is news."""
        if self.link.phase is not LinkPhase.LIVE or at - self._alive_at < QUIET_AFTER:
            return False
        self._alive_at = at
        return True

    def next_batch(self) -> Batch:
        """Return what happened since the last call."""
        bad, self._unreadable = self._unreadable, None
        if bad is not None and bad.at - self._warned_unreadable_at >= UNREADABLE_NOTE_INTERVAL:
            self._warned_unreadable_at = bad.at
            logger.warning("unreadable frame (%d so far): %s", self.counts.unreadable, bad.reason)
            self._next.note(Note(bad.at, NoteKind.UNREADABLE, bad.reason))
        if self.board.dropped and not self._warned_full:
            self._warned_full = True
            text = f"the stream names more than {MAX_STATIONS:,} stations, or too many connectors"
            logger.warning("%s; the rest is ignored", text)
            self._next.note(Note(self.frame_at, NoteKind.FULL, text))
        return self._next.take(self.link, self._alive_at)

    # Events

    def apply(self, event: _NotASnapshot) -> None:
        """Apply an event; a snapshot takes longer, see ``apply_snapshot``."""
        match event:
            case StationReport(station, at, relayed):
                self._frame(at)
                apply = self._relay.apply_station if relayed else self.board.apply_station
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
        self._next.raw_report(report)

    def _hub_state(self, hub: HubState, at: int) -> None:
        """Apply the state of the hub that relays the stream; the link to the hub is live."""
        self._relay.apply_state(hub, at)
        if not hub.live:
            self._note_once(Note(at - hub.down_for, NoteKind.NOT_LIVE, hub.reason))
            self.link = LinkState(LinkPhase.NOT_LIVE, hub.reason)
            return
        if self.link.phase is LinkPhase.NOT_LIVE:
            self._next.note(Note(at, NoteKind.CONNECTED, ""))
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
                self.expire(at)
                board.downtime.start(at)
                self._pace.start(self._clock.now())
                self.link = LinkState(LinkPhase.LIVE)
                self._next.note(Note(at, NoteKind.CONNECTED, ""))
            case Degraded(reason, at, polled):
                if polled:
                    board.downtime.stop(at)
                if reason:
                    self._note_once(Note(at, NoteKind.DEGRADED, reason))
                self.link = LinkState(LinkPhase.LIVE, reason, polled=polled)
            case Lost(reason, heard_at, retry_at):
                board.downtime.stop(heard_at)
                # Without a time there is nothing to retry: a relay is silent.
                kind = NoteKind.LOST if retry_at else NoteKind.NOT_LIVE
                phase = LinkPhase.RETRYING if retry_at else LinkPhase.NOT_LIVE
                self._note_once(Note(heard_at, kind, reason))
                self.link = LinkState(phase, reason, retry_at)
            case Refused(reason, heard_at, retry_at, login):
                board.downtime.stop(heard_at)
                kind = NoteKind.LOGIN_REFUSED if login else NoteKind.REFUSED
                note = Note(heard_at, kind, reason)
                if retry_at:
                    self._note_once(note)
                else:
                    # The user asked for each of these.
                    self._next.note(note)
                self.link = LinkState(LinkPhase.REFUSED, reason, retry_at, login)
            case Restarted(at):
                self._restart(at)
            case Ended(at):
                self.link = LinkState(LinkPhase.ENDED)
                self._next.note(Note(at, NoteKind.ENDED, ""))

    def _restart(self, at: int) -> None:
        # The entries of the next batch are void too.
        self._next.restart()
        self.board.clear()
        self._hub_relay = None
        self._warned_full = False
        self.link = LinkState()
        self._next.note(Note(at, NoteKind.RESTARTED, ""))

    def _note_once(self, note: Note) -> None:
        # An hour of failed attempts is one line in the log, not sixty.
        if self.link.reason != note.text:
            self._next.note(note)

    def _frame(self, at: int) -> None:
        self.counts.frames += 1
        self.frame_at = self._alive_at = at
        self._pace.note(at)

    def _changed(self, station: str, changes: list[Change]) -> None:
        self._next.touched.add(station)
        if changes:
            self.counts.changes += len(changes)
            self._next.entries.extend(changes)

    @property
    def _relay(self) -> HubRelay:
        if self._hub_relay is None:
            from nobil_tui.charging.hub_relay import HubRelay

            self._hub_relay = HubRelay(self.board)
        return self._hub_relay

    async def apply_snapshot(self, snapshot: Snapshot) -> None:
        """Apply a snapshot in time slices."""
        self._frame(snapshot.at)
        self.counts.unreadable += snapshot.unreadable
        partial = snapshot.unreadable > 0
        self.counts.unknown_words.note_all(
            station for station in snapshot.stations if station.evse_uids
        )
        if snapshot.hub is not None:
            steps = self._relay.snapshot_steps(snapshot.stations, snapshot.hub, snapshot.at)
            result = await _in_slices(steps)
            self._hub_state(snapshot.hub, snapshot.at)
        else:
            # There may have been one in an earlier session.
            self.board.hub = None
            steps = self.board.snapshot_steps(
                snapshot.stations,
                snapshot.at,
                partial=partial,
                gap=snapshot.gap,
                heard=snapshot.heard,
            )
            result = await _in_slices(steps)
        self.counts.changes += len(result.changes)
        self._next.entries.extend(result.changes)
        if left := [each for each in result.left if each not in snapshot.regrouped]:
            count = len(left)
            text = left[0] if count == 1 else f"{count:,} stations"
            self._next.note(Note(snapshot.at, NoteKind.LEFT, f"{text} left the stream"))
        if partial:
            count = snapshot.unreadable
            reason = f"{count:,} {'entry' if count == 1 else 'entries'} of the snapshot"
            self._unreadable = Unreadable(reason, snapshot.at, snapshot.sample)
            self.record.note(self._unreadable, snapshot.at)
        self._next.whole, self._next.restored = True, False


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
