"""Tests of the register decoder with real and damaged responses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.charging.station import MAX_CONNECTORS
from nobil_tui.wire.plugs import plug_of
from nobil_tui.wire.register import ComplaintError, Dump, decode_register
from nobil_tui.wire.register_fields import MAX_PROSE, MAX_SHORT_TEXT
from tests.for_each import for_each

CAPTURES = os.environ.get("NOBIL_CAPTURES", "")
captured = pytest.mark.skipif(
    not CAPTURES, reason="NOBIL_CAPTURES names no folder with recorded answers"
)


def attribute(number: object, words: object = "", value: object = "") -> dict[str, object]:
    return {
        "attrtypeid": "0",
        "attrname": "",
        "attrvalid": number,
        "trans": words,
        "attrval": value,
    }


def outlet(
    kind: str = "CCS/Combo", capacity: str = "150 kW DC", evse: object = None
) -> dict[str, object]:
    found: dict[str, object] = {"4": attribute("39", kind), "5": attribute("99", capacity)}
    if evse is not None:
        found["27"] = attribute("1", "EVSE UID", evse)
    return found


def station(conn: object = None, st: object = None, **fields: object) -> dict[str, Any]:
    csmd = {
        "International_id": "NOR_00001",
        "name": "Torget",
        "Position": "(59.87447,10.49982)",
        **fields,
    }
    return {
        "csmd": csmd,
        "attr": {"st": st or {}, "conn": {"1": outlet()} if conn is None else conn},
    }


def envelope(*stations: object) -> dict[str, object]:
    return {
        "Provider": "NOBIL.no",
        "Rights": "CC BY",
        "apiver": "3",
        "chargerstations": list(stations),
    }


def dump(*stations: object) -> Dump:
    return decode_register(json.dumps(envelope(*stations)).encode())


def facts(*args: object, **fields: object) -> Facts:
    return dump(station(*args, **fields)).facts["NOR_00001"]


@for_each(
    ("rights", "other"),
    [
        ("Creative Commons Attribution 4.0 International License", ""),
        ("Data: CC BY 4.0, https://nobil.no", ""),
        ("cc-by-4.0", ""),
        ("", ""),
        (None, ""),
        (["CC BY-SA 4.0"], ""),
        ("CC BY", "CC BY"),
        ("CC BY-NC 4.0", "CC BY-NC 4.0"),
        (
            "Creative Commons Attribution-ShareAlike 4.0",
            "Creative Commons Attribution-ShareAlike 4.0",
        ),
        (
            "Creative Commons Attribution 3.0 Unported License",
            "Creative Commons Attribution 3.0 Unported License",
        ),
        ("all\u001b[2Jmine", "all[2Jmine"),
    ],
)
def test_other_rights(rights: object, other: str) -> None:
    assert (
        decode_register(json.dumps({**envelope(), "Rights": rights}).encode()).other_rights == other
    )


# Recorded responses


@captured
def test_recorded_swedish_town() -> None:
    read = decode_register((Path(CAPTURES) / "register_uppsala_2019.json").read_bytes())
    assert (len(read.facts), read.unreadable, read.problems) == (23, 0, {})
    assert read.rights == "Creative Commons Attribution 4.0 International License"
    assert sum(len(facts.plugs) for facts in read.facts.values()) == 86
    assert {plug.name for facts in read.facts.values() for plug in facts.plugs} == {
        "CCS",
        "CHAdeMO",
        "Schuko",
        "Tesla",
        "Type 2",
    }
    first = read.facts["SWE_03108"]
    assert (first.place, first.country, first.opening, first.parking_fee) == (
        "Uppsala",
        "SWE",
        "open 24h",
        True,
    )
    assert first.plugs == (Plug("Type 2", 22.0),) * 10
    assert read.facts["SWE_02486"].opening == "Parkeringshusets öppettider"
    assert all("&" not in facts.owner or " & " in facts.owner for facts in read.facts.values())


@captured
def test_recorded_bare_list_of_norwegian_stations() -> None:
    read = decode_register((Path(CAPTURES) / "register_norway_2016.json").read_bytes())
    assert (len(read.facts), read.unreadable, read.problems) == (3, 0, {})
    first = read.facts["NOR_01415"]
    assert first.plugs == (
        Plug("CHAdeMO", 50.0),
        Plug("Type 2", 43.0),
        Plug("CHAdeMO", 50.0),
        Plug("CCS", 50.0),
    )
    assert first.comment.startswith('Tilgang med SMS, "gocharge"app')
    assert (first.place, first.street, first.position) == (
        "Berg i Østfold",
        "Svinesundparken 4",
        (59.1295, 11.27407),
    )
    assert read.facts["NOR_01524"].plugs[1] == Plug("Type 2 + Schuko", 3.6)
    # The capacities of these two have no kW.
    assert read.facts["NOR_02221"].plugs == (Plug("Schuko", 3.7), Plug("Schuko", 3.7))


# Envelopes


@for_each(
    "answer",
    [
        envelope(station()),
        [envelope(station())],
        [station()],
        {"chargerstations": {"1": station()}},
        [{"chargerstations": []}, envelope(station())],
        # An error counts only without stations.
        {**envelope(station()), "error": "half of it is missing"},
        [{**station(), "error": "x"}],
    ],
)
def test_envelope_can_be_object_list_or_missing(answer: object) -> None:
    read = decode_register(json.dumps(answer).encode())
    assert (list(read.facts), read.unreadable) == (["NOR_00001"], 0)


def test_byte_order_mark_is_skipped() -> None:
    assert decode_register(b"\xef\xbb\xbf" + json.dumps(envelope(station())).encode()).facts


@for_each(
    ("answer", "words", "about_key"),
    [
        ('{"error": "Wrong API key"}', "Wrong API key", True),
        ('[{"error": "Unknown &quot;countrycode&quot;"}]', 'Unknown "countrycode"', False),
        ('{"error": "Unknown key"}', "Unknown key", True),
        ('{"error": "The key abc is not valid"}', "The key abc is not valid", True),
        ('{"error": "No such apikey"}', "No such apikey", True),
        ('{"error": "Duplicate key in table"}', "Duplicate key in table", False),
        ('{"error": "Unknown keyword: hockey"}', "Unknown keyword: hockey", False),
        ('{"error": {"code": 7}}', "an error without a description", False),
        ('{"error": "a\\u001b[31m\\nb"}', "a[31m b", False),
    ],
)
def test_api_error_raises_complaint(answer: str, words: str, about_key: bool) -> None:
    with pytest.raises(ComplaintError) as raised:
        decode_register(answer.encode())
    assert (str(raised.value), raised.value.about_key) == (words, about_key)


@for_each(
    "answer",
    [
        b"",
        b" ",
        b"<html><body>Sorry</body></html>",
        b"{}",
        b'"text"',
        b"null",
        b'{"chargerstations": 3}',
        b'{"chargerstations": null}',
        b"[" * 100_000,
        b'{"error":' + b"[" * 100_000,
        json.dumps(envelope(station())).encode()[:-3],
    ],
)
def test_other_response_is_not_readable(answer: bytes) -> None:
    with pytest.raises(NotReadableError) as raised:
        decode_register(answer)
    assert not isinstance(raised.value, ComplaintError)
    assert str(raised.value).isprintable()


@given(
    st.binary()
    | st.builds(lambda a, b: b'{"chargerstations":[' + a + b"]" + b, st.binary(), st.binary())
)
def test_any_bytes_raise_only_not_readable(answer: bytes) -> None:
    try:
        decode_register(answer)
    except NotReadableError as error:
        assert str(error).isprintable()


# Damaged stations

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
FULL = station(
    {"1": outlet(evse="1252"), "2": outlet(evse="1252")},
    {
        "2": attribute("1", "Public"),
        "7": attribute("2", "No", False),
        "24": attribute("1", "Yes", "1"),
    },
    Street="Storgata",
    House_number="1",
    Zipcode="0155",
    City="OSLO",
    Municipality="OSLO",
    County="Oslo",
    Description_of_location="Behind",
    Owned_by="A",
    Operator="B",
    User_comment="C",
    Contact_info="D",
    Land_code="NOR",
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Return a full station with any parts missing or replaced by any value."""

    def damage(value: Any, depth: int) -> Any:
        if isinstance(value, dict) and depth:
            kept = {
                key: damage(inner, depth - 1)
                for key, inner in value.items()
                if draw(st.integers(0, 7))
            }
            return draw(ANYTHING) if not draw(st.integers(0, 12)) else kept
        return draw(ANYTHING) if not draw(st.integers(0, 5)) else value

    return damage(FULL, 5)


