"""What alerts last saw, in a SQLite file that all instances of the program share.

Each change of what an alert saw is one row changed in one transaction, so that of two instances
that see the same change exactly one gets to deliver it.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from nobil_tui.alerts.rules import FLAP, Seen
from nobil_tui.base.files import make_folders, require_regular
from nobil_tui.base.text import safe_path
from nobil_tui.config.alert_rules import AlertKey
from nobil_tui.store.database_file import (
    ForeignError,
    NewerError,
    is_damage,
    reason_of,
    set_aside,
    transaction,
)

logger = logging.getLogger(__name__)

ALERT_STATE_APPLICATION = 0x6E6F6261
"""The SQLite application id of our files."""
ALERT_STATE_SCHEMA = 1
ALERT_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another instance."""
MAX_FIRED = 300
"""Alerts whose last firing is kept; more than a config can hold, since those that fired once left
it."""

_TABLES = f"""
BEGIN;
CREATE TABLE seen (
  rule TEXT NOT NULL, station TEXT NOT NULL, met INTEGER NOT NULL, off_at INTEGER NOT NULL,
  unknown INTEGER NOT NULL, PRIMARY KEY (rule, station));
CREATE TABLE fired (rule TEXT PRIMARY KEY, at INTEGER NOT NULL);
PRAGMA application_id = {ALERT_STATE_APPLICATION};
PRAGMA user_version = {ALERT_STATE_SCHEMA};
COMMIT;
"""
_PUT = "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)"
_ADD = "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)"


class Update(NamedTuple):
    """A change of what an alert saw."""

    key: AlertKey
    station: str
    """Empty for the sum of an area."""
    before: Seen | None
    """What this instance saw before; None for a new alert."""
    after: Seen
    fires: bool
    at: int
    """When, in ms."""
    replaces: bool = False
    """Whether the user armed the alert just now, so that what was stored of it is void."""


