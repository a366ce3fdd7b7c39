"""The log file: what the program has to say to whoever looks for a fault. It holds no secret.

Every line passes one formatter, and that takes out the keys that are known and whatever looks like one in an address:
messages, their arguments, and the texts of exceptions alike.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import deque
from collections.abc import Iterable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import quote

from nobil_tui.base.files import make_folders
from nobil_tui.base.redaction import (
    HIDDEN,
    KEY_PLACEHOLDER_RE,
    MIN_SECRET_LENGTH,
    SECRET_NAMES,
    AddSecret,
    redact_addresses,
)

MOST_BYTES = 512 * 1024
"""Of the file; what is older goes to another, and what is older than that away."""
MOST_LEARNT = 100
"""Secrets of this session that are looked for; each link of some sources has one of its own, which soon expires."""

_ASSIGNED = re.compile(
    rf"""((?:{SECRET_NAMES})[\w-]*["']?\s*[=:]\s*(?:bearer\s+)?["']?)(?!{KEY_PLACEHOLDER_RE.pattern})[^\s"'&;,#)}}\]]+""",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

logger = logging.getLogger(__name__)


class Redacting(logging.Formatter):
    """Writes a record without the ``secrets``, and without what a terminal would obey."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("{asctime} {levelname:7} {name}: {message}", style="{")
        self._secrets = frozenset(secrets)
        self._learnt: deque[str] = deque(maxlen=MOST_LEARNT)
        self._known = self._pattern()

    def learn(self, secret: str) -> None:
        """Write no record with this secret either, from now on."""
        if secret not in self._secrets and secret not in self._learnt:
            self._learnt.append(secret)
            self._known = self._pattern()

    def _pattern(self) -> re.Pattern[str] | None:
        secrets = {*self._secrets, *self._learnt}
        forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
        # The longest first: one may be part of another.
        known = sorted((form for form in forms if len(form) >= MIN_SECRET_LENGTH), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, known))) if known else None

    def format(self, record: logging.LogRecord) -> str:
        """Make the lines of a record."""
        text = super().format(record)
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _ASSIGNED.sub(rf"\g<1>{HIDDEN}", redact_addresses(text))
        return _CONTROL.sub("·", text)


class _File(RotatingFileHandler):
    """A log file that nobody else may read."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")


def start(path: Path, level: str, secrets: Iterable[str]) -> AddSecret:
    """Have what is logged from now on at ``level`` or above written to ``path``, and nothing to the terminal.

    A file that cannot be written is no reason not to start: then nothing is logged. Returns what is to be told of
    secrets that are learnt later.
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
    redacting = Redacting(secrets)
    handler.setFormatter(redacting)
    # Of the handler too: some loggers have a level of their own.
    handler.setLevel(level)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _thread_broke
    return redacting.learn


def _thread_broke(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None and what.exc_type is not SystemExit:
        name = what.thread.name if what.thread is not None else "that is gone"
        logger.error("thread %s broke", name, exc_info=what.exc_value)