@settings(max_examples=25)
@given(st.lists(damaged(), max_size=3))
@example([{"csmd": {"International_id": "NOR_1", "Zipcode": 10**400}, "attr": []}])
def test_damaged_station_does_not_affect_others(stations: list[Any]) -> None:
    other = station(International_id="NOR_99999")
    read = dump(*stations, other)
    assert read.facts["NOR_99999"] == dump(other).facts["NOR_99999"]
    assert len(read.facts) + read.unreadable + read.problems[
        "duplicate stations: the last one is used"
    ] == (len(stations) + 1)
    for identity, known in read.facts.items():
        assert identity.isprintable()
        for text in (
            known.name,
            known.place,
            known.street,
            known.operator,
            known.comment,
            known.contact,
        ):
            assert text.isprintable()
        assert len(known.plug_evse_uids) in (0, len(known.plugs))
        assert known.position is None or (
            abs(known.position[0]) <= 90 and abs(known.position[1]) <= 180
        )


def test_all_fields_of_station() -> None:
    assert dump(FULL).facts["NOR_00001"] == Facts(
        name="Torget",
        place="Oslo",
        street="Storgata 1",
        operator="B",
        position=(59.87447, 10.49982),
        plugs=(Plug("CCS", 150.0), Plug("CCS", 150.0)),
        owner="A",
        municipality="Oslo",
        county="Oslo",
        zipcode="0155",
        country="NOR",
        opening="open 24h",
        parking_fee=False,
        availability="Public",
        description="Behind",
        comment="C",
        contact="D",
        plug_evse_uids=("1252", "1252"),
    )


