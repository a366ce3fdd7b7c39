"""Staleness in plain text."""

from __future__ import annotations

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, ConnectorReport, Lost, Snapshot
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.tui.text.staleness import connector_staleness, station_staleness
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until

HOUR = 3_600_000


def doubts(board: Board, now: int) -> list[str]:
    station = board.stations["NOR_1"]
    return [
        connector_staleness(board, station, index, now) for index in range(len(station.connectors))
    ]


def test_staleness_after_downtime() -> None:
    board = Board()
    board.apply_snapshot([Station("NOR_1", [Connector(0), Connector(1)])], START)
    station = board.stations["NOR_1"]
    assert (doubts(board, START), station_staleness(board, station, START)) == (["", ""], "")
    board.downtime.stop(START)
    assert station_staleness(board, station, START + SLIGHT) == ""
    now = START + 5 * HOUR
    assert doubts(board, now) == ["not confirmed for 5 h"] * 2
    assert station_staleness(board, station, now) == "not confirmed for 5 h"


def test_confirmed_and_uncounted_connectors_are_not_stale() -> None:
    board = Board(Register({"NOR_1": Facts(plug_evse_uids=("a", "b", "c", "never named"))}))
    for key, word in (("a", "AVAILABLE"), ("b", "CHARGING"), ("c", "REMOVED")):
        board.apply_connector("NOR_1", key, WordConnector(0, 0, word=word), START)
    board.downtime.stop(START)
    now = START + 26 * HOUR
    board.downtime.start(now)
    station = board.stations["NOR_1"]
    assert station_staleness(board, station, now) == "2 of 3 not confirmed for 26 h"
    board.apply_connector("NOR_1", "b", WordConnector(0, 0, word="CHARGING"), now)
    assert doubts(board, now) == ["not confirmed for 26 h", "", "not confirmed for 26 h", ""]
    assert station_staleness(board, station, now) == "1 of 3 not confirmed for 26 h"
    board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), now)
    assert station_staleness(board, station, now) == ""


async def test_the_palette_and_alerts_show_staleness(clock: FakeClock) -> None:
    source = HandSource(clock)
    source.feed.put(
        Connected(START), Snapshot([Station("NOR_1", [Connector(0), Connector(1)])], START)
    )
    async with opened(setup_of(clock, source)) as pilot:
        main = await live(pilot)
        assert main.workspace.summary_text("NOR_1") == "1/2 free"
        main.workspace.alerts.set(AlertRule("NOR_1", least=2))
        source.feed.put(Lost("away", START, START + 1000))
        clock.advance(5 * 3600)
        await until(pilot, lambda: not main.workspace.board.downtime.live)
        await pilot.press("ctrl+p", *"nor_1")
        await until(pilot, lambda: "1/2 free, not confirmed for 5 h" in "\n".join(text_of(pilot)))
        await pilot.press("escape")
        source.feed.put(
            Connected(clock.now()),
            ConnectorReport("NOR_1", "1", WordConnector(0, 0, word="AVAILABLE"), clock.now()),
        )
        await until(pilot, lambda: pilot.app._notifications)
        (told,) = pilot.app._notifications
        assert told.message == "2/2 free, 1 of 2 not confirmed for 5 h."
        assert main.workspace.summary_text("NOR_2") == "not in the stream"
