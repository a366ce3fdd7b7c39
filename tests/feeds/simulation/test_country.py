"""The simulated country: its stations are plausible, and the same for the same seeds."""

from __future__ import annotations

import random
import re
from collections import Counter

from nobil_tui.feeds.simulation.country import SitePlan, plan_country
from nobil_tui.feeds.simulation.naming import Namer
from nobil_tui.feeds.simulation.sites import GARAGE_CONNECTORS, SiteKind, draw_plugs, habit_of
from nobil_tui.feeds.simulation.towns import TOWNS

BY_NAME = {town.name: town for town in TOWNS}


def country(stations: int = 400, seed: int = 1, beside: int = 1) -> list[SitePlan]:
    return plan_country(stations, random.Random(seed), random.Random(beside))


def test_ids_are_unique_sorted_and_in_nobils_format() -> None:
    ids = [station.id for station in country(2000)]
    assert len(set(ids)) == 2000
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"(NOR|SWE)_\d{5}", id_) for id_ in ids)


def test_the_default_country_has_about_1300_connectors() -> None:
    for seed in range(5):
        connectors = sum(len(station.facts.plugs) for station in country(seed=seed))
        assert 1130 <= connectors <= 1470


def test_stations_have_1_to_12_connectors_and_garages_60() -> None:
    sizes = Counter(len(station.facts.plugs) for station in country())
    assert sizes.pop(GARAGE_CONNECTORS) == 3
    assert min(sizes) >= 1
    assert max(sizes) <= 12


def test_stations_have_complete_facts() -> None:
    for station in country():
        facts = station.facts
        town = BY_NAME[facts.place]
        assert station.id.startswith(town.country)
        assert facts.name
        assert facts.operator
        assert re.search(r" \d+[ABC]?$", facts.street)
        assert facts.position is not None
        assert abs(facts.position[0] - town.latitude) < 0.05
        assert abs(facts.position[1] - town.longitude) < 0.1
        assert (facts.municipality, facts.county, facts.country) == (
            town.municipality,
            town.county,
            town.country,
        )
        assert facts.owner


def test_facts_contain_nothing_false_about_real_places() -> None:
    assert {station.facts.zipcode for station in country(2000)} == {""}


def test_connectors_have_no_evse_uids() -> None:
    assert {station.facts.plug_evse_uids for station in country()} == {()}


def test_details_do_not_affect_the_events() -> None:
    one, other = country(beside=1), country(beside=2)
    assert [station.facts.comment for station in one] != [
        station.facts.comment for station in other
    ]

    def shape(station: SitePlan) -> object:
        facts = station.facts
        who = station.id, station.kind, facts.name, facts.place, facts.street, facts.operator
        return who, facts.position, facts.plugs

    assert [*map(shape, one)] == [*map(shape, other)]


def test_same_seeds_give_the_same_country() -> None:
    assert country() == country()


def test_larger_towns_have_more_stations() -> None:
    places = Counter(station.facts.place for station in country(4000))
    assert places["Oslo"] > places["Hamar"] > 0
    assert places["Stockholm"] > places["Ystad"]
    assert len(places) > 150


def test_a_country_can_have_one_station() -> None:
    assert len(country(1)) == 1


def test_names_are_unique() -> None:
    namer = Namer(random.Random(1))
    oslo = BY_NAME["Oslo"]
    names = [namer.name(oslo, kind).name for kind in [*SiteKind] * 700]
    assert len(set(names)) == len(names)


def test_a_repeated_name_gets_its_town() -> None:
    namer = Namer(random.Random(1))
    for _ in range(2000):
        namer.name(BY_NAME["Oslo"], SiteKind.STREET)
    names = [namer.name(BY_NAME["Hamar"], SiteKind.STREET).name for _ in range(2000)]
    assert any(name.endswith(", Hamar") for name in names)


def test_no_letter_comes_three_times_in_a_row() -> None:
    names = [station.facts.name.casefold() for station in country(5000)]
    assert not [name for name in names if re.search(r"([a-zæøåäö])\1\1", name)]


def test_plugs_are_plausible() -> None:
    rng = random.Random(1)
    seen: set[tuple[str, float]] = set()
    for kind in SiteKind:
        for _ in range(1500):
            plugs = draw_plugs(kind, rng)
            seen |= {(plug.name, plug.kw) for plug in plugs}
            fast = {plug.name in ("CCS", "CHAdeMO") for plug in plugs}
            if kind in (SiteKind.STREET, SiteKind.WORK, SiteKind.GARAGE):
                assert fast == {False}
    assert {name for name, _ in seen} == {"CCS", "CHAdeMO", "Type 2", "Type 1"}
    assert {kw for name, kw in seen if name == "CHAdeMO"} == {50}
    assert {kw for name, kw in seen if name == "Type 2"} == {7.4, 11, 22}
    assert min(kw for name, kw in seen if name == "CCS") == 50
    assert max(kw for name, kw in seen if name == "CCS") == 400


def test_fast_charging_takes_half_an_hour_and_slow_charging_hours() -> None:
    for kind in SiteKind:
        for plug in draw_plugs(kind, random.Random(3)):
            minutes = habit_of(kind, plug).minutes
            assert 15 <= minutes <= 40 if plug.name in ("CCS", "CHAdeMO") else minutes >= 90
