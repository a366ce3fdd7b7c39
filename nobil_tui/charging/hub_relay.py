"""Apply what a hub that relays the stream knows about its stations to our own board.

The hub may have missed reports that we received, and received reports that we missed: it sends its
downtime clock and its notes on each station. All times are milliseconds and come in as values.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from nobil_tui.charging.board import Board, Change, SnapshotResult
from nobil_tui.charging.events import HubState
from nobil_tui.charging.station import Station
from nobil_tui.charging.tracking import Track

_NOTES_STEP = 200
"""How many stations' notes are applied without a pause."""


class HubRelay:
    """Applies what one hub relays, and the state of the hub itself, to a board."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._offset = 0
        """Our downtime clock minus that of the hub, in ms."""

    def apply_state(self, hub: HubState, at: int) -> None:
        """Apply the state of the hub that relays the stream: what it missed is missed here too."""
        self._use_hub(hub, at)
        self._follow(hub, at)

    def _use_hub(self, hub: HubState, at: int) -> None:
        self._board.hub = hub
        if hub.live:
            self._board.downtime.start(at)
        else:
            self._board.downtime.stop(at - hub.down_for)

    def snapshot_steps(
        self, stations: Sequence[Station], hub: HubState, at: int
    ) -> Generator[None, None, SnapshotResult]:
        """Apply a snapshot that a hub relays, with what the hub noted on each station.

        Pauses like ``snapshot_steps``.
        """
        # Its notes follow: what happened while our own link was down was missed, although the hub
        # knows when it happened.
        self._use_hub(hub, at)
        # The board may keep the stations and their tracks, and notes on them as of a report.
        notes = {}
        for count, station in enumerate(stations, 1):
            _date_from(station, hub.began)
            notes[station.id] = track = station.track
            uids = track.evse_uids if track is not None else ()
            station.track = Track(evse_uids=uids) if uids else None
            if not count % _NOTES_STEP:
                yield
        result = yield from self._board.snapshot_steps(stations, at)
        self._follow(hub, at)
        self._board.began = hub.began
        for count, (station_id, track) in enumerate(notes.items(), 1):
            if (held := self._board.stations.get(station_id)) is not None:
                self._use_notes(held, track)
            if not count % _NOTES_STEP:
                yield
        self._board.freshness.discard_counts()
        return result

    def apply_station(self, station: Station, at: int) -> list[Change]:
        """Apply one station that a hub relays, with what the hub noted on it."""
        _date_from(station, self._board.began)
        track = station.track
        station.track = None
        held = self._board.stations.get(station.id)
        if track is not None and track.evse_uids:
            station.track = Track(evse_uids=track.evse_uids)
            if held is not None:
                self._board.align(held, station, partial=True)
        changes = self._board.apply_station(station, at)
        if (held := self._board.stations.get(station.id)) is not None:
            self._use_notes(held, track)
            self._board.freshness.reported(held)
        return changes

    def _follow(self, hub: HubState, at: int) -> None:
        """Convert the readings of the hub's downtime clock to our own from now on."""
        total = self._board.downtime.total(at)
        if hub.downtime > total:
            # A reading of our clock must not be negative.
            self._board.downtime.add(hub.downtime - total)
            total = self._board.downtime.total(at)
        self._offset = total - hub.downtime
        self._board.freshness.follow(max(0, hub.confirmed + self._offset))

    def _use_notes(self, held: Station, track: Track | None) -> None:
        """Replace the notes on a station by those of the hub."""
        if track is None:
            if held.track is not None:
                uids, unnamed = held.track.evse_uids, held.track.unnamed
                blank = Track(self._board.freshness.confirmed, evse_uids=uids, unnamed=unnamed)
                held.track = blank if uids or unnamed else None
            return
        own = self._board.track_of(held)
        count = len(held.connectors)
        numbers = {uid: index for index, uid in enumerate(own.evse_uids)} if track.evse_uids else {}
        places = [numbers.get(uid, count) for uid in track.evse_uids] or [*range(count)]
        own.confirmed, own.heard = self._board.freshness.confirmed, 0
        own.confirmed_each = {
            places[index]: max(0, reading + self._offset)
            for index, reading in (track.confirmed_each or {}).items()
            if index < len(places)
        } or None
        own.heard_each = {
            places[index]: at
            for index, at in (track.heard_each or {}).items()
            if at > 0 and index < len(places)
        } or None
        own.at_least = own.unnamed = 0
        named = set()
        for index, place in enumerate(places):
            own.set_at_least(place, bool(track.at_least >> index & 1))
            own.unnamed |= (track.unnamed >> index & 1) << place
            named.add(place)
        # What only our own register lists.
        own.unnamed |= sum(1 << index for index in range(count) if index not in named)


def _date_from(station: Station, began: int) -> None:
    """Date those changes of a station whose time its hub does not know: at ``began`` or earlier."""
    for index, connector in enumerate(station.connectors):
        if connector.timestamp <= 0 < began:
            connector.timestamp = began
            if station.track is None:
                station.track = Track()
            station.track.set_at_least(index, True)
