"""A station as copied text: connectors, prices, plugs and staleness."""

from __future__ import annotations

from datetime import UTC

from nobil_tui.charging.board import Board
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import CREDIT, Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.tui.text.station_text import station_text
from tests.conftest import START

HOUR = 3_600_000
KNOWN = Register(
    {
        "NOR_1": Facts(
            "Fornebu S", "Bærum", "Snarøyveien 30", plugs=(Plug("CCS", 150.0), Plug("Type 2", 22.0))
        ),
        "NOR_2": Facts(
            place="Oslo",
            plugs=(Plug("CCS", 50.0), Plug("CHAdeMO", 50.0)),
            plug_evse_uids=("b", "b"),
        ),
    }
)


def board_of(*stations: Station) -> Board:
    board = Board()
    board.apply_snapshot([*stations], START)
    return board


def text_of(station: str, board: Board, register: Register = KNOWN, credit: str = CREDIT) -> str:
    return station_text(station, board, register, START + 2 * HOUR, UTC, credit=credit)


def test_a_station_has_a_line_per_connector() -> None:
    board = board_of(
        Station("NOR_1", [Connector(0, 0, START - HOUR), Connector(1, 1, START - 100 * HOUR)])
    )
    assert text_of("NOR_1", board) == (
        "Fornebu S, Snarøyveien 30, Bærum (NOR_1)\n"
        "1/2 free\n"
        "1: free since Tue 21:13, CCS 150\n"
        "2: fault (occupied) since Fri 18:13, Type 2 22\n"
        f"({CREDIT})"
    )


def test_prices_are_those_of_the_connectors_or_else_of_the_station() -> None:
    dear, cheap = Price(kwh=0.6, start=1.0), Price(kwh=0.4)
    facts = Facts("Moss", plugs=(Plug("CCS", 150.0), Plug("Type 2")), prices=(dear, cheap))
    register = Register({"NOR_1": facts})
    for connectors, ends in (
        (2, ["1/2 free", "CCS 150, 0.60 €/kWh + 1.00 € start", "Type 2, 0.40 €/kWh"]),
        (1, ["1/1 free, 0.40 €/kWh", "since Tue 21:13"]),
    ):
        station = Station("NOR_1", [Connector(n, 0, START - HOUR) for n in range(connectors)])
        lines = text_of("NOR_1", board_of(station), register, "").splitlines()[1:]
        assert [line.endswith(end) for line, end in zip(lines, ends, strict=True)] == [True] * (
            connectors + 1
        )


def test_unknown_facts_are_left_out() -> None:
    board = board_of(Station("SWE_9", [Connector(-1)]))
    # An id of NOBIL needs no credit.
    assert (
        text_of("SWE_9", board, credit=Register(credit=CREDIT).credit_of("SWE_9"))
        == "SWE_9\n?/1 free\n1: unknown (reported as such) at least since Tue 22:13"
    )


def test_plugs_are_assigned_by_evse_uid() -> None:
    board = Board()
    for key in ("a", "b"):
        board.apply_connector("NOR_2", key, Connector(0), START)
    lines = text_of("NOR_2", board).splitlines()
    assert lines[0] == "Oslo (NOR_2)"
    assert [line.partition(", ")[2] for line in lines[2:4]] == ["", "CCS 50 + CHAdeMO 50"]
    # Its facts come from the register, even if its name does not.
    assert lines[4] == f"({CREDIT})"


def test_names_of_the_source_are_not_credited() -> None:
    board = board_of(Station("NOR_1", [Connector(0)]))
    assert CREDIT in text_of("NOR_1", board)
    assert CREDIT not in text_of("NOR_1", board, credit="")


def test_staleness_is_copied_too() -> None:
    board = board_of(
        Station("NOR_1", [Connector(0, 0, START - HOUR), Connector(1, 0, START - HOUR)])
    )
    board.downtime.stop(START - 3 * HOUR)
    board.downtime.start(START)
    assert text_of("NOR_1", board).splitlines()[1:4] == [
        "1/2 free, not confirmed for 3 h",
        "1: free since Tue 21:13, not confirmed for 3 h, CCS 150",
        "2: occupied since Tue 21:13, not confirmed for 3 h, Type 2 22",
    ]
    board.apply_raw_report("NOR_1", 0, Connector(0, 0), START)
    assert text_of("NOR_1", board).splitlines()[1:4] == [
        "1/2 free, 1 of 2 not confirmed for 3 h",
        "1: free since Tue 21:13, CCS 150",
        "2: occupied since Tue 21:13, not confirmed for 3 h, Type 2 22",
    ]


def test_each_stale_connector_is_marked() -> None:
    board = board_of(
        Station("NOR_1", [Connector(0, 0, START - HOUR), Connector(1, 0, START - HOUR)])
    )
    board.downtime.stop(START)
    lines = text_of("NOR_1", board).splitlines()
    assert lines[1] == "1/2 free, not confirmed for 2 h"
    assert lines[2] == "1: free since Tue 21:13, not confirmed for 2 h, CCS 150"


def test_a_station_without_reports() -> None:
    assert text_of("NOR_1", board_of(Station("NOR_2", []))).splitlines()[1:] == [
        "not in the stream"
    ]
    assert text_of("NOR_1", Board()).splitlines()[1:] == ["no report yet"]
