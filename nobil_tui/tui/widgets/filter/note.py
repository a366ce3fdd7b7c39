"""The note beside the filter's text: matches, the first error, and other completions."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from nobil_tui.tui.style.glyphs import truncate
from nobil_tui.tui.widgets.bars.bar import PART_GAP, BarPart, OneLineBar, bar_segments, fit_parts
from nobil_tui.tui.widgets.filter.result import FilterResult

_WIDTH_STEP = 8
"""The note's width grows in steps, so that not every keystroke causes a layout of the screen."""
_MAX_CHOICES = 4
"""Other completions that are shown."""


class FilterNote(OneLineBar):
    """Shows what ``show`` is given, right-aligned and as narrow as possible."""

    def __init__(self) -> None:
        super().__init__()
        self._content: tuple[str, FilterResult, Sequence[str], int] = "", FilterResult(), (), 0
        self._saved: Sequence[str] = ()
        self._parts: list[BarPart] = []

    def show(
        self,
        text: str,
        result: FilterResult,
        offers: Sequence[str],
        room: int,
        saved: Sequence[str] = (),
    ) -> None:
        """Show the result and the completions of a filter's text in at most ``room`` cells.

        ``saved``: the saved filters to name, with their keys.
        """
        self._content = text, result, offers, room
        self._saved = saved
        if self.is_attached:
            self._arrange()

    def _arrange(self) -> None:
        """Choose the parts that fit, and set the width."""
        text, result, offers, room = self._content
        parts = self._all_parts(text, result, offers, room)
        self._parts = fit_parts(parts, room)
        needed = sum(cell_len(part.text) + PART_GAP for part in self._parts)
        self.styles.width = min(-(-needed // _WIDTH_STEP) * _WIDTH_STEP, room)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Render the parts at the right end."""
        if y:
            return Strip.blank(0)
        parts = [BarPart(part.text, part.style, part.need, right=True) for part in self._parts]
        segments = bar_segments(parts, self.size.width, self.ground)
        return Strip(segments).apply_style(self.ground)

    def notify_style_update(self) -> None:
        """Use the colours of another theme."""
        super().notify_style_update()
        if self.is_mounted:
            # Textual sets the styles after this event.
            self.call_after_refresh(self._arrange)

    def _all_parts(
        self, text: str, result: FilterResult, offers: Sequence[str], room: int
    ) -> list[BarPart]:
        """Return all parts. Completions come first, since an unfinished word is not an error."""
        count = f"{result.stations:,} of {result.of:,}" if text.strip() else ""
        hidden = f"{result.hidden:,} starred hidden" if result.hidden and count else ""
        others = _whole_words(offers[1 : 1 + _MAX_CHOICES], room - cell_len(count) - PART_GAP)
        return [
            BarPart(others, self.style_of("quiet"), 1 if offers else 4),
            BarPart(truncate(result.problem, room), self.style_of("warning"), 4 if offers else 0),
            BarPart(_whole_words(self._saved, room), self.style_of("quiet"), 5),
            BarPart(hidden, self.style_of("plain"), 3),
            BarPart(count, self.style_of("plain"), 0 if offers else 2),
        ]


class FilterProblemNote(OneLineBar):
    """An error on a line of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def show(self, text: str) -> None:
        """Show an error from its beginning."""
        if text != self._text:
            self._text = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Render the error; an ellipsis ends one that is too long."""
        if y:
            return Strip.blank(0)
        text = truncate(self._text, self.size.width)
        strip = Strip([Segment(text, self.style_of("warning"))])
        return strip.adjust_cell_length(self.size.width).apply_style(self.ground)


def _whole_words(words: Sequence[str], room: int) -> str:
    """Join the first words that fit into ``room`` cells without truncation."""
    joined = ""
    for word in words:
        longer = f"{joined}{' ' * PART_GAP}{word}" if joined else word
        if cell_len(longer) > room:
            break
        joined = longer
    return joined
