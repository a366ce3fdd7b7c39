"""What a station_index remembers, and forgets. That it finds the right stations stands in ``test_query.py``."""

from __future__ import annotations

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.search import index as module
from nobil_tui.search.document import Document, make_document
from nobil_tui.search.index import StationIndex
from nobil_tui.search.query import parse_query

OSLO, BERGEN = (59.91, 10.75), (60.39, 5.32)
BOARD = Board()


def find(station_index: StationIndex, ids: list[str], text: str) -> list[str]:
    return station_index.matching(ids, parse_query(text), BOARD, 0)


def test_the_order_is_the_callers() -> None:
    station_index = StationIndex(Register())
    assert find(station_index, ["NOR_3", "NOR_1", "NOR_2"], "nor") == ["NOR_3", "NOR_1", "NOR_2"]
    assert find(station_index, ["NOR_2", "NOR_3"], "nor") == ["NOR_2", "NOR_3"]
    assert find(station_index, ["NOR_2", "NOR_3"], "") == ["NOR_2", "NOR_3"]


def test_a_station_that_comes_later_is_found_too() -> None:
    station_index = StationIndex(Register({"NOR_2": Facts(name="Torget"), "NOR_3": Facts(name="Other")}))
    assert find(station_index, ["NOR_1"], "torg") == []
    assert find(station_index, ["NOR_1", "NOR_2", "NOR_3"], "torg") == ["NOR_2"]
    # What has left is not found, though it is remembered.
    assert find(station_index, ["NOR_1"], "torg") == []


def test_another_register_is_another_world() -> None:
    register = Register({"NOR_1": Facts(name="Torget", position=OSLO, plugs=(Plug("CCS"),))})
    station_index = StationIndex(register)
    ids = ["NOR_1"]
    assert [find(station_index, ids, text) for text in ("torg", "ccs", "near:59.9,10.7")] == [ids, ids, ids]
    assert station_index.distances(ids, OSLO)["NOR_1"] is not None
    register.replace({"NOR_1": Facts(name="Kaien", plugs=(Plug("Type 2"),))})
    assert [find(station_index, ids, text) for text in ("torg", "ccs", "near:59.9,10.7", "kaien type2")] == [
        [],
        [],
        [],
        ids,
    ]
    assert station_index.distances(ids, OSLO)["NOR_1"] is None


def test_it_remembers_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_RESULTS", 3)
    monkeypatch.setattr(module, "_MAX_DOCUMENTS", 5)
    station_index = StationIndex(Register())
    ids = [f"NOR_{number}" for number in range(20)]
    for text in ("nor", "nor_1", "_2", "_3", "nor"):
        assert find(station_index, ids, text) == [i for i in ids if text in i.lower()]
    assert len(station_index._results) <= 3
    assert find(station_index, ids[:1], "nor") == ids[:1]
    assert len(station_index._documents) <= 20


def test_what_is_prepared_need_not_be_folded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    station_index = StationIndex(Register({"NOR_1": Facts(name="Torget", operator="Mer")}))
    station_index.adopt(station_index.prepare(["NOR_1", "NOR_1"]))
    assert station_index.prepare(["NOR_1"]).documents == []
    monkeypatch.setattr(module, "make_document", NotImplemented)
    monkeypatch.setattr(module, "_field_values", NotImplemented)
    assert find(station_index, ["NOR_1"], "torg") == ["NOR_1"]
    assert station_index.field_values["op"] == ("Mer",)


def test_what_was_asked_before_it_was_prepared_is_found_after_it() -> None:
    station_index = StationIndex(Register({f"NOR_{n}": Facts(name=f"Oslo {n}") for n in range(3)}))
    ids = ["NOR_0", "NOR_1", "NOR_2"]
    for text in ("o", "os", "oslo"):
        assert find(station_index, [], text) == []
    station_index.adopt(station_index.prepare(ids))
    assert find(station_index, ids, "oslo") == ids
    # Also by what is narrowed from it.
    assert find(station_index, ids, "oslo 2") == ["NOR_2"]


def test_what_was_folded_while_it_was_prepared_stays() -> None:
    station_index = StationIndex(Register({"NOR_1": Facts(name="Torget"), "NOR_2": Facts(name="Torgallmenningen")}))
    ready = station_index.prepare(["NOR_1", "NOR_2"])
    assert find(station_index, ["NOR_1"], "torg") == ["NOR_1"]
    station_index.adopt(ready)
    assert find(station_index, ["NOR_1", "NOR_2"], "torg") == ["NOR_1", "NOR_2"]


def test_a_register_that_comes_while_it_is_prepared_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register({"NOR_1": Facts(name="Torget", operator="Mer"), "NOR_2": Facts(name="Torget")})
    station_index = StationIndex(register)
    ids = ["NOR_1", "NOR_2"]
    fold = make_document

    def replaced_meanwhile(station: str, facts: Facts) -> Document:
        if register.version == 0:
            register.replace({"NOR_1": Facts(name="Kaien", operator="Recharge")})
            # As the loop does, while the thread is at it.
            assert find(station_index, ids, "kaien") == ["NOR_1"]
        return fold(station, facts)

    monkeypatch.setattr(module, "make_document", replaced_meanwhile)
    station_index.adopt(station_index.prepare(ids))
    assert [find(station_index, ids, text) for text in ("kaien", "torget", "kai")] == [["NOR_1"], [], ["NOR_1"]]
    assert station_index.field_values["op"] == ("Recharge",)


def test_what_was_prepared_from_another_register_is_left() -> None:
    register = Register({"NOR_1": Facts(name="Torget", operator="Mer")})
    station_index = StationIndex(register)
    ready = station_index.prepare(["NOR_1"])
    register.replace({"NOR_1": Facts(name="Kaien", operator="Recharge")})
    assert station_index.prepare(["NOR_1"]).field_values["op"] == ("Recharge",)
    station_index.adopt(ready)
    assert [find(station_index, ["NOR_1"], text) for text in ("torg", "kai")] == [[], ["NOR_1"]]
    assert station_index.field_values["op"] == ("Recharge",)


def test_distances_are_told_from_any_place() -> None:
    station_index = StationIndex(Register({"NOR_1": Facts(position=BERGEN), "NOR_2": Facts()}))
    stations = ("NOR_1", "NOR_2")
    assert station_index.distances(stations, None) == {"NOR_1": None, "NOR_2": None}
    assert station_index.distances(stations, OSLO) == {"NOR_1": pytest.approx(304, abs=3), "NOR_2": None}
    assert station_index.distances(stations, BERGEN) == {"NOR_1": 0, "NOR_2": None}
