"""Record the problems of a stream for the diagnostics: unreadable frames and lost connections."""

from __future__ import annotations

from collections import Counter, deque

from msgspec import Struct

from nobil_tui.charging.events import (
    Connected,
    Connecting,
    Degraded,
    Event,
    Ignored,
    Lost,
    Refused,
    Unreadable,
)

MAX_BAD_FRAMES = 20
"""How many unreadable frames are kept."""
MAX_LINK_EVENTS = 40
"""How many events of the link are kept."""
MAX_IGNORED_TYPES = 50
"""How many types of ignored frames are counted separately."""


class LinkIncident(Struct, frozen=True):
    """Something that happened to the link, at a time in ms."""

    at: int
    text: str


class StreamRecord:
    """Keeps the latest problems of a stream; older ones are only counted."""

    def __init__(self) -> None:
        self.bad_frames: deque[Unreadable] = deque(maxlen=MAX_BAD_FRAMES)
        """The latest frames that could not be decoded."""
        self.ignored: Counter[str] = Counter()
        """How many frames of each unused type were received."""
        self.attempts = 0
        """How often a connection was tried."""
        self.connections = 0
        """How often it succeeded."""
        self.link_events: deque[LinkIncident] = deque(maxlen=MAX_LINK_EVENTS)
        """What happened to the link; a repeated reason is one entry."""

    def note(self, event: Event, now: int) -> None:
        """Record an event at the time of the clock (ms), if the diagnostics show it."""
        match event:
            case Unreadable():
                self.bad_frames.append(event)
            case Ignored(type_):
                if type_ in self.ignored or len(self.ignored) < MAX_IGNORED_TYPES:
                    self.ignored[type_] += 1
            case Connecting():
                self.attempts += 1
            case Connected(at):
                self.connections += 1
                self._link(at, "connected")
            case Lost(reason):
                self._link(now, reason)
            case Refused(reason):
                self._link(now, f"refused: {reason}")
            case Degraded(reason):
                self._link(now, reason or "works again")
            case _:
                pass

    def _link(self, at: int, text: str) -> None:
        if self.link_events and self.link_events[-1].text == text:
            # Repeated failures must not push out earlier events.
            self.link_events.pop()
        self.link_events.append(LinkIncident(at, text))
