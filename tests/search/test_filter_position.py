"""Positions that a filter names."""

from __future__ import annotations

import pytest

from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Facts, Register
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.places import AnyPlace, Places
from tests.for_each import for_each

TOWNS = Register(
    {
        "NOR_1": Facts(place="Oslo", position=(59.91, 10.75), zipcode="0150", county="Oslo"),
        "NOR_2": Facts(place="Oslo", position=(59.93, 10.77), county="Oslo"),
        "NOR_3": Facts(place="Tromsø", position=(69.65, 18.96), county="Troms"),
        # Two places of one name: that with more stations is meant.
        "NOR_4": Facts(place="Nes", position=(60.56, 9.98)),
        "NOR_5": Facts(place="Nes", position=(60.57, 9.98)),
        "NOR_6": Facts(place="Nes", position=(63.80, 9.50)),
        "NOR_7": Facts(place="Bergen"),
    }
)


@for_each(
    ("text", "expected"),
    [
        ("near:oslo", (59.92, 10.76)),
        ("near:OSLO", (59.92, 10.76)),
        ("near:tromso", (69.65, 18.96)),
        ("near:tromsoe", (69.65, 18.96)),
        ('near:"Troms"', (69.65, 18.96)),
        ("near:0150", (59.91, 10.75)),
        ("near:nes", (60.565, 9.98)),
        ("near:nor_3", (69.65, 18.96)),
        ("near:bergen", None),
    ],
)
def test_near_a_place_of_the_known_stations(text: str, expected: Position | None) -> None:
    query = parse_query(text, None, Places(TOWNS))
    assert query.by_distance is (expected is not None)
    assert query.near == (pytest.approx(expected) if expected else None)


def test_an_unknown_place_is_reported_with_a_similar_one() -> None:
    (problem,) = parse_query("near:olso", None, Places(TOWNS)).problems
    assert problem.message == "no station is in olso – did you mean Oslo?"
    assert parse_query("near:oslo within:5km", None, AnyPlace()).problems == ()
