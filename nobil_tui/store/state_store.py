"""The last known state of a feed's stations, written while the program runs and read at its start.

One program writes, holding a file lock; a second one reads, and takes over when the first has quit.
Disk errors are never raised: they become a notice, and the program continues without the store.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from pathlib import Path

from filelock import Timeout

from nobil_tui.base.files import file_lock, make_folders
from nobil_tui.base.memory import trim_heap
from nobil_tui.charging.persisted import StoredBoard
from nobil_tui.store import state_file
from nobil_tui.store.state_file import (
    ForeignError,
    NewerError,
    is_damage,
    open_to_read,
    open_to_write,
    reason_of,
    set_aside,
)
from nobil_tui.store.state_writer import Packed, unpack

WRITE_INTERVAL = 1.0
"""Seconds between transactions, and between attempts to take over."""
RETRY_INTERVAL = 30.0
"""Seconds before writing is retried after an error."""
CLOSE_WITHIN = 0.2
"""Seconds that closing may take; a longer transaction is rolled back when the program ends."""

_ERRORS = (sqlite3.Error, OSError, NewerError, ForeignError)

logger = logging.getLogger(__name__)


class StateStore:
    """Store the last known state in one file. Create it with ``open``."""

    def __init__(self, path: Path, every: float) -> None:
        self.path = path
        self.notice: str | None = None
        """The latest problem, for the user; None if there was none."""
        self.writing = False
        """Whether this program writes the file."""
        self.wants_all = True
        """Whether the file holds another session's state, so that single stations cannot be
        added."""
        self._every = every
        self._lock = file_lock(Path(f"{path}.lock"))
        self._connection: sqlite3.Connection | None = None
        self._mutex = threading.RLock()
        """Guards the connection and the file."""
        self._news = threading.Condition()
        """Guards what is to be written."""
        self._stations: dict[str, bytes | None] = {}
        self._all: Packed | None = None
        """Replaces everything in the file, before ``_stations``."""
        self._clock: tuple[int, int] | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="state", daemon=True)

    @classmethod
    def open(cls, path: Path, *, every: float = WRITE_INTERVAL) -> StateStore:
        """Open or create the file at ``path`` and its folder. Never raises: see ``notice``,
        ``writing``.

        ``every``: seconds between transactions. Blocks: do not call it on an event loop.
        """
        store = cls(path, every)
        store._begin()
        store._thread.start()
        return store

    def load(self) -> StoredBoard:
        """Return the last known state, empty at a first start. Call it before the first
        ``save``."""
        with self._mutex:
            try:
                if self._connection is not None:
                    stored, bad = state_file.read_state(self._connection)
                elif self.path.exists():
                    connection = open_to_read(self.path)
                    try:
                        stored, bad = state_file.read_state(connection)
                    finally:
                        connection.close()
                else:
                    return StoredBoard()
            except _ERRORS as error:
                self._failed(error, "read")
                return StoredBoard()
            # Without a stored clock, new stations cannot be combined with those in the file.
            self.wants_all = not (self.writing and stored.alive_at)
        if bad:
            what = "One station" if bad == 1 else f"{bad:,} stations"
            self._tell(f"{what} of the last known state could not be read.")
        return stored

    def save(self, stations: Packed, downtime: int, alive_at: int, *, whole: bool = False) -> None:
        """Write stations packed by ``state_writer.pack`` within a second.

        A station of None is deleted; ``whole`` deletes all others.

        ``downtime`` and ``alive_at`` (ms) are what ``DowntimeClock.checkpoint`` returns. Returns at
        once. Ignored while another program writes, or for single stations while the store
        ``wants_all``.
        """
        with self._news:
            if not self.writing or (self.wants_all and not whole):
                return
            if whole:
                self._stations.clear()
                self._all = stations
                self.wants_all = False
            else:
                self._stations.update(unpack(stations))
            if self._clock is None:
                # Once for each transaction, not for each call: waking the thread costs power.
                self._news.notify_all()
            self._clock = downtime, alive_at

    def close(self) -> None:
        """Write the rest and release the lock. Takes at most ``CLOSE_WITHIN`` seconds."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join(CLOSE_WITHIN)

    # The thread

    def _run(self) -> None:
        wait = 0.0
        while not self._wait(wait):
            if self.writing:
                wait = self._every if self._write() else RETRY_INTERVAL
            else:
                self._begin()
                wait = self._every
        if self.writing:
            self._write()
        with self._mutex:
            self._release()

    def _wait(self, seconds: float) -> bool:
        """Wait for so many seconds and then for work; return whether the store is closing."""
        until = time.monotonic() + seconds
        with self._news:
            self._news.wait_for(lambda: self._closing, seconds)
            # A reader checks at intervals whether the writer has quit.
            rest = None if self.writing else max(0.0, until - time.monotonic())
            self._news.wait_for(lambda: self._closing or self._clock is not None, rest)
            return self._closing

    def _write(self) -> bool:
        with self._news:
            stations, clock, replacement = self._stations, self._clock, self._all
            self._stations, self._clock, self._all = {}, None, None
        if clock is None:
            return True
        with self._mutex:
            try:
                if self._connection is None:
                    self._connection = open_to_write(self.path)
                state_file.write_state(
                    self._connection,
                    stations,
                    *clock,
                    replacement=None if replacement is None else unpack(replacement),
                )
            except _ERRORS as error:
                self._failed(error, "saved")
                self._put_back(stations, clock, replacement)
                return False
        if replacement is not None:
            del replacement
            trim_heap()
        return True

    def _put_back(
        self, stations: dict[str, bytes | None], clock: tuple[int, int], replacement: Packed | None
    ) -> None:
        with self._news:
            if self.wants_all or self._all is not None:
                return
            self._stations = {**stations, **self._stations}
            self._clock = self._clock or clock
            self._all = replacement

    # The file

    def _begin(self) -> None:
        """Try to become the writer."""
        with self._mutex:
            try:
                make_folders(self.path.parent)
                self._lock.acquire(blocking=False)
            except Timeout:
                return
            except (OSError, NotImplementedError) as error:
                self._failed(error, "saved")
                return
            try:
                self._connection = open_to_write(self.path)
            except _ERRORS as error:
                self._failed(error, "saved")
            else:
                self.wants_all = self.writing = True
            if not self.writing:
                self._release()

    def _failed(self, error: Exception, done: str) -> None:
        if isinstance(error, NewerError):
            self._tell(
                f"The last known state is not {done}: {self.path} was written by a newer version "
                "of nobil-tui."
            )
        elif is_damage(error) and self._lock.is_locked:
            self._replace_file()
        elif is_damage(error):
            self._tell(f"The last known state is damaged and not {done}: {self.path}.")
        else:
            self._tell(f"The last known state cannot be {done}: {self.path}: {reason_of(error)}")

    def _replace_file(self) -> None:
        """Set a damaged file aside and create a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            aside = set_aside(self.path)
            self._connection = open_to_write(self.path)
        except _ERRORS as error:
            self._tell(
                f"The last known state is damaged and cannot be renamed: {self.path}: "
                f"{reason_of(error)}"
            )
            return
        self._tell(
            f"The last known state was damaged. It was renamed to {aside}, and a new file was "
            "started."
        )
        self.wants_all = self.writing = True

    def _release(self) -> None:
        self.writing = False
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error as error:
                logger.warning("state: %s", error)
            self._connection = None
        self._lock.release()

    def _tell(self, text: str) -> None:
        if text != self.notice:
            logger.warning("%s", text)
        self.notice = text
