"""Stations in the order in which they are shown, and the line of each."""

from __future__ import annotations


class Listed:
    """Some ids in their order, which nobody changes afterwards."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self._lines: dict[str, int] | None = None

    @property
    def lines(self) -> dict[str, int]:
        """The line of each, from 0: made when it is first asked for, since a keystroke of the filter asks for few."""
        if self._lines is None:
            self._lines = {station: line for line, station in enumerate(self.ids)}
        return self._lines

    def line_of(self, station: str) -> int | None:
        """Tell the line on which a station stands; None where it is not among them."""
        if self._lines is not None:
            return self._lines.get(station)
        try:
            # To number a country takes five times as long as to look for one in it.
            return self.ids.index(station)
        except ValueError:
            return None

    def lacks(self, stations: set[str]) -> int:
        """Count those of some stations that are not among them."""
        return len(stations.difference(self.ids if self._lines is None else self._lines))
