"""The caches of ``StationIndex``. Its results are tested in ``test_filter_parser.py``."""

from __future__ import annotations

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.search import index as module
from nobil_tui.search.document import Document, make_document
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.index import StationIndex

OSLO, BERGEN = (59.91, 10.75), (60.39, 5.32)
BOARD = Board()


def find(station_index: StationIndex, ids: list[str], text: str) -> list[str]:
    return station_index.matching(ids, parse_query(text), BOARD, 0)


def test_matches_keep_the_callers_order() -> None:
    station_index = StationIndex(Register())
    assert find(station_index, ["NOR_3", "NOR_1", "NOR_2"], "nor") == ["NOR_3", "NOR_1", "NOR_2"]
    assert find(station_index, ["NOR_2", "NOR_3"], "nor") == ["NOR_2", "NOR_3"]
    assert find(station_index, ["NOR_2", "NOR_3"], "") == ["NOR_2", "NOR_3"]


def test_stations_added_later_are_found() -> None:
    station_index = StationIndex(
        Register({"NOR_2": Facts(name="Torget"), "NOR_3": Facts(name="Other")})
    )
    assert find(station_index, ["NOR_1"], "torg") == []
    assert find(station_index, ["NOR_1", "NOR_2", "NOR_3"], "torg") == ["NOR_2"]
    # What has left is not found, though it is remembered.
    assert find(station_index, ["NOR_1"], "torg") == []


def test_replaced_register_invalidates_the_index() -> None:
    register = Register({"NOR_1": Facts(name="Torget", position=OSLO, plugs=(Plug("CCS"),))})
    station_index = StationIndex(register)
    ids = ["NOR_1"]
    assert [find(station_index, ids, text) for text in ("torg", "ccs", "near:59.9,10.7")] == [
        ids,
        ids,
        ids,
    ]
    assert station_index.distances(ids, OSLO)["NOR_1"] is not None
    register.replace({"NOR_1": Facts(name="Kaien", plugs=(Plug("Type 2"),))})
    assert [
        find(station_index, ids, text) for text in ("torg", "ccs", "near:59.9,10.7", "kaien type2")
    ] == [
        [],
        [],
        [],
        ids,
    ]
    assert station_index.distances(ids, OSLO)["NOR_1"] is None


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_RESULTS", 3)
    monkeypatch.setattr(module, "_MAX_DOCUMENTS", 5)
    station_index = StationIndex(Register())
    ids = [f"NOR_{number}" for number in range(20)]
    for text in ("nor", "nor_1", "_2", "_3", "nor"):
        assert find(station_index, ids, text) == [i for i in ids if text in i.lower()]
    assert len(station_index._results) <= 3
    assert find(station_index, ids[:1], "nor") == ids[:1]
    assert len(station_index._documents) <= 20


def test_prepared_stations_are_not_folded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    station_index = StationIndex(Register({"NOR_1": Facts(name="Torget", operator="Mer")}))
    station_index.adopt(station_index.prepare(["NOR_1", "NOR_1"]))
    assert station_index.prepare(["NOR_1"]).documents == []
    monkeypatch.setattr(module, "make_document", NotImplemented)
    monkeypatch.setattr(module, "_field_values", NotImplemented)
    assert find(station_index, ["NOR_1"], "torg") == ["NOR_1"]
    assert station_index.field_values["op"] == ("Mer",)


def test_adopting_invalidates_cached_results() -> None:
    station_index = StationIndex(Register({f"NOR_{n}": Facts(name=f"Oslo {n}") for n in range(3)}))
    ids = ["NOR_0", "NOR_1", "NOR_2"]
    for text in ("o", "os", "oslo"):
        assert find(station_index, [], text) == []
    station_index.adopt(station_index.prepare(ids))
    assert find(station_index, ids, "oslo") == ids
    # Also by what is narrowed from it.
    assert find(station_index, ids, "oslo 2") == ["NOR_2"]


def test_stations_folded_while_preparing_are_kept() -> None:
    station_index = StationIndex(
        Register({"NOR_1": Facts(name="Torget"), "NOR_2": Facts(name="Torgallmenningen")})
    )
    ready = station_index.prepare(["NOR_1", "NOR_2"])
    assert find(station_index, ["NOR_1"], "torg") == ["NOR_1"]
    station_index.adopt(ready)
    assert find(station_index, ["NOR_1", "NOR_2"], "torg") == ["NOR_1", "NOR_2"]


def test_register_replaced_while_preparing_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register(
        {"NOR_1": Facts(name="Torget", operator="Mer"), "NOR_2": Facts(name="Torget")}
    )
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
    assert [find(station_index, ids, text) for text in ("kaien", "torget", "kai")] == [
        ["NOR_1"],
        [],
        ["NOR_1"],
    ]
    assert station_index.field_values["op"] == ("Recharge",)


def test_preparation_of_an_old_register_is_dropped() -> None:
    register = Register({"NOR_1": Facts(name="Torget", operator="Mer")})
    station_index = StationIndex(register)
    ready = station_index.prepare(["NOR_1"])
    register.replace({"NOR_1": Facts(name="Kaien", operator="Recharge")})
    assert station_index.prepare(["NOR_1"]).field_values["op"] == ("Recharge",)
    station_index.adopt(ready)
    assert [find(station_index, ["NOR_1"], text) for text in ("torg", "kai")] == [[], ["NOR_1"]]
    assert station_index.field_values["op"] == ("Recharge",)


def test_distances_from_any_origin() -> None:
    station_index = StationIndex(Register({"NOR_1": Facts(position=BERGEN), "NOR_2": Facts()}))
    stations = ("NOR_1", "NOR_2")
    assert station_index.distances(stations, None) == {"NOR_1": None, "NOR_2": None}
    assert station_index.distances(stations, OSLO) == {
        "NOR_1": pytest.approx(304, abs=3),
        "NOR_2": None,
    }
    assert station_index.distances(stations, BERGEN) == {"NOR_1": 0, "NOR_2": None}
