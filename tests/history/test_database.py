"""The database of the history: versions, refused files, and retention."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nobil_tui.history.database import MIGRATIONS, HistoryDatabase
from nobil_tui.history.listening import Interval
from nobil_tui.history.observation import Portion, StoredChange
from nobil_tui.history.statistics import MIN_WEEK_SECONDS
from nobil_tui.history.tally import HourTally
from nobil_tui.store.database_file import ForeignError, NewerError
from tests.history.records import hour_of

CHANGE = StoredChange("NOR_1", "a", 1, 1_000_000, 0)
NEXT = "CREATE TABLE note (at INTEGER); INSERT INTO note SELECT at FROM change"


def test_a_migration_keeps_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with_first = HistoryDatabase.open_to_write(path)
    with_first.write(Portion([CHANGE]))
    with_first.close()

    HistoryDatabase.open_to_write(path, (*MIGRATIONS, NEXT)).close()

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT at FROM note").fetchall() == [(CHANGE.at,)]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    connection.close()


def test_a_failed_migration_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    HistoryDatabase.open_to_write(path).close()

    with pytest.raises(sqlite3.OperationalError):
        HistoryDatabase.open_to_write(path, (*MIGRATIONS, NEXT, "INSERT INTO nowhere VALUES (1)"))

    database = HistoryDatabase.open_to_write(path)
    assert database.stations == []
    database.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE name = 'note'"
    ).fetchone() == (0,)
    connection.close()


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    HistoryDatabase.open_to_write(path, (*MIGRATIONS, NEXT)).close()

    with pytest.raises(NewerError):
        HistoryDatabase.open_to_write(path)
    with pytest.raises(NewerError):
        HistoryDatabase.open_to_read(path)


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()

    with pytest.raises(ForeignError):
        HistoryDatabase.open_to_write(path)
    assert sqlite3.connect(path).execute("SELECT count(*) FROM theirs").fetchone() == (0,)


def test_a_file_that_its_writer_has_just_created_is_an_empty_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.touch()

    reader = HistoryDatabase.open_to_read(path)

    assert reader.stations == []
    assert (
        reader.station("NOR_1").connectors
        == HistoryDatabase.in_memory().station("NOR_1").connectors
    )
    reader.close()


def test_a_file_system_without_shared_memory_gets_a_plain_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithoutSharedMemory(sqlite3.Connection):
        def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
            if "WAL" in sql:
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *args)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(
        "nobil_tui.history.database.sqlite3.connect",
        lambda *args, **options: connect(*args, factory=WithoutSharedMemory, **options),
    )
    path = tmp_path / "history.sqlite"
    database = HistoryDatabase.open_to_write(path)
    database.write(Portion([CHANGE]))

    assert database._connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
    assert [list(each) for each in (database.changes(["NOR_1"]),)] == [[CHANGE]]
    database.close()


def test_it_can_be_read_in_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    database = HistoryDatabase.open_to_write(path)
    database.write(Portion([CHANGE], intervals={900: Interval(900, 1100, 900)}))
    database.close()
    tmp_path.chmod(0o500)
    try:
        reader = HistoryDatabase.open_to_read(path)
        assert reader.station("NOR_1").connectors[0].rows == [(CHANGE.at, CHANGE.code)]
        reader.close()
    finally:
        tmp_path.chmod(0o700)


def test_parts_of_an_hour_count_as_one_week() -> None:
    database = HistoryDatabase.in_memory()
    half = MIN_WEEK_SECONDS // 2

    for week, free in ((10, half), (10, half), (11, 0), (11, 0), (12, half)):
        tally = HourTally(week, 5, half, free, half, free, 0)
        database.write(Portion(hours=[hour_of("NOR_1", tally)]))

    cell = database.station("NOR_1").profile[5]
    assert (cell.observed, cell.weeks, cell.weeks_free) == (5 * half, 2, 1)


def test_an_earlier_week_is_counted_beside_the_present_one() -> None:
    database = HistoryDatabase.in_memory()
    whole = HourTally(12, 5, 3600, 3600, 3600, 3600, 0)
    database.write(Portion(hours=[hour_of("NOR_1", whole)]))

    database.write(Portion(hours=[hour_of("NOR_1", whole._replace(week=9, any_free=0))]))
    database.write(Portion(hours=[hour_of("NOR_1", whole)]))

    cell = database.station("NOR_1").profile[5]
    assert (cell.weeks, cell.weeks_free) == (2, 1)


def test_pruning_keeps_the_last_condition_before_the_cut() -> None:
    database = HistoryDatabase.in_memory()
    changes = [CHANGE._replace(at=at, code=code) for at, code in ((1000, 0), (2000, 1), (9000, 0))]
    intervals = {began: Interval(began, began + 1, began) for began in (1, 4, 8)}
    database.write(Portion(changes, intervals=intervals))

    for _ in database.prune(6000):
        pass

    assert [row.at for row in database.station("NOR_1").connectors[0].rows] == [2000, 9000]
    assert [interval.began for interval in database.listening()] == [8]
