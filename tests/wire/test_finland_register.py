"""Locations and tariffs of Fintraffic's service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.wire.finland_register import FINLAND_CREDIT, Locations, decode_locations, decode_tariffs
from tests.wire.finland_answers import LOCATIONS, TARIFFS, damaged

AD_HOC = Price("EUR", 0.502, 0.1255, 1.255)
NIGHT = Price("EUR", 0.19, at_least=True)


def read(locations: Any = LOCATIONS, tariffs: Any = TARIFFS) -> Locations:
    return decode_locations(json.dumps(locations).encode(), decode_tariffs(json.dumps(tariffs).encode()))


def test_reads_a_location() -> None:
    locations = read()
    assert (locations.unreadable, dict(locations.problems)) == (0, {})
    assert locations.facts == {
        "FINYT00001": Facts(
            name="Kamppi",
            place="Helsinki",
            street="Urho Kekkosen katu 1",
            operator="Nyt Oy",
            position=(60.1699, 24.9384),
            plugs=(Plug("CCS", 150), Plug("CHAdeMO", 50), Plug("Type 2", 22.1)),
            zipcode="00100",
            country="FIN",
            plug_evse_uids=("FI*NYT*E1", "FI*NYT*E1", "FI*NYT*E2"),
            prices=(AD_HOC, AD_HOC, NIGHT),
            credit=FINLAND_CREDIT,
        )
    }


def test_an_evse_with_several_plugs_is_one_connector() -> None:
    facts = read().facts["FINYT00001"]
    assert facts.evse_uids == ("FI*NYT*E1", "FI*NYT*E2")
    plugs = facts.plugs_for(facts.evse_uids, 2)
    assert plugs == ((Plug("CCS", 150), Plug("CHAdeMO", 50)), (Plug("Type 2", 22.1),))


def test_the_price_of_a_station_is_its_cheapest() -> None:
    assert read().facts["FINYT00001"].price == NIGHT


def tariff(*components: dict[str, Any], **fields: Any) -> Price | None:
    entry = {"id": "t", "currency": "EUR", "taxIncluded": "YES", "elements": [{"priceComponents": components}]}
    found = decode_tariffs(json.dumps({"tariffs": [entry | fields]}).encode())
    return found["t"].price if found else None


def test_adds_the_tax_where_it_is_not_included() -> None:
    assert tariff({"type": "ENERGY", "price": 0.4, "vat": 25.5}, taxIncluded="NO") == Price(kwh=0.502)
    assert tariff({"type": "ENERGY", "price": 0.4, "vat": 25.5}) == Price(kwh=0.4)


@pytest.mark.parametrize("vat", [None, "25.5", -1, True])
def test_says_that_tax_comes_on_top_where_its_rate_is_not_known(vat: Any) -> None:
    assert tariff({"type": "ENERGY", "price": 0.4, "vat": vat}, taxIncluded="NO") == Price(kwh=0.4, before_tax=True)


def test_amounts_for_time_are_for_an_hour() -> None:
    assert tariff({"type": "TIME", "price": 6}, {"type": "PARKING_TIME", "price": 12}) == Price(
        minute=0.1, parking_minute=0.2
    )


def test_the_least_of_several_elements_is_from() -> None:
    elements = [{"priceComponents": [{"type": "ENERGY", "price": price}]} for price in (0.5, 0.3)]
    assert tariff(elements=elements) == Price(kwh=0.3, at_least=True)


def test_no_charge_is_a_price() -> None:
    assert tariff({"type": "ENERGY", "price": 0}, {"type": "FLAT", "price": 0}) == Price(kwh=0)


@pytest.mark.parametrize("price", [None, "0.4", -1, 1e9, True, [], 10**400])
def test_leaves_out_what_is_no_amount(price: Any) -> None:
    assert tariff({"type": "ENERGY", "price": price}) is None


@pytest.mark.parametrize(
    ("standard", "name"),
    [
        ("IEC_62196_T2_COMBO", "CCS"),
        ("CHADEMO", "CHAdeMO"),
        ("IEC_62196_T2", "Type 2"),
        ("DOMESTIC_F", "Schuko"),
        ("DOMESTIC_K", "Domestic"),
        ("IEC_60309_2_three_32", "CEE"),
        ("NEW_PLUG", "NEW PLUG"),
        ("\x1b[2J", "[2J"),
        (7, ""),
    ],
)
def test_names_plugs(standard: Any, name: str) -> None:
    locations = json.loads(json.dumps(LOCATIONS))
    locations["features"][0]["properties"]["evses"][0]["connectors"][0]["standard"] = standard
    assert read(locations).facts["FINYT00001"].plugs[0].name == name


def test_takes_the_position_of_an_evse_where_the_location_has_none() -> None:
    locations = json.loads(json.dumps(LOCATIONS))
    point = locations["features"][0].pop("geometry")
    assert read(locations).problems == {"locations without a position": 1}
    locations["features"][0]["properties"]["evses"][1]["geometry"] = point
    assert read(locations).facts["FINYT00001"].position == (60.1699, 24.9384)


def test_an_evse_without_plugs_is_there() -> None:
    locations = json.loads(json.dumps(LOCATIONS))
    del locations["features"][0]["properties"]["evses"][1]["connectors"]
    facts = read(locations).facts["FINYT00001"]
    assert facts.evse_uids == ("FI*NYT*E1", "FI*NYT*E2")
    assert facts.plugs[2] == Plug()


@pytest.mark.parametrize("answer", [b"", b"null", b"{}", b'{"features": 1}', b"\xff"])
def test_says_that_an_answer_is_none(answer: bytes) -> None:
    with pytest.raises(NotReadableError, match="no list of locations"):
        decode_locations(answer, {})
    with pytest.raises(NotReadableError, match="no list of tariffs"):
        decode_tariffs(answer)


@given(damaged(LOCATIONS), damaged(TARIFFS))
def test_no_damage_raises_anything_else(locations: Any, tariffs: Any) -> None:
    try:
        found = read(locations, tariffs)
    except NotReadableError as error:
        assert str(error).isprintable()
    else:
        for station, facts in found.facts.items():
            assert station
            assert station.isprintable()
            assert len(facts.plugs) == len(facts.plug_evse_uids)
            assert len(facts.prices) in (0, len(facts.plugs))
            assert facts.credit == FINLAND_CREDIT
