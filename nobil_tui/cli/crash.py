"""Report an unexpected exception that ends the program: one sentence, and the path of a log.

If the system set a limit, the sentence says which one.
"""

from __future__ import annotations

import errno
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from nobil_tui.base.errors import LoggedCrashError
from nobil_tui.base.text import safe_path
from nobil_tui.cli.log_file import log_path
from nobil_tui.cli.startup import start_log, start_log_in

TAIL = 1 << 16
"""How many bytes at the end of a log are searched for the last traceback."""

_LIMITS = {
    errno.EMFILE: "The system lets this program open no more files. Raise the limit (ulimit -n).",
    errno.ENFILE: "Too many files are open on this machine. Close other programs.",
}
"""What the user can do about a limit of the system, by the number of its error."""
_NO_THREAD = (
    "The system lets this user start no more threads. Close other programs, or raise the limit "
    "(ulimit -u)."
)
_NO_MEMORY = "There is not enough memory. Close other programs, or raise the limit (ulimit -v)."

logger = logging.getLogger(__name__)


def report_crash(error: BaseException) -> str:
    """Log an exception, unless it was logged already, and return a sentence that says where."""
    logged = isinstance(error, LoggedCrashError)
    if logged and error.__cause__ is not None:
        error = error.__cause__
    if limit := _limit(error):
        with suppress(Exception):
            logger.critical("the program ended at a limit of the system", exc_info=error)
        return limit
    name = type(error).__name__
    try:
        path = _log(error, name, logged=logged)
    except Exception:  # noqa: BLE001  # a report that fails must not hide the crash
        path = None
    where = f"The log has the details: {safe_path(path)}" if path else "No log could be written."
    return f"Unexpected error ({name}). {where}"


def _limit(error: BaseException) -> str:
    """Return what to do about a limit of the system that ended the program; empty for others."""
    if isinstance(error, OSError):
        return _LIMITS.get(error.errno or 0, "")
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    return _NO_THREAD if str(error) == "can't start new thread" else ""


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
