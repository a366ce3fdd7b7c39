"""Who waits for a station is told once, when something of it is really free."""

from __future__ import annotations

from nobil_tui.alerts.rules import Alerts
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.station import Connector, Station
from nobil_tui.monitor.batch import BatchEntry, Note, NoteKind
from tests.conftest import START

FREE, OCCUPIED, FAULT, UNKNOWN = Connector(0), Connector(1), Connector(0, 1), Connector(-1)


def board_of(**stations: list[Connector]) -> Board:
    board = Board()
    board.apply_snapshot([Station(name, connectors) for name, connectors in stations.items()], START)
    return board


def change(station: str, before: Connector | None, after: Connector | None) -> Change:
    return Change(START + 1, station, 1, before, after)


def waiting(*stations: str) -> Alerts:
    tell = Alerts()
    for station in stations:
        assert tell.toggle(station)
    return tell


def test_a_station_is_waited_for_or_not() -> None:
    tell = Alerts()
    assert tell.toggle("A")
    assert tell.toggle("B")
    assert not tell.toggle("A")
    assert tell.stations == {"B"}


def test_it_is_told_once() -> None:
    tell, board = waiting("A", "B"), board_of(A=[FREE], B=[FREE])
    became = change("A", OCCUPIED, FREE)
    assert tell.take_due([became, became], board) == ["A"]
    assert tell.stations == {"B"}
    assert tell.take_due([became], board) == []


def test_several_are_told_in_the_order_in_which_they_became_free() -> None:
    tell, board = waiting("A", "B"), board_of(A=[FREE], B=[FREE])
    entries: list[BatchEntry] = [Note(START, NoteKind.LOST, "A"), change("B", UNKNOWN, FREE), change("A", None, FREE)]
    assert tell.take_due(entries, board) == ["B", "A"]


def test_what_is_not_free_is_not_told() -> None:
    tell, board = waiting("A"), board_of(A=[FREE, FREE])
    for after in (OCCUPIED, FAULT, UNKNOWN, None):
        assert tell.take_due([change("A", FREE, after)], board) == []
    assert tell.take_due([change("B", OCCUPIED, FREE)], board) == []
    assert tell.take_due([], board) == []
    assert tell.stations == {"A"}


def test_what_is_occupied_again_or_gone_is_waited_for_further() -> None:
    tell = waiting("A")
    became = change("A", OCCUPIED, FREE)
    assert tell.take_due([became], board_of(A=[OCCUPIED, FAULT])) == []
    assert tell.take_due([became], board_of(B=[FREE])) == []
    assert tell.stations == {"A"}
    assert tell.take_due([became], board_of(A=[FREE])) == ["A"]
