"""The rules of alerts: which stations have one, and when it is due."""

from __future__ import annotations

from collections.abc import Iterable

from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.conditions import Condition
from nobil_tui.monitor.batch import BatchEntry


class Alerts:
    """The stations that the user wants to be notified of. Each alert is due once."""

    def __init__(self) -> None:
        self.stations: set[str] = set()
        """The ids of the stations with an alert. Always the same set, which lists share."""

    def toggle(self, station: str) -> bool:
        """Set or remove the alert of a station. Return whether it has one now."""
        if station in self.stations:
            self.stations.discard(station)
            return False
        self.stations.add(station)
        return True

    def take_due(self, entries: Iterable[BatchEntry], board: Board) -> list[str]:
        """Remove and return the stations where a connector became free and still is."""
        if not self.stations:
            return []
        due = []
        for entry in entries:
            if not isinstance(entry, Change) or entry.station not in self.stations or entry.after is None:
                continue
            station = board.stations.get(entry.station)
            if entry.after.condition is Condition.FREE and station is not None and station.summary.free:
                self.stations.discard(entry.station)
                due.append(entry.station)
        return due
