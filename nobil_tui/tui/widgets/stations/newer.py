"""Count the stations that come above the screen while the list moves by itself."""

from __future__ import annotations

from collections.abc import Sequence


class NewerStations:
    """The stations that came above the first line on screen since the user scrolled."""

    def __init__(self) -> None:
        self.count = 0
        self._counted_before = 0
        self._above: tuple[Sequence[str], int] = [], 0
        """The list, and how many of its lines were above the screen, when the user scrolled."""

    def restart(self, ids: Sequence[str], top: int) -> None:
        """Count from zero, with ``top`` lines of the list above the screen."""
        self._above, self._counted_before, self.count = (ids, top), 0, 0

    def list_moved(self, ids: Sequence[str], top: int) -> None:
        """Count the stations above the screen after the list was sorted automatically."""
        seen, above = self._above
        before = set(seen[:above])
        new = sum(station not in before for station in ids[:top])
        self.count = min(top, self._counted_before + new)

    def scrolled(self, ids: Sequence[str], top: int) -> bool:
        """Note the stations above the screen after the user scrolled; return whether the count
        changed."""
        self._above = ids, top
        self._counted_before = min(self.count, top)
        changed = self.count != self._counted_before
        self.count = self._counted_before
        return changed
