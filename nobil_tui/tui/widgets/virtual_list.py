"""A virtual list, which paints only lines on screen: the base of the stations, connectors and event
log panes.

A table widget that keeps every row takes seconds for a country; this list asks for the segments of
a line when it paints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nobil_tui.charging.conditions import Condition
from nobil_tui.commands import Context
from nobil_tui.tui.bindings import KeyBindings, bindings_for
from nobil_tui.tui.style import styles
from nobil_tui.tui.style.conditions import STYLE_NAMES
from nobil_tui.tui.style.glyphs import UNICODE, Glyphs
from nobil_tui.tui.textual_internals.compositor import set_border_titles
from nobil_tui.tui.textual_internals.painting import update_scrollbars

_MAX_TEXT_LINES = 12
"""Lines for the text of an empty list."""


class VirtualList(ScrollView, can_focus=True):
    """A scrolling list of lines. Subclasses define ``count`` and ``segments``."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.LISTS)
    HEADER = 0
    """Lines at the top that do not scroll."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.glyphs: Glyphs = UNICODE
        self.keys = KeyBindings()
        """The key bindings, for texts that name a key."""
        self._styles: dict[tuple[str, bool, bool], Style] = {}
        self._shown_texts: tuple[str, str] | None = None
        """The texts shown if the list was empty; None if it had lines."""
        self._titles = "", ""
        self._frame: tuple[int, int] | None = None
        """The width and the first line while lines are painted. Textual computes them each time,
        which takes as long as painting half a line."""
        self._painted_lines: dict[int, Strip] = {}
        """The lines painted last, by their number on screen."""

    # For subclasses

    @property
    def count(self) -> int:
        """The number of lines below the header."""
        raise NotImplementedError

    def segments(self, index: int, width: int) -> list[Segment]:
        """Return the segments of a line, at most ``width`` cells."""
        raise NotImplementedError

    def strip(self, index: int, width: int) -> Strip:
        """Return a line, filled up to ``width`` cells."""
        background = self.style_of("", self.is_cursor(index))
        return Strip(self.segments(index, width)).adjust_cell_length(width, background)

    @property
    def empty_text(self) -> str:
        """The text of an empty list."""
        return ""

    @property
    def tail_text(self) -> str:
        """The text below the last line."""
        return ""

    def header_segments(self, row: int, width: int) -> list[Segment]:
        """Return the segments of a line of the header."""
        return []

    def is_cursor(self, index: int) -> bool:
        """Return whether the cursor is on a line."""
        return False

    def move_cursor(self, by: int) -> None:
        """Move the cursor by lines; a list without a cursor scrolls."""
        self.scroll_to(y=self.scroll_y + by, animate=False, immediate=True)

    # Painting and scrolling

    @property
    def page(self) -> int:
        """The number of lines on screen."""
        return max(1, self.scrollable_content_region.height - self.HEADER)

    @property
    def top(self) -> int:
        """The index of the first line on screen."""
        return round(self.scroll_y) if self._frame is None else self._frame[1]

    def style_of(self, name: str, cursor: bool = False, *, stale: bool = False) -> Style:
        """Return the complete style of a name, on the cursor's background or dimmed if asked
        for."""
        style = self._styles.get((name, cursor, stale))
        if style is None:
            style = self.rich_style
            for each in ("cursor" if cursor else "", name, "stale" if stale else ""):
                if each:
                    style += styles.style_of(
                        each, self.app.theme_variables, colourless=self.app.no_color
                    )
            self._styles[name, cursor, stale] = style
        return style

    def condition_style(
        self, condition: Condition, cursor: bool = False, *, stale: bool = False
    ) -> Style:
        """Return the style of a condition, dimmed if it is stale."""
        return self.style_of(STYLE_NAMES[condition], cursor, stale=stale)

    def update_count(self) -> None:
        """Adapt to a changed number of lines, and repaint the list."""
        self._update_virtual_size()
        texts = None if self.count else (self.empty_text, self.tail_text)
        if texts is None or texts != self._shown_texts:
            self.refresh()
        self._shown_texts = texts

    def set_titles(self, title: str, subtitle: str) -> None:
        """Set the titles in the border, if they changed."""
        if (title, subtitle) != self._titles:
            self._titles = title, subtitle
            set_border_titles(self, title, subtitle)

    def _update_virtual_size(self) -> None:
        """Set the virtual size to the number of lines."""
        size = Size(self.scrollable_content_region.width, self.count + self.HEADER)
        if size != self.virtual_size:
            room = self.container_size.height
            if room and self.show_vertical_scrollbar == (size.height > room):
                # The setter would lay out the whole screen at every new line of the log, although
                # only the scroll bar moves.
                self.set_reactive(VirtualList.virtual_size, size)
            else:
                self.virtual_size = size
            update_scrollbars(self, size)

    def repaint_changed(self, lines: Iterable[int] | None = None) -> None:
        """Repaint the cells on screen that changed, of some lines of the screen or of all."""
        with self._painting():
            for y in range(self.scrollable_content_region.height) if lines is None else lines:
                before, after = self._painted_lines.get(y), self._line(y)
                if before is None:
                    self.refresh(Region(0, y, after.cell_length, 1))
                elif before != after:
                    begin, end = _changed_cells(before, after)
                    self.refresh(Region(begin, y, end - begin, 1))

    def repaint_line(self, index: int) -> None:
        """Repaint a line if it is on screen."""
        if self.top <= index < self.top + self.page:
            self.refresh_lines(index + self.HEADER)

    def show_line(self, index: int) -> None:
        """Scroll a line into view, as little as possible."""
        if index < self.top:
            self.scroll_to(y=index, animate=False, immediate=True)
        elif index >= self.top + self.page:
            self.scroll_to(y=index - self.page + 1, animate=False, immediate=True)

    @contextmanager
    def _painting(self) -> Iterator[None]:
        """Keep the width and the first line while lines are painted."""
        self._frame = self.scrollable_content_region.width, self.top
        try:
            yield
        finally:
            self._frame = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render lines of the screen."""
        with self._painting():
            return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Render a line of the screen."""
        self._painted_lines[y] = line = self._line(y)
        return line

    def _line(self, y: int) -> Strip:
        """Return a line of the screen with its current content."""
        frame = self._frame
        width = self.scrollable_content_region.width if frame is None else frame[0]
        base = self.style_of("")
        if y < self.HEADER:
            header = Strip(self.header_segments(y, width))
            return header.adjust_cell_length(width, self.style_of("quiet"))
        if not self.count:
            return self._text_line(self.empty_text, y - self.HEADER, width, base)
        index = y - self.HEADER + self.top
        if index >= self.count:
            return self._text_line(self.tail_text, index - self.count, width, base)
        return self.strip(index, width)

    def _text_line(self, text: str, row: int, width: int, base: Style) -> Strip:
        if not (text and 1 <= row <= _MAX_TEXT_LINES):
            return Strip.blank(width, base)
        texts = wrap(text, max(1, width - 4))
        text = texts[row - 1] if row <= len(texts) else ""
        segments = [Segment("  " + text, self.style_of("quiet"))] if text else []
        return Strip(segments).adjust_cell_length(width, base)

    def notify_style_update(self) -> None:
        """Discard the styles of the previous theme."""
        self.clear_styles()
        super().notify_style_update()

    def clear_styles(self) -> None:
        """Discard the cached styles."""
        self._styles.clear()

    def on_resize(self) -> None:
        """Adapt to the width; Textual repaints a resized widget by itself."""
        self._update_virtual_size()

    # Actions, for the keys of ``commands.py``

    def action_down(self) -> None:
        """Move one line down."""
        self.move_cursor(1)

    def action_up(self) -> None:
        """Move one line up."""
        self.move_cursor(-1)

    def action_page_down(self) -> None:
        """Move one screen down."""
        self.move_cursor(self.page)

    def action_page_up(self) -> None:
        """Move one screen up."""
        self.move_cursor(-self.page)

    def action_half_page_down(self) -> None:
        """Move half a screen down."""
        self.move_cursor(max(1, self.page // 2))

    def action_half_page_up(self) -> None:
        """Move half a screen up."""
        self.move_cursor(-max(1, self.page // 2))

    def action_first(self) -> None:
        """Move to the first line."""
        self.move_cursor(-self.count)

    def action_last(self) -> None:
        """Move to the last line."""
        self.move_cursor(self.count)


def _changed_cells(before: Strip, after: Strip) -> tuple[int, int]:
    """Return the first cell at which two lines differ, and the one after the last."""
    old, new = list(before), list(after)
    begin = 0
    while old and new and old[0] == new[0]:
        begin += old.pop(0).cell_length
        del new[0]
    end = after.cell_length
    while old and new and old[-1] == new[-1]:
        end -= old.pop().cell_length
        del new[-1]
    return begin, max(end, begin + 1)
