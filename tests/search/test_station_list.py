"""Compare ``StationList`` with a naive model, and test its rules one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.geo import distance_km
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station, Summary
from nobil_tui.search.free_count import FreeCount
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.search.station_order import OrderedIds

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
REGISTER = Register(
    {station: facts for station, (facts, _) in KNOWN.items() if station != "DAN_00001"}
)
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


def plug_power(_board: Board, name: str) -> float | None:
    plugs = REGISTER.facts(name).plugs
    return max((plug.kw for plug in plugs), default=0) or None


def compared(one: Any, other: Any) -> int:
    return 0 if one is None else int(one > other) - int(one < other)


def connectors_of(board: Board, name: str) -> int | None:
    station = board.stations.get(name)
    return None if station is None else station.summary.total


VALUES: dict[Sort, Callable[[Board, str], Any]] = {
    Sort.PLACE: lambda _, name: REGISTER.facts(name).place.casefold() or None,
    Sort.POWER: plug_power,
    Sort.CONNECTORS: connectors_of,
}
"""What some orders compare; None is last in both directions."""


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
    "within:50km": lambda name, _: (
        (at := KNOWN[name][0].position) is not None and distance_km(OSLO, at) <= 50
    ),
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

    def put(self, station_list: StationList) -> None:
        station_list.options = ListOptions(
            sort=self.sort,
            reverse=self.reverse,
            pin_starred=self.pinned,
            starred_only=self.starred_only,
            faults_only=self.faults_only,
            include_registered=self.registered,
            home=station_list.home,
        )
        station_list.filter = "  ".join(self.terms)
        station_list.starred = set(self.starred)


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
    board.apply_snapshot(
        [Station(name, [*connectors]) for name, connectors in stations.items()], T0
    )
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
        if wish.faults_only and not any(
            connector.error for connector in (station.connectors if station else [])
        ):
            return False
        return all(TERMS[term](name, counted(name)) for term in wish.terms)

    def free(name: str) -> int:
        connectors = counted(name)
        return -1 if connectors is None else sum(map(is_free, connectors))

    def changed(name: str) -> int:
        station = board.stations.get(name)
        return (
            -1
            if station is None
            else max([0, *(connector.timestamp for connector in station.connectors)])
        )

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
        one: Any = None
        other: Any = None
        if (value_of := VALUES.get(wish.sort)) is not None:
            one, other = value_of(board, a), value_of(board, b)
            if (one is None) != (other is None):
                return 1 if one is None else -1
        names = REGISTER.name(a).casefold(), REGISTER.name(b).casefold()
        by_name = (names[0] > names[1]) - (names[0] < names[1])
        order = {
            Sort.STARRED: by_name,
            Sort.NAME: by_name,
            Sort.ID: (a > b) - (a < b),
            Sort.FREE: free(b) - free(a),
            Sort.CHANGED: changed(b) - changed(a),
            Sort.DISTANCE: ((here or 0) > (there or 0)) - ((here or 0) < (there or 0)),
            # No price is known, so the order is by name.
            Sort.PRICE: by_name,
            Sort.PLACE: compared(one, other),
            Sort.POWER: compared(other, one),
            Sort.CONNECTORS: compared(other, one),
        }[wish.sort]
        if wish.reverse:
            order = -order
        ties = by_name if wish.sort is Sort.PLACE else 0
        return order or ties or (a > b) - (a < b)

    return sorted(filter(shown, every(board, wish)), key=cmp_to_key(compare))


# Laws


@given(BOARDS, WISHES)
def test_list_agrees_with_a_naive_model(stations: dict[str, Connectors], wish: Wish) -> None:
    board = board_of(stations)
    station_list = StationList(board, REGISTER, options=ListOptions(home=OSLO))
    wish.put(station_list)
    station_list.refresh(T0)
    assert station_list.ids == plainly(board, wish)
    assert [station_list.row_of(name) for name in station_list.ids] == list(
        range(len(station_list.ids))
    )
    assert all(station_list.row_of(name) is None for name in IDS if name not in station_list.ids)
    assert station_list.total == len(every(board, wish))
    assert station_list.hidden_starred == len(wish.starred - set(station_list.ids))
    if not station_list.filtered:
        assert len(station_list.ids) == station_list.total
        assert station_list.hidden_starred == 0


@given(BOARDS, WISHES, WISHES)
def test_refresh_leaves_nothing_of_old_options(
    stations: dict[str, Connectors], first: Wish, second: Wish
) -> None:
    board = board_of(stations)
    used, fresh = (
        StationList(board, REGISTER, options=ListOptions(home=OSLO)),
        StationList(board, REGISTER, options=ListOptions(home=OSLO)),
    )
    first.put(used)
    used.refresh(T0)
    for station_list in (used, fresh):
        second.put(station_list)
        station_list.refresh(T0)
    assert used.ids == fresh.ids


MOST_CONNECTORS = Wish(Sort.CONNECTORS, False, False, [], False, False, True, set())
NAME_AND_FILTER = Wish(Sort.NAME, False, False, ["ålesund"], False, False, False, set())
FREE_ONES = Wish(Sort.NAME, False, False, ["ccs", "free"], False, False, False, set())


@given(BOARDS, WISHES, st.lists(st.tuples(STATIONS, CONNECTORS), max_size=3))
@example({}, MOST_CONNECTORS, [("NOR_00013", [])])  # the first report of a listed station
@example(
    {"NOR_01333": []}, NAME_AND_FILTER, [("NOR_00012", [])]
)  # a station comes that the filter lets through
@example(
    {"NOR_00012": [Connector(0), Connector(1)]},
    FREE_ONES,
    [("NOR_00012", [Connector(1), Connector(0)])],
)
def test_list_is_correct_unless_stale(
    stations: dict[str, Connectors], wish: Wish, reports: list[tuple[str, Connectors]]
) -> None:
    board = board_of(stations)
    station_list = StationList(board, REGISTER, options=ListOptions(home=OSLO))
    wish.put(station_list)
    station_list.refresh(T0)
    for at, (name, connectors) in enumerate(reports, T0):
        board.apply_station(Station(name, [*connectors]), at)
        station_list.mark_changed({name}, whole=False, now=at)
        if not station_list.stale:
            assert station_list.ids == plainly(board, wish)
    station_list.refresh(T0)
    assert station_list.ids == plainly(board, wish)


@given(BOARDS, WISHES)
def test_counts_agree_with_a_naive_count(stations: dict[str, Connectors], wish: Wish) -> None:
    board = board_of(stations)
    station_list = StationList(board, REGISTER, options=ListOptions(home=OSLO))
    wish.put(station_list)
    station_list.refresh(T0)
    free = total = 0
    for name in station_list.ids:
        station = board.stations.get(name)
        if station is None:
            continue
        counted = asked(name, station.connectors) if "ccs" in wish.terms else station.connectors
        counts = station_list.count(station)
        assert (counts.free, counts.total) == (sum(map(is_free, counted)), len(counted))
        indexes = station_list.selected_connectors(station)
        if indexes is not None:
            assert [station.connectors[index] for index in indexes] == counted
        else:
            assert counts.unknown == len(counted)
        free, total = free + counts.free, total + counts.total
    every = station_list.count_free()
    assert (every.free, every.total) == (free, total)


# Staleness by name


def list_over(*names: str, home: tuple[float, float] | None = None) -> StationList:
    station_list = StationList(
        board_of({name: [Connector(0)] for name in names}), REGISTER, options=ListOptions(home=home)
    )
    station_list.refresh(T0)
    return station_list


@pytest.mark.parametrize("sort", [Sort.STARRED, Sort.NAME, Sort.ID, Sort.DISTANCE])
def test_irrelevant_reports_do_not_make_it_stale(sort: Sort) -> None:
    station_list = list_over("NOR_00012", "NOR_01333", home=OSLO)
    station_list.options.sort = sort
    station_list.mark_changed({"NOR_00012"}, whole=False, now=T0)
    assert not station_list.stale


@pytest.mark.parametrize("sort", [Sort.FREE, Sort.CHANGED])
def test_live_order_is_stale_after_any_report(sort: Sort) -> None:
    station_list = list_over("NOR_00012", "NOR_01333")
    station_list.filter = "fornebu"
    station_list.options.sort = sort
    station_list.refresh(T0)
    for touched in (set(), {"NOR_00012"}):
        station_list.mark_changed(touched, whole=False, now=T0)
        assert not station_list.stale
    station_list.mark_changed({"NOR_01333"}, whole=False, now=T0)
    assert station_list.stale


def test_snapshot_makes_it_stale() -> None:
    station_list = list_over("NOR_00012")
    station_list.mark_changed(set(), whole=True, now=T0)
    assert station_list.stale
    station_list.mark_changed(set(), whole=False, now=T0)
    assert station_list.stale
    station_list.refresh(T0)
    assert not station_list.stale


def report(station_list: StationList, name: str, *connectors: Connector) -> bool:
    """Report a station, and return whether the list became stale."""
    station_list.board.apply_station(Station(name, [*connectors]), T0)
    station_list.mark_changed({name}, whole=False, now=T0)
    return station_list.stale


def test_state_filter_is_stale_when_a_match_changes() -> None:
    station_list = list_over("NOR_00012", "NOR_01333")
    station_list.filter = "free"
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_01333", "NOR_00012"]
    assert not report(station_list, "NOR_00012", Connector(0), Connector(1))
    assert report(station_list, "NOR_00012", Connector(1), Connector(1))
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_01333"]
    assert not report(station_list, "NOR_00012", Connector(1), Connector(-1))
    assert report(station_list, "NOR_00012", Connector(0), Connector(-1))


def test_faults_only_is_stale_when_a_fault_changes() -> None:
    station_list = list_over("NOR_00012")
    station_list.options.faults_only = True
    station_list.refresh(T0)
    assert station_list.ids == []
    assert not report(station_list, "NOR_00012", Connector(1))
    assert report(station_list, "NOR_00012", Connector(0, 1))
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_00012"]
    assert report(station_list, "NOR_00012", Connector(0))


def test_unlisted_stations_do_not_make_it_stale() -> None:
    station_list = list_over("NOR_00012", "NOR_01333")
    station_list.options.starred_only = True
    station_list.starred.add("NOR_01333")
    station_list.filter = "free"
    station_list.refresh(T0)
    assert not report(station_list, "NOR_00012", Connector(1))
    assert report(station_list, "NOR_01333", Connector(1))


def test_counts_of_filtered_plugs_follow_the_stream() -> None:
    station_list = list_over("NOR_00013")
    station_list.filter = "ccs"
    station_list.refresh(T0)
    report(station_list, "NOR_00013", Connector(1), Connector(0))
    assert station_list.count(station_list.board.stations["NOR_00013"]).text == "1/2"
    report(station_list, "NOR_00013", Connector(0), Connector(0))
    assert station_list.count(station_list.board.stations["NOR_00013"]).text == "2/2"
    station_list.board.apply_snapshot([Station("NOR_00013", [Connector(1), Connector(1)])], T0)
    station_list.mark_changed((), whole=True, now=T0)
    assert station_list.count(station_list.board.stations["NOR_00013"]).text == "0/2"


def test_counts_are_not_reused_for_another_filter() -> None:
    station_list = StationList(board_of({"NOR_00012": [Connector(0), Connector(1)]}), REGISTER)
    station = station_list.board.stations["NOR_00012"]
    told = {}
    for text_ in ("ccs", "type2", "<50kw", ">50kw", "", "ccs"):
        station_list.filter = text_
        station_list.refresh(T0)
        told[text_] = station_list.count(station).text
    assert told == {"ccs": "1/1", "type2": "0/1", "<50kw": "0/1", ">50kw": "1/1", "": "1/2"}


def test_stale_filter_follows_the_downtime() -> None:
    station_list = list_over("NOR_00012")
    station_list.filter = "stale"
    station_list.refresh(T0)
    station_list.mark_changed((), whole=False, now=T0)
    assert (station_list.ids, station_list.stale) == ([], False)
    station_list.board.downtime.stop(T0)
    station_list.mark_changed((), whole=False, now=T0 + 1000)
    assert not station_list.stale
    station_list.mark_changed((), whole=False, now=T0 + SLIGHT + 1000)
    assert station_list.stale
    station_list.refresh(T0 + SLIGHT + 1000)
    assert station_list.ids == ["NOR_00012"]
    station_list.board.downtime.start(T0 + SLIGHT + 2000)
    station_list.mark_changed((), whole=False, now=T0 + SLIGHT + 2000)
    assert station_list.stale
    station_list.refresh(T0 + SLIGHT + 2000)
    station_list.mark_changed((), whole=False, now=T0 + 9 * SLIGHT)
    assert not station_list.stale


def test_new_station_makes_it_stale_unless_filtered() -> None:
    station_list = list_over("NOR_00012")
    station_list.board.apply_station(Station("SWE_00007", []), T0)
    station_list.filter = "alesund"
    station_list.refresh(T0)
    station_list.mark_changed({"SWE_00007"}, whole=False, now=T0)
    assert not station_list.stale
    station_list.filter = "malmo"
    station_list.mark_changed({"SWE_00007"}, whole=False, now=T0)
    assert station_list.stale


def test_rejected_station_does_not_make_it_stale() -> None:
    station_list = list_over("NOR_00012")
    station_list.mark_changed({"NOR_99999"}, whole=False, now=T0)
    assert not station_list.stale


def test_replaced_register_makes_it_stale() -> None:
    register = Register({"A": Facts("Moss", plugs=(CCS,)), "B": Facts("Oslo", plugs=(CCS, TYPE_2))})
    station_list = StationList(
        board_of({"A": [Connector()], "B": [Connector(0), Connector(1)]}), register
    )
    station_list.filter = "ccs"
    station_list.refresh(T0)
    assert station_list.ids == ["A", "B"]
    assert station_list.count(station_list.board.stations["B"]).text == "1/1"
    register.replace({"A": Facts("Ski", plugs=(CCS,)), "B": Facts("Oslo", plugs=(TYPE_2, CCS))})
    station_list.mark_changed(set(), whole=False, now=T0)
    assert station_list.stale
    station_list.refresh(T0)
    assert station_list.ids == ["B", "A"]
    assert station_list.count(station_list.board.stations["B"]).text == "0/1"
    station_list.mark_changed(set(), whole=False, now=T0)
    assert not station_list.stale


# Order by name


def test_starred_stations_are_on_top_in_every_order() -> None:
    station_list = list_over("DAN_00001", "NOR_00012", "SWE_00007")
    station_list.starred = {"SWE_00007"}
    station_list.options.sort = Sort.ID
    station_list.refresh(T0)
    assert station_list.ids == ["SWE_00007", "DAN_00001", "NOR_00012"]
    station_list.options.reverse = True
    station_list.refresh(T0)
    assert station_list.ids == ["SWE_00007", "NOR_00012", "DAN_00001"]
    station_list.options.pin_starred = False
    station_list.refresh(T0)
    assert station_list.ids == ["SWE_00007", "NOR_00012", "DAN_00001"]
    station_list.options.reverse = False
    station_list.refresh(T0)
    assert station_list.ids == ["DAN_00001", "NOR_00012", "SWE_00007"]


def test_ties_are_sorted_by_id_in_both_directions() -> None:
    station_list = list_over("NOR_00013", "NOR_00012", "NOR_01333")
    station_list.options.sort = Sort.NAME
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_01333", "NOR_00012", "NOR_00013"]
    station_list.options.reverse = True
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_00012", "NOR_00013", "NOR_01333"]


def test_unknown_positions_are_last_in_both_directions() -> None:
    station_list = list_over(*IDS, home=OSLO)
    station_list.options.sort = Sort.DISTANCE
    station_list.refresh(T0)
    assert station_list.ids == [
        "NOR_01333",
        "NOR_00012",
        "NOR_00013",
        "SWE_00007",
        "DAN_00001",
        "NOR_076198",
    ]
    assert station_list.distance("NOR_01333") == pytest.approx(7.6, abs=0.3)
    assert station_list.distance("DAN_00001") is None
    station_list.options.reverse = True
    station_list.refresh(T0)
    assert station_list.ids == [
        "SWE_00007",
        "NOR_00012",
        "NOR_00013",
        "NOR_01333",
        "DAN_00001",
        "NOR_076198",
    ]


def test_without_an_origin_the_order_is_by_name() -> None:
    station_list = list_over("SWE_00007", "NOR_01333")
    station_list.options.sort = Sort.DISTANCE
    station_list.refresh(T0)
    assert Sort.DISTANCE not in station_list.available_sorts
    assert (station_list.active_sort, station_list.origin, station_list.distance("NOR_01333")) == (
        Sort.NAME,
        None,
        None,
    )
    assert station_list.ids == ["NOR_01333", "SWE_00007"]
    station_list.home = MALMO
    station_list.refresh(T0)
    assert (station_list.active_sort, station_list.available_sorts) == (
        Sort.DISTANCE,
        tuple(sort for sort in Sort if sort is not Sort.PRICE),
    )
    assert station_list.ids == ["SWE_00007", "NOR_01333"]


def test_position_in_the_filter_is_the_origin() -> None:
    station_list = list_over(*IDS, home=OSLO)
    station_list.filter = "near:60.39,5.32"
    station_list.refresh(T0)
    assert station_list.origin == BERGEN
    # What is near is asked for, so it comes first, until the user chooses an order.
    assert station_list.active_sort is Sort.DISTANCE
    assert station_list.ids == ["NOR_00012", "NOR_00013", "NOR_01333", "SWE_00007"]
    station_list.choose_order(Sort.ID, reverse=True)
    station_list.refresh(T0)
    assert station_list.ids[0] == "SWE_00007"
    station_list.filter = "near:60.39,5.32 -zzz"
    assert [station_list.active_sort] == [Sort.ID]
    station_list.filter = "near:59.91,10.75"
    assert (station_list.active_sort, station_list.is_reversed) == (Sort.DISTANCE, False)
    station_list.filter = "near:60.39,5.32"
    station_list.refresh(T0)
    assert station_list.distance("NOR_01333") == pytest.approx(300, abs=10)
    station_list.filter = ""
    station_list.refresh(T0)
    assert station_list.origin == OSLO
    assert station_list.distance("NOR_01333") == pytest.approx(7.6, abs=0.3)


def test_changed_home_applies_to_the_filter() -> None:
    station_list = list_over(*IDS, home=OSLO)
    station_list.filter = "within:50km"
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_01333"]
    station_list.home = MALMO
    station_list.refresh(T0)
    assert (station_list.filter, station_list.ids) == ("within:50km", ["SWE_00007"])
    assert station_list.distance("SWE_00007") == 0
    station_list.home = None
    assert station_list.query.problems


# Who is there


def test_starred_station_without_reports_is_listed() -> None:
    station_list = StationList(Board(), REGISTER, ["NOR_076198"])
    station_list.refresh(T0)
    assert (station_list.ids, station_list.total) == (["NOR_076198"], 1)
    station_list.filter = "oyer"
    station_list.refresh(T0)
    assert station_list.ids == ["NOR_076198"]
    station_list.filter = "malmo"
    station_list.refresh(T0)
    assert (station_list.ids, station_list.hidden_starred) == ([], 1)


def test_registered_stations_are_listed_on_request() -> None:
    station_list = list_over("DAN_00001")
    assert (station_list.ids, station_list.total) == (["DAN_00001"], 1)
    station_list.options.include_registered = True
    station_list.refresh(T0)
    assert set(station_list.ids) == set(IDS)
    assert station_list.total == len(IDS)
    station_list.options.include_registered = False
    station_list.refresh(T0)
    assert (station_list.ids, station_list.total) == (["DAN_00001"], 1)


def test_blanks_and_invalid_text_do_not_filter() -> None:
    station_list = list_over("NOR_00012")
    for text_ in (" \t ", "opr:kraft"):
        station_list.filter = text_
        station_list.refresh(T0)
        assert not station_list.filtered
        assert station_list.ids == ["NOR_00012"]
    assert "op:" in station_list.query.problems[0].message


def test_set_of_stars_is_shared() -> None:
    live = {"NOR_00012"}
    station_list = StationList(Board(), REGISTER, live)
    live.add("SWE_00007")
    station_list.refresh(T0)
    assert station_list.starred is live
    assert sorted(station_list.ids) == ["NOR_00012", "SWE_00007"]
    listed = ["NOR_00012"]
    station_list = StationList(Board(), REGISTER, listed)
    listed.append("SWE_00007")
    assert station_list.starred == {"NOR_00012"}


def test_find_ignores_filter_and_language() -> None:
    station_list = list_over("NOR_00012", "NOR_00013", "SWE_00007", home=OSLO)
    station_list.filter = "near:60.39,5.32 within:1km"
    station_list.refresh(T0)
    assert station_list.ids == []
    assert station_list.find(["SENTRUM", "ale"]) == ["NOR_00012", "NOR_00013"]
    assert station_list.find([]) == ["SWE_00007", "NOR_00012", "NOR_00013"]
    assert station_list.find(["free"]) == []
    assert station_list.origin == BERGEN


def test_best_plug_is_a_filtered_one() -> None:
    station_list = list_over("SWE_00007", "NOR_076198")
    assert station_list.best_plug("SWE_00007") == CCS
    assert station_list.best_plug("NOR_076198") is None
    station_list.filter = "type2"
    station_list.refresh(T0)
    assert station_list.best_plug("SWE_00007") == TYPE_2
    assert station_list.best_plug("NOR_076198") is None


def test_field_values_come_from_the_register() -> None:
    station_list = list_over("NOR_00012")
    station_list.adopt(station_list.prepare())
    assert set(station_list.field_values["op"]) == {"Kraft Øst", "Lading"}
    assert "Bærum" in station_list.field_values["place"]


def test_count_free_without_a_filter() -> None:
    station_list = StationList(
        board_of({"DAN_00001": [Connector(0), Connector(1)], "NOR_01333": [Connector(0, 1)]}),
        REGISTER,
    )
    station_list.refresh(T0)
    assert station_list.count_free() == FreeCount(free=1, total=3, unknown=0)
    assert station_list.count(station_list.board.stations["NOR_01333"]) == Summary(0, 1, 0, 1, 0)


@given(
    st.lists(st.sampled_from(IDS), unique=True), st.sampled_from(IDS), st.sets(st.sampled_from(IDS))
)
def test_ordered_ids_agree_before_and_after_numbering(
    ids: list[str], station: str, stations: set[str]
) -> None:
    ordered = OrderedIds(ids)
    before = ordered.row_of(station), ordered.count_missing(stations)
    assert ordered.rows == dict(zip(ids, range(len(ids)), strict=True))
    assert (ordered.row_of(station), ordered.count_missing(stations)) == before
    assert before == (ids.index(station) if station in ids else None, len(stations - {*ids}))


def test_the_word_that_finds_nothing_is_named() -> None:
    station_list = StationList(
        board_of({"DAN_00001": [Connector(0)], "NOR_01333": [Connector(0, 1)]}),
        REGISTER,
    )
    for text, reason in (
        ("", ""),
        ("kraft", ""),
        ("kraft xyz", "nothing matches xyz"),
        ("baerumm", 'nothing matches baerumm. Did you mean "Bærum"?'),
        ("id:nor id:dan", "nothing matches id:nor and id:dan together"),
        ("xyz or zyx", "nothing matches xyz or zyx"),
    ):
        station_list.filter = text
        station_list.refresh(T0)
        assert station_list.explain_no_match() == reason, (text, station_list.ids)


def test_a_known_word_is_not_suggested_for_itself() -> None:
    station_list = StationList(board_of({"SWE_77": []}), REGISTER)
    station_list.filter = "bærum"
    station_list.refresh(T0)
    assert station_list.explain_no_match() == "nothing matches bærum"
    # Before the first report, no word can match.
    empty = StationList(board_of({}), REGISTER)
    empty.filter = "bærum"
    empty.refresh(T0)
    assert empty.explain_no_match() == ""
