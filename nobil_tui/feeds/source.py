"""Sources: what a user connects to. A source opens a feed, and may publish data of its stations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import Feed
from nobil_tui.charging.register import Register
from nobil_tui.config.operations import Operation


class SourceError(Exception):
    """A source that cannot be opened, or a text that names none. Its text is safe to show."""


class MissingKeyError(SourceError):
    """A source needs an API key, and none is set."""

    def __init__(self, name: str, where: str) -> None:
        """``name``: of the source; ``where``: how to set the key, as a sentence."""
        super().__init__(f"{name} needs an API key. {where}")
        self.name = name


class Player(Protocol):
    """Controls of a source that is played, such as a recording."""

    @property
    def words(self) -> str:
        """Speed, position and pause, for the link bar."""
        ...

    def pause(self) -> None:
        """Pause, or resume."""
        ...

    def faster(self) -> bool:
        """Play at the next higher speed; return whether there is one."""
        ...

    def slower(self) -> bool:
        """Play at the next lower speed; return whether there is one."""
        ...

    def jump(self, seconds: float) -> None:
        """Jump ``seconds`` of the recording forward, or back if negative."""
        ...


class StationData(Protocol):
    """Static data of its stations that a source publishes, for the user's register."""

    @property
    def has_names(self) -> bool:
        """Whether it has names of stations, as far as is known."""
        ...

    def use(self, register: Register) -> None:
        """Join the source's stations with a register that was read or replaced."""
        ...

    def settle(self) -> None:
        """Note that no update is under way: nothing has to wait for one."""
        ...

    async def update(
        self, path: Path, on_progress: Callable[[str], None], *, statuses_first: bool
    ) -> bool:
        """Update the register at ``path`` if that is due; return whether it changed.

        ``statuses_first``: begin the stream before the names are known, so that something is on
        screen early. Raises ``UpdateError`` of the register.
        """
        ...


class OpenSource(Struct, frozen=True):
    """A source that is open."""

    feed: Feed
    register: Register | None = None
    """Its own register; None to use the user's."""
    clock: Clock | None = None
    """The clock of its times; None for the system clock."""
    player: Player | None = None
    """Its controls; None for a live source."""
    codec: str = ""
    """Name of the format of its frames, to record them; empty if it has no frames to record."""
    sends_snapshot: bool = False
    """Whether its feed begins with a snapshot of all stations."""
    station_data: StationData | None = None
    """The static data that it publishes; None if it publishes none."""
    credit: str = ""
    """The credit to show with what it says of stations without names; empty for none."""


class Source(Protocol):
    """Something to connect to."""

    @property
    def name(self) -> str:
        """Display name, without a secret."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether its data are simulated."""
        ...

    @property
    def state_key(self) -> str:
        """Name of its last known state, a part of a file name. Empty if no state is kept."""
        ...

    def open(self) -> OpenSource:
        """Open it. This may block, so call it in a thread. Raises ``SourceError``."""
        ...

    def close(self) -> None:
        """Release its resources. Allowed for a source that was never opened."""
        ...


class ChosenSource(Struct, frozen=True):
    """A source that a user chose, and what follows from the choice."""

    source: Source
    text: str = ""
    """The source as a user writes it, without a key."""
    warnings: tuple[str, ...] = ()
    """Warnings about it, one or two sentences each."""
    remember: tuple[Operation, ...] = ()
    """Changes of the config that select it at the next start."""
    removed_key: str = ""
    """A sentence about the key that these changes remove; empty if they remove none."""
