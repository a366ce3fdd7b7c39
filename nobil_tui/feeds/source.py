"""What a user connects to: something that opens a feed, and tells what is known of its stations."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import Feed
from nobil_tui.charging.register import Register
from nobil_tui.config.operations import Operation


class SourceError(Exception):
    """A source that cannot be opened, or a text that names none. Its text is safe to show."""


class Player(Protocol):
    """What can be done with a source that is played, as a recording is."""

    @property
    def words(self) -> str:
        """How it plays, for the link bar: its speed, where in the recording it is, whether it is paused."""
        ...

    def pause(self) -> None:
        """Stand still, or go on."""
        ...

    def faster(self) -> None:
        """Play at the next higher speed."""
        ...

    def slower(self) -> None:
        """Play at the next lower speed."""
        ...

    def jump(self, seconds: float) -> None:
        """Go forward by so many seconds of the recording; back if it is less than zero."""
        ...


class OpenSource(NamedTuple):
    """A source that is open."""

    feed: Feed
    register: Register | None = None
    """What it knows of its stations itself; None where the user's own register is meant."""
    clock: Clock | None = None
    """The clock that its times go by; None for the machine's."""
    player: Player | None = None
    """What plays it; None for a live one."""


class Source(Protocol):
    """Something to connect to."""

    @property
    def name(self) -> str:
        """How it is called on screen; holds no secret."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether what it sends is made up."""
        ...

    @property
    def state_key(self) -> str:
        """What its last known state is kept under: a part of a file's name. Empty where none is kept."""
        ...

    def open(self) -> OpenSource:
        """Make it ready. It may take its time, so it is called in a thread; raises ``SourceError``."""
        ...

    def close(self) -> None:
        """Let go of it. Also for one that was never opened."""
        ...


class ChosenSource(NamedTuple):
    """A source that was chosen, and what comes with the choice."""

    source: Source
    text: str = ""
    """What names it, as a user writes it; without a key."""
    cautions: tuple[str, ...] = ()
    """What the user should know of it: a sentence or two each."""
    remember: tuple[Operation, ...] = ()
    """What to save in the config to have it at the next start."""
    removed_key: str = ""
    """What the config loses by that, in words; empty where it loses nothing."""
