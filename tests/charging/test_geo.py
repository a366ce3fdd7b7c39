"""Distances, circles and their bounding boxes on the earth, compared with each other."""

from __future__ import annotations

from math import inf, nan, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.geo import RADIUS, Circle, Position, distance_km, distance_text, is_position
from tests.for_each import for_each

positions = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@for_each(
    ("here", "there", "km"),
    [
        ((59.9139, 10.7522), (60.3913, 5.3221), 305),
        ((59.9139, 10.7522), (59.9139, 10.7522), 0),
        ((0, 0), (0, 1), 111.2),
        ((0, 179.5), (0, -179.5), 111.2),
        ((90, 0), (-90, 0), pi * RADIUS),
        ((0, 0), (0, 180), pi * RADIUS),
    ],
)
def test_distance_km(here: Position, there: Position, km: float) -> None:
    assert distance_km(here, there) == pytest.approx(km, rel=0.005)


@given(positions, positions)
def test_distance_is_symmetric_and_bounded(here: Position, there: Position) -> None:
    assert distance_km(here, there) == pytest.approx(distance_km(there, here), abs=1e-6)
    assert 0 <= distance_km(here, there) <= pi * RADIUS + 1e-6


@given(positions, st.floats(0.001, 21_000), positions)
def test_circle_contains_positions_within_radius(
    centre: Position, km: float, place: Position
) -> None:
    away = distance_km(centre, place)
    if abs(away - km) > 1e-3:
        assert (place in Circle(centre, km)) is (away < km)


@given(positions, st.floats(1, 5000), st.floats(0, 0.999), st.floats(0, 2 * pi))
def test_bounding_box_excludes_no_position_of_circle(
    centre: Position, km: float, part: float, direction: float
) -> None:
    from math import asin, atan2, cos, degrees, radians, sin

    latitude, angle = radians(centre[0]), km * part / RADIUS
    north = asin(
        max(-1, min(1, sin(latitude) * cos(angle) + cos(latitude) * sin(angle) * cos(direction)))
    )
    east = atan2(
        sin(direction) * sin(angle) * cos(latitude), cos(angle) - sin(latitude) * sin(north)
    )
    place = (degrees(north), (centre[1] + degrees(east) + 540) % 360 - 180)
    assert place in Circle(centre, km)


@for_each(
    ("latitude", "longitude", "valid"),
    [
        (59, 10, True),
        (-90, 180, True),
        (91, 0, False),
        (0, 181, False),
        (nan, 0, False),
        (0, inf, False),
    ],
)
def test_is_position(latitude: float, longitude: float, valid: bool) -> None:
    assert is_position(latitude, longitude) is valid


@for_each(
    ("km", "text"),
    [
        (0, "0 m"),
        (0.004, "0 m"),
        (0.346, "350 m"),
        (0.994, "990 m"),
        (0.996, "1.0 km"),
        (2.44, "2.4 km"),
        (9.94, "9.9 km"),
        (9.96, "10 km"),
        (38.2, "38 km"),
        (1204, "1204 km"),
        (20015, "20015 km"),
    ],
)
def test_distances_as_text(km: float, text: str) -> None:
    assert distance_text(km) == text
