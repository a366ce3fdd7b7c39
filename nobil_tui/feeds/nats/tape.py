"""Convert what a relay publishes to the frames of version 1 that a hub would send, to record it."""

from __future__ import annotations

from nobil_tui.charging.events import Event, HubReport, Lost, Refused, Snapshot
from nobil_tui.feeds.transport.link import Tap
from nobil_tui.wire.nats import station_row_of
from nobil_tui.wire.v1_encode import snapshot_message, state_message


class Tape:
    """Call ``tap`` with a frame for each event."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._rows: dict[str, bytes] = {}
        """The last value of each station, until the snapshot of them."""
        self._live = False

    def keep(self, station_id: str, data: bytes) -> None:
        """Keep the last value of a station for a snapshot; it is empty if the station has left."""
        if (row := station_row_of(data)) is not None:
            self._rows[station_id] = row
        else:
            self._rows.pop(station_id, None)

    def update(self, data: bytes, at: int) -> None:
        """Pass on an update of a station."""
        self._tap(data, at)

    def note(self, event: Event) -> None:
        """Pass on an event that is not an update of a station."""
        if isinstance(event, Snapshot) and event.hub is not None:
            self._live = True
            self._tap(snapshot_message(self._rows.values(), event.hub), event.at)
            self._rows.clear()
        elif isinstance(event, HubReport):
            self._live = True
            self._tap(state_message(event.hub), event.at)
        elif isinstance(event, Lost | Refused) and self._live:
            # A recording notes the end of a connection as an empty frame.
            self._live = False
            self._tap(b"", event.heard_at)
