"""Apply the events of a feed to a board without a monitor, and observe them."""

from __future__ import annotations

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    ConnectorReport,
    Ended,
    Event,
    HubReport,
    HubState,
    Lost,
    RawReport,
    Refused,
    Snapshot,
    StationReport,
)
from nobil_tui.charging.hub_relay import HubRelay
from nobil_tui.history.observation import Observation


class Replay:
    """Applies events to ``board``, and passes the changes and confirmations to ``observation``."""

    def __init__(self, board: Board, observation: Observation) -> None:
        self._board = board
        self._relay = HubRelay(board)
        self._observation = observation

    def apply(self, event: Event) -> None:
        """Apply an event."""
        board, observation = self._board, self._observation
        match event:
            case ConnectorReport(station_id, evse_uid, connector, at):
                for change in board.apply_connector(station_id, evse_uid, connector, at):
                    observation.apply(change)
                observation.confirm(station_id, at)
            case StationReport(station, at, relayed):
                apply = self._relay.apply_station if relayed else board.apply_station
                for change in apply(station, at):
                    observation.apply(change)
                observation.confirm(station.id, at)
            case RawReport(station_id, index, connector, at, evse_uid):
                if evse_uid:
                    index = board.index_of(station_id, evse_uid)
                if board.apply_raw_report(station_id, index, connector, at):
                    observation.confirm(station_id, at)
            case Snapshot():
                self._snapshot(event)
            case HubReport(hub, at):
                self._relay.apply_state(hub, at)
                self._follow(hub, at)
            case Connected(at):
                board.expire(at)
                board.downtime.start(at)
                observation.begin(at)
            case Lost(_, heard_at, _) | Refused(_, heard_at) | Ended(heard_at):
                board.downtime.stop(heard_at)
                observation.end(heard_at)
            case _:
                pass

    def _snapshot(self, event: Snapshot) -> None:
        board, observation, at = self._board, self._observation, event.at
        if (hub := event.hub) is None:
            partial = event.unreadable > 0
            board.apply_snapshot(
                event.stations, at, partial=partial, gap=event.gap, heard=event.heard
            )
        else:
            for _ in self._relay.snapshot_steps(event.stations, hub, at):
                pass
            self._follow(hub, at)
            if not hub.live:
                return
        for station_id in {*board.stations, *observation.stations}:
            observation.confirm(station_id, at, all_of_it=True)

    def _follow(self, hub: HubState, at: int) -> None:
        """Note whether the hub hears from its own source."""
        if hub.live:
            self._observation.begin(at)
        else:
            self._observation.end(at - hub.down_for)
