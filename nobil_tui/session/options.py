"""The options of a session, with or without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from nobil_tui.base.clock import Clock


class SessionOptions(Struct, frozen=True, kw_only=True):
    """Where a session keeps its files, and what it takes from the machine."""

    state_dir: Path | None = None
    """The folder of the last known states; None keeps none."""
    register_path: Path | None = None
    """The file of the user's station register; None for no register."""
    environ: Mapping[str, str] = {}
    """The environment variables, which may hold API keys."""
    clock: Clock = Clock()
    """The clock of a source that has none of its own."""
