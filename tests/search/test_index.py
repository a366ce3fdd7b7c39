"""What a finder remembers, and forgets. That it finds the right stations stands in ``test_query.py``."""

from __future__ import annotations

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.search import index as module
from nobil_tui.search.document import Row, row_of
from nobil_tui.search.index import Finder
from nobil_tui.search.query import parse

OSLO, BERGEN = (59.91, 10.75), (60.39, 5.32)
BOARD = Board()


def find(finder: Finder, ids: list[str], text: str) -> list[str]:
    return finder.matching(ids, parse(text), BOARD, 0)


def test_the_order_is_the_callers() -> None:
    finder = Finder(Register())
    assert find(finder, ["NOR_3", "NOR_1", "NOR_2"], "nor") == ["NOR_3", "NOR_1", "NOR_2"]
    assert find(finder, ["NOR_2", "NOR_3"], "nor") == ["NOR_2", "NOR_3"]
    assert find(finder, ["NOR_2", "NOR_3"], "") == ["NOR_2", "NOR_3"]


def test_a_station_that_comes_later_is_found_too() -> None:
    finder = Finder(Register({"NOR_2": Facts(name="Torget"), "NOR_3": Facts(name="Other")}))
    assert find(finder, ["NOR_1"], "torg") == []
    assert find(finder, ["NOR_1", "NOR_2", "NOR_3"], "torg") == ["NOR_2"]
    # What has left is not found, though it is remembered.
    assert find(finder, ["NOR_1"], "torg") == []


def test_another_register_is_another_world() -> None:
    register = Register({"NOR_1": Facts(name="Torget", position=OSLO, plugs=(Plug("CCS"),))})
    finder = Finder(register)
    ids = ["NOR_1"]
    assert [find(finder, ids, text) for text in ("torg", "ccs", "near:59.9,10.7")] == [ids, ids, ids]
    assert finder.distances(ids, OSLO)["NOR_1"] is not None
    register.replace({"NOR_1": Facts(name="Kaien", plugs=(Plug("Type 2"),))})
    assert [find(finder, ids, text) for text in ("torg", "ccs", "near:59.9,10.7", "kaien type2")] == [[], [], [], ids]
    assert finder.distances(ids, OSLO)["NOR_1"] is None


def test_it_remembers_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 3)
    monkeypatch.setattr(module, "_MOST_ROWS", 5)
    finder = Finder(Register())
    ids = [f"NOR_{number}" for number in range(20)]
    for text in ("nor", "nor_1", "_2", "_3", "nor"):
        assert find(finder, ids, text) == [i for i in ids if text in i.lower()]
    assert len(finder._finds) <= 3
    assert find(finder, ids[:1], "nor") == ids[:1]
    assert len(finder._rows) <= 20


def test_what_is_prepared_need_not_be_folded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(Register({"NOR_1": Facts(name="Torget", operator="Mer")}))
    finder.adopt(finder.prepare(["NOR_1", "NOR_1"]))
    assert finder.prepare(["NOR_1"]).rows == []
    monkeypatch.setattr(module, "row_of", NotImplemented)
    monkeypatch.setattr(module, "_values_of", NotImplemented)
    assert find(finder, ["NOR_1"], "torg") == ["NOR_1"]
    assert finder.values.operators == ("Mer",)


def test_what_was_asked_before_it_was_prepared_is_found_after_it() -> None:
    finder = Finder(Register({f"NOR_{n}": Facts(name=f"Oslo {n}") for n in range(3)}))
    ids = ["NOR_0", "NOR_1", "NOR_2"]
    for text in ("o", "os", "oslo"):
        assert find(finder, [], text) == []
    finder.adopt(finder.prepare(ids))
    assert find(finder, ids, "oslo") == ids
    # Also by what is narrowed from it.
    assert find(finder, ids, "oslo 2") == ["NOR_2"]


def test_what_was_folded_while_it_was_prepared_stays() -> None:
    finder = Finder(Register({"NOR_1": Facts(name="Torget"), "NOR_2": Facts(name="Torgallmenningen")}))
    ready = finder.prepare(["NOR_1", "NOR_2"])
    assert find(finder, ["NOR_1"], "torg") == ["NOR_1"]
    finder.adopt(ready)
    assert find(finder, ["NOR_1", "NOR_2"], "torg") == ["NOR_1", "NOR_2"]


def test_a_register_that_comes_while_it_is_prepared_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register({"NOR_1": Facts(name="Torget", operator="Mer"), "NOR_2": Facts(name="Torget")})
    finder = Finder(register)
    ids = ["NOR_1", "NOR_2"]
    fold = row_of

    def replaced_meanwhile(station: str, facts: Facts) -> Row:
        if register.version == 0:
            register.replace({"NOR_1": Facts(name="Kaien", operator="Recharge")})
            # As the loop does, while the thread is at it.
            assert find(finder, ids, "kaien") == ["NOR_1"]
        return fold(station, facts)

    monkeypatch.setattr(module, "row_of", replaced_meanwhile)
    finder.adopt(finder.prepare(ids))
    assert [find(finder, ids, text) for text in ("kaien", "torget", "kai")] == [["NOR_1"], [], ["NOR_1"]]
    assert finder.values.operators == ("Recharge",)


def test_what_was_prepared_from_another_register_is_left() -> None:
    register = Register({"NOR_1": Facts(name="Torget", operator="Mer")})
    finder = Finder(register)
    ready = finder.prepare(["NOR_1"])
    register.replace({"NOR_1": Facts(name="Kaien", operator="Recharge")})
    assert finder.prepare(["NOR_1"]).values.operators == ("Recharge",)
    finder.adopt(ready)
    assert [find(finder, ["NOR_1"], text) for text in ("torg", "kai")] == [[], ["NOR_1"]]
    assert finder.values.operators == ("Recharge",)


def test_distances_are_told_from_any_place() -> None:
    finder = Finder(Register({"NOR_1": Facts(position=BERGEN), "NOR_2": Facts()}))
    stations = ("NOR_1", "NOR_2")
    assert finder.distances(stations, None) == {"NOR_1": None, "NOR_2": None}
    assert finder.distances(stations, OSLO) == {"NOR_1": pytest.approx(304, abs=3), "NOR_2": None}
    assert finder.distances(stations, BERGEN) == {"NOR_1": 0, "NOR_2": None}
