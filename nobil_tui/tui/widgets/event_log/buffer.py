"""The lines of the event log: a bounded buffer of unformatted entries, and the scope's part of it.

Nothing is formatted here: at thousands of changes a second only the lines on screen need a text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct

from nobil_tui.charging.board import Change
from nobil_tui.monitor.batch import BatchEntry, Note

MAX_LINES = 10_000
"""The most lines that are kept; the oldest are dropped."""
FLAP_CHANGES = 6
"""More changes than this of one connector within ``FLAP_WINDOW`` are folded into one line."""
FIRST_FOLDED = FLAP_CHANGES + 1
"""The count of a new folded line."""
FLAP_WINDOW = 10 * 60_000
"""Milliseconds."""
_MAX_HISTORIES = 20_000
MAX_FOLDED_CHANGES = 20_000
"""The most changes of folded lines that are kept; the oldest are dropped."""


class FoldedChanges(Struct):
    """Many changes of one flapping connector, in one line."""

    last: Change
    count: int
    since: int
    """The time of the first change, in ms."""


class LoggedChanges(Struct, frozen=True):
    """The changes of the log's lines, including those of folded lines."""

    changes: list[Change]
    """By time."""
    missing: int = 0
    """How many changes the folded lines count that are no longer kept."""


LogLine = Change | Note | FoldedChanges
StationFilter = Callable[[str], bool]
"""Whether the changes of a station are in the scope."""


class _ConnectorHistory(Struct):
    """The latest changes of a connector that changed more than once."""

    times: tuple[int, ...] = ()
    """The latest ``FLAP_CHANGES`` changes, in ms."""
    folded: FoldedChanges | None = None
    line_number: int = -1
    """The number of the line of ``folded``."""


class EventBuffer:
    """Keeps the newest lines. Each has a number that counts up and never changes."""

    def __init__(self, max_lines: int = MAX_LINES) -> None:
        self._lines: deque[LogLine] = deque(maxlen=max_lines)
        self._next = 0
        """The number of the next line."""
        self._scope: StationFilter | None = None
        self._scoped: deque[int] = deque()
        """The numbers of the lines in the scope, if there is one."""
        self._histories: dict[tuple[str, int], int | _ConnectorHistory] = {}
        """By station and connector. For most a single time (ms) is enough: they changed once."""
        self._folded: deque[tuple[int, Change]] = deque(maxlen=MAX_FOLDED_CHANGES)
        """The changes of folded lines, each with the number of its line."""

    def __len__(self) -> int:
        """Return the number of lines in the scope."""
        return len(self._lines) if self._scope is None else len(self._scoped)

    def __getitem__(self, index: int) -> LogLine:
        if self._scope is None:
            return self._lines[index]
        return self._lines[self._scoped[index] - self._oldest]

    def number_of(self, index: int) -> int:
        """Return the number of the line at ``index`` in the scope."""
        return self._oldest + index if self._scope is None else self._scoped[index]

    def lines(self) -> list[LogLine]:
        """Return all lines in the scope."""
        if self._scope is None:
            return list(self._lines)
        return [self._lines[number - self._oldest] for number in self._scoped]

    def changes(self) -> LoggedChanges:
        """Return the changes of all lines in the scope."""
        lines = self.lines()
        changes = [line for line in lines if isinstance(line, Change)]
        folds = [line for line in lines if isinstance(line, FoldedChanges)]
        # A folded line counts the changes before it too, which have lines of their own.
        counted = sum(1 + line.count - FIRST_FOLDED for line in folds)
        oldest, scope = self._oldest, self._scope
        folded = [
            change
            for number, change in self._folded
            if number >= oldest and (scope is None or scope(change.station))
        ]
        changes = sorted([*changes, *folded], key=lambda change: change.at)
        return LoggedChanges(changes, counted - len(folded))

    def extend(self, entries: Iterable[BatchEntry]) -> tuple[int, int]:
        """Add entries. Return how many lines of the scope were added, and how many dropped."""
        before = len(self)
        added = 0
        for entry in entries:
            line = self._fold(entry) if isinstance(entry, Change) else entry
            if line is not None:
                added += self._append(line)
        if self._scope is not None:
            oldest = self._oldest
            while self._scoped and self._scoped[0] < oldest:
                self._scoped.popleft()
        return added, before + added - len(self)

    def set_scope(self, scope: StationFilter | None) -> None:
        """Restrict the lines to the stations of a scope; None is all. Notes are always in it."""
        self._scope = scope
        if scope is None:
            self._scoped.clear()
        else:
            oldest = self._oldest
            self._scoped = deque(
                oldest + index for index, line in enumerate(self._lines) if in_scope(line, scope)
            )

    @property
    def _oldest(self) -> int:
        return self._next - len(self._lines)

    def _append(self, line: LogLine) -> int:
        """Append a line. Return how many lines the scope gained."""
        self._lines.append(line)
        self._next += 1
        if self._scope is None:
            return 1
        if not in_scope(line, self._scope):
            return 0
        self._scoped.append(self._next - 1)
        return 1

    def _fold(self, change: Change) -> LogLine | None:
        """Return the line for a change; None if a folded line counts it."""
        key = change.station, change.number
        history = self._histories.get(key)
        if isinstance(history, int):
            is_recent = 0 <= change.at - history <= FLAP_WINDOW
            history = _ConnectorHistory((history,)) if is_recent else None
        if history is None:
            self._remember(key, change.at)
            return change
        self._histories[key] = history
        recent = tuple(at for at in history.times if 0 <= change.at - at <= FLAP_WINDOW)
        # Updated while folding too: the folded line may be dropped before the next change.
        history.times = (*recent[1 - FLAP_CHANGES :], change.at)
        folded = history.folded
        if (
            folded is not None
            and history.line_number >= self._oldest
            and 0 <= change.at - folded.last.at <= FLAP_WINDOW
        ):
            folded.last = change
            folded.count += 1
            self._folded.append((history.line_number, change))
            return None
        history.folded = None
        if len(recent) < FLAP_CHANGES:
            return change
        history.folded = FoldedChanges(change, FIRST_FOLDED, recent[0])
        history.line_number = self._next
        self._folded.append((self._next, change))
        return history.folded

    def _remember(self, key: tuple[str, int], at: int) -> None:
        """Remember the time of a change; if there are too many, forget the half of the connectors
        that changed first."""
        if len(self._histories) >= _MAX_HISTORIES and key not in self._histories:
            self._histories = dict(list(self._histories.items())[_MAX_HISTORIES // 2 :])
        self._histories[key] = at


def in_scope(line: LogLine, scope: StationFilter) -> bool:
    """Return whether a line is in a scope."""
    if isinstance(line, Note):
        return True
    return scope(station_id_of(line))


def station_id_of(line: LogLine) -> str:
    """Return the station of a line; empty for a note."""
    if isinstance(line, Note):
        return ""
    return line.last.station if isinstance(line, FoldedChanges) else line.station