@for_each("identity", [None, "", "  ", 7, "x" * 65, "NOR\x1b[31m", "NOR\u202e1", ["NOR_1"]])
def test_station_without_valid_id_is_counted(identity: object) -> None:
    read = dump(station(International_id=identity), station())
    assert (list(read.facts), read.unreadable) == (["NOR_00001"], 1)


def test_field_of_unexpected_type_is_dropped() -> None:
    broken = station(
        {"1": {"4": 7, "5": attribute("1", "50 kW")}, "2": None},
        {"24": [], "2": attribute("1", "Public")},
    )
    read = dump(broken)
    known = read.facts["NOR_00001"]
    assert known.plugs == (Plug("", 50.0), Plug())
    assert (known.name, known.availability, known.opening) == ("Torget", "Public", "")
    assert read.problems == {
        "stations with fields of an unexpected type": 1,
        "connectors without a known type": 2,
        "connectors without a known power": 1,
    }


@for_each("attr", [[], {}, None, {"st": [], "conn": []}, {"st": None, "conn": None}])
def test_empty_object_as_list(attr: object) -> None:
    read = dump({"csmd": station()["csmd"], "attr": attr})
    assert read.facts["NOR_00001"].plugs == ()
    assert read.problems == {"stations without connectors": 1}


# Texts


@for_each(
    ("text", "name"),
    [
        ("Charge &amp; Drive", "Charge & Drive"),
        ("Charge &amp;amp; Drive", "Charge & Drive"),
        ("&lt;b&gt;[red]", "<b>[red]"),
        (" two\r\nlines\t of\u00a0it ", "two lines of it"),
        ("\x1b]52;c;AAAA\x07bell", "]52;c;AAAAbell"),
        ("right\u202eleft", "rightleft"),
        ("&#27;[2J&#x202E;", "[2J"),
        (None, ""),
        (7, "7"),
        (True, ""),
        (["a"], ""),
        (10**30, ""),
    ],
)
def test_text_is_one_printable_line(text: object, name: str) -> None:
    assert facts(name=text).name == name


def test_long_text_is_truncated() -> None:
    known = facts(name="x" * 10**6, User_comment="&amp;" * 10**5)
    assert known.name == "x" * (MAX_SHORT_TEXT - 1) + "…"
    assert known.comment == "&" * (MAX_PROSE - 1) + "…"


@for_each(
    ("city", "place"),
    [
        ("OSLO", "Oslo"),
        ("MO I RANA", "Mo i Rana"),
        ("Bærum", "Bærum"),
        ("I", "I"),
        ("NESODDEN-ØST", "Nesodden-Øst"),
    ],
)
def test_place_in_capitals(city: str, place: str) -> None:
    assert facts(City=city).place == place


@for_each(
    ("said", "opening"),
    [
        (attribute("1", "Yes", "1"), "open 24h"),
        (attribute(1, "", 0), "open 24h"),
        (attribute("2", "No", "05:00-01:00"), "05:00-01:00"),
        (attribute("2", "No", False), "not open 24h"),
        (attribute("2", "No", "0"), "not open 24h"),
        (attribute("9", "Perhaps", "x"), ""),
        (None, ""),
    ],
)
def test_opening_hours(said: object, opening: str) -> None:
    assert facts(st={"24": said}).opening == opening


@pytest.mark.parametrize(
    ("said", "fee"),
    [
        (attribute("1", "Yes"), True),
        (attribute("2", "No", False), False),
        (attribute("0", ""), None),
    ],
)
def test_parking_fee(said: object, fee: bool | None) -> None:
    assert facts(st={"7": said}).parking_fee is fee


