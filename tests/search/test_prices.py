"""Prices in the filter and in the order of the list."""

from __future__ import annotations

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.search.completion import completions
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from tests.for_each import for_each

T0 = 1_700_000_000_000
REGISTER = Register(
    {
        "A": Facts(name="A", prices=(Price(kwh=0.45), None)),
        "B": Facts(name="B", prices=(Price(kwh=0.60, start=1.0), Price(kwh=0.30, at_least=True))),
        "C": Facts(name="C", prices=(Price(minute=0.1),)),
        "D": Facts(name="D"),
        "E": Facts(name="E", prices=(Price(kwh=0.4),)),
    }
)


def list_of(register: Register = REGISTER, sort: Sort = Sort.ID) -> StationList:
    board = Board()
    board.apply_snapshot([Station(name, [Connector(0)]) for name in "ABCDE"], T0)
    station_list = StationList(board, register, set(), ListOptions(sort=sort))
    station_list.refresh(T0)
    return station_list


@for_each(
    ("text", "ids"),
    [
        ("price<0.40", "B"),
        ("price<=0.40", "BE"),
        ("price ≤ 0,40", "BE"),
        ("price:<0.40", "B"),
        ("PRICE>0.4", "A"),
        ("price>=0.4", "AE"),
        ("price=0.45", "A"),
        ("-price<0.40", "AE"),
        ("price>=0.3 price<0.45", "BE"),
    ],
)
def test_filter(text: str, ids: str) -> None:
    station_list = list_of()
    station_list.filter = text
    station_list.refresh(T0)
    assert station_list.query.problems == ()
    assert "".join(station_list.ids) == ids


@pytest.mark.parametrize("text", ["price:", "price:cheap", "price:0.40"])
def test_says_what_a_price_needs(text: str) -> None:
    (problem,) = parse_query(text).problems
    assert problem.message == "price: needs a comparison with the price of a kWh, as in price<0.40"


def test_completes_prices() -> None:
    assert completions("pri", 3) == ["price:"]
    offered = completions("price:", 6)
    assert offered == ["price:<0.30", "price:<0.40", "price:<0.50"]
    assert all(not parse_query(text).problems for text in offered)


@pytest.mark.parametrize(("reverse", "ids"), [(False, "BEACD"), (True, "AEBCD")])
def test_sorts_by_the_price_of_a_kwh_with_the_unknown_last(reverse: bool, ids: str) -> None:
    station_list = list_of(sort=Sort.PRICE)
    station_list.options.reverse = reverse
    station_list.refresh(T0)
    assert "".join(station_list.ids) == ids


def test_prices_are_an_order_only_where_some_are_known() -> None:
    assert Sort.PRICE in list_of().available_sorts
    register = Register({"A": Facts(prices=(Price(minute=0.1),))})
    station_list = list_of(register, Sort.PRICE)
    assert (Sort.PRICE in station_list.available_sorts, station_list.active_sort) == (
        False,
        Sort.NAME,
    )
    register.replace({"A": Facts(prices=(Price(kwh=0.1),))})
    assert (Sort.PRICE in station_list.available_sorts, station_list.active_sort) == (
        True,
        Sort.PRICE,
    )
