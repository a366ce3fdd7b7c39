"""The log file: what the program has to say to whoever looks for a fault. It holds no secret.

Every line passes one formatter, and that takes out the keys that are known and whatever looks like one in an address:
messages, their arguments, and the texts of exceptions alike.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import quote, unquote_plus

from nobil_tui.config.files import make_folders
from nobil_tui.config.model import HIDDEN

MOST_BYTES = 512 * 1024
"""Of the file; what is older goes to another, and what is older than that away."""
LEAST = 6
"""Characters of a secret that is looked for: a shorter one is part of too many words."""

_ASSIGNED = re.compile(
    r"""((?:key|token|secret|passw(?:or)?d|pwd|authorization|auth|sig(?:nature)?)["']?\s*[=:]\s*(?:bearer\s+)?["']?)"""
    r"""(?!\{private_apikey\})[^\s"'&;,#)}\]]+""",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"""(://)[^/@\s"'?#]+@""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

logger = logging.getLogger(__name__)


class Redacting(logging.Formatter):
    """Writes a record without the ``secrets``, and without what a terminal would obey."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("{asctime} {levelname:7} {name}: {message}", style="{")
        forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
        # The longest first: one may be part of another.
        known = sorted((form for form in forms if len(form) >= LEAST), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def format(self, record: logging.LogRecord) -> str:
        """Make the lines of a record."""
        text = super().format(record)
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _PASSWORD.sub(rf"\g<1>{HIDDEN}@", _ASSIGNED.sub(rf"\g<1>{HIDDEN}", text))
        return _CONTROL.sub("·", text)


class _File(RotatingFileHandler):
    """A log file that nobody else may read."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")


def start(path: Path, level: str, secrets: Iterable[str]) -> None:
    """Have what is logged from now on at ``level`` or above written to ``path``, and nothing to the terminal.

    A file that cannot be written is no reason not to start: then nothing is logged.
    """
    # What goes wrong with the file, such as a full disk, must not be written across the screen.
    logging.raiseExceptions = False
    root = logging.getLogger()
    handler: logging.Handler
    try:
        make_folders(path.parent)
        handler = _File(path, maxBytes=MOST_BYTES, backupCount=1)
    except (OSError, ValueError):
        # With no handler at all, the library would write to the terminal.
        handler = logging.NullHandler()
    for old in [each for each in root.handlers if isinstance(each.formatter, Redacting)]:
        root.removeHandler(old)
        old.close()
    handler.setFormatter(Redacting(secrets))
    # Of the handler too: some loggers have a level of their own.
    handler.setLevel(level)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _thread_broke


def secrets_of(address: str) -> list[str]:
    """Return what in an address may be a key, however its parameter is called."""
    # By hand: the address may be one that cannot be read.
    query = address.partition("?")[2].partition("#")[0] if "://" in address else ""
    return [value for pair in re.split("[&;]", query) if (value := unquote_plus(pair.partition("=")[2]))]


def _thread_broke(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None and what.exc_type is not SystemExit:
        name = what.thread.name if what.thread is not None else "that is gone"
        logger.error("thread %s broke", name, exc_info=what.exc_value)
