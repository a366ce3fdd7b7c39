"""The virtual list that stations, connectors and event log share: it paints the lines on screen and knows no others.

A table widget that holds every row takes seconds for a country; this asks for a line's segments when it is painted.
"""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nobil_tui.charging.conditions import Condition
from nobil_tui.commands import Context
from nobil_tui.tui.bindings import KeyBindings, bindings_for
from nobil_tui.tui.style import styles
from nobil_tui.tui.style.conditions import STYLE_NAMES
from nobil_tui.tui.style.glyphs import UNICODE, Glyphs
from nobil_tui.tui.textual_internals import update_scrollbars

_EMPTY_MOST = 12
"""Lines that what is said of an empty list may take."""


class VirtualList(ScrollView, can_focus=True):
    """A scrolling list of lines; subclasses say how many there are and what stands in each."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.LISTS)
    HEADER = 0
    """Lines on top that do not scroll."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.glyphs: Glyphs = UNICODE
        self.keys = KeyBindings()
        """For texts that name a key."""
        self._styles: dict[tuple[str, bool, bool], Style] = {}
        self._said: tuple[str, str] | None = None
        """What was said where there was no line; None where there were some."""
        self._titles = "", ""

    # For subclasses

    @property
    def count(self) -> int:
        """How many lines there are under the header."""
        raise NotImplementedError

    def segments(self, index: int, width: int) -> list[Segment]:
        """Return what stands in a line, at most ``width`` cells."""
        raise NotImplementedError

    @property
    def empty_text(self) -> str:
        """What to say where there is no line."""
        return ""

    @property
    def tail_text(self) -> str:
        """What to say below the last line."""
        return ""

    def header_segments(self, row: int, width: int) -> list[Segment]:
        """Return what stands in a line of the header."""
        return []

    def is_cursor(self, index: int) -> bool:
        """Whether the cursor is on a line."""
        return False

    def move_cursor(self, by: int) -> None:
        """Move by lines; without a cursor the list scrolls."""
        self.scroll_to(y=self.scroll_y + by, animate=False, immediate=True)

    # The list itself

    @property
    def page(self) -> int:
        """How many lines are on screen."""
        return max(1, self.scrollable_content_region.height - self.HEADER)

    @property
    def top(self) -> int:
        """The first line on screen."""
        return self.scroll_offset.y

    def style_of(self, name: str, cursor: bool = False, *, stale: bool = False) -> Style:
        """Return the whole style of a look, on the cursor's ground and dimmed where that is meant."""
        style = self._styles.get((name, cursor, stale))
        if style is None:
            # The ground's bold goes with it, not its colour: a condition keeps its own.
            names = (*(("cursor",) if cursor else ()), *((name,) if name else ()), *(("stale",) if stale else ()))
            style = self.rich_style
            for each in names:
                style += styles.style_of(each, self.app.theme_variables)
            self._styles[name, cursor, stale] = style
        return style

    def condition_style(self, condition: Condition, cursor: bool = False, *, stale: bool = False) -> Style:
        """Return the colour of a condition; what is no longer sure is dimmed."""
        return self.style_of(STYLE_NAMES[condition], cursor, stale=stale)

    def update_count(self) -> None:
        """Take over a changed number of lines, and paint them; where there are none, what is said instead."""
        self._fit()
        said = None if self.count else (self.empty_text, self.tail_text)
        if said is None or said != self._said:
            self.refresh()
        self._said = said

    def set_titles(self, title: str, subtitle: str) -> None:
        """Write into the border, if that is anything new: the library would paint all lines for it."""
        if (title, subtitle) != self._titles:
            self._titles = title, subtitle
            self.border_title, self.border_subtitle = title, subtitle

    def _fit(self) -> None:
        size = Size(self.scrollable_content_region.width, self.count + self.HEADER)
        if size != self.virtual_size:
            room = self.container_size.height
            if room and self.show_vertical_scrollbar == (size.height > room):
                # Setting it would lay out the whole screen, at every line of the log; and all that moves is the bar.
                self.set_reactive(VirtualList.virtual_size, size)
            else:
                self.virtual_size = size
            update_scrollbars(self, size)

    def repaint_line(self, index: int) -> None:
        """Paint a line again, if it is on screen."""
        if self.top <= index < self.top + self.page:
            self.refresh_lines(index + self.HEADER)

    def show_line(self, index: int) -> None:
        """Scroll as little as needed for a line to be on screen."""
        if index < self.top:
            self.scroll_to(y=index, animate=False, immediate=True)
        elif index >= self.top + self.page:
            self.scroll_to(y=index - self.page + 1, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the screen."""
        width = self.scrollable_content_region.width
        base = self.style_of("")
        if y < self.HEADER:
            return Strip(self.header_segments(y, width)).adjust_cell_length(width, self.style_of("quiet"))
        if not self.count:
            return self._text_line(self.empty_text, y - self.HEADER, width, base)
        index = y - self.HEADER + self.top
        if index >= self.count:
            return self._text_line(self.tail_text, index - self.count, width, base)
        ground = self.style_of("", self.is_cursor(index))
        return Strip(self.segments(index, width)).adjust_cell_length(width, ground)

    def _text_line(self, text: str, row: int, width: int, base: Style) -> Strip:
        if not (text and 1 <= row <= _EMPTY_MOST):
            return Strip.blank(width, base)
        texts = wrap(text, max(1, width - 4))
        text = texts[row - 1] if row <= len(texts) else ""
        segments = [Segment("  " + text, self.style_of("quiet"))] if text else []
        return Strip(segments).adjust_cell_length(width, base)

    def notify_style_update(self) -> None:
        """Forget the styles of the theme before."""
        self.forget_styles()
        super().notify_style_update()

    def forget_styles(self) -> None:
        """Ask for every style anew."""
        self._styles.clear()

    def on_resize(self) -> None:
        """The width of a line is the width of the widget, which the library paints anew by itself."""
        self._fit()

    # Movement, by the keys of ``commands.py``

    def action_down(self) -> None:
        """One line down."""
        self.move_cursor(1)

    def action_up(self) -> None:
        """One line up."""
        self.move_cursor(-1)

    def action_page_down(self) -> None:
        """One screen down."""
        self.move_cursor(self.page)

    def action_page_up(self) -> None:
        """One screen up."""
        self.move_cursor(-self.page)

    def action_first(self) -> None:
        """To the first line."""
        self.move_cursor(-self.count)

    def action_last(self) -> None:
        """To the last line."""
        self.move_cursor(self.count)
