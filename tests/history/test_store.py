"""The history on disk: one writer, damaged files, and what a killed program leaves."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nobil_tui.history import store as store_module
from nobil_tui.history.database import RETENTION, HistoryDatabase
from nobil_tui.history.listening import Interval
from nobil_tui.history.observation import Portion, StoredChange
from nobil_tui.history.occupancy import HourColumns
from nobil_tui.history.store import HistoryStore, read_station
from tests.conftest import GUARD, FakeClock

CHANGE = StoredChange("NOR_1", "a", 1, 1_700_000_000_000, 0)
KILLED = """
import os, signal, sys
from pathlib import Path
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.observation import Portion, StoredChange
database = HistoryDatabase.open_to_write(Path(sys.argv[1]))
database.write(Portion([StoredChange("NOR_1", "a", 1, 1, 0)]))
database._connection.execute("BEGIN IMMEDIATE")
database._connection.execute("INSERT INTO change VALUES (1, 2, 1)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite"


def rows(path: Path, station: str = "NOR_1") -> list[tuple[int, int]]:
    found = read_station(path, station, 0, pytest.fail)
    return [tuple(row) for connector in found.connectors for row in connector.rows]  # type: ignore[misc]


def test_what_is_added_is_on_disk_after_close(path: Path) -> None:
    store = HistoryStore.open(path, interval=0)
    store.add(Portion([CHANGE]))
    store.add(
        Portion([CHANGE._replace(at=CHANGE.at + 1, code=1)], intervals={5: Interval(5, 9, 5)})
    )
    store.close()

    assert rows(path) == [(CHANGE.at, 0), (CHANGE.at + 1, 1)]
    assert store.read("NOR_1").size > 0
    assert store.notice == ""


def test_only_one_program_writes_and_another_takes_over(path: Path) -> None:
    first, second = HistoryStore.open(path, interval=0.001), HistoryStore.open(path, interval=0.001)
    assert (first.writing, second.writing) == (True, False)
    second.add(Portion([CHANGE._replace(code=3)]))
    first.add(Portion([CHANGE]))
    first.close()

    with second._writer.news:
        while not second.writing:
            assert second._writer.news.wait(0.001) or second._writer.is_running
    second.add(Portion([CHANGE._replace(at=CHANGE.at + 1)]))
    second.close()

    assert rows(path) == [(CHANGE.at, 0), (CHANGE.at + 1, 0)]


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""], ids=["foreign", "empty"])
def test_a_damaged_file_is_set_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    store = HistoryStore.open(path, interval=0)
    store.add(Portion([CHANGE]))
    store.close()

    assert rows(path) == [(CHANGE.at, 0)]
    if content:
        assert "was damaged" in store.notice
        assert (path.parent / "history.damaged-1.sqlite").read_bytes() == content


def test_a_file_that_is_damaged_while_the_program_runs_is_set_aside(path: Path) -> None:
    HistoryStore.open(path, interval=0).close()
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE change")
    connection.close()

    store = HistoryStore.open(path, interval=0)
    store.add(Portion([CHANGE]))
    store.close()

    assert "was damaged" in store.notice
    assert rows(path) == [(CHANGE.at, 0)]


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    HistoryDatabase.open_to_write(path, ("CREATE TABLE later (x)",) * 1 + ("SELECT 1",) * 8).close()
    before = path.read_bytes()

    store = HistoryStore.open(path, interval=0)
    store.close()

    assert "newer version" in store.notice
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    store = HistoryStore.open(tmp_path / "file" / "history.sqlite", interval=0)
    store.add(Portion([CHANGE]))
    store.close()

    assert "History is not recorded" in store.notice


def test_a_full_disk_is_a_notice_until_it_has_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    store = HistoryStore(path)
    store._writer.become_writer()
    store.add(Portion([CHANGE]))
    with monkeypatch.context() as patch:
        patch.setattr(HistoryDatabase, "write", full)
        assert not store._write()
    assert "History is not recorded" in store.notice
    assert store._write()
    assert store.notice == ""
    store._writer.release()
    assert rows(path) == [(CHANGE.at, 0)]


def test_what_waits_for_the_disk_is_limited(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path / "history.sqlite")
    hour = HourColumns(1, 2, (), ())
    for week in range(store_module.MAX_PENDING_HOURS + 1):
        store._pending = store_module._joined(
            store._pending, Portion(hours=[hour._replace(week=week)])
        )
    assert len(store._pending.hours) == store_module.MAX_PENDING_HOURS
    assert store._pending.hours[0].week == 1


def test_a_killed_program_leaves_whole_transactions(path: Path) -> None:
    path.parent.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=GUARD, check=False)

    assert rows(path) == [(1, 0)]


def test_old_changes_are_pruned_in_the_background(path: Path) -> None:
    clock = FakeClock()
    now = clock.now()
    day = Interval(now // 1000 - 24 * 3600, now // 1000, now // 1000 - 24 * 3600)
    store = HistoryStore.open(path, interval=0, clock=clock)
    store.add(
        Portion(
            [CHANGE._replace(at=now - RETENTION - offset) for offset in (5000, 1000)],
            intervals={day.began: day},
        )
    )
    store.add(Portion([CHANGE._replace(at=now, code=1)]))
    while len(rows(path)) != 2:
        assert store._writer.is_running
        store.add(Portion(intervals={5: Interval(5, 9, 5)}))
    store.close()

    assert rows(path)[-1] == (now, 1)


def test_a_clock_that_is_years_ahead_prunes_nothing(path: Path) -> None:
    clock = FakeClock()
    store = HistoryStore(path, clock=clock)
    store._writer.become_writer()
    for years in (0, 3, 3):
        # Two sessions of an hour with the wrong clock.
        clock.advance(years * RETENTION / 1000)
        now = clock.now() // 1000
        hour = Interval(now, now + 3600, now)
        change = CHANGE._replace(at=clock.now(), code=years)
        store.add(Portion([change], intervals={now: hour}))
        assert store._write()
        assert store._prune()
    store._writer.release()
    assert len(rows(path)) == 3


def test_reading_what_does_not_exist_is_empty(path: Path) -> None:
    assert read_station(path, "NOR_1", 0, pytest.fail).connectors == []


def test_a_path_that_cannot_be_examined_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    assert read_station(tmp_path / ("x" * 300), "NOR_1", 0, said.append).connectors == []
    assert "cannot be read: File name too long" in said[0]