@for_each(
    ("position", "read", "problem"),
    [
        ("(59.87447,10.49982)", (59.87447, 10.49982), None),
        (" ( -59.5 , +10 ) ", (-59.5, 10.0), None),
        (None, None, "stations without a position"),
        ("", None, "stations without a position"),
        ("(,)", None, "positions that cannot be read"),
        ("(59,87447,10,49982)", None, "positions that cannot be read"),
        ("(٥٩,10)", None, "positions that cannot be read"),
        ([59.8, 10.4], None, "positions that cannot be read"),
        ("(0,0)", None, "positions at 0,0"),
        ("(0.000,-0.0001)", None, "positions at 0,0"),
        ("(95.1,10)", None, "positions out of range"),
        ("(59,181)", None, "positions out of range"),
    ],
)
def test_positions(position: object, read: object, problem: str | None) -> None:
    found = dump(station(Position=position))
    assert found.facts["NOR_00001"].position == read
    assert found.problems == ({problem: 1} if problem else {})


# Connectors


@for_each(
    ("kind", "number", "name"),
    [
        ("CHAdeMO", "30", "CHAdeMO"),
        ("CCS/Combo", "39", "CCS"),
        ("Combo + CHAdeMO", "41", "CCS + CHAdeMO"),
        ("CHAdeMO + Combo + AC-Type2", "43", "CHAdeMO + CCS + Type 2"),
        ("Type 1", "31", "Type 1"),
        ("Type1/Type2", "60", "Type 1 + Type 2"),
        ("Type 2 + Schuko", "50", "Type 2 + Schuko"),
        ("Schuko CEE 7/4", "14", "Schuko"),
        ("Tesla Connector Model", "40", "Tesla"),
        ("MCS", "87", "MCS"),
        ("Hydrogen 350 bar", "70", "Hydrogen 350 bar"),
        ("Something of tomorrow", "123", "Something of tomorrow"),
        ("", "32", "Type 2"),
        ("", "123", ""),
        ("Unspecified", "0", ""),
    ],
)
def test_plug_name(kind: str, number: str, name: str) -> None:
    assert plug_of(kind, number, "").name == name


@for_each(
    ("capacity", "kw"),
    [
        ("22 kW - 400V 3-phase max 32A", 22.0),
        ("3,6 kW - 230V 1-phase max 16A", 3.6),
        ("7.4kW", 7.4),
        ("150 kW DC", 150.0),
        ("1,2 MW", 1200.0),
        ("230V 1-phase max 16A", 3.7),
        ("400V 3-phase max 32A", 22.2),
        ("230 bar", 0.0),
        ("kW", 0.0),
        ("", 0.0),
        ("0 kW", 0.0),
        ("999999 kW", 0.0),
        ("2016-50 kW", 50.0),
    ],
)
def test_power_of_capacity(capacity: str, kw: float) -> None:
    assert plug_of("CCS", "39", capacity).kw == kw


@given(st.text(), st.text(), st.text())
def test_any_words_yield_a_plug(kind: str, number: str, capacity: str) -> None:
    assert 0 <= plug_of(kind, number, capacity).kw <= 10_000


def test_outlets_are_sorted_by_number() -> None:
    conn = {
        "10": outlet(evse="j"),
        "2": outlet(evse="b"),
        "1": outlet(evse="a"),
        "x": outlet(evse="z"),
    }
    assert facts(conn).plug_evse_uids == ("a", "b", "j", "z")


@for_each(
    ("value", "key"),
    [
        ("SE*VIR*E250276", "SE*VIR*E250276"),
        (1252, "1252"),
        (False, ""),
        (0, ""),
        ("", ""),
        (None, ""),
    ],
)
def test_evse_uid_is_kept_unchanged(value: object, key: str) -> None:
    known = facts({"1": outlet(evse="other"), "2": {**outlet(), "27": attribute("1", "", value)}})
    assert known.plug_evse_uids == ("other", key)


@pytest.mark.parametrize("value", ["x" * 129, "a\x1b[31m"])
def test_invalid_evse_uid_is_empty(value: str) -> None:
    assert facts({"1": outlet(evse=value)}).plug_evse_uids == ()


def test_connectors_are_limited() -> None:
    read = dump(station({str(number): outlet() for number in range(MAX_CONNECTORS + 5)}))
    assert len(read.facts["NOR_00001"].plugs) == MAX_CONNECTORS
    assert read.problems == {"stations with too many connectors: the last ones are ignored": 1}


def test_last_duplicate_station_counts() -> None:
    read = dump(station(name="old"), station(name="new"))
    assert read.facts["NOR_00001"].name == "new"
    assert read.problems == {"duplicate stations: the last one is used": 1}


def test_equal_values_are_shared() -> None:
    read = dump(
        station(Owned_by="A &amp; B"), station(International_id="NOR_2", Owned_by="A &amp; B")
    )
    one, two = read.facts.values()
    assert one.owner is two.owner
    assert one.plugs is two.plugs
