"""The last known state as a SQLite file: one row per station, and the downtime clock.

The write-ahead log with its default syncing keeps every committed transaction if the program is
killed. After a power failure the last ones may be missing, but the file is intact.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.files import WHAT_TO_DO, require_regular
from nobil_tui.charging.board import MAX_STATIONS
from nobil_tui.charging.persisted import StoredBoard, StoredStation, restore_station
from nobil_tui.charging.station import Milliseconds, Station, StationId

APPLICATION = 0x6E6F6269
"""The SQLite application id of our files."""
SCHEMA = 1
"""The version of the tables and their content."""
LARGEST_ROW = 1 << 20
"""Bytes; the largest possible station takes less."""

_TABLES = f"""
BEGIN;
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1), downtime INTEGER NOT NULL, alive_at INTEGER NOT NULL
);
CREATE TABLE stations (id TEXT PRIMARY KEY, state BLOB NOT NULL);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {SCHEMA};
COMMIT;
"""
# A foreign file may hold anything in any column: types are cast here, values are checked later.
_CLOCK = "SELECT CAST(downtime AS INTEGER), CAST(alive_at AS INTEGER) FROM clock WHERE one = 1"
_STATIONS = (
    "SELECT CAST(id AS BLOB), CAST(state AS BLOB) FROM stations WHERE length(state) <= ? LIMIT ?"
)
_PUT = "INSERT INTO stations VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state"

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_decode_station = msgspec.json.Decoder(StoredStation).decode


class NewerError(Exception):
    """The file was written by a newer version of this program."""


class ForeignError(Exception):
    """The file is a database of another program."""


def is_damage(error: Exception) -> bool:
    """Return whether the file itself is damaged, and not the disk or the moment."""
    if isinstance(error, ForeignError):
        return True
    # Our statements never change: if one is an error, the tables are not ours.
    return (
        isinstance(error, sqlite3.Error)
        and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
    )


_AS_SYSTEM_ERROR = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_PROTOCOL: errno.ENOLCK,
    sqlite3.SQLITE_IOERR: errno.EIO,
}
_LOCK_ERRORS = {sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_RDLOCK, sqlite3.SQLITE_IOERR_UNLOCK}


def reason_of(error: Exception) -> str:
    """Return what went wrong with a file, and what to do, in words safe to show."""
    if isinstance(error, OSError):
        number, reason = error.errno or 0, error.strerror or "the system refuses"
    else:
        code = getattr(error, "sqlite_errorcode", 0)
        number = errno.ENOLCK if code in _LOCK_ERRORS else _AS_SYSTEM_ERROR.get(code & 0xFF, 0)
        reason = str(error)
    advice = WHAT_TO_DO.get(number, "")
    return f"{reason}. {advice}" if advice else f"{reason}."


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Use a write-ahead log, or a plain journal where the file system refuses it, as NFS does."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # The log is opened by the first access.
        _pragma(connection, "schema_version")
    except sqlite3.OperationalError as error:
        if is_damage(error):
            raise
        connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = NORMAL")


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open or create the file. Raises ``sqlite3.Error``, ``OSError``, ``NewerError`` or
    ``ForeignError``."""
    connection = _connect(path, "mode=rwc")
    try:
        begun = _begun(connection)
        use_write_ahead_log(connection)
        if not begun:
            connection.executescript(_TABLES)
    except BaseException:
        # The caller does not get the connection, so it is closed here on any error.
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file, which another program may be writing. Raises like ``open_to_write``."""
    # In a read-only folder, SQLite only reads a file that is declared immutable.
    options = "mode=ro" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    connection = _connect(path, options)
    try:
        _begun(connection)
    except BaseException:
        # The caller does not get the connection, so it is closed here on any error.
        connection.close()
        raise
    return connection


def read_state(connection: sqlite3.Connection) -> tuple[StoredBoard, int]:
    """Return the state and the number of unreadable stations. Raises ``sqlite3.Error``."""
    if not _begun(connection):
        return StoredBoard(), 0
    connection.execute("BEGIN")
    try:
        held = connection.execute("SELECT count(*) FROM stations").fetchone()[0]
        try:
            clock = connection.execute(_CLOCK).fetchone()
            downtime, alive_at = msgspec.convert(clock or (0, 0), tuple[Milliseconds, Milliseconds])
        except msgspec.ValidationError:
            return StoredBoard(), held
        if downtime < 0 or alive_at <= 0:
            return StoredBoard(), held
        stations: dict[str, Station] = {}
        # Row by row: all rows at once would take as much memory as the stations.
        for name, said in connection.execute(_STATIONS, (LARGEST_ROW, MAX_STATIONS)):
            with suppress(*DECODE_ERRORS):
                station = _station(name, said, downtime)
                stations[station.id] = station
    finally:
        connection.execute("COMMIT")
    return StoredBoard(stations, downtime, alive_at), held - len(stations)


def read_ids(connection: sqlite3.Connection, begun: str, most: int) -> list[str]:
    """Return the first ids of stations that begin with a text. Raises ``sqlite3.Error``."""
    select = "SELECT CAST(id AS BLOB) FROM stations WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    rows = connection.execute(select, (begun, f"{begun}\U0010ffff", most))
    return [name.decode(errors="replace") for (name,) in rows]


def write_state(
    connection: sqlite3.Connection,
    stations: Mapping[str, bytes | None],
    downtime: int,
    alive_at: int,
    *,
    replacement: Iterable[tuple[str, bytes | None]] | None = None,
) -> None:
    """Write packed stations in one transaction; a station of None is deleted.

    ``replacement``, if given, replaces everything in the file first.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if replacement is not None:
            connection.execute("DELETE FROM stations")
            connection.executemany(_PUT, (each for each in replacement if each[1] is not None))
        connection.executemany(
            "DELETE FROM stations WHERE id = ?", [(i,) for i, kept in stations.items() if not kept]
        )
        connection.executemany(_PUT, (each for each in stations.items() if each[1] is not None))
        connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (downtime, alive_at))
        connection.execute("COMMIT")
    except BaseException:
        # On any error: an open transaction would block the next one.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    if replacement is not None:
        # The page cache holds megabytes that are hardly read again.
        connection.execute("PRAGMA shrink_memory")


def set_aside(path: Path) -> Path:
    """Rename a damaged file to an unused name, and return it. Raises ``OSError``."""
    number = 1
    while True:
        aside = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        try:
            # Creates the file, so that no other program can take the name.
            aside.touch(exist_ok=False)
            break
        except FileExistsError:
            number += 1
    path.replace(aside)
    # SQLite would replay a leftover log into the new file.
    for tail in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{tail}").replace(f"{aside}{tail}")
    return aside


def _connect(path: Path, options: str) -> sqlite3.Connection:
    require_regular(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        isolation_level=None,
        timeout=1,
        check_same_thread=False,
    )
    connection.text_factory = bytes
    return connection


def _begun(connection: sqlite3.Connection) -> bool:
    """Return whether the file has our tables; an empty file has none yet."""
    if not _pragma(connection, "schema_version"):
        return False
    if _pragma(connection, "application_id") != APPLICATION:
        raise ForeignError
    if _pragma(connection, "user_version") > SCHEMA:
        raise NewerError
    return True


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _station(name: bytes, said: bytes, downtime: int) -> Station:
    station = restore_station(
        msgspec.convert(name.decode(), StationId), _decode_station(said), downtime
    )
    if not all(map(str.isprintable, _texts(station))):
        raise msgspec.ValidationError("control characters")
    return station


def _texts(station: Station) -> list[str]:
    return [station.id, *station.evse_uids, *{connector.word for connector in station.connectors}]
