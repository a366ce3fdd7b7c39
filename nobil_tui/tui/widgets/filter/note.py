"""What stands beside a filter that is typed: what it finds, what is wrong with it, and what else could be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.strip import Strip

from nobil_tui.tui.style.glyphs import truncate
from nobil_tui.tui.widgets.bars.bar import PART_GAP, Bar, BarPart, bar_segments, fit_parts

if TYPE_CHECKING:
    from nobil_tui.tui.widgets.filter.line import FilterLine

PROMPT = 2
"""Cells before the text."""
TEXT_LEAST = 18
"""Cells that the text keeps, whatever is to be said beside it."""
_STEP = 8
"""The note's width grows by steps, so that not every keystroke lays the screen out anew."""
_CHOICES = 4
"""Other completions that are shown."""


class FilterNote(Bar):
    """What the filter finds, what is wrong with it, and what else the word could become."""

    def __init__(self, filter_line: FilterLine) -> None:
        super().__init__()
        self._line = filter_line
        self._parts: list[BarPart] = []

    def write(self) -> None:
        """Say what holds now, in the room that the text leaves."""
        shown = self._line
        if not self.is_attached:
            return
        whole = shown.size.width - PROMPT
        text = max(TEXT_LEAST, min(cell_len(shown.text) + shown.field.rest + 2, whole // 2))
        room = max(0, whole - text)
        self._parts = fit_parts(self._all(room), room)
        needed = sum(cell_len(part.text) + PART_GAP for part in self._parts)
        self.styles.width = min(-(-needed // _STEP) * _STEP, room)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Say it, at the right end."""
        if y:
            return Strip.blank(0)
        parts = [BarPart(part.text, part.style, part.need, right=True) for part in self._parts]
        return Strip(bar_segments(parts, self.size.width, self.rich_style)).apply_style(self.rich_style)

    def notify_style_update(self) -> None:
        """Say it again in another theme's colours."""
        super().notify_style_update()
        if self.is_mounted:
            # The library sets the styles after it has sent the event.
            self.call_after_refresh(self.write)

    def _all(self, room: int) -> list[BarPart]:
        """Everything that could be said: while a word can still become something, that comes before what is wrong."""
        shown = self._line
        offered = shown.field.offered if shown.field.has_focus else []
        found = shown.found
        count = f"{found.stations:,} of {found.of:,}" if shown.text.strip() else ""
        hidden = f"{found.hidden:,} starred hidden" if found.hidden and count else ""
        mistake = found.mistake
        if cell_len(mistake) > room:
            # What would be right helps more than what is wrong.
            mistake = mistake.partition(" – ")[2] or mistake
        others = _whole(offered[1 : 1 + _CHOICES], room - cell_len(count) - PART_GAP)
        return [
            BarPart(others, self.style_of("quiet"), 1 if offered else 4),
            BarPart(truncate(mistake, room), self.style_of("trouble"), 4 if offered else 0),
            BarPart(hidden, self.style_of("plain"), 3),
            BarPart(count, self.style_of("plain"), 2 if not offered else 0),
        ]


def _whole(words: list[str], room: int) -> str:
    """As many words as fit, none of them cut."""
    fits = ""
    for word in words:
        longer = f"{fits}{' ' * PART_GAP}{word}" if fits else word
        if cell_len(longer) > room:
            break
        fits = longer
    return fits