class AlertState:
    """Keeps what alerts saw in ``path``; None keeps it for this session.

    Errors of the disk are never raised: they become a notice, and each instance is on its own.
    Every method blocks for a moment: do not call it on an event loop.
    """

    def __init__(self, path: Path | None) -> None:
        self.notice = ""
        """What went wrong; empty if nothing did."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._fired: dict[AlertKey, int] = {}
        self._claimed: list[Update] = []
        """What the last ``store`` claimed for this instance."""

    def load(self) -> dict[tuple[AlertKey, str], Seen]:
        """Open the file and return what alerts saw."""
        with self._lock:
            if self._path is None:
                return {}
            try:
                try:
                    self._connection = _open(self._path)
                    return self._read(self._connection)
                except (sqlite3.Error, ForeignError, ValueError) as error:
                    if not is_damage(error) and not isinstance(error, ValueError):
                        raise
                    self._close()
                    aside = set_aside(self._path)
                    self.notice = (
                        f"What the alerts saw could not be read: the file was damaged, and is "
                        f"now {safe_path(aside)}."
                    )
                    self._connection = _open(self._path)
                    return {}
            except NewerError:
                self.notice = (
                    f"What the alerts saw is not used: {safe_path(self._path)} was written by a "
                    "newer version of nobil-tui. The alerts work until you quit."
                )
                return {}
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                return {}

    @property
    def fired(self) -> Mapping[AlertKey, int]:
        """When alerts last fired, in ms, also those that are disarmed since."""
        return self._fired

    def store(
        self,
        updates: Sequence[Update],
        removed: Collection[AlertKey] = (),
        disarmed: Collection[AlertKey] = (),
    ) -> list[bool]:
        """Store changes; return for each whether it fires and this instance is the one to deliver
        it.

        Nothing is kept of ``removed`` alerts, and of ``disarmed`` ones only when they fired.
        """
        with self._lock:
            for update in updates:
                if update.fires:
                    self._fired[update.key] = update.at
            for key in removed:
                self._fired.pop(key, None)
            connection = self._connection
            if connection is None:
                return [update.fires for update in updates]
            try:
                with transaction(connection):
                    claimed = [_store(connection, update) for update in updates]
                    _remove(connection, "seen", (*removed, *disarmed))
                    _remove(connection, "fired", removed)
            except sqlite3.Error as error:
                self._fail(error)
                # Better delivered twice than not at all.
                return [update.fires for update in updates]
            self._claimed = [update for update, mine in zip(updates, claimed, strict=True) if mine]
            return claimed

    def release(self) -> None:
        """Undo what the last ``store`` claimed, because it was not delivered after all."""
        with self._lock:
            if self._connection is None:
                return
            rows = [(_text(each.key), each.station) for each in self._claimed]
            with suppress(sqlite3.Error):
                self._connection.executemany(
                    "UPDATE seen SET met = 0 WHERE rule = ? AND station = ?", rows
                )

    def read_fired(self) -> None:
        """Read when alerts last fired, which another instance may have seen."""
        with self._lock, suppress(sqlite3.Error, ForeignError, NewerError, OSError, ValueError):
            if self._connection is not None:
                self._read(self._connection)
            elif self._path is not None and self._path.exists():
                with closing(_open(self._path)) as connection:
                    self._read(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _read(self, connection: sqlite3.Connection) -> dict[tuple[AlertKey, str], Seen]:
        rows = connection.execute("SELECT rule, station, met, off_at, unknown FROM seen").fetchall()
        fired = connection.execute("SELECT rule, at FROM fired").fetchall()
        self._fired = {_key(rule): int(at) for rule, at in fired}
        return {
            (_key(rule), str(station)): Seen(bool(met), int(off_at), int(unknown))
            for rule, station, met, off_at, unknown in rows
        }

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _fail(self, error: Exception) -> None:
        logger.warning("alert state not stored: %s", error)
        self.notice = (
            f"What the alerts saw cannot be stored in {safe_path(self._path or Path())}: "
            f"{reason_of(error)} The alerts work until you quit."
        )


def _open(path: Path) -> sqlite3.Connection:
    make_folders(path.parent)
    require_regular(path)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=ALERT_LOCK_TIMEOUT, check_same_thread=False
    )
    try:
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        connection.execute("ROLLBACK")
        if tables and application == ALERT_STATE_APPLICATION and version > ALERT_STATE_SCHEMA:
            raise NewerError
        if tables and (application, version) != (ALERT_STATE_APPLICATION, ALERT_STATE_SCHEMA):
            raise ForeignError
        if not tables:
            _create(connection)
    except BaseException:  # Whatever it is, the file is closed.
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    try:
        connection.executescript(_TABLES)
    except sqlite3.OperationalError:
        # Another instance created them in the same moment.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        connection.execute("SELECT count(*) FROM seen, fired")


def _store(connection: sqlite3.Connection, update: Update) -> bool:
    """Store one change; return whether this instance is the one to deliver it."""
    rule, after = _text(update.key), update.after
    values = (rule, update.station, after.on, after.off_at, after.unknown)
    if update.before is None:
        connection.execute(_PUT if update.replaces else _ADD, values)
        return False
    row = connection.execute(
        "SELECT met, off_at FROM seen WHERE rule = ? AND station = ?", (rule, update.station)
    ).fetchone()
    if row is None:
        # Another instance removed the alert, after it delivered it.
        return False
    held = Seen(bool(row[0]), int(row[1]))
    if held.on and not after.on:
        connection.execute(_PUT, values)
        return False
    if held.on is not after.on:
        # Another instance may have seen more of it: whether it flaps is judged by both.
        claimed = update.fires and update.at - held.off_at >= FLAP
        off_at = max(held.off_at, after.off_at)
        connection.execute(_PUT, (rule, update.station, after.on, off_at, after.unknown))
        if claimed:
            connection.execute("INSERT OR REPLACE INTO fired VALUES (?, ?)", (rule, update.at))
            connection.execute(
                "DELETE FROM fired WHERE rowid NOT IN "
                "(SELECT rowid FROM fired ORDER BY at DESC LIMIT ?)",
                (MAX_FIRED,),
            )
        return claimed
    connection.execute(
        "UPDATE seen SET unknown = ? WHERE rule = ? AND station = ?",
        (after.unknown, rule, update.station),
    )
    return False


def _remove(connection: sqlite3.Connection, table: str, keys: Iterable[AlertKey]) -> None:
    rows = [(_text(key),) for key in keys]
    connection.executemany(f"DELETE FROM {table} WHERE rule = ?", rows)


def _text(key: AlertKey) -> str:
    return json.dumps(key, ensure_ascii=False)


def _key(text: str) -> AlertKey:
    station, connector, words, when, least = json.loads(text)
    return str(station), str(connector), str(words), str(when), int(least)
