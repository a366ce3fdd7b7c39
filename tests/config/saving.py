"""Save changes to a config in one call."""

from __future__ import annotations

from pathlib import Path

from nobil_tui.config.model import Config
from nobil_tui.config.operations import Operation
from nobil_tui.config.writing import LOCK_TIMEOUT, update_config


def save_config(path: Path, *operations: Operation, lock_for: float = LOCK_TIMEOUT) -> Config:
    """Apply operations to the file and return the new config; see ``update_config``."""
    return update_config(path, operations, lock_for=lock_for).config
