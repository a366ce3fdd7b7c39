"""The end of the program by an unexpected exception: one sentence, and the path of a log."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from nobil_tui.base.errors import LoggedCrashError
from nobil_tui.base.text import safe_path
from nobil_tui.cli.log_file import log_path
from nobil_tui.cli.messages import print_message
from nobil_tui.cli.startup import start_log, start_log_in

TAIL = 1 << 16
"""Bytes at the end of a log that hold the last traceback."""

logger = logging.getLogger(__name__)


def report_crash(error: BaseException) -> None:
    """Log an exception, unless that was done, and print where its traceback is."""
    logged = isinstance(error, LoggedCrashError)
    if logged and error.__cause__ is not None:
        error = error.__cause__
    name = type(error).__name__
    try:
        path = _log(error, name, logged=logged)
    except Exception:  # noqa: BLE001  # a report that fails must not hide the crash
        path = None
    where = f"The log has the details: {safe_path(path)}" if path else "No log could be written."
    print_message(f"Unexpected error ({name}). {where}")


def _log(error: BaseException, name: str, *, logged: bool) -> Path | None:
    """Return the log with the traceback; a temporary one if the usual one cannot be written."""
    if log_path() is None:
        start_log(None)
        logged = False
    if not logged:
        logger.critical("the program crashed", exc_info=error)
    path = log_path()
    if path is not None and _holds(path, name):
        return path
    descriptor, temporary = tempfile.mkstemp(prefix="nobil-tui-", suffix=".log")
    os.close(descriptor)
    path = Path(temporary)
    start_log_in(path, None)
    logger.critical("the program crashed", exc_info=error)
    return path if _holds(path, name) else None


def _holds(path: Path, name: str) -> bool:
    """Return whether the end of a log names the exception."""
    if not path.is_file():
        # A pipe or a device keeps nothing.
        return False
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - TAIL))
        return name.encode() in log.read(TAIL)
