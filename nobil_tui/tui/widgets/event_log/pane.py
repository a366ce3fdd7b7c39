"""The event log: what changed, newest at the end; it follows until you scroll."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.markup import escape
from textual.message import Message

from nobil_tui.commands import Context, command_by_id
from nobil_tui.config.model import LogScope
from nobil_tui.monitor.batch import BatchEntry
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.widgets.event_log.buffer import EventBuffer, station_id_of
from nobil_tui.tui.widgets.event_log.line import LogLinePainter
from nobil_tui.tui.widgets.virtual_list import VirtualList

SCOPE_WORDS = {LogScope.ALL: "all", LogScope.STARRED: "starred", LogScope.STATION: "this station"}


class EventLog(VirtualList):
    """Lines over a ring. The cursor stands on a line's number, so that it stays while others come and go."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.LOG)

    class Chosen(Message):
        """A line was chosen: its station is meant."""

        def __init__(self, station: str) -> None:
            super().__init__()
            self.station = station

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.buffer = EventBuffer()
        self.painter: LogLinePainter | None = None
        self.scope = LogScope.ALL
        self.following = True
        self._waiting = 0
        self._cursor = -1
        """The number of the line under the cursor; -1 for the last one."""

    # What happens

    def add(self, entries: Iterable[BatchEntry]) -> None:
        """Add what happened."""
        self.show(*self.buffer.extend(entries))

    def show(self, added: int, gone: int) -> None:
        """Show what was added to the ring: so many lines that the scope lets through, while so many old ones went."""
        if self.following:
            self.update_count()
            self._to_end()
        else:
            self._waiting += added
            top = self.top
            self.update_count()
            if gone:
                self.scroll_to(y=max(0, top - gone), animate=False, immediate=True)
        self.update_title()

    def clear(self) -> None:
        """Begin anew."""
        self.buffer = EventBuffer()
        self.update_count()
        self.follow()

    def narrow(self, scope: LogScope, passes: Callable[[str], bool] | None) -> None:
        """Show only the stations that ``passes`` lets through."""
        self.scope = scope
        self.buffer.narrow(passes)
        self.update_count()
        self.follow()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.following = True
        self._waiting = 0
        self._cursor = -1
        self._to_end()
        if self.count:
            self.refresh()
        self.update_title()

    def update_title(self) -> None:
        """Say what is shown, and what waits."""
        dot = self.glyphs.dot
        if self.following:
            place = "following"
        elif self._waiting:
            place = f"[reverse] {self.glyphs.down} {self._waiting:,} new {dot} {self._last_key} [/]"
        else:
            place = f"scrolled {dot} {self._last_key} follows"
        self.set_titles(f"Events {dot} {SCOPE_WORDS[self.scope]}", place)

    @property
    def _last_key(self) -> str:
        last = command_by_id("last")
        # A border's text is markup.
        return escape([last.label, *self.keys.labels(last).split()][-1])

    # The list's own lines

    @property
    def count(self) -> int:
        """How many lines the scope lets through."""
        return len(self.buffer)

    @property
    def empty_text(self) -> str:
        """What to say where there is no line."""
        key = self.keys.named("log-scope")
        match self.scope:
            case LogScope.STARRED:
                return f"Nothing has changed at a starred station yet. Press {key} for all."
            case LogScope.STATION:
                return f"Nothing has changed at this station yet. Press {key} for all."
            case _:
                return "Nothing has changed yet."

    def is_cursor(self, index: int) -> bool:
        """Whether the line is under the cursor; it shows only while the log has the focus."""
        return self.has_focus and index == self._cursor_index()

    def segments(self, index: int, width: int) -> list[Segment]:
        """Paint one line."""
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
        """Select the station of the line under the cursor."""
        if self.count and (station := station_id_of(self.buffer[self._cursor_index()])):
            self.post_message(self.Chosen(station))

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
            self.action_select()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when somebody scrolls up, by wheel or bar; follow again at the end."""
        super().watch_scroll_y(old_value, new_value)
        at_end = new_value >= self.max_scroll_y
        if new_value < old_value and self.following and not at_end:
            self.following = False
            self._cursor = self.buffer.number_of(self.count - 1) if self.count else -1
            self.update_title()
        elif at_end and new_value > old_value and not self.following:
            self.follow()

    def on_resize(self) -> None:
        """Have the end on screen for who follows, also where there is less room now."""
        if self.following:
            self._to_end()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide it."""
        self.refresh()

    # Inside

    def _cursor_index(self) -> int:
        if self._cursor < 0:
            return self.count - 1
        # Numbers rise: the first that is not below it, for the line itself may have gone.
        low, high = 0, self.count - 1
        while low < high:
            middle = (low + high) // 2
            if self.buffer.number_of(middle) < self._cursor:
                low = middle + 1
            else:
                high = middle
        return max(low, 0)

    def _to_end(self) -> None:
        self.scroll_to(y=max(0, self.count - self.page), animate=False, immediate=True)
