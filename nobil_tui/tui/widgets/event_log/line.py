"""Paint the lines of the event log."""

from __future__ import annotations

from collections.abc import Container
from datetime import tzinfo

from rich.segment import Segment
from rich.style import Style

from nobil_tui.charging.board import Change
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector
from nobil_tui.monitor.batch import Note, NoteKind
from nobil_tui.tui.style.glyphs import fit_width, truncate
from nobil_tui.tui.text.conditions import condition_text
from nobil_tui.tui.text.times import clock_text
from nobil_tui.tui.widgets.event_log.buffer import FoldedChanges, LogLine
from nobil_tui.tui.widgets.virtual_list import VirtualList

_MIN_NAME_WIDTH = 12
_MAX_NAME_WIDTH = 28
_CHANGE_WIDTH = 34
"""Cells for a change beside the name."""
_NARROW = 56
"""Cells below which a change is painted in brief."""
_NOTE_TEXTS = {
    NoteKind.CONNECTED: "connected",
    NoteKind.DEGRADED: "works in part",
    NoteKind.NOT_LIVE: "not live",
    NoteKind.LOST: "lost",
    NoteKind.REFUSED: "key refused",
    NoteKind.LOGIN_REFUSED: "login refused",
    NoteKind.ENDED: "stream ended",
    NoteKind.LEFT: "",
    NoteKind.UNREADABLE: "not readable",
    NoteKind.FULL: "not all shown",
    NoteKind.RESTARTED: "playing from the beginning",
    NoteKind.ALERT: "alert",
}
_PROBLEMS = {
    NoteKind.DEGRADED,
    NoteKind.NOT_LIVE,
    NoteKind.LOST,
    NoteKind.REFUSED,
    NoteKind.LOGIN_REFUSED,
    NoteKind.UNREADABLE,
    NoteKind.FULL,
}


def note_text(note: Note) -> str:
    """Return the text of a note."""
    return ": ".join(part for part in (_NOTE_TEXTS[note.kind], note.text) if part)


class LogLinePainter:
    """Paints log lines in the styles of a log."""

    def __init__(
        self, log: VirtualList, register: Register, starred: Container[str], zone: tzinfo | None
    ) -> None:
        self._log = log
        self._register = register
        self._starred = starred
        self._zone = zone

    def line(self, line: LogLine, width: int, cursor: bool) -> list[Segment]:
        """Paint a line in ``width`` cells."""
        log = self._log
        at = line.last.at if isinstance(line, FoldedChanges) else line.at
        segments = [
            Segment(log.glyphs.cursor if cursor else " ", log.style_of("", cursor)),
            Segment(self._clock(at, width) + " ", log.style_of("quiet", cursor)),
        ]
        if isinstance(line, Note):
            style = log.style_of("fault" if line.kind in _PROBLEMS else "note", cursor)
            text = f"{log.glyphs.dot} {note_text(line)}"
            used = sum(segment.cell_length for segment in segments) + 2
            text = truncate(text, width - used, log.glyphs.ellipsis)
            return [*segments, Segment("  ", log.style_of("", cursor)), Segment(text, style)]
        change = line.last if isinstance(line, FoldedChanges) else line
        if width < _NARROW:
            return [*segments, *self._change_in_brief(change, width, cursor)]
        return [*segments, *self._change(change, line, width, cursor)]

    def _clock(self, at: int, width: int) -> str:
        """Return the time of a line; a narrow log has no room for the seconds."""
        text = clock_text(at, self._zone)
        return text if width >= _NARROW else text[:5]

    def _change_in_brief(self, change: Change, width: int, cursor: bool) -> list[Segment]:
        """Return a change without the condition before it: the one after it is what matters."""
        log = self._log
        star = log.glyphs.star if change.station in self._starred else " "
        after = self._condition(change.after, "gone", cursor)
        number = f" #{change.number} {log.glyphs.arrow} "
        room = width - 7 - 2 - len(number) - after.cell_length
        name = self._register.name(change.station)
        return [
            Segment(star + " ", log.style_of("star", cursor)),
            Segment(fit_width(name, max(6, room), log.glyphs.ellipsis), log.style_of("", cursor)),
            Segment(number, log.style_of("quiet", cursor)),
            after,
        ]

    def _change(self, change: Change, line: LogLine, width: int, cursor: bool) -> list[Segment]:
        log = self._log
        plain, quiet = log.style_of("", cursor), log.style_of("quiet", cursor)
        star = log.glyphs.star if change.station in self._starred else " "
        room = min(_MAX_NAME_WIDTH, max(_MIN_NAME_WIDTH, width - 10 - 2 - _CHANGE_WIDTH - 6))
        name = self._register.name(change.station)
        segments = [
            Segment(star + " ", log.style_of("star", cursor)),
            Segment(fit_width(name, room, log.glyphs.ellipsis) + " ", plain),
            Segment(f"#{change.number}".ljust(5), quiet),
        ]
        if change.before is not None:
            segments.append(self._condition(change.before, "", cursor))
        arrow = f" {log.glyphs.arrow} " if change.before is not None else f"{log.glyphs.arrow} "
        segments += [Segment(arrow, quiet), self._condition(change.after, "gone", cursor)]
        tail = "  while disconnected" if change.missed else ""
        if isinstance(line, FoldedChanges):
            tail = f"  flaps: {line.count} changes since {clock_text(line.since, self._zone)[:5]}"
        if tail:
            segments.append(Segment(tail, log.style_of("note", cursor)))
        return segments

    def _condition(self, connector: Connector | None, absent: str, cursor: bool) -> Segment:
        style: Style = self._log.style_of("quiet", cursor)
        if connector is not None:
            style = self._log.condition_style(connector.condition, cursor)
        return Segment(condition_text(connector, absent), style)
