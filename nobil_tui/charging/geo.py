"""Positions on the earth and distances between them."""

from __future__ import annotations

from math import asin, cos, degrees, inf, isfinite, pi, radians, sin, sqrt

Position = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84), north and east positive."""

RADIUS = 6371.0088
"""The mean radius of the earth in km (IUGG)."""


def is_position(latitude: float, longitude: float) -> bool:
    """Return whether two numbers are a valid position."""
    return (
        isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    )


def distance_km(here: Position, there: Position) -> float:
    """Return the great-circle distance in km (haversine formula; accurate to 0.5 %)."""
    return 2 * RADIUS * asin(min(1.0, sqrt(_haversine(here, there))))


def distance_text(km: float) -> str:
    """Return a distance as ``350 m``, ``2.4 km`` or ``38 km``."""
    if km < 0.995:
        return f"{round(km * 100) * 10} m"
    return f"{km:.1f} km" if km < 9.95 else f"{km:.0f} km"


class Circle:
    """All positions within ``km`` of a position. Create it once to test a whole country."""

    def __init__(self, centre: Position, km: float) -> None:
        self._centre = centre
        # Half the circumference reaches every position.
        angle = min(km / RADIUS, pi)
        self._most = sin(angle / 2) ** 2
        # Slightly larger than the exact box, so that rounding never excludes a position on the
        # edge.
        self._north_south = degrees(angle) + 1e-6
        self._east_west = _reach(centre[0], angle) + 1e-6

    def __contains__(self, place: Position) -> bool:
        """Return whether a position is inside. The box is tested first: most of a country is
        outside."""
        if abs(place[0] - self._centre[0]) > self._north_south:
            return False
        apart = abs(place[1] - self._centre[1])
        if min(apart, 360 - apart) > self._east_west:
            return False
        return _haversine(self._centre, place) <= self._most


def _haversine(here: Position, there: Position) -> float:
    south, north = radians(here[0]), radians(there[0])
    return (
        sin((north - south) / 2) ** 2
        + cos(south) * cos(north) * sin(radians(there[1] - here[1]) / 2) ** 2
    )


def _reach(latitude: float, angle: float) -> float:
    """Return how many degrees of longitude a circle of ``angle`` (radians) extends; infinite at a
    pole."""
    if abs(radians(latitude)) + angle >= pi / 2:
        return inf
    return degrees(asin(min(1.0, sin(angle) / cos(radians(latitude)))))
