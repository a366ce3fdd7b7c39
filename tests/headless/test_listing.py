"""The stations that match a filter, in every format."""

from __future__ import annotations

import csv
import json

from nobil_tui.charging.board import Board
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.headless.listing import (
    StationLines,
    list_stations,
    stations_as_csv,
    stations_as_json,
    stations_as_table,
    stations_as_tabs,
)
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from tests.conftest import START

LAST = ["price", "plug"]
DEAR = Price("EUR", kwh=0.69, start=1.0)
CHEAP = Price("EUR", kwh=0.45, minute=0.1, at_least=True)
FORNEBU = Facts(
    "Fornebu S",
    "Bærum",
    position=(59.89, 10.62),
    plugs=(Plug("CCS", 150), Plug("Type 2", 22)),
    prices=(DEAR, CHEAP),
)


def lines_of(facts: dict[str, Facts], filter_: str = "", credit: str = "") -> StationLines:
    board = Board()
    board.apply_snapshot(
        [Station(name, [Connector(1, 0, START), Connector(-1, 0, START)]) for name in facts], START
    )
    options = ListOptions(sort=Sort.NAME, filter=filter_, pin_starred=False)
    return list_stations(
        StationList(board, Register(facts, credit=credit), {"NOR_9"}, options), START
    )


def test_a_table_has_the_columns_in_which_a_station_has_something() -> None:
    table = stations_as_table(lines_of({"NOR_1": FORNEBU, "NOR_2": Facts("Minde")}), 200)
    head, *rows = table.splitlines()
    assert head.split() == ["id", "free", "condition", "certainty", "name", "place", *LAST]
    fornebu, minde, unheard = rows
    price = head.index("price")
    assert fornebu[price:].startswith("from 0.45 €/kWh + 0.10 €/min  CCS 150 +1")
    assert minde == minde[:price].rstrip()
    assert minde.split() == ["NOR_2", "?/2", "occupied", "confirmed", "Minde"]
    assert unheard.split() == ["NOR_9", "unknown", "no", "report"]
    heads = stations_as_table(lines_of({"NOR_2": Facts("Minde")}), 200).splitlines()[0].split()
    assert heads == ["id", "free", "condition", "certainty", "name"]


def test_a_table_truncates_names_and_places_to_the_width() -> None:
    long = Facts("Kauppakeskus Iso Omena, pohjoinen pysäköintihalli", "Kristiansund kommune")
    lines = lines_of({"NOR_1": long, "NOR_2": Facts("Minde", "Bergen")})
    whole = stations_as_table(lines, 200).splitlines()
    assert long.name in whole[1]
    assert long.place in whole[1]
    for width in range(60, 120):
        rows = stations_as_table(lines, width).splitlines()
        assert max(map(len, rows)) == min(width, len(whole[1]))
    head, row, _, _ = stations_as_table(lines, 20).splitlines()
    assert row[head.index("name") :] == "Kauppak…  Kristia…"


def test_a_pipe_always_gets_every_cell() -> None:
    text = stations_as_tabs(lines_of({"NOR_1": FORNEBU, "NOR_2": Facts("Minde")}, "near:59.9,10.6"))
    cells = [line.split("\t") for line in text.splitlines()]
    assert cells[0][4:] == [
        *("Fornebu S", "Bærum", "1.6 km", "from 0.45 €/kWh + 0.10 €/min", "CCS 150 +1", "")
    ]
    assert {len(row) for row in cells} == {10}


def test_the_plug_is_the_best_one_that_the_filter_selects() -> None:
    [row] = stations_as_tabs(lines_of({"NOR_1": FORNEBU}, "type2")).splitlines()
    assert row.split("\t")[1] == "?/1"
    assert row.split("\t")[8] == "T2 22 +1"


def test_a_price_has_its_currency_and_an_amount_for_each_unit() -> None:
    lines = lines_of({"NOR_1": FORNEBU, "NOR_2": Facts("Minde")})
    first, second, _ = (json.loads(line) for line in stations_as_json(lines).splitlines())
    assert first["price"] == {
        "currency": "EUR",
        "kwh": 0.45,
        "minute": 0.1,
        "start": None,
        "parking_minute": None,
        "at_least": True,
        "before_tax": False,
    }
    assert second["price"] is None
    first, second, _ = csv.DictReader(stations_as_csv(lines).decode("utf-8-sig").splitlines())
    prices = {name: value for name, value in first.items() if name.startswith("price")}
    assert prices == {
        "price_currency": "EUR",
        "price_kwh": "0.45",
        "price_minute": "0.1",
        "price_start": "",
        "price_parking_minute": "",
        "price_at_least": "true",
        "price_before_tax": "false",
    }
    assert not any(value for name, value in second.items() if name.startswith("price"))


def test_prices_and_plugs_need_the_credit_as_names_do() -> None:
    facts = {"NOR_1": Facts(plugs=FORNEBU.plugs), "NOR_2": Facts(prices=FORNEBU.prices)}
    lines = lines_of(facts, credit="NOBIL")
    assert [line.credit for line in lines.counts] == ["NOBIL", "NOBIL", None]
    assert stations_as_table(lines, 200).splitlines()[-1] == "Station data: NOBIL"
