"""The options of a session, with or without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from msgspec import Struct

from nobil_tui.base.clock import Clock


class SessionOptions(Struct, frozen=True, kw_only=True):
    """The files of a session, and what it needs from the machine."""

    state_dir: Path | None = None
    """The folder of the last known states; None keeps none."""
    history_path: Path | None = None
    """The file of the history; None for no history."""
    register_path: Path | None = None
    """The file of the user's station register; None for no register."""
    environ: Mapping[str, str] = {}
    """The environment variables, which may hold API keys."""
    sink_delay: float = 0.0
    """Seconds from the first stations to the opening of files: the screen shows the stations first.
    """
    clock: Clock = Clock()
    """The clock of a source that has none of its own."""
    zone: tzinfo | None = None
    """The time zone of times shown and of hours of the week; None for the machine's."""
