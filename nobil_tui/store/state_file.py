"""The last known state as a SQLite file: one row per station, and one of the link.

The write-ahead log with its default syncing keeps every committed transaction if the program is
killed. After a power failure the last ones may be missing, but the file is intact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from nobil_tui.base.decoding import DECODE_ERRORS
from nobil_tui.base.text import safe_text
from nobil_tui.charging.board import MAX_STATIONS
from nobil_tui.charging.events import HubState
from nobil_tui.charging.persisted import StoredBoard, StoredStation, restore_station
from nobil_tui.charging.station import Milliseconds, Station, StationId
from nobil_tui.store.database_file import (
    Migration,
    connect_to_read,
    connect_to_write,
    has_tables,
    migrate,
    transaction,
    use_write_ahead_log,
)

APPLICATION = 0x6E6F6269
"""The SQLite application id of our files."""
LARGEST_ROW = 1 << 20
"""Bytes; the largest possible station takes less."""

_FIRST_TABLES = """
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1), downtime INTEGER NOT NULL, alive_at INTEGER NOT NULL
);
CREATE TABLE stations (id TEXT PRIMARY KEY, state BLOB NOT NULL);
"""
STATE_MIGRATIONS: tuple[Migration, ...] = (
    _FIRST_TABLES,
    "ALTER TABLE clock ADD COLUMN hub BLOB",
)
"""Migrations of the tables, each from one version to the next. Add to the end; never change one."""
SCHEMA = len(STATE_MIGRATIONS)
"""The version of the tables and their content."""
# A foreign file may hold anything in any column: types are cast here, values are checked later.
_CLOCK = (
    "SELECT CAST(downtime AS INTEGER), CAST(alive_at AS INTEGER), CAST(hub AS BLOB) FROM clock "
    "WHERE one = 1"
)
_STATIONS = (
    "SELECT CAST(id AS BLOB), CAST(state AS BLOB) FROM stations WHERE length(state) <= ? LIMIT ?"
)
_PUT = "INSERT INTO stations VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state"

_decode_station = msgspec.json.Decoder(StoredStation).decode
_decode_hub = msgspec.json.Decoder(HubState).decode


class StoredClock(NamedTuple):
    """The stored state of the link."""

    downtime: Milliseconds
    """All downtime when it was last alive, in ms."""
    alive_at: Milliseconds
    """When it was last alive, in ms."""
    hub: HubState | None
    """The state of the hub that relays the stream; None if none does."""


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open or create the file. Raises ``sqlite3.Error``, ``OSError``, ``NewerError`` or
    ``ForeignError``."""
    connection = connect_to_write(path)
    connection.text_factory = bytes
    try:
        has_tables(connection, APPLICATION, SCHEMA)
        use_write_ahead_log(connection)
        migrate(connection, APPLICATION, STATE_MIGRATIONS)
    except BaseException:
        # The caller does not get the connection, so it is closed here on any error.
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file, which another program may be writing. Raises like ``open_to_write``."""
    connection = connect_to_read(path)
    connection.text_factory = bytes
    try:
        has_tables(connection, APPLICATION, SCHEMA)
    except BaseException:
        # The caller does not get the connection, so it is closed here on any error.
        connection.close()
        raise
    return connection


def read_state(connection: sqlite3.Connection) -> tuple[StoredBoard, int]:
    """Return the state and the number of unreadable stations. Raises ``sqlite3.Error``."""
    if not has_tables(connection, APPLICATION, SCHEMA):
        return StoredBoard(), 0
    connection.execute("BEGIN")
    try:
        held = connection.execute("SELECT count(*) FROM stations").fetchone()[0]
        try:
            clock = connection.execute(_CLOCK).fetchone()
            downtime, alive_at = msgspec.convert(
                clock[:2] if clock else (0, 0), tuple[Milliseconds, Milliseconds]
            )
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
    return StoredBoard(stations, downtime, alive_at, _hub(clock[2])), held - len(stations)


def read_ids(connection: sqlite3.Connection, begun: str, most: int) -> list[str]:
    """Return the first ids of stations that begin with a text. Raises ``sqlite3.Error``."""
    select = "SELECT CAST(id AS BLOB) FROM stations WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    rows = connection.execute(select, (begun, f"{begun}\U0010ffff", most))
    return [name.decode(errors="replace") for (name,) in rows]


def write_state(
    connection: sqlite3.Connection,
    stations: Mapping[str, bytes | None],
    clock: StoredClock,
    *,
    replacement: Iterable[tuple[str, bytes | None]] | None = None,
) -> None:
    """Write packed stations in one transaction; a station of None is deleted.

    ``replacement``, if given, replaces everything in the file first.
    """
    with transaction(connection):
        if replacement is not None:
            connection.execute("DELETE FROM stations")
            connection.executemany(_PUT, (each for each in replacement if each[1] is not None))
        connection.executemany(
            "DELETE FROM stations WHERE id = ?", [(i,) for i, kept in stations.items() if not kept]
        )
        connection.executemany(_PUT, (each for each in stations.items() if each[1] is not None))
        hub = None if clock.hub is None else msgspec.json.encode(clock.hub)
        connection.execute(
            "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)",
            (clock.downtime, clock.alive_at, hub),
        )
    if replacement is not None:
        # The page cache holds megabytes that are hardly read again.
        connection.execute("PRAGMA shrink_memory")


def _hub(said: bytes | None) -> HubState | None:
    """Return the stored state of a hub, without its link and its clock, which are out of date."""
    if not said:
        return None
    try:
        hub = _decode_hub(said)
    except DECODE_ERRORS:
        return None
    return HubState(
        live=False,
        source=safe_text(hub.source),
        simulated=hub.simulated,
        credit=safe_text(hub.credit),
    )


def _station(name: bytes, said: bytes, downtime: int) -> Station:
    station = restore_station(
        msgspec.convert(name.decode(), StationId), _decode_station(said), downtime
    )
    if not all(map(str.isprintable, _texts(station))):
        raise msgspec.ValidationError("control characters")
    return station


def _texts(station: Station) -> list[str]:
    return [station.id, *station.evse_uids, *{connector.word for connector in station.connectors}]
