"""Tests of decoding the locations and tariffs of Fintraffic's service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.wire.finland import FINLAND_CREDIT
from nobil_tui.wire.finland_register import (
    Locations,
    decode_locations,
    decode_places,
    decode_tariffs,
)
from tests.for_each import for_each
from tests.wire.finland_answers import LOCATIONS, TARIFFS, damaged

AD_HOC = Price("EUR", 0.502, 0.1255, 1.255)
NIGHT = Price("EUR", 0.19, at_least=True)


def read(locations: Any = LOCATIONS, tariffs: Any = TARIFFS) -> Locations:
    return decode_locations(
        json.dumps(locations).encode(), decode_tariffs(json.dumps(tariffs).encode())
    )


def test_decode_location() -> None:
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


def test_evse_with_several_plugs_is_one_connector() -> None:
    facts = read().facts["FINYT00001"]
    assert facts.evse_uids == ("FI*NYT*E1", "FI*NYT*E2")
    plugs = facts.plugs_for(facts.evse_uids, 2)
    assert plugs == ((Plug("CCS", 150), Plug("CHAdeMO", 50)), (Plug("Type 2", 22.1),))


def test_price_of_station_is_cheapest() -> None:
    assert read().facts["FINYT00001"].price == NIGHT


def tariff(*components: dict[str, Any], **fields: Any) -> Price | None:
    entry = {
        "id": "t",
        "currency": "EUR",
        "taxIncluded": "YES",
        "elements": [{"priceComponents": components}],
    }
    found = decode_tariffs(json.dumps({"tariffs": [entry | fields]}).encode())
    return found["t"].price if found else None


def test_missing_tax_is_added() -> None:
    assert tariff({"type": "ENERGY", "price": 0.4, "vat": 25.5}, taxIncluded="NO") == Price(
        kwh=0.502
    )
    assert tariff({"type": "ENERGY", "price": 0.4, "vat": 25.5}) == Price(kwh=0.4)


@pytest.mark.parametrize("vat", [None, "25.5", -1, True])
def test_unknown_tax_rate_is_marked_before_tax(vat: Any) -> None:
    assert tariff({"type": "ENERGY", "price": 0.4, "vat": vat}, taxIncluded="NO") == Price(
        kwh=0.4, before_tax=True
    )


def test_time_amounts_are_per_hour() -> None:
    assert tariff({"type": "TIME", "price": 6}, {"type": "PARKING_TIME", "price": 12}) == Price(
        minute=0.1, parking_minute=0.2
    )


def test_cheapest_restricted_element_is_minimum() -> None:
    elements = [{"priceComponents": [{"type": "ENERGY", "price": price}]} for price in (0.5, 0.3)]
    assert tariff(elements=elements) == Price(kwh=0.3, at_least=True)


@for_each(
    ("amounts", "price"),
    [
        ({"ENERGY": 0, "FLAT": 0}, Price(kwh=0)),
        # OCPI's own example of a tariff that is free of charge.
        ({"FLAT": 0}, Price(kwh=0)),
        ({"TIME": 0, "PARKING_TIME": 6}, Price(kwh=0, parking_minute=0.1)),
        ({"ENERGY": 0, "PARKING_TIME": 6}, Price(kwh=0, parking_minute=0.1)),
        # What is paid for is the time, so it is not the cheapest energy of all.
        ({"ENERGY": 0, "TIME": 6}, Price(minute=0.1)),
        ({"ENERGY": 0, "TIME": 0, "FLAT": 2}, Price(start=2)),
        ({"ENERGY": 0.4, "TIME": 0}, Price(kwh=0.4)),
        ({"PARKING_TIME": 6}, None),
        ({"MIN_PRICE": 0}, None),
    ],
)
def test_zero_is_free_of_charge(amounts: dict[str, float], price: Price | None) -> None:
    components = [{"type": kind, "price": amount} for kind, amount in amounts.items()]
    assert tariff(*components) == price


def test_zero_under_a_restriction_is_a_minimum() -> None:
    elements = [
        {
            "priceComponents": [{"type": "ENERGY", "price": 0}],
            "restrictions": {"startTime": "22:00"},
        },
        {"priceComponents": [{"type": "ENERGY", "price": 0.4}, {"type": "FLAT", "price": 1}]},
    ]
    assert tariff(elements=elements) == Price(kwh=0, start=1, at_least=True)


def test_cheapest_of_several_tariffs_is_a_minimum() -> None:
    def entry(tariff_id: str, price: float, kind: str = "AD_HOC_PAYMENT") -> dict[str, Any]:
        components = [{"type": "ENERGY", "price": price}]
        elements = [{"priceComponents": components}]
        return {"id": tariff_id, "currency": "EUR", "type": kind, "elements": elements}

    tariffs = [entry("a", 0.5), entry("b", 0.4), entry("same", 0.4), entry("r", 0.3, "REGULAR")]
    connectors = [
        {"tariffIds": ids} for ids in (["a", "b", "r"], ["b", "same", "r"], ["r"], ["unknown"])
    ]
    evse = {"id": "E", "connectors": connectors}
    facts = read(
        {"features": [{"properties": {"id": "L", "evses": [evse]}}]}, {"tariffs": tariffs}
    ).facts["L"]
    assert facts.prices == (Price(kwh=0.4, at_least=True), Price(kwh=0.4), Price(kwh=0.3), None)


@for_each("price", [None, "0.4", -1, 1e9, True, [], 10**400])
def test_invalid_amount_is_skipped(price: Any) -> None:
    assert tariff({"type": "ENERGY", "price": price}) is None


@for_each(
    ("connector", "kw"),
    [
        ({"maxElectricPower": 22_000}, 22.0),
        ({"maxElectricPower": 150, "maxVoltage": 400, "maxAmperage": 375}, 150.0),
        ({"maxElectricPower": 150}, 0.0),
        ({"maxElectricPower": 1e8}, 0.0),
        ({"maxVoltage": 230, "maxAmperage": 16, "powerType": "AC_3_PHASE"}, 11.0),
        ({"maxVoltage": 230, "maxAmperage": 1}, 0.0),
    ],
)
def test_power(connector: dict[str, Any], kw: float) -> None:
    evse = {"id": "E", "connectors": [connector]}
    facts = read({"features": [{"properties": {"id": "L", "evses": [evse]}}]}).facts["L"]
    assert facts.plugs == (Plug("", kw),)


@for_each(
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
def test_plug_names(standard: Any, name: str) -> None:
    locations = json.loads(json.dumps(LOCATIONS))
    locations["features"][0]["properties"]["evses"][0]["connectors"][0]["standard"] = standard
    assert read(locations).facts["FINYT00001"].plugs[0].name == name


def test_position_falls_back_to_evse() -> None:
    locations = json.loads(json.dumps(LOCATIONS))
    point = locations["features"][0].pop("geometry")
    assert read(locations).problems == {"locations without a position": 1}
    locations["features"][0]["properties"]["evses"][1]["geometry"] = point
    assert read(locations).facts["FINYT00001"].position == (60.1699, 24.9384)


def test_evse_without_plugs_is_kept() -> None:
    locations = json.loads(json.dumps(LOCATIONS))
    del locations["features"][0]["properties"]["evses"][1]["connectors"]
    facts = read(locations).facts["FINYT00001"]
    assert facts.evse_uids == ("FI*NYT*E1", "FI*NYT*E2")
    assert facts.plugs[2] == Plug()


@for_each("answer", [b"", b"null", b"{}", b'{"features": 1}', b"\xff"])
def test_invalid_response_is_not_readable(answer: bytes) -> None:
    with pytest.raises(NotReadableError, match="no list of locations"):
        decode_locations(answer, {})
    with pytest.raises(NotReadableError, match="no list of tariffs"):
        decode_tariffs(answer)


@settings(max_examples=25)
@given(damaged(LOCATIONS), damaged(TARIFFS))
def test_damaged_response_raises_only_not_readable(locations: Any, tariffs: Any) -> None:
    try:
        found = read(locations, tariffs)
    except NotReadableError as error:
        assert str(error).isprintable()
    else:
        assert [*decode_places(json.dumps(locations).encode()).items()] == [
            (evse_id, station)
            for station, facts in found.facts.items()
            for evse_id in facts.evse_uids
        ]
        for station, facts in found.facts.items():
            assert station
            assert station.isprintable()
            assert len(facts.plugs) == len(facts.plug_evse_uids)
            assert len(facts.prices) in (0, len(facts.plugs))
            assert facts.credit == FINLAND_CREDIT


@for_each(
    ("code", "country"),
    [("FI", "FIN"), ("ax ", "FIN"), ("SE", "SWE"), ("EE", ""), (None, "FIN"), ("", "FIN"), (7, "")],
)
def test_country_is_known_or_empty(code: Any, country: str) -> None:
    feature = {"properties": {"id": "x", "address": {"countryCode": code}}}
    assert read({"features": [feature]}).facts["x"].country == country
