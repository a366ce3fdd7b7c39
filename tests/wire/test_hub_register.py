"""The register of a hub: what is encoded is decoded, and what is hostile is cleaned."""

from __future__ import annotations

import json

import pytest

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.wire.hub_register import decode_hub_register, encode_hub_register
from tests.for_each import for_each


def test_all_that_is_known_arrives_with_its_credit() -> None:
    whole = Facts(
        name="Slottet",
        place="Oslo",
        operator="Mer",
        position=(59.9, 10.7),
        plugs=(Plug("CCS", 150.0), Plug("Type 2")),
        parking_fee=True,
        comment="ring",
        plug_evse_uids=("a", "b"),
        prices=(Price(kwh=0.5), None),
        credit="Fintraffic",
    )
    register = Register({"A": whole, "B": Facts("Torget")}, credit="NOBIL")
    found = decode_hub_register(encode_hub_register(register))
    assert found == {"A": whole, "B": Facts("Torget", credit="NOBIL")}
    # A client that is a hub itself passes on the same, also that simulated stations need no credit.
    register.use_own({"B": Facts("Torget")})
    again = Register(credit="another")
    again.use_own(decode_hub_register(encode_hub_register(register)))
    assert (again.facts("B"), again.credit_of("B")) == (Facts("Torget"), "")
    assert (again.facts("A"), again.credit_of("A")) == (whole, "Fintraffic")


def test_hostile_texts_and_numbers_are_cleaned() -> None:
    facts = {
        "name": "a\x1b[31mb",
        "comment": "x" * 10_000,
        "position": [91, 0],
        "plugs": [{"name": "CCS\n", "kw": -1}, {"name": "Type 2", "kw": 22}],
        "plug_evse_uids": ["x" * 999],
        "prices": [{"currency": "EUR", "kwh": 1e300}],
    }
    sent = {"format": "nobil-tui register", "stations": {"A": facts, "B\x1b": {}}}
    [(station_id, found)] = decode_hub_register(json.dumps(sent).encode()).items()
    assert (station_id, found.name, len(found.comment)) == ("A", "a·[31mb", 501)
    assert (found.position, found.plug_evse_uids, found.prices) == (None, (), ())
    assert found.plugs == (Plug("CCS·"), Plug("Type 2", 22.0))


@for_each(
    "data",
    [b"", b"<html>", b"[]", b'{"stations": {}}', b'{"format": "x", "stations": {}}', b"[" * 9999],
)
def test_other_answers_are_no_register(data: bytes) -> None:
    with pytest.raises(NotReadableError):
        decode_hub_register(data)
