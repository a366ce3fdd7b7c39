"""The tables that keep over a restart what alerts last saw and which runs of the hook are due.

``alert`` has a row for each alert: ``at`` is when it began, or when it was ``over``; ``fired`` is
when it last fired, zero if never. ``seen`` is what it last saw, for each station of an area.
``due`` has the runs of the hook that are not over: ``taken`` is when an instance began one, zero if
none did. All times are in ms.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from nobil_tui.base.files import make_folders, require_regular
from nobil_tui.store.database_file import Migration, has_tables, migrate

ALERT_APPLICATION = 0x6E6F6261
"""The application id in the file, which marks it as one of this program."""
ALERT_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another instance."""

_FIRST_TABLES = """
CREATE TABLE seen (
  rule TEXT NOT NULL, station TEXT NOT NULL, met INTEGER NOT NULL, off_at INTEGER NOT NULL,
  unknown INTEGER NOT NULL, PRIMARY KEY (rule, station));
CREATE TABLE fired (rule TEXT PRIMARY KEY, at INTEGER NOT NULL);
"""
_ALERTS_AND_DUE_RUNS = """
DROP TABLE fired;
DELETE FROM seen;
CREATE TABLE alert (
  rule TEXT PRIMARY KEY, at INTEGER NOT NULL, over INTEGER NOT NULL, fired INTEGER NOT NULL);
CREATE TABLE due (
  id INTEGER PRIMARY KEY, rule TEXT NOT NULL, at INTEGER NOT NULL, said TEXT NOT NULL,
  line BLOB NOT NULL, taken INTEGER NOT NULL);
"""

ALERT_MIGRATIONS: tuple[Migration, ...] = (_FIRST_TABLES, _ALERTS_AND_DUE_RUNS)
"""Migrations of the tables, each from one version to the next. Add to the end; never change one."""


def open_alert_database(path: Path) -> sqlite3.Connection:
    """Open or create the file, and bring its tables up to date.

    Raises ``OSError``, ``sqlite3.Error``, ``ForeignError`` for another program's database, and
    ``NewerError`` for a later version.
    """
    make_folders(path.parent)
    require_regular(path)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=ALERT_LOCK_TIMEOUT, check_same_thread=False
    )
    try:
        has_tables(connection, ALERT_APPLICATION, len(ALERT_MIGRATIONS))
        migrate(connection, ALERT_APPLICATION, ALERT_MIGRATIONS)
    except BaseException:  # Close the file whatever the error.
        connection.close()
        raise
    return connection
