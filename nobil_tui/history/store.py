"""The history of one user on disk: written in a thread of its own, by one program at a time.

Errors of the disk are never raised: ``notice`` describes them, and the program goes on without.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from filelock import Timeout

from nobil_tui.base.clock import Clock
from nobil_tui.base.files import file_lock, make_folders
from nobil_tui.history.database import RETENTION, HistoryDatabase
from nobil_tui.history.observation import Portion
from nobil_tui.history.statistics import StationHistory
from nobil_tui.store.state_file import ForeignError, NewerError, is_damage, reason_of, set_aside

INTERVAL = 1.0
"""Seconds between transactions, and between attempts to become the writer."""
DATABASE_RETRY_AFTER = 30.0
"""Seconds before the next attempt after a failed write."""
HISTORY_CLOSE_TIMEOUT = 0.25
"""Seconds that ``close`` may take; a transaction that takes longer is lost as a whole."""
PRUNE_INTERVAL = 24 * 3_600_000
"""Milliseconds between two prunings."""
MAX_PENDING_RECORDS = 500_000
"""Changes that are held while the disk does not take them; then the oldest are dropped."""
MAX_PENDING_HOURS = 1_000
"""Hours, each of up to ``MAX_ROWS`` stations, that are held likewise: 20 MB."""

STORE_ERRORS = (sqlite3.Error, OSError, NewerError, ForeignError)
"""What opening, reading and writing a history can raise."""

logger = logging.getLogger(__name__)


class HistoryStore:
    """Write what is observed to one file; make one with ``open``. Others read it meanwhile."""

    def __init__(
        self, path: Path, *, interval: float = INTERVAL, clock: Clock | None = None
    ) -> None:
        self.path = path
        self.notice = ""
        """The last message for the user; empty if there is none."""
        self._problem = ""
        """The message that holds only until something is written."""
        self.writing = False
        """Whether this program is the writer."""
        self._interval = interval
        self._clock = clock or Clock()
        self._lock = file_lock(Path(f"{path}.lock"))
        self._database: HistoryDatabase | None = None
        self._pruning: Iterator[int] | None = None
        self._pruned_at = 0
        self._news = threading.Condition()
        """Guards ``_pending`` and ``_closing``."""
        self._pending = Portion()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    @classmethod
    def open(
        cls, path: Path, *, interval: float = INTERVAL, clock: Clock | None = None
    ) -> HistoryStore:
        """Open or create the file at ``path`` and start the thread. Never raises; may block for a
        moment."""
        store = cls(path, interval=interval, clock=clock)
        store._become_writer()
        store._thread.start()
        return store

    def add(self, portion: Portion) -> None:
        """Store a portion within ``interval``. Returns at once; ignored unless this program is the
        writer."""
        if not portion or not self.writing:
            return
        with self._news:
            if not self._pending:
                # Once for each transaction, not for each call: waking the thread costs power.
                self._news.notify_all()
            self._pending = _joined(self._pending, portion)

    def read(self, station: str, since: int = 0) -> StationHistory:
        """Read what is stored of a station from a time (ms) on; empty if it cannot be read. May
        block."""
        return read_station(self.path, station, since, self._tell)

    def close(self) -> None:
        """Write the rest and let another program become the writer. Takes at most
        ``HISTORY_CLOSE_TIMEOUT``."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(HISTORY_CLOSE_TIMEOUT)

    # The thread

    def _run(self) -> None:
        pause = 0.0
        while not self._wait(pause):
            if not self.writing:
                self._become_writer()
                pause = self._interval
            else:
                pause = self._interval if self._write() and self._prune() else DATABASE_RETRY_AFTER
        if self.writing:
            self._write()
        self._release()

    def _wait(self, seconds: float) -> bool:
        """Wait for ``seconds``, then for something to do; return whether the store is to be
        closed."""
        with self._news:
            self._news.wait_for(lambda: self._closing, seconds)
            if self.writing and self._pruning is None:
                self._news.wait_for(lambda: self._closing or bool(self._pending))
            return self._closing

    def _write(self) -> bool:
        with self._news:
            portion, self._pending = self._pending, Portion()
        if not portion:
            return True
        try:
            if self._database is None:
                self._database = HistoryDatabase.open_to_write(self.path)
            self._database.write(portion)
            self._forget_problem()
        except STORE_ERRORS as error:
            with self._news:
                self._pending = _joined(portion, self._pending)
            # A new file in place of a damaged one takes it at once.
            return self._failed(error) and self._write()
        return True

    def _prune(self) -> bool:
        """Do a part of a pruning that is due, so that writing never waits for long."""
        now = self._clock.now()
        if (
            self._pruning is None
            and abs(now - self._pruned_at) >= PRUNE_INTERVAL
            and self._database is not None
        ):
            self._pruned_at = now
            self._pruning = self._database.prune(now - RETENTION)
        if self._pruning is not None:
            try:
                if next(self._pruning, None) is None:
                    self._pruning = None
            except STORE_ERRORS as error:
                self._pruning = None
                self._failed(error)
                return False
        return True

    # The file

    def _become_writer(self) -> None:
        try:
            make_folders(self.path.parent)
            self._lock.acquire(blocking=False)
        except Timeout:
            return
        except (OSError, NotImplementedError) as error:
            self._failed(error)
            return
        try:
            self._database = HistoryDatabase.open_to_write(self.path)
            self.writing = True
        except STORE_ERRORS as error:
            self._failed(error)
        if not self.writing:
            self._release()

    def _failed(self, error: Exception) -> bool:
        """Describe an error in ``notice``; return whether a new file replaced a damaged one."""
        if isinstance(error, NewerError):
            self._tell(
                f"History is not recorded: {self.path} was written by a newer version of nobil-tui."
            )
        elif is_damage(error):
            return self._replace_damaged()
        else:
            self._problem = f"History is not recorded: {self.path}: {reason_of(error)}"
            self._tell(self._problem)
        return False

    def _replace_damaged(self) -> bool:
        """Set a damaged file aside and begin another one; return whether that was possible."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None
        self._pruning = None
        try:
            aside = set_aside(self.path)
            self._database = HistoryDatabase.open_to_write(self.path)
        except STORE_ERRORS as error:
            self._tell(
                f"History is not recorded: {self.path} is damaged and cannot be moved: "
                f"{reason_of(error)}"
            )
            return False
        self.writing = True
        self._tell(f"The history was damaged. It was moved to {aside}, and a new one was started.")
        return True

    def _release(self) -> None:
        self.writing = False
        if self._database is not None:
            try:
                self._database.close()
            except sqlite3.Error as error:
                logger.warning("history: %s", error)
            self._database = None
        self._lock.release()

    def _forget_problem(self) -> None:
        if self._problem and self.notice == self._problem:
            self.notice = ""
        self._problem = ""

    def _tell(self, text: str) -> None:
        if text != self.notice:
            logger.warning("%s", text)
        self.notice = text


def read_station(
    path: Path, station: str, since: int, complain: Callable[[str], None]
) -> StationHistory:
    """Read what is stored of a station from a time (ms) on; empty, after a message, if it cannot be
    read."""
    if not path.exists():
        return StationHistory(station)
    try:
        database = HistoryDatabase.open_to_read(path)
        try:
            return database.station(station, since)
        finally:
            database.close()
    except STORE_ERRORS as error:
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
