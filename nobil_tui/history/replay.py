"""Apply a feed's events to a board without a monitor, and observe them."""

from __future__ import annotations

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    ConnectorReport,
    Ended,
    Event,
    Lost,
    RawReport,
    Refused,
    Snapshot,
    StationReport,
)
from nobil_tui.history.observation import Observation


def observe(event: Event, board: Board, observation: Observation) -> None:
    """Apply an event to the board, and observe what it changed and confirmed."""
    match event:
        case ConnectorReport(station_id, evse_uid, connector, at):
            for change in board.apply_connector(station_id, evse_uid, connector, at):
                observation.apply(change)
            observation.confirm(station_id, at)
        case StationReport(station, at):
            for change in board.apply_station(station, at):
                observation.apply(change)
            observation.confirm(station.id, at)
        case RawReport(station_id, index, connector, at):
            if board.apply_raw_report(station_id, index, connector, at):
                observation.confirm(station_id, at)
        case Snapshot(stations, at, unreadable, gap):
            board.apply_snapshot(stations, at, partial=unreadable > 0, gap=gap)
            for station_id in {*board.stations, *observation.stations}:
                observation.confirm(station_id, at, all_of_it=True)
        case Connected(at):
            board.expire(at)
            board.downtime.start(at)
            observation.begin(at)
        case Lost(_, heard_at, _) | Refused(_, heard_at) | Ended(heard_at):
            board.downtime.stop(heard_at)
            observation.end(heard_at)
