"""What a user connects to: something that opens a feed, and tells what is known of its stations."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from nobil_tui.charging.register import Register
from nobil_tui.feeds.events import Feed


class SourceError(Exception):
    """A source that cannot be opened, or a text that names none. Its text is safe to show."""


class Opened(NamedTuple):
    """A source that is open."""

    feed: Feed
    register: Register


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

    def open(self) -> Opened:
        """Make it ready. It may take its time, so it is called in a thread; raises ``SourceError``."""
        ...

    def close(self) -> None:
        """Let go of it. Also for one that was never opened."""
        ...
