"""The places of the known stations, with a position for each: ``near:oslo`` of a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from nobil_tui.charging.geo import Circle, Position
from nobil_tui.charging.register import Facts, Register
from nobil_tui.search.folding import fold_line, spellings

_AROUND_KM = 25.0
"""A place's stations beyond this from the middle one belong to another place of the same name."""

_NAMES: tuple[Callable[[Facts], str], ...] = (
    lambda facts: facts.place,
    lambda facts: facts.municipality,
    lambda facts: facts.zipcode,
    lambda facts: facts.county,
)
"""The names of a station's place. A town goes before a county of the same name."""


class PlaceFinder(Protocol):
    """Finds positions by name."""

    def find(self, name: str) -> Position | None:
        """Return the position of a place; None if it is not known."""

    def similar(self, name: str) -> str:
        """Return a known place with a similar name; empty if there is none."""


class AnyPlace:
    """Accepts every name, where a filter is only checked for mistakes."""

    def find(self, name: str) -> Position | None:
        """Return some position."""
        return 0.0, 0.0

    def similar(self, name: str) -> str:
        """Return nothing."""
        return ""


class Places:
    """The places of the stations of a register. Its table is made on first use."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._version = -1
        self._positions: dict[str, tuple[str, Position]] = {}

    def prepare(self) -> None:
        """Make the table, unless it is current. Safe in a thread."""
        # Read the version first: the register can be replaced while this runs.
        version = self._register.version
        if version != self._version:
            self._positions = _positions_of(self._register)
            self._version = version

    def find(self, name: str) -> Position | None:
        """Return the position of a place, or of the station with this id."""
        self.prepare()
        known = self._positions.get(fold_line(name))
        if known is not None:
            return known[1]
        return self._register.facts(name.strip().upper()).position

    def similar(self, name: str) -> str:
        """Return the place that begins with a name, else one with a similar name."""
        from difflib import get_close_matches

        self.prepare()
        folded = fold_line(name)
        begun = next((key for key in self._positions if folded and key.startswith(folded)), "")
        close = begun or next(iter(get_close_matches(folded, self._positions, 1, 0.7)), "")
        return self._positions[close][0] if close else ""


def _positions_of(register: Register) -> dict[str, tuple[str, Position]]:
    """Return the name and the position of each place, by its folded spellings."""
    every = [facts for each in register if (facts := register.facts(each)).position is not None]
    found: dict[str, tuple[str, Position]] = {}
    for name_of in _NAMES:
        stations: dict[str, list[Position]] = {}
        for facts in every:
            if facts.position is not None and (name := name_of(facts)):
                stations.setdefault(name, []).append(facts.position)
        # The place with the most stations is meant, if several have the same folded name.
        for name in sorted(stations, key=lambda name: -len(stations[name])):
            entry = name, _middle(stations[name])
            for spelling in spellings(name):
                found.setdefault(spelling, entry)
    return found


def _middle(positions: Sequence[Position]) -> Position:
    """Return the middle of a place's stations, without those of a place far away."""
    middle = sorted(positions)[len(positions) // 2]
    circle = Circle(middle, _AROUND_KM)
    near = [position for position in positions if position in circle]
    return _mean(position[0] for position in near), _mean(position[1] for position in near)


def _mean(numbers: Iterable[float]) -> float:
    every = list(numbers)
    return sum(every) / len(every)
