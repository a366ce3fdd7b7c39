"""Code that relies on internals of ``logging`` of the standard library."""

from __future__ import annotations

import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler


class PrivateFileHandler(RotatingFileHandler):
    """A log file that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        # Opening a pipe without a reader blocks otherwise.
        now = getattr(os, "O_NONBLOCK", 0)
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | now, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")
