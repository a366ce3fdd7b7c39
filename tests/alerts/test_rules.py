"""An alert is due once, when a connector of its station becomes free and still is."""

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
    alerts = Alerts()
    for station in stations:
        assert alerts.toggle(station)
    return alerts


def test_an_alert_is_set_and_removed() -> None:
    alerts = Alerts()
    assert alerts.toggle("A")
    assert alerts.toggle("B")
    assert not alerts.toggle("A")
    assert alerts.stations == {"B"}


def test_an_alert_is_due_once() -> None:
    alerts, board = waiting("A", "B"), board_of(A=[FREE], B=[FREE])
    became = change("A", OCCUPIED, FREE)
    assert alerts.take_due([became, became], board) == ["A"]
    assert alerts.stations == {"B"}
    assert alerts.take_due([became], board) == []


def test_several_alerts_are_due_in_the_order_of_the_changes() -> None:
    alerts, board = waiting("A", "B"), board_of(A=[FREE], B=[FREE])
    entries: list[BatchEntry] = [Note(START, NoteKind.LOST, "A"), change("B", UNKNOWN, FREE), change("A", None, FREE)]
    assert alerts.take_due(entries, board) == ["B", "A"]


def test_other_changes_are_not_due() -> None:
    alerts, board = waiting("A"), board_of(A=[FREE, FREE])
    for after in (OCCUPIED, FAULT, UNKNOWN, None):
        assert alerts.take_due([change("A", FREE, after)], board) == []
    assert alerts.take_due([change("B", OCCUPIED, FREE)], board) == []
    assert alerts.take_due([], board) == []
    assert alerts.stations == {"A"}


def test_an_alert_remains_if_the_connector_is_occupied_again() -> None:
    alerts = waiting("A")
    became = change("A", OCCUPIED, FREE)
    assert alerts.take_due([became], board_of(A=[OCCUPIED, FAULT])) == []
    assert alerts.take_due([became], board_of(B=[FREE])) == []
    assert alerts.stations == {"A"}
    assert alerts.take_due([became], board_of(A=[FREE])) == ["A"]
