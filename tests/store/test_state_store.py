"""The last known state survives on disk, and damaged or foreign files are set aside."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.persisted import StoredBoard
from nobil_tui.charging.station import WordConnector
from nobil_tui.store import single_writer
from nobil_tui.store import state_store as state_module
from nobil_tui.store.database_file import reason_of, set_aside, use_write_ahead_log
from nobil_tui.store.state_file import SCHEMA
from nobil_tui.store.state_store import StateStore
from nobil_tui.store.state_writer import pack
from tests.conftest import GUARD

T0 = 1_700_000_000_000


def a_board(*names: str, word: str = "AVAILABLE") -> Board:
    board = Board()
    for number, name in enumerate(names or ("NOR_1", "NOR_2")):
        board.apply_connector(name, "SE*VIR*E1", WordConnector(0, 0, word=word), T0 + number)
    return board


def rows(board: Board, *gone: str) -> list[bytes]:
    """Return all stations of a board in portions of two, and the removed ones."""
    stored = [(name, board.stored(name)) for name in (*board.stations, *gone)]
    return [pack(stored[begin : begin + 2]) for begin in range(0, len(stored), 2)]


def open_store(path: Path) -> StateStore:
    return StateStore.open(path, interval=0.001)


def load_state(path: Path) -> StoredBoard:
    store = open_store(path)
    stored = store.load()
    shut(store)
    assert store.notice == ""
    return stored


def shut(store: StateStore) -> None:
    store.close()
    assert not store._writer.is_running


def eventually(true: Callable[[], bool]) -> None:
    """Wait until a condition holds that another thread or process fulfils; fail after a timeout."""
    until = time.monotonic() + GUARD
    while not true():
        assert time.monotonic() < until
        time.sleep(0.001)


def written(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT id FROM stations")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state %2F?.sqlite"


@contextmanager
def a_store(path: Path) -> Iterator[StateStore]:
    store = open_store(path)
    store.load()
    try:
        yield store
    finally:
        shut(store)


def test_load_returns_saved_state(path: Path) -> None:
    board = a_board()
    with a_store(path) as store:
        assert store.writing
        store.save(rows(board), 7, T0 + 9, whole=True)
    stored = load_state(path)
    assert (stored.downtime, stored.alive_at) == (7, T0 + 9)
    later = Board()
    later.restore(stored, T0)
    assert rows(later) == rows(board)
    assert (
        staleness_of(later.unconfirmed_for(later.stations["NOR_1"], 0, T0 + 10)) is Staleness.STALE
    )


def test_what_a_hub_said_of_its_data_outlasts_a_session(path: Path) -> None:
    hub = HubState(downtime=9, source="demo", simulated=True, credit="a\x1bb")
    with a_store(path) as store:
        store.save(rows(a_board()), 7, T0, whole=True, hub=hub)
    later = Board()
    later.restore(load_state(path), T0)
    assert later.hub == HubState(live=False, source="demo", simulated=True, credit="a·b")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE clock SET hub = 'damaged'")
        connection.commit()
    assert load_state(path).hub is None
    assert len(load_state(path).stations) == 2


def test_missing_file_loads_empty_without_notice(path: Path) -> None:
    with a_store(path) as store:
        assert store.notice == ""
        assert store.load() == StoredBoard()


def test_save_updates_and_deletes_single_stations(path: Path) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1", "NOR_2", "NOR_3")), 0, T0 + 1, whole=True)
    with a_store(path) as store:
        assert not store.wants_all
        store.save(rows(a_board("NOR_1", "NOR_4", word="BLOCKED"), "NOR_2"), 0, T0 + 2)
    stations = load_state(path).stations
    words = {name: [said.word for said in station.connectors] for name, station in stations.items()}
    assert words == {"NOR_1": ["BLOCKED"], "NOR_3": ["AVAILABLE"], "NOR_4": ["BLOCKED"]}


def test_whole_save_replaces_everything(path: Path) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
        store.save(rows(a_board("NOR_2")), 0, T0 + 2, whole=True)
        store.save(rows(a_board("NOR_3")), 0, T0 + 3)
    assert set(load_state(path).stations) == {"NOR_2", "NOR_3"}


def test_portion_without_stations_is_accepted(path: Path) -> None:
    with a_store(path) as store:
        # A station can leave the stream between two slices.
        store.save(rows(a_board("NOR_1", "NOR_2"), "NOR_3", "NOR_4"), 0, T0 + 1, whole=True)
    assert set(load_state(path).stations) == {"NOR_1", "NOR_2"}


def test_memory_is_returned_after_whole_save(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back: list[set[str]] = []
    monkeypatch.setattr(state_module, "trim_heap", lambda: given_back.append(written(path)))
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
        eventually(lambda: given_back != [])
        store.save(rows(a_board("NOR_2")), 0, T0 + 2)
        eventually(lambda: written(path) == {"NOR_1", "NOR_2"})
    assert given_back == [{"NOR_1"}]


def test_single_stations_need_a_load_first(path: Path) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    store = open_store(path)
    assert store.wants_all
    store.save(rows(a_board("NOR_2")), 0, T0 + 2)
    shut(store)
    assert set(load_state(path).stations) == {"NOR_1"}


def test_second_close_does_nothing(path: Path) -> None:
    store = open_store(path)
    shut(store)
    shut(store)
    store.save(rows(a_board()), 0, T0, whole=True)
    assert store.load() == StoredBoard()


def test_saved_state_is_written_before_close(path: Path) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
        eventually(lambda: written(path) == {"NOR_1"})
        store.save(rows(a_board("NOR_2")), 0, T0 + 1)
        eventually(lambda: written(path) == {"NOR_1", "NOR_2"})


# Two programs


def test_second_program_takes_over_after_first_quits(path: Path) -> None:
    first = open_store(path)
    first.load()
    first.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    eventually(lambda: written(path) == {"NOR_1"})
    with a_store(path) as second:
        assert not second.writing
        assert set(second.load().stations) == {"NOR_1"}
        second.save(rows(a_board("NOR_2")), 0, T0 + 2, whole=True)
        shut(first)
        eventually(lambda: second.writing)
        # Its downtime clock is not the first program's: their states must not be mixed.
        assert second.wants_all
        second.save(rows(a_board("NOR_3")), 0, T0 + 3)
        second.save(rows(a_board("NOR_4")), 0, T0 + 4, whole=True)
        second.save(rows(a_board("NOR_5")), 0, T0 + 5)
        assert second.notice == ""
    assert set(load_state(path).stations) == {"NOR_4", "NOR_5"}


def test_second_program_before_first_write_loads_empty(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with a_store(path), a_store(path) as second:
        assert (second.load(), second.notice, second.writing) == (StoredBoard(), "", False)


KILLED = """
import sys
from pathlib import Path
from typing import Any
from nobil_tui.store.state_store import StateStore
from tests.store.test_state_store import T0, a_board, eventually, rows, written
path = Path(sys.argv[1])
store = StateStore.open(path, interval=0.001)
store.load()
store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
eventually(lambda: written(path) == {"NOR_1"})
store.save(rows(a_board("NOR_2")), 0, T0 + 1)
eventually(lambda: written(path) == {"NOR_1", "NOR_2"})
print("written", flush=True)
while True:
    store.save(rows(a_board("NOR_2", "NOR_3")), 0, T0 + 2)
