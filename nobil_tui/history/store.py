"""The history of one user on disk: written in a thread of its own, by one program at a time.

Errors of the disk are never raised: ``notice`` describes them, and the program continues without
the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from nobil_tui.base.clock import Clock
from nobil_tui.history.database import RETENTION, HistoryDatabase
from nobil_tui.history.observation import Portion
from nobil_tui.history.statistics import StationHistory
from nobil_tui.store.database_file import (
    DATABASE_ERRORS,
    NewerError,
    is_damage,
    is_missing,
    reason_of,
)
from nobil_tui.store.single_writer import WRITE_INTERVAL, SingleWriter

PRUNE_INTERVAL = 24 * 3_600_000
"""Milliseconds between two runs of pruning."""
LISTENED_BEFORE_PRUNING = 24 * 3600
"""Seconds of listening within ``RETENTION`` before anything is pruned: until then, the clock may be
wrong, so that everything stored seems to be old."""
MAX_PENDING_RECORDS = 500_000
"""How many changes are held while the disk cannot be written; then the oldest are dropped."""
MAX_PENDING_HOURS = 1_000
"""How many hours, each of up to ``MAX_ROWS`` stations, are held in the same way: 20 MB."""


class HistoryStore:
    """Writes observations to one file, which others can read meanwhile. Create it with ``open``."""

    def __init__(
        self, path: Path, *, interval: float = WRITE_INTERVAL, clock: Clock | None = None
    ) -> None:
        self.path = path
        self._clock = clock or Clock()
        self._database: HistoryDatabase | None = None
        self._pruning: Iterator[int] | None = None
        self._pruned_at = 0
        self._pending = Portion()
        self._writer = SingleWriter(
            path,
            "The history",
            interval=interval,
            not_saved="History is not recorded",
            open_file=self._open_file,
            close_file=self._close_file,
            write=self._write_and_prune,
            is_pending=lambda: bool(self._pending) or self._pruning is not None,
        )

    @property
    def notice(self) -> str:
        """The last message for the user; empty if there is none."""
        return self._writer.notice

    @property
    def writing(self) -> bool:
        """Whether this program is the writer."""
        return self._writer.writing

    @classmethod
    def open(
        cls, path: Path, *, interval: float = WRITE_INTERVAL, clock: Clock | None = None
    ) -> HistoryStore:
        """Open or create the file at ``path`` and start the thread. Never raises; may block for a
        moment."""
        store = cls(path, interval=interval, clock=clock)
        store._writer.start()
        return store

    def add(self, portion: Portion) -> None:
        """Store a portion within ``interval``. Returns at once; ignored unless this program is the
        writer."""
        if not portion or not self.writing:
            return
        with self._writer.news:
            if not self._pending:
                # Once for each transaction, not for each call: waking the thread costs power.
                self._writer.news.notify_all()
            self._pending = _joined(self._pending, portion)

    def read(self, station: str, since: int = 0) -> StationHistory:
        """Read the history of a station from a time (ms) on; empty if that fails. May block."""
        return read_station(self.path, station, since, self._writer.warn)

    def close(self) -> None:
        """Write the rest and let another program become the writer. Takes a moment at most."""
        self._writer.close()

    # The thread

    def _write_and_prune(self) -> bool:
        return self._write() and (self._writer.closing or self._prune())

    def _write(self) -> bool:
        with self._writer.news:
            portion, self._pending = self._pending, Portion()
        if not portion:
            return True
        try:
            if self._database is None:
                self._database = HistoryDatabase.open_to_write(self.path)
            self._database.write(portion)
            self._writer.succeeded()
        except DATABASE_ERRORS as error:
            with self._writer.news:
                self._pending = _joined(portion, self._pending)
            # A new file that replaces a damaged one can be written at once.
            return self._writer.failed(error) and self._write()
        return True

    def _prune(self) -> bool:
        """Do a part of a due pruning, so that writing never waits for long."""
        now = self._clock.now()
        if (
            self._pruning is None
            and abs(now - self._pruned_at) >= PRUNE_INTERVAL
            and self._database is not None
        ):
            self._pruned_at = now
            self._pruning = self._pruned(self._database, now - RETENTION)
        if self._pruning is not None:
            try:
                if next(self._pruning, None) is None:
                    self._pruning = None
            except DATABASE_ERRORS as error:
                self._pruning = None
                self._writer.failed(error)
                return False
        return True

    def _pruned(self, database: HistoryDatabase, before: int) -> Iterator[int]:
        listened = sum(each.ended - each.began for each in database.listening(before))
        if listened >= LISTENED_BEFORE_PRUNING:
            yield from database.prune(before)

    # The file

    def _open_file(self) -> None:
        self._database = HistoryDatabase.open_to_write(self.path)

    def _close_file(self) -> None:
        self._pruning = None
        database, self._database = self._database, None
        if database is not None:
            database.close()


def read_station(
    path: Path, station: str, since: int, complain: Callable[[str], None]
) -> StationHistory:
    """Read the history of a station from a time (ms) on; log a message and return an empty one if
    it cannot be read."""
    try:
        if is_missing(path):
            return StationHistory(station)
        database = HistoryDatabase.open_to_read(path)
        try:
            return database.station(station, since)
        finally:
            database.close()
    except DATABASE_ERRORS as error:
        complain(unreadable(path, error))
        return StationHistory(station)


def unreadable(path: Path, error: Exception) -> str:
    """Return why a history cannot be read, in words safe to show."""
    if isinstance(error, NewerError):
        return f"{path} was written by a newer version of nobil-tui."
    if is_damage(error):
        return (
            f"{path} is not a history of nobil-tui, or is damaged. Move it away to start another."
        )
    return f"{path} cannot be read: {reason_of(error)}"


def _joined(earlier: Portion, later: Portion) -> Portion:
    if not earlier:
        return later
    changes = earlier.changes + later.changes
    return Portion(
        changes[-MAX_PENDING_RECORDS:],
        (earlier.hours + later.hours)[-MAX_PENDING_HOURS:],
        {**earlier.intervals, **later.intervals},
    )
