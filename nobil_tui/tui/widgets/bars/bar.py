"""Bars of one line, whose parts share the width by priority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.widget import Widget

from nobil_tui.tui.style import styles

PART_GAP = 2
"""Cells between two parts."""


class OneLineBar(Widget):
    """A widget of one line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._styles: dict[str, Style] = {}

    @property
    def ground(self) -> Style:
        """The bar's own style."""
        if (style := self._styles.get("")) is None:
            # Cached: Textual adds up the styles of all parents, which takes longer than the text.
            style = self._styles[""] = self.rich_style
        return style

    def style_of(self, name: str) -> Style:
        """Return a named style, to be added to the bar's own."""
        if (style := self._styles.get(name)) is None:
            app = self.app
            style = styles.style_of(name, app.theme_variables, colourless=app.no_color)
            self._styles[name] = style
        return style

    def notify_style_update(self) -> None:
        """Discard the styles of the previous theme."""
        self._styles.clear()
        super().notify_style_update()


class BarPart(Struct, frozen=True):
    """One part of a bar."""

    text: str
    style: Style
    need: int
    """The priority: parts with a lower number have room first."""
    right: bool = False
    """Whether it is right-aligned."""
    name: str = ""
    """The name that ``part_at`` returns; a command id in the footer."""


def fit_parts(parts: Iterable[BarPart], width: int) -> list[BarPart]:
    """Return the parts that fit into ``width`` cells by priority, in their original order."""
    parts = [part for part in parts if part.text]
    left = width
    kept: set[int] = set()
    for index in sorted(range(len(parts)), key=lambda index: parts[index].need):
        needed = cell_len(parts[index].text) + (PART_GAP if kept else 0)
        if needed <= left:
            kept.add(index)
            left -= needed
    return [part for index, part in enumerate(parts) if index in kept]


def bar_segments(parts: list[BarPart], width: int, ground: Style) -> list[Segment]:
    """Return the segments of parts that fit, exactly ``width`` cells."""
    left = [part for part in parts if not part.right]
    right = [part for part in parts if part.right]
    gaps = max(0, len(left) - 1) + max(0, len(right) - 1)
    between = width - sum(cell_len(part.text) for part in parts) - PART_GAP * gaps
    return [*_beside(left, ground), Segment(" " * max(0, between), ground), *_beside(right, ground)]


def part_at(parts: list[BarPart], x: int, width: int) -> str:
    """Return the name of the part at cell ``x``; empty if there is none."""
    position = 0
    for part in parts:
        if part.right:
            continue
        end = position + cell_len(part.text)
        if position <= x < end:
            return part.name
        position = end + PART_GAP
    position = width
    for part in reversed([part for part in parts if part.right]):
        begin = position - cell_len(part.text)
        if begin <= x < position:
            return part.name
        position = begin - PART_GAP
    return ""


def _beside(parts: list[BarPart], ground: Style) -> Iterator[Segment]:
    for index, part in enumerate(parts):
        yield Segment(" " * PART_GAP if index else "", ground)
        yield Segment(part.text, part.style)
