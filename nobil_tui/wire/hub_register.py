"""The register of a hub as JSON: the names, places and plugs of stations, for the hub's clients.

``{"format": "nobil-tui register", "stations": {id: facts}}``, where a field that is not known is
left out. What a client reads is cleaned like any other text from outside.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from nobil_tui.base.decoding import DECODE_ERRORS, NotReadableError
from nobil_tui.base.text import safe_text
from nobil_tui.charging.geo import is_position
from nobil_tui.charging.prices import MAX_PRICE, Price
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import MAX_CONNECTORS, StationId
from nobil_tui.wire.plugs import MAX_KW
from nobil_tui.wire.register_fields import MAX_EVSE_UID, MAX_PROSE, MAX_SHORT_TEXT

_FORMAT = "nobil-tui register"
_LONG = ("description", "comment", "contact")
_SHORT = (
    *("name", "place", "street", "operator", "owner", "municipality", "county", "zipcode"),
    *("country", "opening", "availability", "credit"),
)


class _Answer(Struct):
    format: Annotated[str, Meta(pattern=f"^{_FORMAT}$")]
    stations: dict[StationId, Facts]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode


def encode_hub_register(register: Register) -> bytes:
    """Encode all stations of a register, each with its credit."""
    stations = {}
    for station_id in list(register):
        facts, credit = register.facts(station_id), register.credit_of(station_id)
        stations[station_id] = facts if facts.credit == credit else replace(facts, credit=credit)
    return _encode(_Answer(_FORMAT, stations))


def decode_hub_register(data: bytes | bytearray) -> dict[str, Facts]:
    """Decode the stations of a hub's register. Raises ``NotReadableError`` for other data."""
    try:
        stations = _decode(data).stations
    except DECODE_ERRORS:
        raise NotReadableError("it is not the register of a hub") from None
    return {
        station_id: _clean(facts)
        for station_id, facts in stations.items()
        if station_id.isprintable()
    }


def _clean(facts: Facts) -> Facts:
    """Return facts that are safe to show; the same object if they are so."""
    changes: dict[str, object] = {}
    for names, most in ((_SHORT, MAX_SHORT_TEXT), (_LONG, MAX_PROSE)):
        for name in names:
            text = getattr(facts, name)
            if len(text) > most or not text.isprintable():
                changes[name] = safe_text(text, most)
    if facts.position is not None and not is_position(*facts.position):
        changes["position"] = None
    if not all(map(_is_usual, facts.plugs)) or len(facts.plugs) > MAX_CONNECTORS:
        changes["plugs"] = tuple(map(_usual, facts.plugs[:MAX_CONNECTORS]))
    uids = facts.plug_evse_uids
    if not all(len(each) <= MAX_EVSE_UID and each.isprintable() for each in uids):
        changes["plug_evse_uids"] = ()
    if not all(each is None or _is_price(each) for each in facts.prices):
        changes["prices"] = ()
    return replace(facts, **changes) if changes else facts


def _is_usual(plug: Plug) -> bool:
    name = plug.name
    return len(name) <= MAX_SHORT_TEXT and name.isprintable() and 0 <= plug.kw <= MAX_KW


def _usual(plug: Plug) -> Plug:
    return Plug(safe_text(plug.name, MAX_SHORT_TEXT), plug.kw if 0 <= plug.kw <= MAX_KW else 0.0)


def _is_price(price: Price) -> bool:
    amounts = (price.kwh, price.minute, price.start, price.parking_minute)
    return (
        len(price.currency) <= 3
        and price.currency.isprintable()
        and all(each is None or 0 <= each <= MAX_PRICE for each in amounts)
    )
