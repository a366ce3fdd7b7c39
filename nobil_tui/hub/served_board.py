"""A board as it is served: each station encoded once, and the messages of each batch.

Served data changes only with a batch. So a snapshot and the updates that follow it never overlap
and leave nothing out, whenever a consumer joins.
"""

from __future__ import annotations

from collections.abc import Iterable

from nobil_tui.base.clock import Clock
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState, RawReport
from nobil_tui.charging.station import Station
from nobil_tui.hub.consumer import Delivery
from nobil_tui.hub.frames import SharedFrame, text_frame
from nobil_tui.monitor.batch import MAX_ENTRIES, Batch, LinkPhase, LinkState, Note, NoteKind
from nobil_tui.wire.v1_encode import (
    EncodedStation,
    raw_message,
    snapshot_message,
    state_message,
    station_row,
    update_message,
)

MAX_HEARD = 1000
"""How many raw reports are sent with the changes of a snapshot."""
MANY = 4
"""A snapshot is sent if one in this many stations changed at once: it is shorter than the updates.
"""


class ServedBoard:
    """Encode ``board`` for consumers, as of the last batch.

    ``about`` has the constant part of the state that is sent: the source and its credit. ``clock``
    is the clock of the board's times.
    """

    def __init__(self, board: Board, about: HubState, clock: Clock) -> None:
        self.about = about
        self.version = 0
        """Increased with each batch that changed something."""
        self.ready = False
        """Whether a station or a snapshot was received: a consumer should not get an empty one
        while the first is on its way."""
        self.link = LinkState()
        """The state of the link as of the last batch."""
        self._board = board
        self._clock = clock
        self._rows: dict[str, EncodedStation] = {}
        self._complete = False
        """Whether ``_rows`` has all stations as of the last batch."""
        self._shared: SharedFrame | None = None
        self._state = HubState()
        """The state that consumers were sent last."""

    def apply(self, batch: Batch, *, needed: bool) -> Delivery | SharedFrame | None:
        """Take a batch: return what to send to every consumer, a snapshot or frames.

        Nothing is encoded unless it is ``needed``.
        """
        self.version += 1
        self.link = batch.link
        self._shared = None
        whole = batch.whole or not self.ready
        self.ready = self.ready or batch.whole or bool(self._board.stations)
        if not needed or not self.ready:
            self._rows.clear()
            self._complete = False
            return None
        messages = self._apply_whole(batch) if whole else self._apply_changes(batch)
        if messages is None:
            return self.snapshot()
        state = self._state_now()
        if compared_fields(state) != compared_fields(self._state):
            self._state = state
            messages.insert(0, (state_message(state), False))
        if not messages:
            return None
        frames = [(text_frame(message), raw) for message, raw in messages]
        updates = b"".join([frame for frame, raw in frames if not raw])
        return Delivery(b"".join([frame for frame, _ in frames]), updates, len(frames))

    def snapshot(self) -> SharedFrame:
        """Return the snapshot as of the last batch; encoded once per batch."""
        if self._shared is None:
            rows = self._all_rows()
            self._state = self._state_now()
            encoded = [row.core + row.notes if row.notes else row.core for row in rows.values()]
            self._shared = SharedFrame(snapshot_message(encoded, self._state))
        return self._shared

    def row(self, station: Station) -> EncodedStation:
        """Return a station as served; it is encoded if no consumer needs it."""
        row = self._rows.get(station.id) if self._complete else None
        return row or station_row(station, self._board)

    # Inside

    def _all_rows(self) -> dict[str, EncodedStation]:
        if not self._complete:
            board = self._board
            self._rows = {
                station.id: station_row(station, board) for station in board.stations.values()
            }
            self._complete = True
        return self._rows

    def _apply_whole(self, batch: Batch) -> list[tuple[bytes, bool]] | None:
        """Return the updates that lead to the board; None if a snapshot is needed or shorter."""
        before, complete = self._rows, self._complete
        self._complete = False
        rows = self._all_rows()
        stations = self._board.stations
        restarted = any(
            isinstance(entry, Note) and entry.kind is NoteKind.RESTARTED for entry in batch.entries
        )
        if not complete or restarted or not before.keys() <= rows.keys():
            return None
        changed = [
            station_id
            for station_id, row in rows.items()
            if (old := before.get(station_id)) is None or old.core != row.core
        ]
        if len(changed) * MANY > len(rows):
            return None
        # Raw reports first, since some may be older than the snapshot.
        heard = [(self._raw(report), True) for report in batch.raw_reports[-MAX_HEARD:]]
        # Not in the plain form: a snapshot does not say that a station was heard.
        return heard + [
            (update_message(stations[each], rows[each]._replace(plain=False)), False)
            for each in changed
        ]

    def _apply_changes(self, batch: Batch) -> list[tuple[bytes, bool]] | None:
        """Return the messages of a batch in their order, and whether each is a raw report."""
        if not self._complete:
            return None
        overflow = len(batch.entries) >= MAX_ENTRIES
        last: dict[str, int] = {}
        if not overflow:
            for place, entry in enumerate(batch.entries, batch.first_entry):
                if not isinstance(entry, Note):
                    last[entry.station] = place
        end = batch.first_entry + len(batch.entries)
        heard = {report.station_id for report in batch.raw_reports}
        updates = [
            (last.get(station_id, end), message)
            for station_id in batch.touched
            if (message := self._update(station_id))
        ]
        raws: list[tuple[int, bytes]] = []
        for station_id in heard - batch.touched:
            self._renew(station_id)
        if not overflow:
            for place, report in zip(batch.raw_places, batch.raw_reports, strict=True):
                raws.append((place, self._raw(report)))
            changed = {*last}
            for station_id in batch.touched - heard - changed - batch.expired:
                raws += [(end, message) for message in self._heard(station_id)]
        updates.sort(key=lambda each: each[0])
        return list(_in_order(updates, raws))

    def _update(self, station_id: str) -> bytes:
        """Return the update of a station; empty if it is served like this already."""
        before = self._rows.get(station_id)
        row = self._renew(station_id)
        if row is None or (before is not None and before.core == row.core):
            return b""
        return update_message(self._board.stations[station_id], row)

    def _renew(self, station_id: str) -> EncodedStation | None:
        """Encode a station again; None if it has left."""
        station = self._board.stations.get(station_id)
        if station is None:
            return None
        row = self._rows[station_id] = station_row(station, self._board)
        return row

    def _raw(self, report: RawReport) -> bytes:
        station = self._board.stations.get(report.station_id)
        uids = station.evse_uids if station is not None else ()
        uid = uids[report.index] if report.index < len(uids) else ""
        return raw_message(report.station_id, report.index, report.connector, uid)

    def _heard(self, station_id: str) -> Iterable[bytes]:
        """Return a raw report for each connector of a station that was reported unchanged."""
        station = self._board.stations.get(station_id)
        for index, connector in enumerate(station.connectors if station is not None else ()):
            if station is not None and not (station.track and station.track.is_unnamed(index)):
                uids = station.evse_uids
                uid = uids[index] if index < len(uids) else ""
                yield raw_message(station_id, index, connector, uid)

    def _state_now(self) -> HubState:
        return state_of(self._board, self.link, self.about, self._clock.now())


