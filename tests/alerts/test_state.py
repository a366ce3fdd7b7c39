"""The file of what alerts saw: damage and other disk errors are a notice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nobil_tui.alerts.rules import Seen
from nobil_tui.alerts.state import ALERT_STATE_SCHEMA, AlertState, Update
from nobil_tui.config.alert_rules import AlertRule

KEY = AlertRule("NOR_1").key
OFF, ON = Seen(on=False), Seen(on=True)


def update(before: Seen | None, after: Seen, *, fires: bool = False, at: int = 1_000_000) -> Update:
    return Update(KEY, "NOR_1", before, after, fires, at)


def test_one_of_two_instances_delivers(tmp_path: Path) -> None:
    one, other = AlertState(tmp_path / "a.sqlite"), AlertState(tmp_path / "a.sqlite")
    assert one.load() == {}
    assert one.store([update(None, OFF)]) == [False]
    assert other.load() == {(KEY, "NOR_1"): OFF}
    assert one.store([update(OFF, ON, fires=True)]) == [True]
    assert other.store([update(OFF, ON, fires=True)]) == [False]
    one.close()
    other.close()


def test_what_was_claimed_but_not_delivered_is_released(tmp_path: Path) -> None:
    one, other = AlertState(tmp_path / "a.sqlite"), AlertState(tmp_path / "a.sqlite")
    one.load()
    one.store([update(None, OFF)])
    assert one.store([update(OFF, ON, fires=True)]) == [True]
    one.release()
    one.close()
    assert other.load() == {(KEY, "NOR_1"): OFF}
    assert other.store([update(OFF, ON, fires=True)]) == [True]
    other.close()


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be read as one" * 40, b"\0" * 4096]
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(content)
    state = AlertState(path)
    assert state.load() == {}
    assert "damaged" in state.notice
    assert state.store([update(None, OFF), update(OFF, ON, fires=True)]) == [False, True]
    assert (tmp_path / "a.damaged-1.sqlite").read_bytes() == content
    state.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    AlertState(path).load()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {ALERT_STATE_SCHEMA + 1}")
    before = path.read_bytes()
    state = AlertState(path)
    assert state.load() == {}
    assert "written by a newer version" in state.notice
    assert state.store([update(None, OFF), update(OFF, ON, fires=True)]) == [False, True]
    state.close()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.sqlite"]


def test_without_a_writable_folder_alerts_last_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = AlertState(tmp_path / "file" / "a.sqlite")
    assert state.load() == {}
    assert "work until you quit" in state.notice
    assert state.store([update(OFF, ON, fires=True)]) == [True]
    assert state.fired[KEY] == 1_000_000
    state.close()
