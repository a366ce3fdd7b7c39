"""What the app is opened with: everything that it does not find out for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path

from msgspec import Struct

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config
from nobil_tui.feeds.source import ChosenSource, Source

Choose = Callable[[str, Config, Secret | None], ChosenSource]
"""Makes a source of a text, with a key, or with one of the config as it is now; raises ``SourceError``."""


class Setup(Struct, frozen=True, kw_only=True):
    """How the app begins."""

    source: Source
    """What to connect to first."""
    choose: Choose
    """Makes another source, where the user connects to one."""
    config: Config
    config_path: Path | None = None
    """Where stars and settings are saved; None keeps them for this session."""
    text: str = ""
    """The source as the user names it, without a key; empty for the simulation."""
    cautions: tuple[str, ...] = ()
    """What the user should know at the start."""
    ascii: bool = False
    """Whether only ASCII is drawn, whatever the config says."""
    state_dir: Path | None = None
    """The folder of last known states; None keeps none."""
    environ: Mapping[str, str] = {}
    """The environment, where keys may stand."""
    register_path: Path | None = None
    """The user's own register; None for none."""
    clock: Clock = Clock()
    zone: tzinfo | None = None
    """The zone of clock times; None for the machine's."""
