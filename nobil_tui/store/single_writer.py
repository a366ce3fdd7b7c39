"""Let one of several programs write a shared file, in a thread.

The writer holds a file lock; another program takes over when it has quit. Disk errors are never
raised: ``notice`` describes them, and the program continues without the file.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from filelock import Timeout

from nobil_tui.base.files import file_lock, make_folders
from nobil_tui.store.database_file import (
    DATABASE_ERRORS,
    NewerError,
    is_damage,
    reason_of,
    set_aside,
)

WRITE_INTERVAL = 1.0
"""Seconds between transactions, and between attempts to become the writer."""
WRITE_RETRY_AFTER = 30.0
"""Seconds before the next attempt after a failed write."""
WRITER_CLOSE_TIMEOUT = 0.25
"""Seconds that ``close`` may take; a transaction that takes longer is lost as a whole."""

logger = logging.getLogger(__name__)


class SingleWriter:
    """Runs the thread that writes the file at ``path``, which holds ``subject``.

    ``open_file`` opens it to write, ``close_file`` closes it, both in either thread. ``write``
    writes pending data and returns whether that succeeded. ``is_pending`` returns whether there is
    any; call ``notify_all`` of ``news`` when there is.
    """

    def __init__(
        self,
        path: Path,
        subject: str,
        *,
        interval: float,
        not_saved: str,
        open_file: Callable[[], None],
        close_file: Callable[[], None],
        write: Callable[[], bool],
        is_pending: Callable[[], bool],
    ) -> None:
        self.notice = ""
        """The last message for the user; empty if there is none."""
        self.writing = False
        """Whether this program is the writer."""
        self.closing = False
        self.news = threading.Condition()
        """Guards the pending data, and ``closing``."""
        self.guard = threading.RLock()
        """Guards the file."""
        self._path = path
        self._subject = subject
        self._interval = interval
        self._not_saved = not_saved
        """The beginning of a message that the file cannot be written."""
        self._open_file = open_file
        self._close_file = close_file
        self._write = write
        self._is_pending = is_pending
        self._problem = ""
        """The message to withdraw once something is written."""
        self._lock = file_lock(Path(f"{path}.lock"))
        self._thread = threading.Thread(target=self._run, name=path.name, daemon=True)

    def start(self) -> None:
        """Become the writer if no other program is, and start the thread. May block for a
        moment."""
        self.become_writer()
        self._thread.start()

    def close(self) -> None:
        """Write the rest and let another program become the writer. Takes at most
        ``WRITER_CLOSE_TIMEOUT``."""
        with self.news:
            self.closing = True
            self.news.notify_all()
        if self._thread.is_alive():
            self._thread.join(WRITER_CLOSE_TIMEOUT)

    @property
    def is_running(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    # The thread

    def _run(self) -> None:
        pause = 0.0
        while not self._wait(pause):
            if self.writing:
                pause = self._interval if self._write() else WRITE_RETRY_AFTER
            else:
                self.become_writer()
                pause = self._interval
        if self.writing:
            self._write()
        self.release()

    def _wait(self, seconds: float) -> bool:
        """Wait for ``seconds``, then for something to write; return whether to end."""
        with self.news:
            self.news.wait_for(lambda: self.closing, seconds)
            if self.writing:
                self.news.wait_for(lambda: self.closing or self._is_pending())
            return self.closing

    # The file

    def become_writer(self) -> None:
        """Try to become the writer: lock the file, and open it."""
        with self.guard:
            try:
                make_folders(self._path.parent)
                self._lock.acquire(blocking=False)
            except Timeout:
                return
            except (OSError, NotImplementedError) as error:
                self.failed(error)
                return
            try:
                self._open_file()
                self.writing = True
            except DATABASE_ERRORS as error:
                self.failed(error)
            if not self.writing:
                self.release()

    def release(self) -> None:
        """Close the file, and let another program become the writer."""
        with self.guard:
            self.writing = False
            self._close()
            self._lock.release()

    def _close(self) -> None:
        try:
            self._close_file()
        except sqlite3.Error as error:
            logger.warning("%s: %s", self._path.name, error)

    def succeeded(self) -> None:
        """Withdraw the message of a problem that is over."""
        if self._problem and self.notice == self._problem:
            self.notice = ""
        self._problem = ""

    def failed(self, error: Exception, not_done: str = "") -> bool:
        """Describe an error in ``notice``; return whether a new file replaced a damaged one.

        ``not_done`` is the beginning of the message, by default that nothing is saved.
        """
        begin = not_done or self._not_saved
        if isinstance(error, NewerError):
            self.warn(f"{begin}: {self._path} was written by a newer version of nobil-tui.")
        elif not is_damage(error):
            self._problem = f"{begin}: {self._path}: {reason_of(error)}"
            self.warn(self._problem)
        elif self._lock.is_locked:
            return self._replace_damaged(begin)
        else:
            self.warn(f"{begin}: {self._path} is damaged.")
        return False

    def _replace_damaged(self, begin: str) -> bool:
        """Set a damaged file aside and begin another one; return whether that was possible."""
        self._close()
        try:
            aside = set_aside(self._path)
            self._open_file()
        except DATABASE_ERRORS as error:
            self.warn(f"{begin}: {self._path} is damaged and cannot be renamed: {reason_of(error)}")
            return False
        self.writing = True
        self.warn(
            f"{self._subject} was damaged. It was renamed to {aside}, and a new one was started."
        )
        return True

    def warn(self, text: str) -> None:
        """Log a message for the user, and keep it as ``notice``."""
        if text != self.notice:
            logger.warning("%s", text)
        self.notice = text
