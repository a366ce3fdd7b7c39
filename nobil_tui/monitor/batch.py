"""Batches: the changes of one tick, with the state of the link and notes on the stream."""

from __future__ import annotations

from collections import deque
from enum import Enum

from msgspec import Struct, field

from nobil_tui.charging.board import Change
from nobil_tui.charging.events import RawReport
from nobil_tui.monitor.unknown_words import UnknownWords

MAX_ENTRIES = 10_000
"""The most entries of one batch; if there are more, the oldest are dropped."""


class LinkPhase(Enum):
    """The phase of the link."""

    CONNECTING = "connecting"
    LIVE = "live"
    NOT_LIVE = "not live"
    """Connected to a hub or a relay that does not hear from its own source: nothing to retry."""
    RETRYING = "retrying"
    REFUSED = "refused"
    ENDED = "ended"
    FAILED = "failed"
    """The source could not be opened."""


class NoteKind(Enum):
    """The kind of a note."""

    CONNECTED = "connected"
    DEGRADED = "degraded"
    NOT_LIVE = "not live"
    """A hub or a relay does not hear from its own source."""
    LOST = "lost"
    REFUSED = "refused"
    LOGIN_REFUSED = "login refused"
    ENDED = "ended"
    LEFT = "left"
    UNREADABLE = "unreadable"
    FULL = "full"
    """The stream names more than the board holds."""
    RESTARTED = "restarted"
    ALERT = "alert"
    """An alert fired. The monitor does not send it: the receiver of the alert adds it to the log.
    """


class Note(Struct, frozen=True):
    """An event of the link or of the whole stream, for the event log."""

    at: int
    kind: NoteKind
    text: str


BatchEntry = Change | Note


class LinkState(Struct, frozen=True):
    """The phase of the link, and the reason for it. Times in ms."""

    phase: LinkPhase = LinkPhase.CONNECTING
    reason: str = ""
    retry_at: int = 0
    """When the next attempt is; zero if none is planned."""
    login: bool = False
    """Whether a server refused the login, and not the API key; ``reason`` says which server."""
    polled: bool = False
    """Whether the source is polled, since there is no live stream."""


class StreamCounts(Struct):
    """What the monitor has received so far."""

    frames: int = 0
    changes: int = 0
    unreadable: int = 0
    ignored: int = 0
    """Well-formed frames that are not used, such as those of an unknown type."""
    unknown_words: UnknownWords = field(default_factory=UnknownWords)
    """Reports with an undocumented status word."""


class Batch(Struct):
    """What happened since the batch before. Shared by all sinks: do not change one."""

    link: LinkState
    entries: list[BatchEntry] = field(default_factory=list)
    """Changes and notes, in their order."""
    touched: set[str] = field(default_factory=set)
    """The stations that a report named, and those in ``expired``."""
    expired: set[str] = field(default_factory=set)
    """The stations with connectors that became unknown because they were unconfirmed for too long.
    """
    raw_reports: list[RawReport] = field(default_factory=list)
    """The chargers' own reports."""
    raw_places: list[int] = field(default_factory=list)
    """For each of them, how many entries the monitor had made before it; see ``first_entry``."""
    first_entry: int = 0
    """How many entries the monitor had made before the first one here."""
    whole: bool = False
    """Whether any station may have changed or left: there was a snapshot, or the board was
    replaced."""
    restored: bool = False
    """Whether ``whole`` is only due to the last known state, which is stored already."""
    alive_at: int = 0
    """When the link was last alive, in ms; zero before it was."""


class BatchBuilder:
    """Collects changes, notes and touched stations; if ``bounded``, the latest ``MAX_ENTRIES``."""

    def __init__(self, *, bounded: bool) -> None:
        self.entries: deque[BatchEntry] = deque(maxlen=MAX_ENTRIES if bounded else None)
        """Changes and notes, in their order."""
        self.touched: set[str] = set()
        self.expired: set[str] = set()
        self.whole = False
        self.restored = False
        self._first_entry = 0
        """How many entries left with earlier batches."""
        self._raw_reports: deque[tuple[int, RawReport]] = deque(maxlen=MAX_ENTRIES)
        """The chargers' own reports, each with how many entries were made before it."""

    def note(self, note: Note) -> None:
        """Add a note."""
        self.entries.append(note)

    def raw_report(self, report: RawReport) -> None:
        """Add a charger's own report."""
        self._raw_reports.append((self._first_entry + len(self.entries), report))

    def restart(self) -> None:
        """Drop everything: the source starts over."""
        self.entries.clear()
        self._raw_reports.clear()
        self.touched.clear()
        self.expired.clear()
        self.whole, self.restored = True, False

    def take(self, link: LinkState, alive_at: int) -> Batch:
        """Return the batch, and start the next one. The link was last alive at ``alive_at``
        (ms)."""
        batch = Batch(
            link,
            list(self.entries),
            self.touched,
            self.expired,
            [report for _, report in self._raw_reports],
            [place for place, _ in self._raw_reports],
            self._first_entry,
            self.whole,
            self.restored,
            alive_at,
        )
        self._first_entry += len(self.entries)
        self.entries.clear()
        self._raw_reports.clear()
        self.touched, self.expired = set(), set()
        self.whole = self.restored = False
        return batch


def merge(earlier: Batch, later: Batch, *, bounded: bool = True) -> Batch:
    """Return two successive batches as one; if ``bounded``, with the latest ``MAX_ENTRIES``
    entries.

    A restart of the source, as of a recording that is rewound, drops what came before it.
    """
    restarts = (isinstance(e, Note) and e.kind is NoteKind.RESTARTED for e in later.entries)
    if any(restarts):
        return later
    entries = earlier.entries + later.entries
    reports = earlier.raw_reports + later.raw_reports
    places = earlier.raw_places + later.raw_places
    touched = earlier.touched | later.touched
    if bounded:
        # A report that is dropped here still touched its station.
        touched.update(report.station_id for report in reports[:-MAX_ENTRIES])
        entries, reports = entries[-MAX_ENTRIES:], reports[-MAX_ENTRIES:]
        places = places[-MAX_ENTRIES:]
    whole = [batch for batch in (earlier, later) if batch.whole]
    return Batch(
        later.link,
        entries,
        touched,
        earlier.expired | later.expired,
        reports,
        places,
        later.first_entry + len(later.entries) - len(entries),
        whole=bool(whole),
        restored=bool(whole) and all(batch.restored for batch in whole),
        alive_at=later.alive_at,
    )
