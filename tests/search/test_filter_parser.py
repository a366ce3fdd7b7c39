"""The filter language: what it means, and that the index finds what a plain search finds."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import Position, distance_km
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station, Summary, WordConnector
from nobil_tui.search.fields import FIELDS, FILTER_EXAMPLES
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.folding import fold
from nobil_tui.search.index import StationIndex
from nobil_tui.search.places import AnyPlace, Places
from nobil_tui.search.query import Query
from tests.for_each import for_each
from tests.search.test_filter_position import TOWNS

NOW = 1_700_000_000_000
OSLO = (59.91, 10.75)
CCS, CHADEMO, TYPE2, TESLA = (
    Plug("CCS", 150.0),
    Plug("CHAdeMO", 50.0),
    Plug("Type 2", 22.0),
    Plug("Tesla", 135.0),
)
FREE, BUSY, FAULT, UNKNOWN = Connector(0, 0), Connector(1, 0), Connector(0, 1), Connector(-1, 0)

TORGET = Facts(
    name="Bærum Torg",
    place="Bærum",
    street="Torgveien 1",
    operator="Recharge",
    owner="Bærum kommune",
    municipality="Bærum",
    county="Akershus",
    zipcode="1300",
    country="NOR",
    position=(59.89, 10.52),
    plugs=(CCS, CCS, CHADEMO, TYPE2),
)


def board_of(*stations: Station) -> Board:
    board = Board()
    board.apply_snapshot(list(stations), NOW)
    return board


def fits(text: str, facts: Facts = TORGET, *connectors: Connector, id: str = "NOR_00001") -> bool:
    """Return whether a single station matches."""
    query = parse_query(text, OSLO)
    assert query.problems == ()
    station = Station(id, [Connector(c.status, c.error) for c in connectors])
    return StationIndex(Register({id: facts})).matching([id], query, board_of(station), NOW) == [id]


def counts(text: str, station: Station, facts: Facts = TORGET) -> Summary:
    """The connectors that a text asks for, counted."""
    return StationIndex(Register({station.id: facts})).count(station, parse_query(text))


# What each term means


def test_term_matches() -> None:
    for text in (
        "",
        "  ",
        "torg",
        "baerum",
        "BÆRUM recharge",
        "nor_00001",
        "1300",
        "akershus",
        "torgveien",
        "kommune",
        '"bærum torg"',
        '"bærum   torg',
        "op:recharge",
        "operator:rech",
        "op:mer,recharge",
        'op:"Recharge"',
        "owner:kommune",
        "place:akershus",
        "city:baerum",
        "name:torg",
        "street:torgveien",
        "id:00001",
        "country:nor",
        "country:Norway",
        "country:swe,nor",
        "-country:swe",
        "-sandvika",
        "-op:mer",
        "-owner:recharge",
        "ccs",
        "CCS chademo",
        "type2",
        "type 2",
        "Type 2 torg",
        "plug:type2",
        "plug:tesla,ccs",
        'plug:"type 2"',
        "combo",
        "-tesla",
        "-plug:tesla",
        ">=150kw",
        ">= 150 kW",
        "≥150",
        "150kw",
        "150 kw",
        "50-150kw",
        "<50kw",
        "<=22kw",
        "22,0kw",
        "type2 <50kw",
        "->150kw",
        "-ccs-like",
        "near",
        "near:59.91,10.75",
        "near: 59.91, 10.75",
        "near:home within:20km",
        "within:20km",
        "within:20 km",
        "within:20000m",
        "within:20",
        "-within:5km",
        "-free",
        "-occupied -fault -unknown -stale",
    ):
        assert fits(text), text


def test_term_does_not_match() -> None:
    for text in (
        "sandvika",
        "torg sandvika",
        "-torg",
        "torg -bærum",
        '"torg bærum"',
        "op:mer",
        "op:kommune",
        "owner:recharge",
        "name:recharge",
        "id:torg",
        "street:bærum",
        "country:swe",
        "-country:nor",
        "tesla",
        "type1",
        "plug:schuko",
        "-ccs",
        "-plug:ccs,type2",
        ">150kw",
        "300kw",
        "ccs >=200kw",
        "ccs <150kw",
        "ccs type2 >=50kw",
        "->=150kw",
        "within:5km",
        "-within:20km",
        "near:60.4,5.3 within:100km",
        "free",
        "occupied",
        "fault",
        "unknown",
        "stale",
    ):
        assert not fits(text), text


def test_states_apply_to_the_filtered_plugs() -> None:
    for text, connectors, expected in (
        ("free", [FREE, BUSY, BUSY, BUSY], True),
        ("free", [BUSY, BUSY, FAULT, UNKNOWN], False),
        ("-free", [BUSY, BUSY, BUSY, BUSY], True),
        ("occupied", [FREE, BUSY, FREE, FREE], True),
        ("fault", [FREE, FREE, FREE, FAULT], True),
        ("free fault", [FREE, FREE, FREE, FAULT], True),
        ("fault -free", [FREE, FREE, FREE, FAULT], False),
        ("unknown", [FREE, FREE, FREE, UNKNOWN], True),
        # The plug that is asked for must be free: the third is CHAdeMO, the fourth Type 2.
        ("ccs free", [BUSY, FREE, BUSY, BUSY], True),
        ("ccs free", [BUSY, BUSY, FREE, FREE], False),
        (">=100kw free", [BUSY, BUSY, FREE, FREE], False),
        ("chademo free", [BUSY, BUSY, FREE, BUSY], True),
        ("ccs fault", [FREE, FREE, FAULT, FAULT], False),
        ("ccs chademo free", [BUSY, BUSY, FREE, BUSY], True),
        ("type2 -free", [FREE, FREE, FREE, BUSY], True),
        ("<60kw free", [BUSY, BUSY, BUSY, FREE], True),
    ):
        assert fits(text, TORGET, *connectors) is expected, (text, connectors, expected)


def test_counts_are_limited_to_the_filtered_plugs() -> None:
    station = Station("NOR_1", [FREE, BUSY, FAULT, UNKNOWN])
    counted = {
        text: counts(text, station).text for text in ("", "free", "ccs", "chademo", "type2 ccs")
    }
    assert counted == {"": "1/4", "free": "1/4", "ccs": "1/2", "chademo": "0/1", "type2 ccs": "1/3"}


def test_mismatched_connectors_count_as_unknown() -> None:
    station = Station("NOR_1", [FREE, FREE, FREE])
    assert counts("ccs", station) == Summary(0, 2, 0, 0, 2)
    assert not fits("ccs free", TORGET, FREE, FREE, FREE)
    assert fits("ccs unknown", TORGET, FREE, FREE, FREE)
    # Whichever of three is which of four: all have a plug of some power.
    assert counts(">=11kw", station).text == "3/3"


def test_connectors_are_joined_by_evse_uid() -> None:
    facts = Facts(name="Torget", plugs=(CCS, CHADEMO, TYPE2), plug_evse_uids=("b", "b", "a"))
    board = Board()
    for key, word, status in (("a", "CHARGING", 1), ("b", "AVAILABLE", 0), ("new", "AVAILABLE", 0)):
        board.apply_connector("NOR_1", key, WordConnector(status, 0, word=word), NOW)
    station = board.stations["NOR_1"]
    for text, counted in {
        "ccs": "1/1",
        "chademo": "1/1",
        "type2": "0/1",
        "ccs type2": "1/2",
        "": "2/3",
    }.items():
        assert counts(text, station, facts).text == counted
    assert Register({"NOR_1": facts}).plugs_for("NOR_1", ["a", "b", "new"], 3) == (
        (TYPE2,),
        (CCS, CHADEMO),
        (),
    )
    assert facts.evse_uids == ("b", "a")


def test_brand_matches_plug_or_company() -> None:
    its_own = Facts(name="E6", operator="Tesla", plugs=(CCS, CCS))
    another = Facts(name="Torget", operator="Recharge", plugs=(CCS, TESLA))
    assert fits("tesla", its_own)
    assert fits("tesla", another)
    assert not fits("-tesla", its_own)
    assert not fits("plug:tesla", its_own)
    assert not fits("op:tesla", another)
    # Where the plug is not there, all that the company has is meant.
    station = Station("NOR_1", [FREE, BUSY])
    assert [counts("tesla", station, facts).text for facts in (its_own, another)] == ["1/2", "0/1"]


def test_missing_operator_and_name_fall_back() -> None:
    assert fits("op:fortum", Facts(owner="Fortum"))
    assert not fits("op:fortum", Facts(owner="Fortum", operator="Mer"))
    assert fits("name:00001", Facts())
    assert not fits("name:00001", Facts(name="Torget"))


def test_country_of_an_unregistered_station() -> None:
    assert fits("country:denmark", Facts(), id="DAN_00001")
    assert not fits("country:nor", Facts(), id="DAN_00001")


def test_unknown_position_is_neither_near_nor_far() -> None:
    assert not fits("near", Facts())
    assert not fits("within:20km", Facts())
    assert not fits("-within:20km", Facts())


def test_unreported_station_has_no_state() -> None:
    station_index = StationIndex(Register({"NOR_1": TORGET}))
    for text, found in (
        ("free", []),
        ("ccs free", []),
        ("stale", []),
        ("-free ccs", ["NOR_1"]),
        ("-stale", ["NOR_1"]),
    ):
        assert station_index.matching(["NOR_1"], parse_query(text), Board(), NOW) == found


def test_stale_needs_more_than_a_slight_downtime() -> None:
    board = board_of(Station("NOR_1", [FREE]))
    board.downtime.stop(NOW)
    query = parse_query("stale")
    station_index = StationIndex(Register())
    assert station_index.matching(["NOR_1"], query, board, NOW + SLIGHT) == []
    assert station_index.matching(["NOR_1"], query, board, NOW + SLIGHT + 1) == ["NOR_1"]


def test_matches_do_not_span_columns() -> None:
    facts = Facts(name="one\ntwo", operator="three")
    assert fits('"one two"', facts)
    assert not fits('"two three"', facts)
    assert not fits("owner:three", facts)


def test_invalid_parts_are_left_out() -> None:
    assert parse_query("ccs oper:x torg").terms == parse_query("ccs torg").terms
    assert len(parse_query("ccs oper:x torg").terms) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ccs >=150kw free torg -tesla", "CCS, 150 kW or more"),
        ("plug:ccs,type2 <50kw >22kw", "CCS or Type 2, less than 50 kW, more than 22 kW"),
        ("50-150kw <=100kw 75kw", "50 to 150 kW, 100 kW or less, 75 kW"),
        ("torg free", ""),
    ],
)
def test_label_of_the_filtered_plugs(text: str, words: str) -> None:
    assert parse_query(text).plugs.label == words


def test_only_states_are_live() -> None:
    assert parse_query("ccs free").is_live
    assert not parse_query("ccs").is_live


@given(st.text(), st.none() | st.just(OSLO))
def test_no_text_raises(text: str, home: Position | None) -> None:
    query = parse_query(text, home)
    StationIndex(Register({"NOR_1": TORGET})).matching(["NOR_1"], query, Board(), NOW)
    for mistake in query.problems:
        assert 0 <= mistake.start < mistake.end <= len(text)


ATOMS = [
    "-",
    ":",
    '"',
    " ",
    "near",
    "within:",
    "op:",
    ">=",
    "150",
    "kw",
    "ccs",
    ",",
    "59.9",
    "type",
    "2",
    "free",
    "m",
]


@given(st.lists(st.sampled_from(ATOMS)).map("".join))
def test_no_combination_of_tokens_raises(text: str) -> None:
    station_index = StationIndex(Register({"NOR_1": TORGET}))
    station_index.matching(
        ["NOR_1"], parse_query(text, OSLO), board_of(Station("NOR_1", [FREE] * 4)), NOW
    )


# The long way round: each term again, as plainly as it can be written

WORDS = ["oslo", "torg", "Mer", "a"]
NAMES = ["", "Oslo Torg", "Torget", "Åsgård a"]
PLUGS = [CCS, CHADEMO, TYPE2, TESLA, Plug("Type 2 + Schuko", 3.6), Plug(), Plug("CCS", 0.0)]
CONNECTORS = [FREE, BUSY, FAULT, UNKNOWN]
PLACES: list[Position | None] = [None, (59.9, 10.7), (60.0, 10.8), (60.4, 5.3)]

facts_lists = st.lists(
    st.builds(
        Facts,
        name=st.sampled_from(NAMES),
        place=st.sampled_from(["", "Oslo", "Bergen"]),
        operator=st.sampled_from(["", "Mer", "Tesla"]),
        owner=st.sampled_from(["", "Oslo kommune"]),
        country=st.sampled_from(["", "NOR", "SWE"]),
        position=st.sampled_from(PLACES),
        plugs=st.lists(st.sampled_from(PLUGS), max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=6,
)

Naive = Callable[[str, Facts, Station | None], bool]


def text_of(station: str, facts: Facts) -> str:
    fields = (
        facts.name,
        facts.place,
        facts.street,
        facts.operator,
        facts.owner,
        facts.municipality,
        facts.county,
    )
    return "|".join(fold(text) for text in (station, *fields, facts.zipcode))


def has(kind: str) -> Callable[[Plug], bool]:
    return lambda plug: any(
        part.strip().lower().replace(" ", "") == kind for part in plug.name.split("+")
    )


def word(text: str) -> Naive:
    return lambda station, facts, _: fold(text) in text_of(station, facts)


def operator(text: str) -> Naive:
    return lambda _, facts, __: fold(text) in fold(facts.operator or facts.owner)


def country(code: str) -> Naive:
    return lambda station, facts, _: (facts.country or station[:3]) == code


def within(km: float) -> Naive:
    return lambda _, facts, __: (
        facts.position is not None and distance_km(OSLO, facts.position) <= km
    )


STATIC: dict[str, Naive] = {
    **{text: word(text) for text in WORDS},
    "op:mer": operator("mer"),
    "op:oslo": operator("oslo"),
    "name:torg": lambda station, facts, _: "torg" in fold(facts.name or station),
    "place:oslo": lambda _, facts, __: "oslo" in fold(facts.place),
    "country:nor": country("NOR"),
    "country:swe": country("SWE"),
}
FAR: dict[str, Naive] = {
    "within:20km": within(20),
    "within:1000m": within(1),
    "within:400km": within(400),
}
KINDS = ["ccs", "chademo", "type2", "tesla", "schuko"]
LIMITS: dict[str, Callable[[float], bool]] = {
    ">=50kw": lambda kw: kw >= 50,
    "<50kw": lambda kw: 0 < kw < 50,
    ">50kw": lambda kw: kw > 50,
    "<=22kw": lambda kw: 0 < kw <= 22,
    "150kw": lambda kw: isclose(kw, 150),
}
IN: dict[str, Callable[[Condition], bool]] = {
    "free": lambda condition: condition is Condition.FREE,
    "occupied": lambda condition: condition.in_use,
    "fault": lambda condition: condition is Condition.FAULT,
    "unknown": lambda condition: condition is Condition.UNKNOWN,
}
terms = st.lists(
    st.tuples(st.booleans(), st.sampled_from([*STATIC, *FAR, *KINDS, *LIMITS, *IN])),
    max_size=4,
    unique=True,
)


def holds(
    asked: list[tuple[bool, str]], station_id: str, facts: Facts, station: Station | None
) -> bool:
    """Whether a station fits, term by term."""
    text = text_of(station_id, facts)
    powers = [LIMITS[name] for negated, name in asked if name in LIMITS and not negated]
    strong = [plug for plug in facts.plugs if all(power(plug.kw) for power in powers)]
    if powers and not strong:
        return False
    for negated, name in asked:
        if name in STATIC and STATIC[name](station_id, facts, station) is negated:
            return False
        if name in FAR and (
            facts.position is None or FAR[name](station_id, facts, station) is negated
        ):
            return False
        if name in LIMITS and negated and any(LIMITS[name](plug.kw) for plug in facts.plugs):
            return False
        if name in KINDS:
            plugs = facts.plugs if negated else strong
            if (any(map(has(name), plugs)) or (name == "tesla" and "tesla" in text)) is negated:
                return False
    conditions = [] if station is None else asked_for(asked, facts, station)
    return all(
        any(map(IN[name], conditions)) is not negated for negated, name in asked if name in IN
    )


def asked_for(asked: list[tuple[bool, str]], facts: Facts, station: Station) -> list[Condition]:
    """What those connectors are in that are asked for; unknown where it cannot be told which they
    are."""
    powers = [LIMITS[name] for negated, name in asked if name in LIMITS and not negated]
    kinds = [name for negated, name in asked if name in KINDS and not negated]
    strong = [plug for plug in facts.plugs if all(power(plug.kw) for power in powers)]
    found = [kind for kind in kinds if any(map(has(kind), strong))]
    meant = [
        plug in strong and (not found or any(has(kind)(plug) for kind in found))
        for plug in facts.plugs
    ]
    conditions = [connector.condition for connector in station.connectors]
    if all(meant):
        return conditions
    if len(conditions) != len(meant):
        return [Condition.UNKNOWN] * min(sum(meant), len(conditions))
    return [condition for condition, is_meant in zip(conditions, meant, strict=True) if is_meant]


@given(facts_lists, st.lists(terms, min_size=1, max_size=4), st.data())
def test_index_agrees_with_a_naive_search(
    every: list[Facts], queries: list[list[tuple[bool, str]]], data: st.DataObject
) -> None:
    known = {
        f"{('NOR', 'SWE', 'DAN')[number % 3]}_{number:05}": facts
        for number, facts in enumerate(every)
    }
    register = Register(known)
    stations = []
    for station_id, facts in known.items():
        count = data.draw(st.sampled_from([len(facts.plugs), len(facts.plugs), 1, None]))
        if count is not None:
            drawn = data.draw(st.lists(st.sampled_from(CONNECTORS), min_size=count, max_size=count))
            stations.append(Station(station_id, [Connector(c.status, c.error) for c in drawn]))
    board = board_of(*stations)
    station_index = StationIndex(register)
    ids = [*known, "ISL_09999"]
    for asked in queries:
        text = " ".join("-" * negated + name for negated, name in asked)
        query = parse_query(text, OSLO)
        assert query.problems == ()
        # Typed letter by letter, so that what was remembered of shorter filters is used.
        for end in range(len(text)):
            station_index.matching(ids, parse_query(text[:end], OSLO), board, NOW)
        expected = [i for i in ids if holds(asked, i, register.facts(i), board.stations.get(i))]
        assert station_index.matching(ids, query, board, NOW) == expected
        # And by a station_index that remembers nothing.
        assert StationIndex(register).matching(ids, query, board, NOW) == expected
        for station in stations:
            if station.id in expected:
                conditions = asked_for(asked, register.facts(station.id), station)
                counted = station_index.count(station, query)
                assert (counted.free, counted.total) == (
                    conditions.count(Condition.FREE),
                    len(conditions),
                )


def test_empty_query_is_false() -> None:
    assert not Query("")
    assert parse_query(" \t ").terms == ()


def test_every_example_of_a_field_is_valid() -> None:
    for field in FIELDS.values():
        query = parse_query(field.example, OSLO)
        assert query.terms or query.order
        assert not query.problems
        for alias in field.aliases:
            value = field.example.partition(":")[2]
            assert parse_query(f"{alias}:{value}", OSLO).terms == query.terms


def test_every_text_field_searches_its_own_columns() -> None:
    for field in FIELDS.values():
        for column in field.columns:
            facts = Facts()
            if column != "id":
                facts = replace(facts, **{column: "needle"})
            station = "needle" if column == "id" else "A"
            index = StationIndex(Register({station: facts}))
            query = parse_query(f"{field.name}:needle")
            assert index.matching([station], query, Board(), NOW) == [station]


@for_each(
    ("place", "texts"),
    [
        ("Tromsø", ("tromsø", "tromso", "tromsoe", "tromsö", "TROMSOE")),
        ("Göteborg", ("göteborg", "goteborg", "goeteborg", "gøteborg")),
        ("Ålesund", ("ålesund", "alesund", "aalesund", "AAlesund")),
        ("Aarhus", ("århus", "aarhus")),
        ("Broennoeysund", ("brønnøysund", "broennoeysund", "brönnöysund")),
        ("Bærum", ("bærum", "baerum", "bärum")),
        ("Västerås", ("västerås", "vasteras", "vaesteraas", "væsterås")),
    ],
)
def test_scandinavian_letters_in_every_spelling(place: str, texts: tuple[str, ...]) -> None:
    station = Facts(name="Torget", place=place)
    for text in texts:
        for written in (text, f"place:{text}", f'"{text}"', f"place:{text},xyz"):
            assert fits(written, station), written
            assert not fits(f"-{written}", station), written
    for other in ("moe", "torgetoe", "aa"):
        assert not fits(other, Facts(name="Mo i Rana", place="Asker")), other


def test_a_plug_has_the_names_of_its_standard() -> None:
    for name in ("ccs", "ccs2", "CCS2", "combo", "plug:ccs2", "connector:combo2"):
        assert parse_query(name).terms == parse_query("ccs").terms


def test_terms_of_one_station() -> None:
    for text, connectors, expected in (
        # As the list shows plugs.
        ("t2", [], True),
        ("cha", [], True),
        ("t1", [], False),
        ("CCS 150", [], True),
        ("ccs 50", [], False),
        ("CHA 50", [], True),
        ("T2 22", [], True),
        ("Type 2 22", [], True),
        ("ccs>=150", [], True),
        ("ccs>150", [], False),
        ("ccs >= 150kw", [], True),
        ("ccs>=150kw t2<=22kw", [], True),
        ("t2>=50", [], False),
        ("-t2>=50", [], True),
        ("-ccs>=100", [], False),
        # Counts.
        ("free>=2", [FREE, FREE, BUSY, BUSY], True),
        ("free>=2", [FREE, BUSY, BUSY, BUSY], False),
        ("ccs free>=2", [FREE, BUSY, FREE, FREE], False),
        ("free=0", [BUSY, BUSY, BUSY, BUSY], True),
        ("free<2", [FREE, BUSY, BUSY, BUSY], True),
        ("-free>1", [FREE, BUSY, BUSY, BUSY], True),
        ("fault>1", [FAULT, BUSY, FAULT, BUSY], True),
        # Either of two.
        ("sandvika or torg", [], True),
        ("sandvika or oslo", [], False),
        ("sandvika or torg ccs", [], True),
        ("sandvika or torg tesla", [], False),
        ("tesla or type1 or t2", [], True),
        ("tesla or type1", [], False),
        ("ccs>=300 or chademo", [], True),
        ("op:mer or place:akershus", [], True),
        ("free or fault", [BUSY, BUSY, BUSY, FAULT], True),
        ("free or fault", [BUSY, BUSY, BUSY, BUSY], False),
        ("free or torg", [BUSY, BUSY, BUSY, BUSY], True),
        ("free or sandvika", [BUSY, BUSY, BUSY, BUSY], False),
        ("-torg or -free", [BUSY, BUSY, BUSY, BUSY], True),
        ("starred or torg", [], True),
        ("starred", [], False),
        ("-starred", [], True),
        ("or torg or", [], True),
        ('"or"', [], True),
        # Facts.
        ("24h", [], True),
        ("-24h", [], False),
        ("public", [], False),
        ("-public", [], True),
        ("parking:free", [], False),
        ("-parking:free", [], False),
        ("fee", [], False),
        # A short number is not searched inside of ids and longer numbers.
        ("1", [], True),
        ("01", [], False),
        ("13", [], False),
        ("130", [], True),
        ("-13", [], True),
        ("1 or 2", [], True),
    ):
        facts = replace(TORGET, opening="open 24h", availability="Visitors", name="Bærum Torg Nord")
        assert fits(text, facts, *connectors) is expected, text


def test_plugs_with_their_own_power_are_counted() -> None:
    station = Station("NOR_1", [FREE, BUSY, FREE, FREE])
    for text, counted in {
        "ccs>=150": "1/2",
        "ccs>=150 or t2": "2/3",
        "cha or t2": "2/2",
        "ccs>=300": "–",
        "50kw or 22kw": "2/2",
    }.items():
        assert counts(text, station).text == counted, text
    assert parse_query("ccs>=150 or t2 free").plugs.label == "CCS 150 kW or more or Type 2"


def test_starred_stations_are_those_of_the_owner() -> None:
    starred = {"NOR_2"}
    station_index = StationIndex(TOWNS, starred)
    ids = [*TOWNS]
    board = Board()
    for text, found in (
        ("starred", ["NOR_2"]),
        ("starred or tromso", ["NOR_2", "NOR_3"]),
        ("starred oslo", ["NOR_2"]),
        ("-starred oslo", ["NOR_1"]),
    ):
        query = parse_query(text, None, Places(TOWNS))
        assert station_index.matching(ids, query, board, NOW) == found
        assert not query.is_live
    starred.clear()
    assert station_index.matching(ids, parse_query("starred"), board, NOW) == []


def test_what_reports_change_can_be_left_out() -> None:
    query = parse_query("ccs free starred starred or ccs free or oslo", OSLO).without_live()
    assert not query.is_live
    assert query.asks_starred
    assert len(query.states) == 2


def test_the_examples_of_the_help_are_understood() -> None:
    for text, _ in FILTER_EXAMPLES:
        assert parse_query(text, OSLO, AnyPlace()).problems == ()
