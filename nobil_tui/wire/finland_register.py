"""Decode Finland's locations and tariffs into the facts of stations.

Source: the operator's documentation of its AFIR service, whose words are those of OCPI 2.2.1. Any
field can be missing, null or of the wrong type; what cannot be decoded is counted and skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from typing import Annotated, Any, TypeGuard

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from nobil_tui.base.decoding import DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.charging.geo import Position, is_position
from nobil_tui.charging.prices import MAX_PRICE, Price, cheapest
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.charging.station import MAX_CONNECTORS
from nobil_tui.wire.finland import FINLAND_CREDIT, MAX_EVSE_ID, MAX_LOCATION_ID, is_id
from nobil_tui.wire.plugs import MAX_KW
from nobil_tui.wire.register_fields import text_of

COUNTRY = "FIN"
"""Finland, as NOBIL abbreviates it."""

MIN_WATTS = 1_000
"""A smaller power is that of no plug for cars; it may be in kW, which is not certain."""

_FOR_CHARGING = {"ENERGY", "TIME", "FLAT"}
"""The types of amounts that are paid for charging; the others are for parking after it."""
_AD_HOC, _REGULAR = "AD_HOC_PAYMENT", "REGULAR"
_PLUGS = {
    "IEC_62196_T2_COMBO": "CCS",
    "IEC_62196_T1_COMBO": "CCS 1",
    "IEC_62196_T2": "Type 2",
    "IEC_62196_T1": "Type 1",
    "IEC_62196_T3A": "Type 3",
    "IEC_62196_T3C": "Type 3",
    "CHADEMO": "CHAdeMO",
    "CHAOJI": "ChaoJi",
    "GBT_AC": "GB/T AC",
    "GBT_DC": "GB/T DC",
    "DOMESTIC_F": "Schuko",
    "MCS": "MCS",
    "NEMA_5_20": "NEMA 5-20",
    "SAE_J3400": "Tesla",
    "TESLA_R": "Tesla",
    "TESLA_S": "Tesla",
}
_COUNTRY_CODES = {
    "FI": "FIN",
    "FIN": "FIN",
    "AX": "FIN",
    "SE": "SWE",
    "NO": "NOR",
    "DK": "DAN",
    "IS": "ISL",
}


class Locations(Struct, frozen=True):
    """The decoded locations."""

    facts: dict[str, Facts]
    """By the location's id, with its EVSEs in the source's order."""
    unreadable: int
    """How many locations could not be decoded at all."""
    problems: Counter[str]
    """Problems of the other locations, in words, and how often each occurred."""


class Tariff(Struct, frozen=True):
    """A price, and whether it is paid without a contract."""

    price: Price
    rank: int
    """0 for ad hoc payment, 1 if the source does not say, 2 for customers with a contract."""


class _Features(Struct):
    features: list[Raw]


class _Tariffs(Struct):
    tariffs: list[Raw]


class _PlaceEvse(Struct):
    # The limits here are those of ``is_id``, checked by the decoder.
    id: Annotated[str, Meta(min_length=1, max_length=MAX_EVSE_ID)]
    connectors: Annotated[list[Raw], Meta(max_length=MAX_CONNECTORS)] = []


class _PlaceProperties(Struct):
    id: Annotated[str, Meta(min_length=1, max_length=MAX_LOCATION_ID)]
    evses: list[_PlaceEvse] = []


class _Place(Struct):
    properties: _PlaceProperties


class _Places(Struct):
    """The part of the locations that says where an EVSE is."""

    features: list[_Place]


_decode_features = msgspec.json.Decoder(_Features).decode
_decode_places = msgspec.json.Decoder(_Places).decode
_decode_tariffs = msgspec.json.Decoder(_Tariffs).decode
_decode_anything = msgspec.json.Decoder().decode


def decode_locations(response: bytes | bytearray, tariffs: Mapping[str, Tariff]) -> Locations:
    """Decode the response with all locations. Raises ``NotReadableError`` if it has none."""
    try:
        features = _decode_features(response).features
    except DECODE_ERRORS as error:
        raise NotReadableError(
            f"the response has no list of locations: {safe_text(str(error))}"
        ) from None
    reader = _LocationReader(tariffs)
    # One at a time: all of them as dicts would take several times the memory of the response.
    for raw in features:
        reader.read(_dict(_decoded(raw)))
    return Locations(reader.facts, reader.unreadable, reader.problems)


def decode_places(response: bytes | bytearray) -> dict[str, str]:
    """Return the location of each EVSE, in the order of ``decode_locations``, which takes ten times
    as long. Raises ``NotReadableError`` if the response has no locations.
    """
    try:
        features = _decode_places(response).features
    except DECODE_ERRORS:
        # A field of another type: the other decoder skips what cannot be used.
        facts = decode_locations(response, {}).facts
        return {evse_id: location for location, each in facts.items() for evse_id in each.evse_uids}
    ids: dict[str, list[str]] = {}
    for feature in features:
        properties = feature.properties
        if properties.id.isprintable():
            outlets = [
                evse.id
                for evse in properties.evses
                if evse.id.isprintable()
                for _ in evse.connectors or (None,)
            ]
            ids[properties.id] = outlets[:MAX_CONNECTORS]
    return {evse_id: location for location, each in ids.items() for evse_id in each}


def decode_tariffs(response: bytes | bytearray) -> dict[str, Tariff]:
    """Decode the response with all tariffs, by id. Raises ``NotReadableError`` if it has none.

    A tariff without a valid amount is skipped.
    """
    try:
        raws = _decode_tariffs(response).tariffs
    except DECODE_ERRORS as error:
        raise NotReadableError(
            f"the response has no list of tariffs: {safe_text(str(error))}"
        ) from None
    tariffs: dict[str, Tariff] = {}
    shared: dict[Price, Price] = {}
    for raw in raws:
        entry = _dict(_decoded(raw))
        tariff_id = entry.get("id")
        price = _price(entry)
        if isinstance(tariff_id, str) and price is not None:
            kind = entry.get("type")
            rank = 0 if kind == _AD_HOC else 2 if kind == _REGULAR else 1
            tariffs[tariff_id] = Tariff(shared.setdefault(price, price), rank)
    return tariffs


class _LocationReader:
    """Decode locations one by one; equal texts, plugs and prices are stored once."""

    def __init__(self, tariffs: Mapping[str, Tariff]) -> None:
        self.facts: dict[str, Facts] = {}
        self.unreadable = 0
        self.problems: Counter[str] = Counter()
        self._tariffs = tariffs
        self._texts: dict[str, str] = {}
        self._plugs: dict[Plug, Plug] = {}
        self._minimums: dict[Price, Price] = {}
        self._tuples: dict[tuple[object, ...], tuple[Any, ...]] = {}

    def read(self, feature: dict[str, Any]) -> None:
        """Decode one location, or count it as unreadable."""
        properties = _dict(feature.get("properties"))
        location_id = properties.get("id")
        if not is_id(location_id, MAX_LOCATION_ID):
            self.unreadable += 1
            return
        if location_id in self.facts:
            self.problems["duplicate locations: the last one is used"] += 1
        evses = [_dict(evse) for evse in _list(properties.get("evses"))]
        plugs, evse_ids, prices = self._outlets(evses)
        address = _dict(properties.get("address"))
        operator = _dict(_dict(properties.get("operator")).get("details"))
        self.facts[location_id] = Facts(
            name=text_of(properties.get("name")),
            place=self._text(address.get("city")),
            street=text_of(address.get("street")),
            operator=self._text(operator.get("name")),
            position=self._position(feature, evses),
            plugs=plugs,
            zipcode=self._text(address.get("postalCode")),
            country=_country(address.get("countryCode")),
            plug_evse_uids=evse_ids,
            prices=prices,
            credit=FINLAND_CREDIT,
        )

    def _outlets(
        self, evses: Iterable[dict[str, Any]]
    ) -> tuple[tuple[Plug, ...], tuple[str, ...], tuple[Price | None, ...]]:
        """Return the plugs of all EVSEs, the EVSE's id of each, and its price.

        An EVSE without a valid plug gets an empty one, so that it is counted.
        """
        plugs: list[Plug] = []
        ids: list[str] = []
        prices: list[Price | None] = []
        for evse in evses:
            evse_id = evse.get("id")
            if not is_id(evse_id, MAX_EVSE_ID):
                self.problems["connectors without an id that can be used"] += 1
                continue
            connectors = [_dict(connector) for connector in _list(evse.get("connectors"))] or [{}]
            for connector in connectors[:MAX_CONNECTORS]:
                plug = self._plug(connector)
                plugs.append(self._plugs.setdefault(plug, plug))
                ids.append(evse_id)
                prices.append(self._price(connector.get("tariffIds")))
        if len(ids) > MAX_CONNECTORS:
            self.problems["locations with too many connectors: the last ones are ignored"] += 1
        most = MAX_CONNECTORS
        known = tuple(prices[:most]) if any(prices) else ()
        return self._share(tuple(plugs[:most])), tuple(ids[:most]), self._share(known)

    def _plug(self, connector: dict[str, Any]) -> Plug:
        plug = Plug(_plug_name(connector.get("standard")), _kw(connector))
        if not plug.name:
            self.problems["connectors without a known type"] += 1
        if not plug.kw:
            self.problems["connectors without a known power"] += 1
        return plug

    def _price(self, tariff_ids: Any) -> Price | None:
        """Return the price of a connector: ad hoc before others; of several, the cheapest as a
        minimum."""
        known = [self._tariffs.get(each) for each in _list(tariff_ids) if isinstance(each, str)]
        found = [tariff for tariff in known if tariff is not None]
        best = min((tariff.rank for tariff in found), default=0)
        prices = dict.fromkeys(tariff.price for tariff in found if tariff.rank == best)
        price = cheapest(prices)
        if price is None or len(prices) == 1:
            return price
        minimum = replace(price, at_least=True)
        return self._minimums.setdefault(minimum, minimum)

    def _position(self, feature: dict[str, Any], evses: list[dict[str, Any]]) -> Position | None:
        for holder in (feature, *evses):
            position = _position(_dict(holder.get("geometry")).get("coordinates"))
            if position is not None:
                return position
        self.problems["locations without a position"] += 1
        return None

    def _text(self, value: Any) -> str:
        text = text_of(value)
        return self._texts.setdefault(text, text)

    def _share(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return self._tuples.setdefault(values, values)


def _plug_name(standard: Any) -> str:
    if not isinstance(standard, str):
        return ""
    word = standard.strip().upper()
    if word in _PLUGS:
        return _PLUGS[word]
    if word.startswith("IEC_60309"):
        return "CEE"
    if word.startswith("DOMESTIC_"):
        return "Domestic"
    return "" if word in ("UNKNOWN", "OTHER") else text_of(standard.replace("_", " "), 40)


def _kw(connector: dict[str, Any]) -> float:
    """Return the power in kW, as given in W or else from volts and amperes; zero if neither is
    known, or too small."""
    watts = _number(connector.get("maxElectricPower"))
    if watts < MIN_WATTS:
        volts, amperes = _number(connector.get("maxVoltage")), _number(connector.get("maxAmperage"))
        three_phases = connector.get("powerType") == "AC_3_PHASE"
        # OCPI gives the voltage between line and neutral; what is above 300 V can only be between
        # lines.
        factor = (sqrt(3) if volts > 300 else 3) if three_phases else 1
        watts = volts * amperes * factor
    kw = round(watts / 1000, 1) if watts >= MIN_WATTS else 0.0
    return kw if kw <= MAX_KW else 0.0


def _price(tariff: dict[str, Any]) -> Price | None:
    """Return the price of a tariff; None if it has no valid amount.

    Of several elements the cheapest amount counts; it is a minimum if restrictions apply.
    """
    amounts: dict[str, float] = {}
    at_least = before_tax = False
    for kind, amount, taxed, restricted in _components(tariff):
        if kind in amounts and amounts[kind] != amount:
            at_least = True
        amounts[kind] = min(amount, amounts.get(kind, amount))
        at_least |= restricted
        before_tax |= not taxed
    charged = {kind: amount or None for kind, amount in amounts.items()}
    # OCPI's amounts for time are per hour.
    minute, parking = (_per_minute(charged.get(kind)) for kind in ("TIME", "PARKING_TIME"))
    start = charged.get("FLAT")
    kwh = amounts.get("ENERGY")
    if minute is None and start is None:
        if not amounts.keys() & _FOR_CHARGING:
            return None
        # Zero is free of charge, whatever it is counted by.
        kwh = kwh or 0.0
    elif not at_least:
        # The energy is not what is paid for.
        kwh = kwh or None
    return Price(
        _currency(tariff.get("currency")), kwh, minute, start, parking, at_least, before_tax
    )


def _components(tariff: dict[str, Any]) -> Iterator[tuple[str, float, bool, bool]]:
    """Yield each component's type, its amount, whether that includes tax, and whether restrictions
    apply."""
    untaxed = tariff.get("taxIncluded") in ("NO", False)
    for element in map(_dict, _list(tariff.get("elements"))):
        restricted = bool(_dict(element.get("restrictions")))
        for component in map(_dict, _list(element.get("priceComponents"))):
            kind, amount = component.get("type"), component.get("price")
            if not isinstance(kind, str) or not _is_amount(amount):
                continue
            vat = component.get("vat")
            taxed = not untaxed
            if untaxed and _is_amount(vat):
                amount, taxed = amount * (1 + vat / 100), True
            yield kind, round(amount, 4), taxed or not amount, restricted


def _per_minute(hourly: float | None) -> float | None:
    return None if hourly is None else round(hourly / 60, 4)


def _is_amount(value: Any) -> TypeGuard[float]:
    return _is_number(value) and 0 <= value <= MAX_PRICE


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _currency(value: Any) -> str:
    return (
        value
        if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isupper()
        else ""
    )


def _country(value: Any) -> str:
    """Return NOBIL's three letters for a country code; empty for a code that is not known.

    A location without a code is in Finland, whose service this is.
    """
    code = text_of(value).upper()
    return _COUNTRY_CODES.get(code, "") if code else COUNTRY


def _position(coordinates: Any) -> Position | None:
    """Return latitude and longitude of a GeoJSON point, which puts the longitude first."""
    pair = _list(coordinates)[:2]
    # Checked first: an integer of 400 digits does not fit into a float.
    if len(pair) < 2 or not all(_is_number(each) and -180 <= each <= 180 for each in pair):
        return None
    longitude, latitude = map(float, pair)
    if not is_position(latitude, longitude) or not (round(latitude, 2) or round(longitude, 2)):
        return None
    return latitude, longitude


def _number(value: Any) -> float:
    """Return a number that can be a voltage, a current or a power; else zero."""
    return float(value) if _is_number(value) and 0 < value < 1e9 else 0.0


def _decoded(raw: Raw) -> Any:
    try:
        return _decode_anything(raw)
    except DECODE_ERRORS:
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
