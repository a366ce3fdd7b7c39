"""The event log pane: the newest line at the end, which it follows until the user scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.markup import escape
from textual.message import Message

from nobil_tui.base.tasks import yield_to_loop
from nobil_tui.commands import Context, command_by_id
from nobil_tui.config.model import LogScope
from nobil_tui.monitor.batch import BatchEntry
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.widgets.event_log.buffer import EventBuffer, StationFilter, station_id_of
from nobil_tui.tui.widgets.event_log.line import LogLinePainter
from nobil_tui.tui.widgets.virtual_list import VirtualList

SCOPE_WORDS = {
    LogScope.ALL: "all",
    LogScope.STARRED: "starred",
    LogScope.STATION: "this station",
}
ADD_SLICE = 200
"""How many entries are added without a break: a flood has ten times as many, and keys must not
wait."""


class EventLog(VirtualList):
    """A list over an ``EventBuffer``. The cursor is on a line's number, so that it stays there."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.LOG)

    class Chosen(Message):
        """The user chose a line about a station."""

        def __init__(self, station: str) -> None:
            super().__init__()
            self.station = station

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.buffer = EventBuffer()
        self.painter: LogLinePainter | None = None
        self.scope = LogScope.ALL
        self.following = True
        self._added = 0
        """Lines added to the buffer, but not shown."""
        self._dropped = 0
        """Lines dropped from the buffer, but still shown."""
        self._unseen = 0
        """Lines added since the user scrolled away from the end."""
        self._cursor = -1
        """The number of the line under the cursor; -1 for the last line."""

    # Updates

    async def add(self, entries: Sequence[BatchEntry]) -> None:
        """Add entries in slices, with breaks for other tasks. ``show_added`` then shows them."""
        buffer = self.buffer
        for begin in range(0, len(entries), ADD_SLICE):
            if begin:
                await yield_to_loop()
            added, dropped = buffer.extend(entries[begin : begin + ADD_SLICE])
            if buffer is self.buffer:
                self._added += added
                self._dropped += dropped

    def append(self, entry: BatchEntry) -> None:
        """Add one entry and show it."""
        added, dropped = self.buffer.extend([entry])
        self._added += added
        self._dropped += dropped
        self.show_added()

    def show_added(self) -> None:
        """Show the lines added since the last call."""
        added, dropped = self._added, self._dropped
        self._added = self._dropped = 0
        if self.following:
            top = self.top
            self._update_virtual_size()
            self._scroll_to_end()
            if self.top == top:
                # Scrolling repaints all lines anyway.
                self.repaint_changed()
        else:
            self._unseen += added
            top = self.top
            self.update_count()
            if dropped:
                self.scroll_to(y=max(0, top - dropped), animate=False, immediate=True)
        self.update_title()

    def clear(self) -> None:
        """Remove all lines."""
        self.buffer = EventBuffer()
        self._added = self._dropped = 0
        self.update_count()
        self.follow()

    def set_scope(self, scope: LogScope, stations: StationFilter | None) -> None:
        """Show only the lines of some stations; None shows all lines."""
        self.scope = scope
        self.buffer.set_scope(stations)
        self._added = self._dropped = 0
        self.update_count()
        self.follow()

    def follow(self) -> None:
        """Scroll to the end and follow it."""
        self.following = True
        self._unseen = 0
        self._cursor = -1
        self._scroll_to_end()
        if self.count:
            self.refresh()
        self.update_title()

    def update_title(self) -> None:
        """Show the scope and the number of unseen lines in the border."""
        dot = self.glyphs.dot
        if self.following:
            place = "following"
        elif self._unseen:
            # The pill: a click on it follows.
            text = f"{self.glyphs.down} {self._unseen:,} new {dot} {self._last_key}"
            place = f"[reverse] {text} [/]"
        else:
            place = f"scrolled {dot} {self._last_key} follows"
        self.set_titles(f"Event log {dot} {SCOPE_WORDS[self.scope]}", place)

    @property
    def _last_key(self) -> str:
        """The key for the last line, as markup."""
        last = command_by_id("last")
        return escape([last.label, *self.keys.labels(last).split()][-1])

    # The lines

    @property
    def count(self) -> int:
        """The number of lines in the scope."""
        return len(self.buffer)

    @property
    def empty_text(self) -> str:
        """Why the log is empty."""
        key = self.keys.named("log-scope")
        match self.scope:
            case LogScope.STARRED:
                return f"No changes at starred stations yet. Press {key} to show all."
            case LogScope.STATION:
                return f"No changes at this station yet. Press {key} to show all."
            case LogScope.ALL:
                return "No changes yet."

    def is_cursor(self, index: int) -> bool:
        """Return whether the cursor is on a line; it is shown only while the log has the focus."""
        return self.has_focus and index == self._cursor_index()

    def segments(self, index: int, width: int) -> list[Segment]:
        """Paint a line."""
        if self.painter is None:
            return []
        return self.painter.line(self.buffer[index], width, self.is_cursor(index))

    def move_cursor(self, by: int) -> None:
        """Move the cursor; on the last line the log follows again."""
        if not self.count:
            return
        index = min(max(self._cursor_index() + by, 0), self.count - 1)
        if index == self.count - 1:
            self.follow()
            return
        self.following = False
        self._cursor = self.buffer.number_of(index)
        self.show_line(index)
        self.refresh()
        self.update_title()

    def action_select(self) -> None:
        """Choose the line under the cursor, or say why that is not possible."""
        if not self.count:
            self.app.notify("The event log is empty.", timeout=4)
        elif not self._choose():
            self.app.notify("This entry is not about a station.", timeout=4)

    def _choose(self) -> bool:
        """Choose the line under the cursor; return whether it is about a station."""
        station = station_id_of(self.buffer[self._cursor_index()])
        if station:
            self.post_message(self.Chosen(station))
        return bool(station)

    def on_click(self, event: events.Click) -> None:
        """Choose the line that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            if event.y == self.size.height + 1 and not self.following:
                # The pill on the lower border.
                self.follow()
            return
        index = self.top + offset.y
        if index < self.count:
            self._cursor = self.buffer.number_of(index)
            self.following = False
            self.refresh()
            self.update_title()
            self._choose()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when the user scrolls up, and follow again at the end."""
        super().watch_scroll_y(old_value, new_value)
        at_end = new_value >= self.max_scroll_y
        if new_value < old_value and self.following and not at_end:
            self.following = False
            self._cursor = self.buffer.number_of(self.count - 1) if self.count else -1
            self.update_title()
        elif at_end and new_value > old_value and not self.following:
            self.follow()

    def on_resize(self) -> None:
        """Keep the end on screen while following, else the line under the cursor."""
        if self.following:
            self._scroll_to_end()
        elif self.has_focus and self.count:
            self.show_line(self._cursor_index())

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def _cursor_index(self) -> int:
        """Return the index of the line under the cursor, or of the first one after it."""
        if self._cursor < 0:
            return self.count - 1
        # A binary search, because the line itself may have been dropped.
        low, high = 0, self.count - 1
        while low < high:
            middle = (low + high) // 2
            if self.buffer.number_of(middle) < self._cursor:
                low = middle + 1
            else:
                high = middle
        return max(low, 0)

    def _scroll_to_end(self) -> None:
        self.scroll_to(y=max(0, self.count - self.page), animate=False, immediate=True)
