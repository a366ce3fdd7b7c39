"""The roster against a model that is too plain to be wrong, and its rules by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.roster import Roster, Sort, changed_at
from nobil_tui.charging.station import Connector, Station

T0 = 1_700_000_000_000

# Id, facts, and by hand all that can be found of it in plain letters.
KNOWN: dict[str, tuple[Facts, str]] = {
    "NOR_00012": (Facts("Ålesund Sentrum", "Ålesund", "Gata 1", "Kraft Øst"), "nor_00012|alesund sentrum|kraft ost"),
    "NOR_00013": (Facts("ålesund SENTRUM", "Ålesund", "Gata 2", "Lading"), "nor_00013|alesund sentrum|lading"),
    "NOR_01333": (Facts("Fornebu S", "Bærum", "Gata 3", "Kraft Øst"), "nor_01333|fornebu s|baerum|kraft ost"),
    "NOR_076198": (Facts("Øyer Vest", "Øyer"), "nor_076198|oyer vest"),
    "SWE_00007": (Facts("Malmö Södra", "Malmö", operator="Lading"), "swe_00007|malmo sodra|lading"),
    "DAN_00001": (Facts(), "dan_00001"),
}
REGISTER = Register({station: facts for station, (facts, _) in KNOWN.items() if station != "DAN_00001"})
IDS = sorted(KNOWN)

# What can be typed, and what it is in plain letters.
WORDS = {
    "": "",
    "ålesund": "alesund",
    "ALE": "ale",
    "øst": "ost",
    "ost": "ost",
    "Kraft": "kraft",
    "s": "s",
    "nor_0": "nor_0",
    "MALMÖ": "malmo",
    "Bæ": "bae",
    "gata": "gata",
    "zz": "zz",
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
    words: list[str]
    starred_only: bool
    faults_only: bool
    starred: set[str]

    def put(self, roster: Roster) -> None:
        roster.sort, roster.reverse, roster.pinned = self.sort, self.reverse, self.pinned
        roster.filter = "  ".join(self.words)
        roster.starred_only, roster.faults_only = self.starred_only, self.faults_only
        roster.starred = set(self.starred)


WISHES = st.builds(
    Wish,
    st.sampled_from(Sort),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(sorted(WORDS)), max_size=2),
    st.booleans(),
    st.booleans(),
    st.sets(STATIONS, max_size=3),
)
BOARDS = st.dictionaries(STATIONS, CONNECTORS)


def board_of(stations: dict[str, list[Connector]]) -> Board:
    board = Board()
    board.apply_snapshot([Station(name, [*connectors]) for name, connectors in stations.items()], T0)
    return board


def plainly(board: Board, wish: Wish) -> list[str]:
    """Work out the list the slow way."""

    def shown(name: str) -> bool:
        station = board.stations.get(name)
        if wish.starred_only and name not in wish.starred:
            return False
        if wish.faults_only and not any(connector.error for connector in (station.connectors if station else [])):
            return False
        return all(WORDS[word] in KNOWN[name][1] for word in wish.words)

    def free(name: str) -> int:
        station = board.stations.get(name)
        if station is None:
            return -1
        return sum(connector.status == 0 and not connector.error for connector in station.connectors)

    def changed(name: str) -> int:
        station = board.stations.get(name)
        return -1 if station is None else max([0, *(connector.timestamp for connector in station.connectors)])

    def compare(a: str, b: str) -> int:
        on_top = wish.pinned or wish.sort is Sort.STARRED
        if on_top and (a in wish.starred) != (b in wish.starred):
            return -1 if a in wish.starred else 1
        names = REGISTER.name(a).casefold(), REGISTER.name(b).casefold()
        order = {
            Sort.STARRED: (names[0] > names[1]) - (names[0] < names[1]),
            Sort.NAME: (names[0] > names[1]) - (names[0] < names[1]),
            Sort.ID: (a > b) - (a < b),
            Sort.FREE: free(b) - free(a),
            Sort.CHANGED: changed(b) - changed(a),
        }[wish.sort]
        if wish.reverse:
            order = -order
        return order or (a > b) - (a < b)

    return sorted(filter(shown, board.stations.keys() | wish.starred), key=cmp_to_key(compare))


# Laws


@given(BOARDS, WISHES)
def test_it_shows_what_a_plain_model_shows(stations: dict[str, list[Connector]], wish: Wish) -> None:
    board = board_of(stations)
    roster = Roster(board, REGISTER)
    wish.put(roster)
    roster.refresh()
    assert roster.ids == plainly(board, wish)
    assert [roster.line_of(name) for name in roster.ids] == list(range(len(roster.ids)))
    assert all(roster.line_of(name) is None for name in IDS if name not in roster.ids)
    assert roster.total == len(board.stations.keys() | wish.starred)
    assert roster.hidden_starred == len(wish.starred - set(roster.ids))
    if not roster.filtered:
        assert len(roster.ids) == roster.total
        assert roster.hidden_starred == 0


@given(BOARDS, WISHES, WISHES)
def test_nothing_is_left_of_what_was_shown_before(
    stations: dict[str, list[Connector]], first: Wish, second: Wish
) -> None:
    board = board_of(stations)
    used, fresh = Roster(board, REGISTER), Roster(board, REGISTER)
    first.put(used)
    used.refresh()
    for roster in (used, fresh):
        second.put(roster)
        roster.refresh()
    assert used.ids == fresh.ids


NAME_AND_FILTER = Wish(Sort.NAME, False, False, ["ålesund"], False, False, set())


@given(BOARDS, WISHES, st.lists(st.tuples(STATIONS, CONNECTORS), max_size=3))
@example({"NOR_01333": []}, NAME_AND_FILTER, [("NOR_00012", [])])  # a station comes that the filter lets through
def test_a_list_that_is_not_stale_is_right(
    stations: dict[str, list[Connector]], wish: Wish, reports: list[tuple[str, list[Connector]]]
) -> None:
    board = board_of(stations)
    roster = Roster(board, REGISTER)
    wish.put(roster)
    roster.refresh()
    for at, (name, connectors) in enumerate(reports, T0):
        board.apply_station(Station(name, [*connectors]), at)
        roster.note({name}, whole=False)
        if not roster.stale:
            assert roster.ids == plainly(board, wish)


# Staleness by name


def roster_over(*names: str) -> Roster:
    roster = Roster(board_of({name: [Connector(0)] for name in names}), REGISTER)
    roster.refresh()
    return roster


@pytest.mark.parametrize("sort", [Sort.STARRED, Sort.NAME, Sort.ID])
def test_what_moves_nothing_does_not_make_it_stale(sort: Sort) -> None:
    roster = roster_over("NOR_00012", "NOR_01333")
    roster.sort = sort
    roster.note({"NOR_00012"}, whole=False)
    assert not roster.stale


@pytest.mark.parametrize("sort", [Sort.FREE, Sort.CHANGED])
def test_an_order_that_moves_is_stale_after_any_report(sort: Sort) -> None:
    roster = roster_over("NOR_00012", "NOR_01333")
    roster.sort = sort
    assert sort.moves
    roster.note(set(), whole=False)
    assert not roster.stale
    roster.note({"NOR_00012"}, whole=False)
    assert roster.stale


def test_a_snapshot_makes_it_stale_and_a_refresh_makes_it_fresh() -> None:
    roster = roster_over("NOR_00012")
    roster.note(set(), whole=True)
    assert roster.stale
    roster.note(set(), whole=False)
    assert roster.stale
    roster.refresh()
    assert not roster.stale


def test_the_filter_for_faults_is_stale_after_any_report() -> None:
    roster = roster_over("NOR_00012")
    roster.faults_only = True
    roster.refresh()
    assert roster.ids == []
    roster.board.apply_station(Station("NOR_00012", [Connector(0, 1)]), T0)
    roster.note({"NOR_00012"}, whole=False)
    assert roster.stale
    roster.refresh()
    assert roster.ids == ["NOR_00012"]


def test_a_new_station_makes_it_stale_unless_it_is_filtered_away() -> None:
    roster = roster_over("NOR_00012")
    roster.board.apply_station(Station("SWE_00007", []), T0)
    roster.filter = "alesund"
    roster.refresh()
    roster.note({"SWE_00007"}, whole=False)
    assert not roster.stale
    roster.filter = "malmo"
    roster.note({"SWE_00007"}, whole=False)
    assert roster.stale


def test_a_station_that_the_board_does_not_take_makes_nothing_stale() -> None:
    roster = roster_over("NOR_00012")
    roster.note({"NOR_99999"}, whole=False)
    assert not roster.stale


def test_a_register_that_is_renewed_makes_it_stale() -> None:
    register = Register({"A": Facts("Moss"), "B": Facts("Oslo")})
    roster = Roster(board_of({"A": [], "B": []}), register)
    roster.refresh()
    assert roster.ids == ["A", "B"]
    register.replace({"A": Facts("Ski"), "B": Facts("Oslo")})
    roster.note(set(), whole=False)
    assert roster.stale
    roster.refresh()
    assert roster.ids == ["B", "A"]
    roster.note(set(), whole=False)
    assert not roster.stale


# By name


def test_starred_stations_stand_on_top_whatever_the_order() -> None:
    roster = roster_over("DAN_00001", "NOR_00012", "SWE_00007")
    roster.starred = {"SWE_00007"}
    roster.sort = Sort.ID
    roster.refresh()
    assert roster.ids == ["SWE_00007", "DAN_00001", "NOR_00012"]
    roster.reverse = True
    roster.refresh()
    assert roster.ids == ["SWE_00007", "NOR_00012", "DAN_00001"]
    roster.pinned = False
    roster.refresh()
    assert roster.ids == ["SWE_00007", "NOR_00012", "DAN_00001"]
    roster.reverse = False
    roster.refresh()
    assert roster.ids == ["DAN_00001", "NOR_00012", "SWE_00007"]


def test_equals_stand_by_id_in_both_directions() -> None:
    roster = roster_over("NOR_00013", "NOR_00012", "NOR_01333")
    roster.sort = Sort.NAME
    roster.refresh()
    assert roster.ids == ["NOR_01333", "NOR_00012", "NOR_00013"]
    roster.reverse = True
    roster.refresh()
    assert roster.ids == ["NOR_00012", "NOR_00013", "NOR_01333"]


def test_a_starred_station_that_is_not_on_the_board_is_listed_and_found() -> None:
    roster = Roster(Board(), REGISTER, ["NOR_076198"])
    roster.refresh()
    assert (roster.ids, roster.total) == (["NOR_076198"], 1)
    roster.filter = "oyer"
    roster.refresh()
    assert roster.ids == ["NOR_076198"]
    roster.filter = "malmo"
    roster.refresh()
    assert (roster.ids, roster.hidden_starred) == ([], 1)


def test_blanks_are_no_filter() -> None:
    roster = roster_over("NOR_00012")
    roster.filter = " \t "
    roster.refresh()
    assert not roster.filtered
    assert roster.ids == ["NOR_00012"]


def test_the_list_of_stars_is_its_own() -> None:
    starred = ["NOR_00012"]
    roster = Roster(Board(), REGISTER, starred)
    starred.append("SWE_00007")
    assert roster.starred == {"NOR_00012"}


@pytest.mark.parametrize("sort", Sort)
def test_every_order_has_words(sort: Sort) -> None:
    assert sort.words


def test_when_a_station_changed_last() -> None:
    assert changed_at(Station("A", [Connector(0, 0, 5), Connector(1, 0, 9), Connector()])) == 9
    assert changed_at(Station("A", [])) == 0
