"""What alerts last saw, in a SQLite file that all instances of the program share.

The tables are those of ``alerts.database``; ``seen_rows`` says what a change of them means.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Collection, Mapping
from contextlib import closing, suppress
from pathlib import Path

from nobil_tui.alerts.claim import Claim
from nobil_tui.alerts.database import open_alert_database
from nobil_tui.alerts.due import DueRuns
from nobil_tui.alerts.rules import Seen
from nobil_tui.alerts.seen_rows import ClaimStep, prune_alerts, read_fired, read_seen
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


class AlertState:
    """Keeps what alerts saw in the file at ``path``; None keeps it in memory.

    Errors of the disk are never raised: they become a notice, and each instance is on its own.
    Every method blocks for a moment: do not call it on an event loop.
    """

    def __init__(self, path: Path | None, due: DueRuns | None = None) -> None:
        self.notice = ""
        """What went wrong; empty if nothing did."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._fired: dict[AlertKey, int] = {}
        self.due = due or DueRuns(path)
        """The runs of the hook that are due."""

    def load(self, keys: Collection[AlertKey], now: int) -> None:
        """Open the file, and remove rows that are too old at ``now`` (ms), except those of
        ``keys``."""
        with self._lock:
            if self._path is None:
                return
            try:
                try:
                    self._open(self._path, keys, now)
                except (sqlite3.Error, ForeignError, ValueError) as error:
                    if not is_damage(error) and not isinstance(error, ValueError):
                        raise
                    self._close()
                    aside = set_aside(self._path)
                    self.notice = (
                        "What the alerts saw could not be read: the file was damaged, and is "
                        f"now {safe_path(aside)}."
                    )
                    self._open(self._path, keys, now)
            except NewerError:
                self.notice = (
                    f"What the alerts saw is not used: {safe_path(self._path)} was written by a "
                    "newer version of nobil-tui. The alerts work until you quit."
                )
            except (sqlite3.Error, OSError) as error:
                self._fail(error)

    def seen(self, keys: Collection[AlertKey]) -> dict[tuple[AlertKey, str], Seen]:
        """Return what alerts saw last, in this or another program, unless they are over."""
        with self._lock:
            if self._connection is None or not keys:
                return {}
            try:
                return read_seen(self._connection, keys)
            except (sqlite3.Error, ValueError) as error:
                self._fail(error)
                return {}

    @property
    def fired(self) -> Mapping[AlertKey, int]:
        """When alerts last fired, in ms, also those that are disarmed since."""
        return self._fired

    def store(self, claim: Claim) -> list[bool]:
        """Store changes; return for each whether it fires and this instance is the one to deliver
        it."""
        with self._lock:
            if claim.void:
                return [False for _ in claim.updates]
            for update in claim.updates:
                if update.fires:
                    self._fired[update.key] = update.at
            for key in claim.removed:
                self._fired.pop(key, None)
            try:
                return self._store(claim)
            except sqlite3.Error as error:
                claim.undo.clear()
                self._fail(error)
                # Better delivered twice than not at all.
                return self._deliver_alone(claim)

    def _store(self, claim: Claim) -> list[bool]:
        connection = self._connection
        if connection is None:
            return self._deliver_alone(claim)
        with transaction(connection):
            step = ClaimStep(connection, self.due, claim)
            claimed = [step.store(update) for update in claim.updates]
            for key, at in claim.removed.items():
                step.remove(key, at)
            for key, at in claim.disarmed.items():
                step.disarm(key, at)
        claim.stored = True
        return claimed

    def _deliver_alone(self, claim: Claim) -> list[bool]:
        for update in claim.updates:
            if update.fires and update.due is not None:
                self.due.remember(update.due)
        return [update.fires for update in claim.updates]

    def release(self, claim: Claim) -> bool:
        """Undo a claim that will not be delivered; return whether the rest was stored."""
        with self._lock:
            claim.void = True
            connection = self._connection
            if connection is not None:
                with suppress(sqlite3.Error):
                    for statement, values in reversed(claim.undo):
                        connection.execute(statement, values)
            return claim.stored

    def read_fired(self) -> None:
        """Read when alerts last fired, which another instance may have seen."""
        with self._lock, suppress(sqlite3.Error, ForeignError, NewerError, OSError, ValueError):
            if self._connection is not None:
                self._fired = read_fired(self._connection)
            elif self._path is not None and self._path.exists():
                with closing(open_alert_database(self._path)) as connection:
                    self._fired = read_fired(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _open(self, path: Path, keys: Collection[AlertKey], now: int) -> None:
        self._connection = open_alert_database(path)
        prune_alerts(self._connection, keys, now)
        read_seen(self._connection, keys)
        self._fired = read_fired(self._connection)

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
