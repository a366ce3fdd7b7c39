"""The roster against a model that is too plain to be wrong, and its rules by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import distance_km
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station, Summary
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import Roster

T0 = 1_700_000_000_000
OSLO, BERGEN, MALMO = (59.91, 10.75), (60.39, 5.32), (55.60, 13.00)
CCS, TYPE_2 = Plug("CCS", 150), Plug("Type 2", 22)

# Id, facts, and by hand all that words can be found in, in plain letters.
KNOWN: dict[str, tuple[Facts, str]] = {
    "NOR_00012": (
        Facts("Ålesund Sentrum", "Ålesund", "Gata 1", "Kraft Øst", (62.47, 6.15), (CCS, TYPE_2)),
        "nor_00012|alesund sentrum|alesund|gata 1|kraft ost",
    ),
    "NOR_00013": (
        Facts("ålesund SENTRUM", "Ålesund", "Gata 2", "Lading", (62.47, 6.15), (CCS, CCS)),
        "nor_00013|alesund sentrum|alesund|gata 2|lading",
    ),
    "NOR_01333": (
        Facts("Fornebu S", "Bærum", "Gata 3", "Kraft Øst", (59.89, 10.62), (TYPE_2,)),
        "nor_01333|fornebu s|baerum|gata 3|kraft ost",
    ),
    "NOR_076198": (Facts("Øyer Vest", "Øyer"), "nor_076198|oyer vest|oyer"),
    "SWE_00007": (
        Facts("Malmö Södra", "Malmö", operator="Lading", position=MALMO, plugs=(TYPE_2, CCS, CCS)),
        "swe_00007|malmo sodra|malmo|lading",
    ),
    "DAN_00001": (Facts(), "dan_00001"),
}
REGISTER = Register({station: facts for station, (facts, _) in KNOWN.items() if station != "DAN_00001"})
IDS = sorted(KNOWN)

Connectors = list[Connector]


def asked(name: str, connectors: Connectors) -> Connectors:
    """The connectors that have CCS; unknown ones where it cannot be told which have."""
    plugs = KNOWN[name][0].plugs
    if plugs and all(plug is CCS for plug in plugs):
        return connectors
    if len(plugs) == len(connectors):
        return [connector for connector, plug in zip(connectors, plugs, strict=True) if plug is CCS]
    return [Connector()] * min(sum(plug is CCS for plug in plugs), len(connectors))


def is_free(connector: Connector) -> bool:
    return connector.status == 0 and not connector.error


def text(needle: str) -> Callable[[str, Connectors | None], bool]:
    return lambda name, _: needle in KNOWN[name][1]


def some(test: Callable[[Connector], bool]) -> Callable[[str, Connectors | None], bool]:
    return lambda _, connectors: any(map(test, connectors or ()))


# What can be typed, and whom it lets through, given the connectors that are asked for.
TERMS: dict[str, Callable[[str, Connectors | None], bool]] = {
    "": lambda _, __: True,
    "ålesund": text("alesund"),
    "ALE": text("ale"),
    "ost": text("ost"),
    "s": text("s"),
    "nor_0": text("nor_0"),
    "gata": text("gata"),
    "zz": text("zz"),
    "-kraft": lambda name, _: "kraft" not in KNOWN[name][1],
    "ccs": lambda name, _: CCS in KNOWN[name][0].plugs,
    "country:swe": lambda name, _: name.startswith("SWE"),
    "within:50km": lambda name, _: (at := KNOWN[name][0].position) is not None and distance_km(OSLO, at) <= 50,
    "free": some(is_free),
    "-fault": lambda _, connectors: not any(connector.error for connector in connectors or ()),
    "occupied": some(lambda connector: connector.status == 1 and not connector.error),
}

CONNECTORS = st.lists(
    st.builds(
        Connector,
        st.sampled_from([-1, 0, 0, 1]),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([T0 - 3, T0 - 2, T0 - 1]),
    ),
    max_size=3,
)
STATIONS = st.sampled_from(IDS)


@dataclass
class Wish:
    """What is to be shown."""

    sort: Sort
    reverse: bool
    pinned: bool
    terms: list[str]
    starred_only: bool
    faults_only: bool
    registered: bool
    starred: set[str]

    def put(self, roster: Roster) -> None:
        roster.sort, roster.reverse, roster.pinned = self.sort, self.reverse, self.pinned
        roster.filter = "  ".join(self.terms)
        roster.starred_only, roster.faults_only, roster.registered = (
            self.starred_only,
            self.faults_only,
            self.registered,
        )
        roster.starred = set(self.starred)


WISHES = st.builds(
    Wish,
    st.sampled_from(Sort),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(sorted(TERMS)), max_size=3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sets(STATIONS, max_size=3),
)
BOARDS = st.dictionaries(STATIONS, CONNECTORS)


def board_of(stations: dict[str, Connectors]) -> Board:
    board = Board()
    board.apply_snapshot([Station(name, [*connectors]) for name, connectors in stations.items()], T0)
    return board


def every(board: Board, wish: Wish) -> set[str]:
    return board.stations.keys() | wish.starred | (set(REGISTER) if wish.registered else set())


def plainly(board: Board, wish: Wish) -> list[str]:
    """Work out the list the slow way."""

    def counted(name: str) -> Connectors | None:
        station = board.stations.get(name)
        if station is None:
            return None
        return asked(name, station.connectors) if "ccs" in wish.terms else station.connectors

    def shown(name: str) -> bool:
        station = board.stations.get(name)
        if wish.starred_only and name not in wish.starred:
            return False
        if wish.faults_only and not any(connector.error for connector in (station.connectors if station else [])):
            return False
        return all(TERMS[term](name, counted(name)) for term in wish.terms)

    def free(name: str) -> int:
        connectors = counted(name)
        return -1 if connectors is None else sum(map(is_free, connectors))

    def changed(name: str) -> int:
        station = board.stations.get(name)
        return -1 if station is None else max([0, *(connector.timestamp for connector in station.connectors)])

    def away(name: str) -> float | None:
        place = KNOWN[name][0].position
        return None if place is None else distance_km(OSLO, place)

    def compare(a: str, b: str) -> int:
        on_top = wish.pinned or wish.sort is Sort.STARRED
        if on_top and (a in wish.starred) != (b in wish.starred):
            return -1 if a in wish.starred else 1
        here, there = away(a), away(b)
        if wish.sort is Sort.DISTANCE and (here is None) != (there is None):
            return 1 if here is None else -1
        names = REGISTER.name(a).casefold(), REGISTER.name(b).casefold()
        by_name = (names[0] > names[1]) - (names[0] < names[1])
        order = {
            Sort.STARRED: by_name,
            Sort.NAME: by_name,
            Sort.ID: (a > b) - (a < b),
            Sort.FREE: free(b) - free(a),
            Sort.CHANGED: changed(b) - changed(a),
            Sort.DISTANCE: ((here or 0) > (there or 0)) - ((here or 0) < (there or 0)),
        }[wish.sort]
        if wish.reverse:
            order = -order
        return order or (a > b) - (a < b)

    return sorted(filter(shown, every(board, wish)), key=cmp_to_key(compare))


# Laws


@given(BOARDS, WISHES)
def test_it_shows_what_a_plain_model_shows(stations: dict[str, Connectors], wish: Wish) -> None:
    board = board_of(stations)
    roster = Roster(board, REGISTER, home=OSLO)
    wish.put(roster)
    roster.refresh(T0)
    assert roster.ids == plainly(board, wish)
    assert [roster.line_of(name) for name in roster.ids] == list(range(len(roster.ids)))
    assert all(roster.line_of(name) is None for name in IDS if name not in roster.ids)
    assert roster.total == len(every(board, wish))
    assert roster.hidden_starred == len(wish.starred - set(roster.ids))
    if not roster.filtered:
        assert len(roster.ids) == roster.total
        assert roster.hidden_starred == 0


@given(BOARDS, WISHES, WISHES)
def test_nothing_is_left_of_what_was_shown_before(stations: dict[str, Connectors], first: Wish, second: Wish) -> None:
    board = board_of(stations)
    used, fresh = Roster(board, REGISTER, home=OSLO), Roster(board, REGISTER, home=OSLO)
    first.put(used)
    used.refresh(T0)
    for roster in (used, fresh):
        second.put(roster)
        roster.refresh(T0)
    assert used.ids == fresh.ids


NAME_AND_FILTER = Wish(Sort.NAME, False, False, ["ålesund"], False, False, False, set())
FREE_ONES = Wish(Sort.NAME, False, False, ["ccs", "free"], False, False, False, set())


@given(BOARDS, WISHES, st.lists(st.tuples(STATIONS, CONNECTORS), max_size=3))
@example({"NOR_01333": []}, NAME_AND_FILTER, [("NOR_00012", [])])  # a station comes that the filter lets through
@example({"NOR_00012": [Connector(0), Connector(1)]}, FREE_ONES, [("NOR_00012", [Connector(1), Connector(0)])])
def test_a_list_that_is_not_stale_is_right(
    stations: dict[str, Connectors], wish: Wish, reports: list[tuple[str, Connectors]]
) -> None:
    board = board_of(stations)
    roster = Roster(board, REGISTER, home=OSLO)
    wish.put(roster)
    roster.refresh(T0)
    for at, (name, connectors) in enumerate(reports, T0):
        board.apply_station(Station(name, [*connectors]), at)
        roster.note({name}, whole=False, now=at)
        if not roster.stale:
            assert roster.ids == plainly(board, wish)
    roster.refresh(T0)
    assert roster.ids == plainly(board, wish)


@given(BOARDS, WISHES)
def test_what_is_counted_is_what_is_asked_for(stations: dict[str, Connectors], wish: Wish) -> None:
    board = board_of(stations)
    roster = Roster(board, REGISTER, home=OSLO)
    wish.put(roster)
    roster.refresh(T0)
    free = total = 0
    for name in roster.ids:
        station = board.stations.get(name)
        if station is None:
            continue
        counted = asked(name, station.connectors) if "ccs" in wish.terms else station.connectors
        counts = roster.counts(station)
        assert (counts.free, counts.total) == (sum(map(is_free, counted)), len(counted))
        indexes = roster.asked(station)
        if indexes is not None:
            assert [station.connectors[index] for index in indexes] == counted
        else:
            assert counts.unknown == len(counted)
        free, total = free + counts.free, total + counts.total
    assert roster.free_of_total() == (free, total)


# Staleness by name


def roster_over(*names: str, home: tuple[float, float] | None = None) -> Roster:
    roster = Roster(board_of({name: [Connector(0)] for name in names}), REGISTER, home=home)
    roster.refresh(T0)
    return roster


@pytest.mark.parametrize("sort", [Sort.STARRED, Sort.NAME, Sort.ID, Sort.DISTANCE])
def test_what_moves_nothing_does_not_make_it_stale(sort: Sort) -> None:
    roster = roster_over("NOR_00012", "NOR_01333", home=OSLO)
    roster.sort = sort
    roster.note({"NOR_00012"}, whole=False, now=T0)
    assert not roster.stale


@pytest.mark.parametrize("sort", [Sort.FREE, Sort.CHANGED])
def test_an_order_that_moves_is_stale_after_any_report_of_what_is_listed(sort: Sort) -> None:
    roster = roster_over("NOR_00012", "NOR_01333")
    roster.filter = "fornebu"
    roster.sort = sort
    roster.refresh(T0)
    for touched in (set(), {"NOR_00012"}):
        roster.note(touched, whole=False, now=T0)
        assert not roster.stale
    roster.note({"NOR_01333"}, whole=False, now=T0)
    assert roster.stale


def test_a_snapshot_makes_it_stale_and_a_refresh_makes_it_fresh() -> None:
    roster = roster_over("NOR_00012")
    roster.note(set(), whole=True, now=T0)
    assert roster.stale
    roster.note(set(), whole=False, now=T0)
    assert roster.stale
    roster.refresh(T0)
    assert not roster.stale


def report(roster: Roster, name: str, *connectors: Connector) -> bool:
    """Report a station, and tell whether that made the list stale."""
    roster.board.apply_station(Station(name, [*connectors]), T0)
    roster.note({name}, whole=False, now=T0)
    return roster.stale


def test_a_filter_for_a_state_is_stale_when_somebody_comes_in_or_goes() -> None:
    roster = roster_over("NOR_00012", "NOR_01333")
    roster.filter = "free"
    roster.refresh(T0)
    assert roster.ids == ["NOR_01333", "NOR_00012"]
    assert not report(roster, "NOR_00012", Connector(0), Connector(1))
    assert report(roster, "NOR_00012", Connector(1), Connector(1))
    roster.refresh(T0)
    assert roster.ids == ["NOR_01333"]
    assert not report(roster, "NOR_00012", Connector(1), Connector(-1))
    assert report(roster, "NOR_00012", Connector(0), Connector(-1))


def test_the_filter_for_faults_is_stale_when_there_is_one_more_or_less() -> None:
    roster = roster_over("NOR_00012")
    roster.faults_only = True
    roster.refresh(T0)
    assert roster.ids == []
    assert not report(roster, "NOR_00012", Connector(1))
    assert report(roster, "NOR_00012", Connector(0, 1))
    roster.refresh(T0)
    assert roster.ids == ["NOR_00012"]
    assert report(roster, "NOR_00012", Connector(0))


def test_what_leaves_while_only_stars_are_shown_moves_nothing() -> None:
    roster = roster_over("NOR_00012", "NOR_01333")
    roster.starred_only = True
    roster.starred.add("NOR_01333")
    roster.filter = "free"
    roster.refresh(T0)
    assert not report(roster, "NOR_00012", Connector(1))
    assert report(roster, "NOR_01333", Connector(1))


def test_the_counts_of_asked_plugs_follow_the_stream() -> None:
    roster = roster_over("NOR_00013")
    roster.filter = "ccs"
    roster.refresh(T0)
    report(roster, "NOR_00013", Connector(1), Connector(0))
    assert roster.counts(roster.board.stations["NOR_00013"]).text == "1/2"
    report(roster, "NOR_00013", Connector(0), Connector(0))
    assert roster.counts(roster.board.stations["NOR_00013"]).text == "2/2"
    roster.board.apply_snapshot([Station("NOR_00013", [Connector(1), Connector(1)])], T0)
    roster.note((), whole=True, now=T0)
    assert roster.counts(roster.board.stations["NOR_00013"]).text == "0/2"


def test_what_was_counted_for_one_filter_is_not_told_for_another() -> None:
    roster = Roster(board_of({"NOR_00012": [Connector(0), Connector(1)]}), REGISTER)
    station = roster.board.stations["NOR_00012"]
    told = {}
    for text_ in ("ccs", "type2", "<50kw", ">50kw", "", "ccs"):
        roster.filter = text_
        roster.refresh(T0)
        told[text_] = roster.counts(station).text
    assert told == {"ccs": "1/1", "type2": "0/1", "<50kw": "0/1", ">50kw": "1/1", "": "1/2"}


def test_a_filter_for_what_is_stale_ages_with_a_break() -> None:
    roster = roster_over("NOR_00012")
    roster.filter = "stale"
    roster.refresh(T0)
    roster.note((), whole=False, now=T0)
    assert (roster.ids, roster.stale) == ([], False)
    roster.board.listening.stop(T0)
    roster.note((), whole=False, now=T0 + 1000)
    assert not roster.stale
    roster.note((), whole=False, now=T0 + SLIGHT + 1000)
    assert roster.stale
    roster.refresh(T0 + SLIGHT + 1000)
    assert roster.ids == ["NOR_00012"]
    roster.board.listening.start(T0 + SLIGHT + 2000)
    roster.note((), whole=False, now=T0 + SLIGHT + 2000)
    assert roster.stale
    roster.refresh(T0 + SLIGHT + 2000)
    roster.note((), whole=False, now=T0 + 9 * SLIGHT)
    assert not roster.stale


def test_a_new_station_makes_it_stale_unless_it_is_filtered_away() -> None:
    roster = roster_over("NOR_00012")
    roster.board.apply_station(Station("SWE_00007", []), T0)
    roster.filter = "alesund"
    roster.refresh(T0)
    roster.note({"SWE_00007"}, whole=False, now=T0)
    assert not roster.stale
    roster.filter = "malmo"
    roster.note({"SWE_00007"}, whole=False, now=T0)
    assert roster.stale


def test_a_station_that_the_board_does_not_take_makes_nothing_stale() -> None:
    roster = roster_over("NOR_00012")
    roster.note({"NOR_99999"}, whole=False, now=T0)
    assert not roster.stale


def test_a_register_that_is_renewed_makes_it_stale() -> None:
    register = Register({"A": Facts("Moss", plugs=(CCS,)), "B": Facts("Oslo", plugs=(CCS, TYPE_2))})
    roster = Roster(board_of({"A": [Connector()], "B": [Connector(0), Connector(1)]}), register)
    roster.filter = "ccs"
    roster.refresh(T0)
    assert roster.ids == ["A", "B"]
    assert roster.counts(roster.board.stations["B"]).text == "1/1"
    register.replace({"A": Facts("Ski", plugs=(CCS,)), "B": Facts("Oslo", plugs=(TYPE_2, CCS))})
    roster.note(set(), whole=False, now=T0)
    assert roster.stale
    roster.refresh(T0)
    assert roster.ids == ["B", "A"]
    assert roster.counts(roster.board.stations["B"]).text == "0/1"
    roster.note(set(), whole=False, now=T0)
    assert not roster.stale


# Order by name


def test_starred_stations_stand_on_top_whatever_the_order() -> None:
    roster = roster_over("DAN_00001", "NOR_00012", "SWE_00007")
    roster.starred = {"SWE_00007"}
    roster.sort = Sort.ID
    roster.refresh(T0)
    assert roster.ids == ["SWE_00007", "DAN_00001", "NOR_00012"]
    roster.reverse = True
    roster.refresh(T0)
    assert roster.ids == ["SWE_00007", "NOR_00012", "DAN_00001"]
    roster.pinned = False
    roster.refresh(T0)
    assert roster.ids == ["SWE_00007", "NOR_00012", "DAN_00001"]
    roster.reverse = False
    roster.refresh(T0)
    assert roster.ids == ["DAN_00001", "NOR_00012", "SWE_00007"]


def test_equals_stand_by_id_in_both_directions() -> None:
    roster = roster_over("NOR_00013", "NOR_00012", "NOR_01333")
    roster.sort = Sort.NAME
    roster.refresh(T0)
    assert roster.ids == ["NOR_01333", "NOR_00012", "NOR_00013"]
    roster.reverse = True
    roster.refresh(T0)
    assert roster.ids == ["NOR_00012", "NOR_00013", "NOR_01333"]


def test_the_nearest_come_first_and_those_without_a_place_last_whichever_way_round() -> None:
    roster = roster_over(*IDS, home=OSLO)
    roster.sort = Sort.DISTANCE
    roster.refresh(T0)
    assert roster.ids == ["NOR_01333", "NOR_00012", "NOR_00013", "SWE_00007", "DAN_00001", "NOR_076198"]
    assert roster.distance("NOR_01333") == pytest.approx(7.6, abs=0.3)
    assert roster.distance("DAN_00001") is None
    roster.reverse = True
    roster.refresh(T0)
    assert roster.ids == ["SWE_00007", "NOR_00012", "NOR_00013", "NOR_01333", "DAN_00001", "NOR_076198"]


def test_without_an_origin_nothing_is_near_and_names_stand_in() -> None:
    roster = roster_over("SWE_00007", "NOR_01333")
    roster.sort = Sort.DISTANCE
    roster.refresh(T0)
    assert Sort.DISTANCE not in roster.sorts
    assert (roster.order, roster.origin, roster.distance("NOR_01333")) == (Sort.NAME, None, None)
    assert roster.ids == ["NOR_01333", "SWE_00007"]
    roster.home = MALMO
    roster.refresh(T0)
    assert (roster.order, roster.sorts) == (Sort.DISTANCE, tuple(Sort))
    assert roster.ids == ["SWE_00007", "NOR_01333"]


def test_a_place_in_the_filter_is_the_origin_as_long_as_it_stands_there() -> None:
    roster = roster_over(*IDS, home=OSLO)
    roster.filter = "near:60.39,5.32"
    roster.refresh(T0)
    assert roster.origin == BERGEN
    # It does not sort by itself.
    assert roster.ids == ["NOR_01333", "SWE_00007", "NOR_00012", "NOR_00013"]
    assert roster.distance("NOR_01333") == pytest.approx(300, abs=10)
    roster.filter = ""
    roster.refresh(T0)
    assert roster.origin == OSLO
    assert roster.distance("NOR_01333") == pytest.approx(7.6, abs=0.3)


def test_another_home_is_what_near_means() -> None:
    roster = roster_over(*IDS, home=OSLO)
    roster.filter = "within:50km"
    roster.refresh(T0)
    assert roster.ids == ["NOR_01333"]
    roster.home = MALMO
    roster.refresh(T0)
    assert (roster.filter, roster.ids) == ("within:50km", ["SWE_00007"])
    assert roster.distance("SWE_00007") == 0
    roster.home = None
    assert roster.query.mistakes


# Who is there


def test_a_starred_station_that_is_not_on_the_board_is_listed_and_found() -> None:
    roster = Roster(Board(), REGISTER, ["NOR_076198"])
    roster.refresh(T0)
    assert (roster.ids, roster.total) == (["NOR_076198"], 1)
    roster.filter = "oyer"
    roster.refresh(T0)
    assert roster.ids == ["NOR_076198"]
    roster.filter = "malmo"
    roster.refresh(T0)
    assert (roster.ids, roster.hidden_starred) == ([], 1)


def test_what_only_the_register_knows_is_listed_when_asked_for() -> None:
    roster = roster_over("DAN_00001")
    assert (roster.ids, roster.total) == (["DAN_00001"], 1)
    roster.registered = True
    roster.refresh(T0)
    assert set(roster.ids) == set(IDS)
    assert roster.total == len(IDS)
    roster.registered = False
    roster.refresh(T0)
    assert (roster.ids, roster.total) == (["DAN_00001"], 1)


def test_blanks_and_what_means_nothing_are_no_filter() -> None:
    roster = roster_over("NOR_00012")
    for text_ in (" \t ", "opr:kraft"):
        roster.filter = text_
        roster.refresh(T0)
        assert not roster.filtered
        assert roster.ids == ["NOR_00012"]
    assert "op:" in roster.query.mistakes[0].words


def test_a_set_of_stars_is_shared_and_anything_else_is_copied() -> None:
    live = {"NOR_00012"}
    roster = Roster(Board(), REGISTER, live)
    live.add("SWE_00007")
    roster.refresh(T0)
    assert roster.starred is live
    assert sorted(roster.ids) == ["NOR_00012", "SWE_00007"]
    listed = ["NOR_00012"]
    roster = Roster(Board(), REGISTER, listed)
    listed.append("SWE_00007")
    assert roster.starred == {"NOR_00012"}


def test_words_are_found_whatever_the_list_shows_and_whatever_they_mean_elsewhere() -> None:
    roster = roster_over("NOR_00012", "NOR_00013", "SWE_00007", home=OSLO)
    roster.filter = "near:60.39,5.32 within:1km"
    roster.refresh(T0)
    assert roster.ids == []
    assert roster.find(["SENTRUM", "ale"]) == ["NOR_00012", "NOR_00013"]
    assert roster.find([]) == ["SWE_00007", "NOR_00012", "NOR_00013"]
    assert roster.find(["free"]) == []
    assert roster.origin == BERGEN


def test_the_best_plug_is_one_that_is_asked_for() -> None:
    roster = roster_over("SWE_00007", "NOR_076198")
    assert roster.best_plug("SWE_00007") == CCS
    assert roster.best_plug("NOR_076198") is None
    roster.filter = "type2"
    roster.refresh(T0)
    assert roster.best_plug("SWE_00007") == TYPE_2
    assert roster.best_plug("NOR_076198") is None


def test_what_could_be_typed_comes_from_the_register() -> None:
    roster = roster_over("NOR_00012")
    roster.adopt(roster.prepare())
    assert set(roster.values.operators) == {"Kraft Øst", "Lading"}
    assert "Bærum" in roster.values.places


def test_all_are_counted_where_nothing_is_filtered() -> None:
    roster = Roster(board_of({"DAN_00001": [Connector(0), Connector(1)], "NOR_01333": [Connector(0, 1)]}), REGISTER)
    roster.refresh(T0)
    assert roster.free_of_total() == (1, 3)
    assert roster.counts(roster.board.stations["NOR_01333"]) == Summary(0, 1, 0, 1, 0)
