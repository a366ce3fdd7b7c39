"""The towns of the simulation lie where the real ones do."""

from __future__ import annotations

from math import cos, hypot, radians

from nobil_tui.feeds.simulation.towns import NORWAY, SWEDEN, TOWNS

BY_NAME = {town.name: town for town in TOWNS}


def test_towns_are_many_and_unique() -> None:
    assert len(TOWNS) >= 120
    assert len(BY_NAME) == len(TOWNS)
    assert {town.country for town in TOWNS} == {NORWAY, SWEDEN}


def test_towns_lie_in_their_country() -> None:
    for town in TOWNS:
        assert 55.3 <= town.latitude <= 71.2, town
        assert 4.5 <= town.longitude <= 31.2, town
        assert town.people > 0, town
        if town.country == SWEDEN:
            assert 10.9 <= town.longitude <= 24.2, town


def test_distances_between_towns_are_correct() -> None:
    def km(one: str, other: str) -> float:
        a, b = BY_NAME[one], BY_NAME[other]
        east = (a.longitude - b.longitude) * cos(radians((a.latitude + b.latitude) / 2))
        return 111.2 * hypot(a.latitude - b.latitude, east)

    assert 300 < km("Oslo", "Bergen") < 315
    assert 385 < km("Oslo", "Trondheim") < 400
    assert 390 < km("Stockholm", "Göteborg") < 405
    assert 12 < km("Stavanger", "Sandnes") < 17


def test_towns_do_not_overlap() -> None:
    assert len({(town.latitude, town.longitude) for town in TOWNS}) == len(TOWNS)


def test_each_town_has_a_municipality_and_a_county() -> None:
    assert (BY_NAME["Sandvika"].municipality, BY_NAME["Sandvika"].county) == ("Bærum", "Akershus")
    assert (BY_NAME["Visby"].municipality, BY_NAME["Visby"].county) == ("Gotland", "Gotland")
    # Norway has 15 counties and Sweden 21, and a municipality lies in one of them.
    counties = {
        country: {town.county for town in TOWNS if town.country == country}
        for country in (NORWAY, SWEDEN)
    }
    assert (len(counties[NORWAY]), len(counties[SWEDEN])) == (15, 21)
    assert not counties[NORWAY] & counties[SWEDEN]
    lies_in: dict[str, set[str]] = {}
    for town in TOWNS:
        lies_in.setdefault(town.municipality, set()).add(town.county)
    assert [name for name, found in lies_in.items() if len(found) > 1] == []
