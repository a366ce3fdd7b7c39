"""What the monitor hands out: batches, and what they tell of the link and of the stream as a whole."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from msgspec import Struct, field

from nobil_tui.charging.board import Change
from nobil_tui.charging.events import RawReport
from nobil_tui.monitor.unknown_words import UnknownWords


class LinkPhase(Enum):
    """What the link is at."""

    CONNECTING = "connecting"
    LIVE = "live"
    RETRYING = "retrying"
    REFUSED = "refused"
    ENDED = "ended"
    FAILED = "failed"
    """The source could not be opened at all."""


class NoteKind(Enum):
    """What happened to the link or the stream as a whole."""

    CONNECTED = "connected"
    DEGRADED = "degraded"
    LOST = "lost"
    REFUSED = "refused"
    ENDED = "ended"
    LEFT = "left"
    UNREADABLE = "unreadable"
    RESTARTED = "restarted"


class Note(NamedTuple):
    """Something that happened to the link or to the stream as a whole, for the event log."""

    at: int
    kind: NoteKind
    text: str


BatchEntry = Change | Note


class LinkState(Struct, frozen=True):
    """What the link is at, and why. Times in ms."""

    phase: LinkPhase = LinkPhase.CONNECTING
    reason: str = ""
    retry_at: int = 0
    """When the next try is, while retrying."""


class StreamCounts(Struct):
    """What came since the monitor began."""

    frames: int = 0
    changes: int = 0
    unreadable: int = 0
    ignored: int = 0
    """Frames that are well formed and say nothing to us, such as those of an unknown type."""
    unknown_words: UnknownWords = field(default_factory=UnknownWords)
    """Reports with a status word that nobody has documented."""


class Batch(Struct):
    """What happened since the batch before."""

    link: LinkState
    entries: list[BatchEntry] = field(default_factory=list)
    """Changes and notes, in their order."""
    touched: set[str] = field(default_factory=set)
    """The stations that a report named, and ``expired``."""
    expired: set[str] = field(default_factory=set)
    """The stations of which something is too old to be known any more."""
    raw_reports: list[RawReport] = field(default_factory=list)
    """The chargers' own reports."""
    whole: bool = False
    """A snapshot came, or everything may have changed for another reason."""
