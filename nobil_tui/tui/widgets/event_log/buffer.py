"""What the event log holds: a bounded ring of raw entries, and the part of it that a scope lets through.

Nothing is formatted here: at thousands of changes a second only the lines on screen are worth a text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct

from nobil_tui.charging.board import Change
from nobil_tui.monitor.batch import BatchEntry, Note

MOST = 10_000
"""Entries held; the oldest go."""
FLAP_CHANGES = 6
"""More changes than this of one connector within ``FLAP_WITHIN`` are folded into one line that counts."""
FLAP_WINDOW = 10 * 60_000
"""Milliseconds."""
_MOST_RUNS = 20_000


class FoldedChanges(Struct):
    """Many changes of one connector that flaps, in one line."""

    last: Change
    count: int
    since: int
    """When the first of them was, in ms."""


LogLine = Change | Note | FoldedChanges
StationFilter = Callable[[str], bool]
"""Whether a station's changes are let through."""


class _Run(Struct):
    """How often a connector changed of late."""

    times: tuple[int, ...] = ()
    """The latest changes, at most ``FLAPS``, in ms."""
    folded: FoldedChanges | None = None
    number: int = -1
    """Where the folded line stands in the ring."""


class EventBuffer:
    """Holds lines, each with a number of its own that counts up for ever."""

    def __init__(self, most: int = MOST) -> None:
        self._lines: deque[LogLine] = deque(maxlen=most)
        self._next = 0
        self._scope: StationFilter | None = None
        self._scoped: deque[int] = deque()
        self._runs: dict[tuple[str, int], int | _Run] = {}
        """By station and number. Most connectors changed but once of late: then only when, in ms."""

    def __len__(self) -> int:
        """How many lines the scope lets through."""
        return len(self._lines) if self._scope is None else len(self._scoped)

    def __getitem__(self, index: int) -> LogLine:
        if self._scope is None:
            return self._lines[index]
        return self._lines[self._scoped[index] - self._oldest]

    @property
    def added(self) -> int:
        """How many lines were ever added: the number of the next one."""
        return self._next

    def number_of(self, index: int) -> int:
        """The number of a line that the scope lets through: it stays the same while older ones go."""
        return self._oldest + index if self._scope is None else self._scoped[index]

    def lines(self) -> list[LogLine]:
        """All lines that the scope lets through."""
        return list(self._lines) if self._scope is None else [self._lines[n - self._oldest] for n in self._scoped]

    def extend(self, entries: Iterable[BatchEntry]) -> tuple[int, int]:
        """Add entries. Returns how many lines that the scope lets through were added, and how many old ones went."""
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

    def narrow(self, scope: StationFilter | None) -> None:
        """Let through only what ``scope`` does; None lets everything through. Notes always pass."""
        self._scope = scope
        if scope is None:
            self._scoped.clear()
        else:
            oldest = self._oldest
            self._scoped = deque(oldest + i for i, line in enumerate(self._lines) if passes(line, scope))

    @property
    def _oldest(self) -> int:
        return self._next - len(self._lines)

    def _append(self, line: LogLine) -> int:
        self._lines.append(line)
        self._next += 1
        if self._scope is None:
            return 1
        if not passes(line, self._scope):
            return 0
        self._scoped.append(self._next - 1)
        return 1

    def _fold(self, change: Change) -> LogLine | None:
        """Tell which line a change needs: its own, one that counts, or none because it was counted in one."""
        key = change.station, change.number
        run = self._runs.get(key)
        if isinstance(run, int):
            run = _Run((run,)) if 0 <= change.at - run <= FLAP_WINDOW else None
        if run is None:
            self._remember(key, change.at)
            return change
        self._runs[key] = run
        recent = tuple(at for at in run.times if 0 <= change.at - at <= FLAP_WINDOW)
        # Also while they are counted: the line that counts may be gone at the next change.
        run.times = (*recent[1 - FLAP_CHANGES :], change.at)
        folded = run.folded
        if folded is not None and run.number >= self._oldest and 0 <= change.at - folded.last.at <= FLAP_WINDOW:
            folded.last = change
            folded.count += 1
            return None
        run.folded = None
        if len(recent) < FLAP_CHANGES:
            return change
        run.folded = FoldedChanges(change, FLAP_CHANGES + 1, recent[0])
        run.number = self._next
        return run.folded

    def _remember(self, key: tuple[str, int], at: int) -> None:
        if len(self._runs) >= _MOST_RUNS and key not in self._runs:
            # Those that changed lately are the last of the dict, more or less: a forgotten one begins anew.
            self._runs = dict(list(self._runs.items())[_MOST_RUNS // 2 :])
        self._runs[key] = at


def passes(line: LogLine, scope: StationFilter) -> bool:
    """Whether a scope lets a line through."""
    if isinstance(line, Note):
        return True
    return scope(station_id_of(line))


def station_id_of(line: LogLine) -> str:
    """The station that a line is about; empty for a note."""
    if isinstance(line, Note):
        return ""
    return line.last.station if isinstance(line, FoldedChanges) else line.station
