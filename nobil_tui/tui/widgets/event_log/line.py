"""How one line of the event log is painted."""

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

_NAME_LEAST = 12
_NAME_MOST = 28
_CHANGE = 34
"""Cells that a change may take beside the name."""

_NOTES = {
    NoteKind.CONNECTED: "connected",
    NoteKind.DEGRADED: "works in part",
    NoteKind.LOST: "lost",
    NoteKind.REFUSED: "the key is refused",
    NoteKind.ENDED: "the stream has ended",
    NoteKind.LEFT: "",
    NoteKind.UNREADABLE: "not readable",
    NoteKind.RESTARTED: "played from the beginning",
}
_BAD = {NoteKind.DEGRADED, NoteKind.LOST, NoteKind.REFUSED, NoteKind.UNREADABLE}


def note_text(note: Note) -> str:
    """A note as a reader is told it."""
    return ": ".join(part for part in (_NOTES[note.kind], note.text) if part)


class LogLinePainter:
    """Paints the lines of a log."""

    def __init__(self, log: VirtualList, register: Register, starred: Container[str], zone: tzinfo | None) -> None:
        self._log = log
        self._register = register
        self._starred = starred
        self._zone = zone

    def line(self, line: LogLine, width: int, cursor: bool) -> list[Segment]:
        """Paint one line in ``width`` cells."""
        log = self._log
        at = line.last.at if isinstance(line, FoldedChanges) else line.at
        segments = [
            Segment(log.glyphs.cursor if cursor else " ", log.style_of("", cursor)),
            Segment(clock_text(at, self._zone) + " ", log.style_of("quiet", cursor)),
        ]
        if isinstance(line, Note):
            style = log.style_of("fault" if line.kind in _BAD else "note", cursor)
            text = truncate(f"{log.glyphs.dot} {note_text(line)}", width - 12, log.glyphs.ellipsis)
            return [*segments, Segment("  ", log.style_of("", cursor)), Segment(text, style)]
        change = line.last if isinstance(line, FoldedChanges) else line
        return [*segments, *self._change(change, line, width, cursor)]

    def _change(self, change: Change, line: LogLine, width: int, cursor: bool) -> list[Segment]:
        log = self._log
        plain = log.style_of("", cursor)
        star = log.glyphs.star if change.station in self._starred else " "
        room = min(_NAME_MOST, max(_NAME_LEAST, width - 10 - 2 - _CHANGE - 6))
        name = self._register.name(change.station)
        segments = [
            Segment(star + " ", log.style_of("star", cursor)),
            Segment(fit_width(name, room, log.glyphs.ellipsis) + " ", plain),
            Segment(f"#{change.number}".ljust(5), log.style_of("quiet", cursor)),
        ]
        if change.before is not None:
            segments.append(self._said(change.before, "", cursor))
        arrow = f" {log.glyphs.arrow} " if change.before is not None else f"{log.glyphs.arrow} "
        segments += [Segment(arrow, log.style_of("quiet", cursor)), self._said(change.after, "gone", cursor)]
        tail = "  while disconnected" if change.missed else ""
        if isinstance(line, FoldedChanges):
            tail = f"  flaps: {line.count} changes since {clock_text(line.since, self._zone)[:5]}"
        if tail:
            segments.append(Segment(tail, log.style_of("note", cursor)))
        return segments

    def _said(self, connector: Connector | None, absent: str, cursor: bool) -> Segment:
        style: Style = self._log.style_of("quiet", cursor)
        if connector is not None:
            style = self._log.condition_style(connector.condition, cursor)
        return Segment(condition_text(connector, absent), style)