def state_of(board: Board, link: LinkState, about: HubState, now: int) -> HubState:
    """Return the state of the link to the source, for consumers, at ``now`` (ms)."""
    downtime, hub = board.downtime, board.hub
    # The source may be a hub itself: the state of its data passes through every hub.
    simulated = about.simulated or (hub is not None and hub.simulated)
    credit = hub.credit if hub is not None else about.credit
    return HubState(
        downtime.live,
        "" if downtime.live else link_reason(link),
        downtime.running(now),
        downtime.total(now),
        board.freshness.confirmed,
        board.began,
        about.source,
        simulated,
        credit,
    )


def link_reason(link: LinkState) -> str:
    """Return why a hub does not hear from its source, in words."""
    words = {
        LinkPhase.CONNECTING: "connecting",
        LinkPhase.REFUSED: "API key refused",
        LinkPhase.ENDED: "ended",
    }
    reason = link.reason or words.get(link.phase, "no link")
    return f"the hub's source: {reason}"


def compared_fields(state: HubState) -> tuple[bool, str, int]:
    """Return the fields whose change is worth sending; others change all the time while the link is
    down."""
    return state.live, state.reason, state.confirmed


def _in_order(
    updates: list[tuple[int, bytes]], raws: list[tuple[int, bytes]]
) -> Iterable[tuple[bytes, bool]]:
    """Merge updates and raw reports by their places: a raw report precedes what came after it."""
    at = 0
    for place, update in updates:
        while at < len(raws) and raws[at][0] <= place:
            yield raws[at][1], True
            at += 1
        yield update, False
    for _, raw in raws[at:]:
        yield raw, True
