"""Every import inside a function is listed with its reason, and there is one."""

from __future__ import annotations

from pathlib import Path

from tests.architecture import deferred
from tests.architecture.deferred import NO_REASON, Table
from tests.architecture.imports import (
    Import,
    When,
    own_imports,
)

TABLE: Table = {"Only here": {("p.a", "p.b"), ("p.a", "p.c")}, "Later": {("p.q.x", "p.b")}}
FOUND = {pair for pairs in TABLE.values() for pair in pairs}


def test_the_table_lists_what_is_in_the_code() -> None:
    found = deferred.deferred_in(own_imports())
    wrong = deferred.differences(deferred.read(), found)
    assert not wrong, "\n".join(["Run: python -m tests.architecture --write", *wrong])


def test_no_import_is_deferred_in_vain() -> None:
    assert deferred.needless_in(own_imports()) == []


def test_what_is_loaded_anyway_is_found() -> None:
    imports = [
        Import("p.a", "p.b", When.LOADED, 1),
        Import("p.b", "p.c", When.LOADED, 1),
        Import("p.a", "p.c", When.DEFERRED, 2),
        Import("p.a", "p.d", When.DEFERRED, 3),
        Import("p.q", "p.e", When.LOADED, 1),
        Import("p.q.x", "p.e", When.DEFERRED, 2),
    ]
    assert deferred.needless_in(imports) == ["p.a -> p.c", "p.q.x -> p.e"]


def test_differences_are_found_both_ways() -> None:
    assert deferred.differences(TABLE, FOUND) == []
    assert deferred.differences(TABLE, FOUND - {("p.a", "p.c")}) == [
        "p.a -> p.c: listed, but not in the code"
    ]
    assert deferred.differences(TABLE, FOUND | {("p.z", "p.c")}) == ["p.z -> p.c: not listed"]
    twice = {**TABLE, "Also": {("p.a", "p.b")}}
    assert deferred.differences(twice, FOUND) == ["p.a -> p.b: listed under two reasons"]
    vague = {NO_REASON: FOUND}
    assert len(deferred.differences(vague, FOUND)) == len(FOUND)


def test_an_update_removes_what_is_gone_and_finds_a_group_for_what_is_new() -> None:
    found = {("p.a", "p.b"), ("p.a", "p.d"), ("p.q.x", "p.b"), ("p.q.y", "p.b")}
    assert deferred.updated(TABLE, found) == {
        "Only here": {("p.a", "p.b"), ("p.a", "p.d")},
        "Later": {("p.q.x", "p.b"), ("p.q.y", "p.b")},
    }
    assert deferred.updated({}, {("p.a", "p.b")}) == {NO_REASON: {("p.a", "p.b")}}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_text(deferred.text_of({**TABLE, "Empty": set()}))
    assert deferred.read(path) == TABLE
    assert deferred.TABLE.read_text("utf-8") == deferred.text_of(deferred.read())
