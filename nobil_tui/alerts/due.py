"""Due runs of the hook, kept in a file until they are over, so that none is lost.

A run is stored in the transaction that decides which instance delivers an alert. Any instance may
carry out a due run, one at a time. A run that the end of a program interrupts is repeated by
another instance, or at the next start.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import deque
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from nobil_tui.alerts.database import ALERT_MIGRATIONS
from nobil_tui.store.database_file import read_pragma, transaction

logger = logging.getLogger(__name__)

MAX_WAITING_RUNS = 50
"""The most runs that wait for the one before; further ones are dropped."""
LEASE = 60_000
"""Milliseconds after which a run that another instance began counts as interrupted; longer than the
limit of a run."""
MAX_LATE = 7 * 24 * 3_600_000
"""Milliseconds after which a run that is due is dropped."""
DUE_LOCK_TIMEOUT = 1.0
"""Seconds to wait for another instance."""


class DueRun(NamedTuple):
    """One run of the hook for an alert that fired."""

    at: int
    """When the alert fired, in ms."""
    values: Mapping[str, str]
    """The values of the placeholders of the command."""
    line: bytes
    """The standard input of the program."""
    id: int = 0
    """Its row in the file; zero if it is only in memory."""


class DueRuns:
    """The runs that are due, in the file at ``path`` or, where that is impossible, in memory.

    Errors of the disk are logged, never raised. The methods may block: call them in a thread.
    """

    def __init__(self, path: Path | None) -> None:
        self.dropped = 0
        """How many runs were dropped because too many wait."""
        self._path = path
        self._memory: deque[DueRun] = deque()

    def remember(self, run: DueRun) -> None:
        """Add a run that cannot be stored."""
        if len(self._memory) < MAX_WAITING_RUNS:
            self._memory.append(run)
        else:
            self.dropped += 1

    def store(self, connection: sqlite3.Connection, rule: str, run: DueRun) -> int:
        """Store a run within a transaction; return its id, zero if too many wait."""
        (waiting,) = connection.execute("SELECT count(*) FROM due").fetchone()
        if waiting >= MAX_WAITING_RUNS:
            self.dropped += 1
            return 0
        values = json.dumps(dict(run.values), ensure_ascii=False)
        cursor = connection.execute(
            "INSERT INTO due (rule, at, said, line, taken) VALUES (?, ?, ?, ?, 0)",
            (rule, run.at, values, run.line),
        )
        return cursor.lastrowid or 0

    def take(self, now: int) -> DueRun | None:
        """Begin the next run at ``now`` (ms); None if there is none, or another instance runs one.

        That instance continues with the rest.
        """
        if self._memory:
            return self._memory.popleft()
        if self._path is None:
            return None
        try:
            if not self._path.is_file():
                return None
            with closing(_connect(self._path)) as connection, transaction(connection):
                return _take(connection, now)
        except (sqlite3.Error, OSError, ValueError) as error:
            logger.warning("due runs of the hook not read: %s", error)
            return None

    def done(self, run: DueRun) -> None:
        """Forget a run that is over."""
        self._execute("DELETE FROM due WHERE id = ?", run)

    def interrupted(self, run: DueRun) -> None:
        """Let another instance, or the next session, repeat a run that was not completed."""
        self._execute("UPDATE due SET taken = 0 WHERE id = ?", run)

    def _execute(self, statement: str, run: DueRun) -> None:
        if self._path is None or not run.id:
            return
        try:
            with closing(_connect(self._path)) as connection:
                connection.execute(statement, (run.id,))
        except sqlite3.Error as error:
            logger.warning("end of a run of the hook not stored: %s", error)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=DUE_LOCK_TIMEOUT,
    )


def _take(connection: sqlite3.Connection, now: int) -> DueRun | None:
    # The tables of another version may have another meaning.
    if read_pragma(connection, "user_version") != len(ALERT_MIGRATIONS):
        return None
    connection.execute("DELETE FROM due WHERE at < ?", (now - MAX_LATE,))
    rows = connection.execute("SELECT id, at, said, line, taken FROM due ORDER BY id").fetchall()
    # After the clock was set back, a time in the future means nothing.
    if not rows or any(0 <= now - taken < LEASE for *_, taken in rows):
        return None
    number, at, said, line, _ = rows[0]
    connection.execute("UPDATE due SET taken = ? WHERE id = ?", (now, number))
    values: dict[str, str] = {}
    with suppress(ValueError, AttributeError):
        values = {str(name): str(value) for name, value in json.loads(said).items()}
    return DueRun(int(at), values, bytes(line), int(number))
