"""The last known state as a SQLite file: one row a station, and where the clock of the breaks stood.

The write-ahead log and its default syncing keep every committed transaction when the program is killed; when the
machine loses power, the last ones may be gone, and the file is whole all the same.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.charging.board import MAX_STATIONS
from nobil_tui.charging.persisted import StoredBoard, StoredStation, restore_station
from nobil_tui.charging.station import Milliseconds, Station, StationId

APPLICATION = 0x6E6F6269
"""What marks a SQLite file as ours."""
SCHEMA = 1
"""The version of the tables and of what is in them."""
LARGEST_ROW = 1 << 20
"""Bytes; the largest station that the board holds takes less."""

_TABLES = f"""
BEGIN;
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), breaks INTEGER NOT NULL, alive_at INTEGER NOT NULL);
CREATE TABLE stations (id TEXT PRIMARY KEY, said BLOB NOT NULL);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {SCHEMA};
COMMIT;
"""
# A file from outside may hold anything in any column: the types are made sure of here, the values after it.
_CLOCK = "SELECT CAST(breaks AS INTEGER), CAST(alive_at AS INTEGER) FROM clock WHERE one = 1"
_STATIONS = "SELECT CAST(id AS BLOB), CAST(said AS BLOB) FROM stations WHERE length(said) <= ? LIMIT ?"
_PUT = "INSERT INTO stations VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET said = excluded.said"

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_decode_station = msgspec.json.Decoder(StoredStation).decode


class NewerError(Exception):
    """The file is of a newer version of this program."""


class ForeignError(Exception):
    """The file is a database of something else."""


def is_damage(error: Exception) -> bool:
    """Whether it is the file that is wrong, and not the disk or the moment."""
    if isinstance(error, ForeignError):
        return True
    # Our statements never change: where one is an error, the tables are not ours.
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the file or begin it. Raises ``sqlite3.Error``, ``NewerError`` or ``ForeignError``."""
    connection = _connect(path, "mode=rwc")
    try:
        begun = _begun(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not begun:
            connection.executescript(_TABLES)
    except BaseException:
        # Whatever it is: nobody else has it to close.
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file, which another program may be writing. Raises as ``open_to_write`` does."""
    # In a folder that cannot be written, SQLite reads only what it is told nobody writes.
    options = "mode=ro" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    connection = _connect(path, options)
    try:
        _begun(connection)
    except BaseException:
        # Whatever it is: nobody else has it to close.
        connection.close()
        raise
    return connection


def read(connection: sqlite3.Connection) -> tuple[StoredBoard, int]:
    """Read all, and count the stations that could not be read. Raises ``sqlite3.Error``."""
    if not _begun(connection):
        return StoredBoard(), 0
    connection.execute("BEGIN")
    try:
        held = connection.execute("SELECT count(*) FROM stations").fetchone()[0]
        try:
            clock = connection.execute(_CLOCK).fetchone()
            breaks, alive_at = msgspec.convert(clock or (0, 0), tuple[Milliseconds, Milliseconds])
        except msgspec.ValidationError:
            return StoredBoard(), held
        if breaks < 0 or alive_at <= 0:
            return StoredBoard(), held
        stations: dict[str, Station] = {}
        # One after the other: as rows, all of them would take as much room as the stations.
        for name, said in connection.execute(_STATIONS, (LARGEST_ROW, MAX_STATIONS)):
            with suppress(*DECODE_ERRORS):
                station = _station(name, said, breaks)
                stations[station.id] = station
    finally:
        connection.execute("COMMIT")
    return StoredBoard(stations, breaks, alive_at), held - len(stations)


def write(
    connection: sqlite3.Connection,
    stations: Mapping[str, bytes | None],
    breaks: int,
    alive_at: int,
    *,
    every: Iterable[tuple[str, bytes | None]] | None = None,
) -> None:
    """Write packed stations in one transaction; one that is None is taken out.

    ``every`` comes before them, in place of all that the file holds.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if every is not None:
            connection.execute("DELETE FROM stations")
            connection.executemany(_PUT, (each for each in every if each[1] is not None))
        connection.executemany("DELETE FROM stations WHERE id = ?", [(i,) for i, kept in stations.items() if not kept])
        connection.executemany(_PUT, (each for each in stations.items() if each[1] is not None))
        connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (breaks, alive_at))
        connection.execute("COMMIT")
    except BaseException:
        # Whatever it is: the next transaction could not begin.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    if every is not None:
        # What went through its cache fills megabytes, and of few pages it is asked again.
        connection.execute("PRAGMA shrink_memory")


def set_aside(path: Path) -> Path:
    """Give a damaged file a name that nothing else has, and return it. Raises ``OSError``."""
    number = 1
    while True:
        aside = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        try:
            # Takes the name, so that nothing else can have it and be overwritten.
            aside.touch(exist_ok=False)
            break
        except FileExistsError:
            number += 1
    path.replace(aside)
    # A log left behind would be played into the new file.
    for tail in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{tail}").replace(f"{aside}{tail}")
    return aside


def _connect(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, isolation_level=None, timeout=1, check_same_thread=False
    )
    connection.text_factory = bytes
    return connection


def _begun(connection: sqlite3.Connection) -> bool:
    """Whether the file holds our tables; a file that holds nothing at all does not yet."""
    if not _pragma(connection, "schema_version"):
        return False
    if _pragma(connection, "application_id") != APPLICATION:
        raise ForeignError
    if _pragma(connection, "user_version") > SCHEMA:
        raise NewerError
    return True


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _station(name: bytes, said: bytes, breaks: int) -> Station:
    station = restore_station(msgspec.convert(name.decode(), StationId), _decode_station(said), breaks)
    if not all(map(str.isprintable, _texts(station))):
        raise msgspec.ValidationError("control characters")
    return station


def _texts(station: Station) -> list[str]:
    return [station.id, *station.evse_uids, *{connector.word for connector in station.connectors}]
