"""Telling the user when a station has a free connector."""

from __future__ import annotations

from collections.abc import Iterable

from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.conditions import Condition
from nobil_tui.monitor.batch import BatchEntry


class Alerts:
    """The stations that the user waits for. Each is told of once."""

    def __init__(self) -> None:
        self.stations: set[str] = set()

    def toggle(self, station: str) -> bool:
        """Wait for a station, or no longer. Returns whether it is waited for now."""
        if station in self.stations:
            self.stations.discard(station)
            return False
        self.stations.add(station)
        return True

    def due(self, entries: Iterable[BatchEntry], board: Board) -> list[str]:
        """Take out the stations at which a connector became free and still is."""
        if not self.stations:
            return []
        found = []
        for entry in entries:
            if not isinstance(entry, Change) or entry.station not in self.stations or entry.after is None:
                continue
            station = board.stations.get(entry.station)
            if entry.after.condition is Condition.FREE and station is not None and station.summary.free:
                self.stations.discard(entry.station)
                found.append(entry.station)
        return found
