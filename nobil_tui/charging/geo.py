"""Where things are: positions on the earth, and how far apart they are."""

from __future__ import annotations

from math import asin, cos, degrees, inf, isfinite, pi, radians, sin, sqrt

Position = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84), north and east positive."""

RADIUS = 6371.0088
"""The mean radius of the earth in km (IUGG)."""


def is_position(latitude: float, longitude: float) -> bool:
    """Whether two numbers can be a place on the earth."""
    return isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180


def distance_km(here: Position, there: Position) -> float:
    """Tell the way along a great circle, in km, by the haversine formula; right to 0.5 %, as the earth is no sphere."""
    return 2 * RADIUS * asin(min(1.0, sqrt(_haversine(here, there))))


class Circle:
    """All places within ``km`` of a place. Made once, it answers for a whole country."""

    def __init__(self, centre: Position, km: float) -> None:
        self._centre = centre
        # Half a circumference reaches everything there is.
        angle = min(km / RADIUS, pi)
        self._most = sin(angle / 2) ** 2
        # A little more than the exact box, so that rounding never loses what lies on the rim.
        self._north_south = degrees(angle) + 1e-6
        self._east_west = _reach(centre[0], angle) + 1e-6

    def __contains__(self, place: Position) -> bool:
        """Whether a place lies in it. The box comes first: most of a country is outside."""
        if abs(place[0] - self._centre[0]) > self._north_south:
            return False
        apart = abs(place[1] - self._centre[1])
        if min(apart, 360 - apart) > self._east_west:
            return False
        return _haversine(self._centre, place) <= self._most


def _haversine(here: Position, there: Position) -> float:
    south, north = radians(here[0]), radians(there[0])
    return sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(radians(there[1] - here[1]) / 2) ** 2


def _reach(latitude: float, angle: float) -> float:
    """How many degrees of longitude a circle of ``angle`` (radians) reaches to either side; infinite around a pole."""
    if abs(radians(latitude)) + angle >= pi / 2:
        return inf
    return degrees(asin(min(1.0, sin(angle) / cos(radians(latitude)))))
