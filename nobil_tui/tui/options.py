"""The options of the app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nobil_tui.base.redaction import Redactor, Secret
from nobil_tui.config.model import Config
from nobil_tui.feeds.source import ChosenSource, Source
from nobil_tui.session.options import SessionOptions

MakeSource = Callable[[str, Config, Secret | None], ChosenSource]
"""Make a source from a text and a key, or the key of the config. Raises ``SourceError``."""


class AppOptions(SessionOptions, frozen=True, kw_only=True):
    """The options that the app starts with."""

    source: Source
    """The source to connect to first."""
    make_source: MakeSource
    """Makes the next source when the user connects to another one."""
    config: Config
    config_path: Path | None = None
    """Where stars and settings are saved; None keeps them for this session."""
    source_text: str = ""
    """The source as the user wrote it, without a key; empty for the simulation."""
    warnings: tuple[str, ...] = ()
    """Warnings to show at the start."""
    log_path: Path | None = None
    """The log file; None if there is none."""
    redactor: Redactor = Redactor()
    """Removes secrets from the diagnostics."""
    ascii: bool | None = None
    """Whether to draw with ASCII only; None as the config says."""
