"""The log file, for troubleshooting. It contains no API key.

One formatter handles every record: messages, arguments and exceptions. It removes the known keys,
and anything that looks like a key.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from nobil_tui.base.files import make_folders
from nobil_tui.base.patterns import LazyPattern
from nobil_tui.base.redaction import Redactor
from nobil_tui.cli.logging_internals import PrivateFileHandler

MAX_LOG_BYTES = 512 * 1024
"""The size at which the file is rotated; one older file is kept."""

_CONTROL = LazyPattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

logger = logging.getLogger(__name__)


class RedactingFormatter(logging.Formatter):
    """Formats records without secrets and control characters."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("{asctime} {levelname:7} {name}: {message}", style="{")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return _CONTROL.sub("·", self._redactor.redact(super().format(record)))


def start_logging(path: Path | None, level: str, secrets: Iterable[str]) -> Redactor:
    """Log records of ``level`` and above to ``path`` and nothing to the terminal.

    Without a path, or if the file cannot be written, nothing is logged. Returns what removes
    ``secrets``, which can learn more of them.
    """
    # An error of the file, such as a full disk, must not be printed over the screen.
    logging.raiseExceptions = False
    root = logging.getLogger()
    # Without any handler, logging would write to the terminal.
    handler: logging.Handler = logging.NullHandler()
    if path is not None:
        with suppress(OSError, ValueError):
            make_folders(path.parent)
            handler = PrivateFileHandler(path, maxBytes=MAX_LOG_BYTES, backupCount=1)
    for old in [each for each in root.handlers if isinstance(each.formatter, RedactingFormatter)]:
        root.removeHandler(old)
        # What it has buffered may not fit on the disk.
        with suppress(OSError):
            old.close()
    redactor = Redactor(secrets)
    handler.setFormatter(RedactingFormatter(redactor))
    # Set it on the handler too: some loggers have their own level.
    handler.setLevel(level)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_error
    sys.unraisablehook = _log_unraisable
    return redactor


def log_path() -> Path | None:
    """Return the path of the log file that is written; None if there is none."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrivateFileHandler):
            return Path(handler.baseFilename)
    return None


def _log_thread_error(error: threading.ExceptHookArgs) -> None:
    if error.exc_value is not None and error.exc_type is not SystemExit:
        name = error.thread.name if error.thread is not None else "(gone)"
        logger.error("uncaught exception in thread %s", name, exc_info=error.exc_value)


def _log_unraisable(error: sys.UnraisableHookArgs) -> None:
    """Log exceptions that Python would print over the screen, such as one in a destructor."""
    logger.error("exception ignored in %r", error.object, exc_info=error.exc_value)
