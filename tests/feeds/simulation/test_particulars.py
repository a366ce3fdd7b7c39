"""Register details of simulated stations: invented, and varied enough to try every filter."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.feeds.simulation.naming import Namer
from nobil_tui.feeds.simulation.particulars import ALWAYS, WITH_CONTACT, Particulars, draw
from nobil_tui.feeds.simulation.sites import SiteKind
from nobil_tui.feeds.simulation.towns import NORWAY, SWEDEN, TOWNS
from nobil_tui.register.cache import load_register, save_register
from nobil_tui.search.completion import completions
from nobil_tui.search.station_list import StationList
from tests.conftest import START
from tests.for_each import for_each

MADE_UP = re.compile(r"(Eksempel|Exempel|Prøve|Prov|Demo|Mønster|Mönster|Øving|Övning)")
"""How the names of all owners and operators begin."""


def some(country: str, kind: SiteKind, count: int = 300) -> list[Particulars]:
    rng = random.Random(1)
    return [draw(country, kind, "Demokraft", rng) for _ in range(count)]


@for_each("country", [NORWAY, SWEDEN])
@for_each("kind", SiteKind)
def test_any_draw_can_be_displayed(country: str, kind: SiteKind) -> None:
    for drawn in some(country, kind):
        texts = [text for text in drawn if isinstance(text, str)]
        assert len(texts) == 6
        assert all(text == text.strip() and text.isprintable() for text in texts)
        assert all(len(text) <= 60 for text in texts)
        assert drawn.parking_fee in (True, False, None)
        assert drawn.availability in ("Public", "Visitors", "Employees", "")


@for_each("country", [NORWAY, SWEDEN])
@for_each("kind", SiteKind)
def test_owners_and_operators_are_fictitious(country: str, kind: SiteKind) -> None:
    operators = {Namer(random.Random(n)).operator(town) for n in range(20) for town in TOWNS[::40]}
    for name in {drawn.owner for drawn in some(country, kind)} | operators:
        assert MADE_UP.match(name), name


def test_telephone_numbers_are_not_in_use() -> None:
    for country, prefix in ((NORWAY, "+47"), (SWEDEN, "+46")):
        contacts = Counter(drawn.contact for drawn in some(country, SiteKind.FAST, 2000))
        assert abs(contacts.pop("") / 2000 - (1 - WITH_CONTACT)) < 0.03
        (contact,) = contacts
        name, number = contact.split(", ")
        assert name == "Demokraft"
        assert number.startswith(prefix)
        assert set(number.removeprefix(prefix)) == {"0", " "}


def test_some_stations_have_comments_and_descriptions() -> None:
    for country in (NORWAY, SWEDEN):
        drawn = [each for kind in SiteKind for each in some(country, kind)]
        for texts in ([each.comment for each in drawn], [each.description for each in drawn]):
            assert 0.2 < sum(map(bool, texts)) / len(texts) < 0.8


def test_charging_parks_never_close_and_garages_charge_for_parking() -> None:
    assert {drawn.opening for drawn in some(NORWAY, SiteKind.PARK)} == {ALWAYS}
    assert {drawn.parking_fee for drawn in some(SWEDEN, SiteKind.GARAGE)} == {True}
    assert len({drawn.opening for drawn in some(NORWAY, SiteKind.VISIT)}) == 4


# Filters to try


@pytest.fixture(scope="module")
def station_list() -> StationList:
    simulation = Simulation(start=START)
    board = Board()
    board.apply_snapshot(simulation.stations, START)
    return StationList(board, simulation.register)


@pytest.mark.parametrize(
    "text",
    [
        "owner:kommune",
        'owner:"exempel kommun"',
        "place:bærum",
        "country:swe",
        "op:demokraft -owner:demokraft",
    ],
)
def test_filters_match_some_stations(station_list: StationList, text: str) -> None:
    station_list.filter = text
    station_list.refresh(START)
    assert not station_list.query.problems
    assert 0 < len(station_list.ids) < len(station_list.board.stations)


def test_owners_are_completed(station_list: StationList) -> None:
    assert completions('owner:"eksempel k', 17, station_list.field_values) == [
        'owner:"Eksempel kommune"'
    ]


def test_facts_can_be_stored_in_the_register(tmp_path: Path) -> None:
    register = Simulation(start=START).register
    facts = {station: register.facts(station) for station in register}
    save_register(tmp_path / "register", facts, {})
    cached = load_register(tmp_path / "register")
    assert cached is not None
    assert cached.facts == facts
