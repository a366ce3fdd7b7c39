"""The position of a filter, which distances are measured from."""

from __future__ import annotations

import re

from nobil_tui.charging.geo import Position, is_position
from nobil_tui.search.fields import FIELDS
from nobil_tui.search.filter_pieces import RadiusPiece
from nobil_tui.search.filter_problems import (
    NEAR_NEGATED,
    NO_CENTRE,
    NO_HOME,
    NO_SUCH_POSITION,
    FilterProblems,
)
from nobil_tui.search.places import PlaceFinder
from nobil_tui.search.terms import DistanceTerm

_MAX_KM = 20_040.0
"""Half of the earth's circumference."""


class FilterPosition:
    """Finds the one position that a filter names.

    ``home`` is the position that ``near`` and ``within:`` mean without coordinates, and ``places``
    finds those that the text names.
    """

    def __init__(
        self, home: Position | None, places: PlaceFinder | None, problems: FilterProblems
    ) -> None:
        self._home = home
        self._places = places
        self._problems = problems
        self.near: Position | None = None
        """The position that the text names; None without one."""
        self.by_distance = False
        """Whether the text contains ``near``."""
        self.names_place = False
        """Whether it names a place, whose position depends on the known stations."""

    def from_home(self, token: re.Match[str]) -> DistanceTerm | None:
        """Return the term for the home position; None without one."""
        if self._home is None:
            self._problems.report(token, NO_HOME)
            return None
        return self.coordinates(token, *self._home)

    def from_place(self, token: re.Match[str], name: str) -> DistanceTerm | None:
        """Return the term for a place by its name; None if no station is there."""
        self.names_place = True
        position = self._places.find(name) if self._places is not None else None
        if position is not None:
            return self.coordinates(token, *position)
        near = self._places.similar(name) if self._places is not None else ""
        hint = f"did you mean {near}?" if near else "give coordinates: near:59.91,10.75"
        self._problems.report(token, f"no station is in {name} – {hint}")
        return None

    def coordinates(
        self, token: re.Match[str], latitude: float, longitude: float
    ) -> DistanceTerm | None:
        """Return the term for coordinates in degrees; None if they cannot be used."""
        if token["minus"]:
            self._problems.report(token, NEAR_NEGATED)
        elif not is_position(latitude, longitude):
            self._problems.report(token, NO_SUCH_POSITION)
        elif self.near is not None and self.near != (latitude, longitude):
            self._problems.report(token, "only one position is possible")
        else:
            self.near = (latitude, longitude)
            self.by_distance = True
            return DistanceTerm(self.near)
        return None

    def distance(self, radius: RadiusPiece) -> DistanceTerm | None:
        """Return the term for a greatest distance from the position, else from home."""
        centre = self.near or self._home
        km, token, example = radius.km, radius.token, FIELDS["within"].example
        if not 0 < km <= _MAX_KM:
            limit = f"a distance up to {_MAX_KM:,.0f} km"
            self._problems.report(token, f"within: needs {limit}, as in {example}")
        elif centre is None:
            self._problems.report(token, NO_CENTRE)
        else:
            self.near = centre
            return DistanceTerm(centre, km, radius.negated)
        return None