"""


@pytest.mark.slow
def test_kill_while_writing_keeps_committed_state(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    with a_store(path) as store:
        assert (store.writing, store.notice) == (True, "")
        assert {"NOR_1", "NOR_2"} <= set(store.load().stations)


# Damage


def damage(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_damaged_file_is_renamed_to_unused_name(path: Path) -> None:
    for number in (1, 2):
        content = b"no database at all " * (100 + number)
        damage(path, content)
        with a_store(path) as store:
            aside = path.with_name(f"state %2F?.damaged-{number}.sqlite")
            assert store.notice
            assert str(aside) in store.notice
            assert store.writing
            store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
        assert aside.read_bytes() == content
    assert set(load_state(path).stations) == {"NOR_1"}


def test_log_of_damaged_file_is_renamed_too(path: Path) -> None:
    damage(path, b"damaged")
    Path(f"{path}-wal").write_bytes(b"a log")
    aside = set_aside(path)
    assert Path(f"{aside}-wal").read_bytes() == b"a log"
    assert set(path.parent.iterdir()) == {aside, Path(f"{aside}-wal")}


def test_damage_is_detected_on_load(path: Path) -> None:
    with a_store(path) as store:
        store.save(rows(a_board(*(f"NOR_{n}" for n in range(2000)))), 0, T0 + 1, whole=True)
    content = bytearray(path.read_bytes())
    content[8192:-4096] = b"\xa5" * (len(content) - 12288)
    path.write_bytes(content)
    store = open_store(path)
    assert store.load() == StoredBoard()
    assert store.notice
    assert "renamed" in store.notice
    store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    shut(store)
    assert set(load_state(path).stations) == {"NOR_1"}


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA application_id = 7",
        "DROP TABLE stations",
        "ALTER TABLE clock RENAME COLUMN downtime TO holes",
    ],
)
def test_database_of_another_program_is_renamed(path: Path, statement: str) -> None:
    with a_store(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    with a_store(path) as store:
        assert store.notice
        assert "renamed" in store.notice
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    assert set(load_state(path).stations) == {"NOR_1"}


def test_reader_does_not_rename_damaged_file(path: Path) -> None:
    damage(path, b"no database at all " * 100)
    with FileLock(f"{path}.lock"), a_store(path) as second:
        assert second.load() == StoredBoard()
        assert second.notice
        assert "damaged" in second.notice
        assert path.read_bytes().startswith(b"no database")


def test_file_of_newer_version_is_not_touched(path: Path) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with a_store(path) as store:
        assert not store.writing
        assert store.notice
        assert "newer version" in store.notice
        store.save(rows(a_board("NOR_2")), 0, T0 + 1, whole=True)
    assert written(path) == {"NOR_1"}


GOOD = '[null,[["a",0,0,"AVAILABLE",5,false,0,0]]]'


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NOR_2", ""),
        ("NOR_2", "{"),
        ("NOR_2", "[" * 100_000),
        ("NOR_2", GOOD.replace("a", "\x1b[2J", 1)),
        ("NOR_2", GOOD.replace('"a"', r'"\u001b[2J"')),
        ("NOR_2", GOOD.replace("AVAILABLE", r"\u0007")),
        ("NOR_2", GOOD.replace("AVAILABLE", "A" * 65)),
        ("NOR_2", GOOD.replace('"a"', '"' + "a" * 129 + '"')),
        ("NOR_2", GOOD.replace("5", str(2**60))),
        ("NOR_2", GOOD.replace("0,0]]]", "0,-1]]]")),
        ("NOR_2", GOOD.replace("0,0]]]", "-1,0]]]")),
        ("NOR_2", GOOD.replace('"a",0', f'"a",{2**40}')),
        ("NOR_2", f"[null,[{','.join(['[]'] * 1025)}]]"),
        ("NOR_2", "x" * (1 << 20)),
        ("NOR_2", b"\xff\xfe"),
        ("NOR_2", 7),
        ("", GOOD),
        ("N" * 65, GOOD),
        ("NOR_\x07", GOOD),
        (b"\xff", GOOD),
        (7.5, "no station"),
    ],
)
def test_invalid_row_is_skipped(path: Path, name: object, said: object) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO stations VALUES (?, ?)", (name, said))
    store = open_store(path)
    assert set(store.load().stations) == {"NOR_1"}
    assert store.notice == "One station of the last known state could not be read."
    shut(store)


@pytest.mark.parametrize(
    ("breaks", "alive_at"),
    [(-1, T0), (0, 0), (0, -5), (2**60, T0), (0, 2**63 - 1), (0, 1e300), ("x", "y")],
)
def test_invalid_clock_loads_empty(path: Path, breaks: object, alive_at: object) -> None:
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE clock SET downtime = ?, alive_at = ?", (breaks, alive_at))
    store = open_store(path)
    assert store.load() == StoredBoard()
    assert store.notice == "One station of the last known state could not be read."
    assert store.wants_all
    shut(store)


# The disk


def test_folder_that_cannot_be_created_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with a_store(tmp_path / "file" / "state.sqlite") as store:
        store.save(rows(a_board()), 0, T0, whole=True)
        assert not store.writing
        assert store.load() == StoredBoard()
        assert store.notice
        assert "cannot be saved" in store.notice
        assert "Traceback" not in store.notice


def test_folder_in_place_of_file_is_a_notice(path: Path) -> None:
    path.mkdir(parents=True)
    with a_store(path) as store:
        assert not store.writing
        assert store.notice
        assert "cannot be" in store.notice


def test_full_disk_is_a_notice_and_writing_is_retried(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_writer, "WRITE_RETRY_AFTER", 0.001)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with a_store(path) as store:
        store.save(rows(a_board("NOR_1")), 0, T0 + 1, whole=True)
        eventually(lambda: written(path) == {"NOR_1"})
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limits[1]))
        try:
            many = [f"NOR_{n}" for n in range(2000)]
            store.save(rows(a_board(*many)), 0, T0 + 2)
            # Not after the limit: the next attempt may have withdrawn it.
            eventually(lambda: "cannot be saved" in store.notice)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.writing
        eventually(lambda: len(written(path)) == 2000)
    stored = state_module.StateStore.open(path)
    assert stored.load().alive_at == T0 + 2
    shut(stored)


def test_a_file_system_without_locks_is_a_notice_that_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **more: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(FileLock, "acquire", fail)
    with a_store(path) as store:
        assert not store.writing
        assert store.notice == (
            f"The last known state cannot be saved: {path}: No locks available. "
            "Its file system has no locks; use a local disk."
        )


def test_a_file_system_without_shared_memory_gets_a_plain_journal(path: Path) -> None:
    """As NFS: the log is refused by the first access, not when it is asked for."""

    class Refusing(sqlite3.Connection):
        refused = False

        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql == "PRAGMA schema_version" and not self.refused:
                self.refused = True
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *rest)

    path.parent.mkdir()
    with closing(sqlite3.connect(path, factory=Refusing, isolation_level=None)) as connection:
        use_write_ahead_log(connection)
        assert connection.refused
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EROFS, "Read-only file system"), "Choose a place that can be written to."),
        (OSError(errno.ENOSPC, "No space left on device"), "Free some space."),
        (OSError(errno.ENOTDIR, "Not a directory"), "Not a directory."),
        (sqlite3.OperationalError("database is locked"), "database is locked."),
    ],
)
def test_an_error_of_the_disk_says_what_to_do(error: Exception, words: str) -> None:
    assert reason_of(error).endswith(words)
