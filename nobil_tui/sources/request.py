"""The inputs for making a source: the user's choice, and the options of this run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from nobil_tui.feeds.simulation.limits import DEFAULT_SEED, DEFAULT_STATIONS
from nobil_tui.sources.address import Address

if TYPE_CHECKING:
    from nobil_tui.base.clock import Clock
    from nobil_tui.base.redaction import AddSecret
    from nobil_tui.config.model import Config
    from nobil_tui.feeds.transport.link import Tap


class SourceOptions(Struct, frozen=True):
    """Options that are the same for every source of this run."""

    stations: int = DEFAULT_STATIONS
    """Stations of the simulation."""
    seed: int = DEFAULT_SEED
    """Seed of the simulation."""
    speed: float | None = None
    """Speed of the simulation or a recording; None for 1."""
    tap: Tap | None = None
    """Called with each frame of a link."""
    clock: Clock | None = None
    """None for the system clock."""
    add_secret: AddSecret | None = None
    """Called with each secret that is used, to hide it in the log."""


class SourceRequest(Struct, frozen=True):
    """A request to make one source."""

    text: str
    """What the user typed."""
    codec: str
    """Name of the format of its frames."""
    address: Address | None
    """None for a kind without addresses."""
    key: str
    """The API key; empty if it needs none."""
    config: Config
    options: SourceOptions
    environ: Mapping[str, str] = MappingProxyType({})
    """The environment, which may hold a login."""
