"""Tests of the register: facts, plugs and fallbacks for missing data."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import (
    CREDIT,
    NO_FACTS,
    Facts,
    Plug,
    Register,
    country_name,
    country_of,
)
from tests.for_each import for_each

CCS = Plug("CCS", 150.0)
TYPE_2 = Plug("Type 2", 22.0)


@for_each(
    ("plug", "text"),
    [
        (CCS, "CCS 150"),
        (Plug("Type 2", 7.4), "Type 2 7.4"),
        (Plug("Schuko"), "Schuko"),
        (Plug(kw=50.0), "50"),
        (Plug(), ""),
    ],
)
def test_plug_text(plug: Plug, text: str) -> None:
    assert plug.text == text


def test_best_plug_has_most_power() -> None:
    assert Facts(plugs=(TYPE_2, CCS, Plug("CHAdeMO", 50.0))).best_plug is CCS
    # Of equally strong ones, the most common.
    assert Facts(plugs=(Plug("Schuko"), Plug("Type 2"))).best_plug == Plug("Type 2")
    assert Facts(plugs=(Plug("CHAdeMO", 50), Plug("CCS", 50))).best_plug == Plug("CCS", 50)
    assert Facts().best_plug is None


def test_name_of_unlisted_station_is_its_id() -> None:
    register = Register()
    assert len(register) == 0
    assert register.facts("DAN_00001") is NO_FACTS
    assert register.name("DAN_00001") == "DAN_00001"


def test_name_of_unnamed_station_is_its_id() -> None:
    assert Register({"NOR_1": Facts(place="Moss")}).name("NOR_1") == "NOR_1"


def test_facts_by_station_id() -> None:
    facts = Facts(name="Fornebu S", place="Bærum", position=(59.9, 10.6), plugs=(CCS, TYPE_2))
    register = Register({"NOR_01333": facts, "NOR_2": NO_FACTS})
    assert register.facts("NOR_01333") is facts
    assert register.name("NOR_01333") == "Fornebu S"
    assert list(register) == ["NOR_01333", "NOR_2"]
    assert len(register) == 2


def test_replace_updates_facts_and_version() -> None:
    register = Register({"A": Facts("Moss"), "B": Facts("Oslo")})
    version = register.version
    register.replace({"B": Facts("Ski")})
    assert register.version > version
    assert (register.name("A"), register.name("B"), len(register)) == ("A", "Ski", 1)


def test_plugs_are_assigned_by_index_without_uids() -> None:
    register = Register({"A": Facts(plugs=(CCS, TYPE_2))})
    assert register.plugs_for("A", [], 2) == ((CCS,), (TYPE_2,))
    # If the counts differ, plugs cannot be assigned.
    assert register.plugs_for("A", [], 3) == ((), (), ())
    assert register.plugs_for("B", [], 2) == ((), ())


def test_plugs_are_assigned_by_evse_uid() -> None:
    facts = Facts(
        plugs=(CCS, Plug("CHAdeMO", 50.0), TYPE_2, Plug("Schuko")),
        plug_evse_uids=("x", "x", "y", ""),
    )
    register = Register({"A": facts})
    assert facts.evse_uids == ("x", "y")
    assert register.plugs_for("A", ["y", "new", "x"], 3) == (
        (TYPE_2,),
        (),
        (CCS, Plug("CHAdeMO", 50.0)),
    )
    assert register.plugs_for("A", ["y"], 2) == ((TYPE_2,), ())
    assert register.plugs_for("A", ["y", "x"], 1) == ((TYPE_2,),)
    assert register.plugs_for("A", ["new", "0"], 2) == ((), ())


def test_the_price_of_a_connector_is_the_cheapest_of_its_plugs() -> None:
    dear, cheap = Price(kwh=0.6), Price(kwh=0.4)
    facts = Facts(
        plugs=(CCS, CCS, TYPE_2, TYPE_2),
        plug_evse_uids=("x", "x", "y", ""),
        prices=(dear, cheap, None, cheap),
    )
    assert facts.prices_for(["y", "new", "x"], 3) == (None, None, cheap)
    assert facts.prices_for([], 4) == (dear, cheap, None, cheap)
    # They cannot be assigned, or are not known.
    assert facts.prices_for([], 3) == facts.prices_for(["new"], 3) == (None,) * 3
    assert Facts(plugs=(CCS,)).prices_for([], 1) == (None,)


@given(st.lists(st.none() | st.builds(Price, kwh=st.none() | st.floats(0, 9))))
def test_the_lowest_price_of_a_kwh_is_that_of_the_cheapest_price(
    prices: list[Price | None],
) -> None:
    facts = Facts(prices=tuple(prices))
    assert facts.kwh_price == (facts.price.kwh if facts.price is not None else None)


@for_each(
    ("station", "country", "found"),
    [
        ("NOR_00001", "", "NOR"),
        ("NOR_00001", "SWE", "SWE"),
        ("nor_1", "", "NOR"),
        ("NOR_", "", ""),
        ("NOR", "", ""),
        ("NORD_1", "", ""),
        ("N0R_1", "", ""),
        ("ØST_1", "", ""),
        ("", "DAN", "DAN"),
    ],
)
def test_country_of(station: str, country: str, found: str) -> None:
    assert country_of(station, Facts(country=country)) == found


def test_country_name() -> None:
    assert [country_name(code) for code in ("NOR", "DAN", "XYZ", "")] == [
        "Norway",
        "Denmark",
        "XYZ",
        "no country",
    ]


def test_stations_without_facts_have_the_credit_of_the_stream() -> None:
    register = Register({"NOR_1": Facts("Torget")}, credit=CREDIT)
    assert (register.credit_of("FI_1"), register.credits) == ("", [CREDIT])
    register.stream_credit = "of the stream"
    assert (register.credit_of("NOR_1"), register.credit_of("FI_1")) == (CREDIT, "of the stream")
    assert register.credits == [CREDIT, "of the stream"]
