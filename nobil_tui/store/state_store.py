"""The last known state of a feed's stations, written while the program runs and read at its start.

One program writes, holding a file lock; a second one reads, and takes over when the first has quit.
Disk errors are never raised: they become a notice, and the program continues without the store.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from nobil_tui.base.memory import trim_heap
from nobil_tui.charging.events import HubState
from nobil_tui.charging.persisted import StoredBoard
from nobil_tui.store import state_file
from nobil_tui.store.database_file import DATABASE_ERRORS, is_missing
from nobil_tui.store.single_writer import WRITE_INTERVAL, SingleWriter
from nobil_tui.store.state_file import StoredClock, open_to_read, open_to_write
from nobil_tui.store.state_writer import Packed, unpack


class StateStore:
    """Store the last known state in one file. Create it with ``open``."""

    def __init__(self, path: Path, *, interval: float = WRITE_INTERVAL) -> None:
        self.path = path
        self.wants_all = True
        """Whether the file holds another session's state, so that single stations cannot be
        added."""
        self._connection: sqlite3.Connection | None = None
        self._stations: dict[str, bytes | None] = {}
        self._all: Packed | None = None
        """Replaces everything in the file, before ``_stations``."""
        self._clock: StoredClock | None = None
        self._writer = SingleWriter(
            path,
            "The last known state",
            interval=interval,
            not_saved="The last known state cannot be saved",
            open_file=self._open_file,
            close_file=self._close_file,
            write=self._write,
            is_pending=lambda: self._clock is not None,
        )

    @property
    def notice(self) -> str:
        """The latest problem, for the user; empty if there is none."""
        return self._writer.notice

    @property
    def writing(self) -> bool:
        """Whether this program writes the file."""
        return self._writer.writing

    @classmethod
    def open(cls, path: Path, *, interval: float = WRITE_INTERVAL) -> StateStore:
        """Open or create the file at ``path`` and its folder. Never raises: see ``notice``,
        ``writing``.

        ``interval``: seconds between transactions. Blocks: do not call it on an event loop.
        """
        store = cls(path, interval=interval)
        store._writer.start()
        return store

    def load(self) -> StoredBoard:
        """Return the last known state, empty at a first start. Call it before the first
        ``save``."""
        with self._writer.guard:
            try:
                if self._connection is not None:
                    stored, bad = state_file.read_state(self._connection)
                elif not is_missing(self.path):
                    connection = open_to_read(self.path)
                    try:
                        stored, bad = state_file.read_state(connection)
                    finally:
                        connection.close()
                else:
                    return StoredBoard()
            except DATABASE_ERRORS as error:
                self._writer.failed(error, "The last known state cannot be read")
                return StoredBoard()
            # Without a stored clock, new stations cannot be combined with those in the file.
            self.wants_all = not (self.writing and stored.alive_at)
        if bad:
            what = "One station" if bad == 1 else f"{bad:,} stations"
            self._writer.warn(f"{what} of the last known state could not be read.")
        return stored

    def save(
        self,
        stations: Packed,
        downtime: int,
        alive_at: int,
        *,
        whole: bool = False,
        hub: HubState | None = None,
    ) -> None:
        """Write stations packed by ``state_writer.pack`` within a second.

        A station of None is deleted; ``whole`` deletes all others.

        ``downtime`` and ``alive_at`` (ms) are what ``DowntimeClock.checkpoint`` returns; ``hub`` is
        that of the board. Returns at once. Ignored while another program writes, or for single
        stations while the store ``wants_all``.
        """
        with self._writer.news:
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
                self._writer.news.notify_all()
            self._clock = StoredClock(downtime, alive_at, hub)

    def close(self) -> None:
        """Write the rest and release the lock. Takes a moment at most."""
        self._writer.close()

    # The thread

    def _write(self) -> bool:
        with self._writer.news:
            stations, clock, replacement = self._stations, self._clock, self._all
            self._stations, self._clock, self._all = {}, None, None
        if clock is None:
            return True
        with self._writer.guard:
            try:
                if self._connection is None:
                    self._connection = open_to_write(self.path)
                state_file.write_state(
                    self._connection,
                    stations,
                    clock,
                    replacement=None if replacement is None else unpack(replacement),
                )
            except DATABASE_ERRORS as error:
                self._writer.failed(error)
                self._put_back(stations, clock, replacement)
                return False
            self._writer.succeeded()
        if replacement is not None:
            del replacement
            trim_heap()
        return True

    def _put_back(
        self, stations: dict[str, bytes | None], clock: StoredClock, replacement: Packed | None
    ) -> None:
        with self._writer.news:
            if self.wants_all or self._all is not None:
                return
            self._stations = {**stations, **self._stations}
            self._clock = self._clock or clock
            self._all = replacement

    # The file

    def _open_file(self) -> None:
        self._connection = open_to_write(self.path)
        self.wants_all = True

    def _close_file(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
