"""The sizes of the terminal at which the layout changes; ``app.tcss`` describes the layouts."""

from __future__ import annotations

from collections.abc import Iterator

from textual.geometry import Size

WIDE = 110
"""Columns from which the panes are side by side."""
TALL = 18
"""Lines from which there is room for more than the list, or the list beside the connectors."""
HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]


def breakpoint_classes(size: Size) -> Iterator[str]:
    """Return the classes that Textual sets on a screen of this size."""
    for cells, breakpoints in (
        (size.width, HORIZONTAL_BREAKPOINTS),
        (size.height, VERTICAL_BREAKPOINTS),
    ):
        yield max(each for each in breakpoints if each[0] <= cells)[1]
