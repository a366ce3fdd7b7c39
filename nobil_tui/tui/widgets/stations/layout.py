"""Which columns of the station list fit, and how wide they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from rich.segment import Segment

from nobil_tui.charging.register import Facts
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.widgets.virtual_list import VirtualList

MIN_NAME_WIDTH = 16
"""Cells of the filling column before any optional column is shown."""
RIGHT_MARGIN = 1
"""Empty cells at the end of a row."""


class StationRow(Struct, gc=False):
    """One row to be painted: the station and what its cells share."""

    pane: VirtualList
    station_list: StationList
    station_id: str
    station: Station | None
    """None if the stream has not named the station."""
    facts: Facts
    summary: Summary | None
    """The counts of the connectors that the filter selects; None without a station."""
    now: int
    """Milliseconds."""
    cursor: bool
    """Whether the cursor is on the row."""
    alert_style: str
    """The style of the alert mark; empty without one."""


Cell = Callable[[StationRow, int], list[Segment]]
"""Paints a cell in exactly the given width and the column's gap."""
Measure = Callable[[StationList, str, Station | None, Facts], int]
"""Returns the cells that a station needs in a column; 0 if it has nothing to show there."""


class Column(Struct, frozen=True):
    """One column of the station list."""

    id: str
    head: str
    """The heading; ``long_head`` replaces it where there is room."""
    cell: Cell
    min_width: int
    max_width: int
    measure: Measure | None = None
    """None for a column of a fixed width, and for the filling one."""
    sort: Sort | None = None
    """The order that a click on the heading selects."""
    gap: int = 1
    """Empty cells after the column."""
    priority: int = 0
    """Optional columns have room in this order; 0 for a column that is always shown."""
    first_width: int = 0
    """The width to begin with; 0 for ``max_width``."""
    grows_beyond: int = 0
    """Cells that the filling column keeps when this one grows beyond ``first_width``."""
    shrinks: bool = False
    """Whether it shrinks to ``min_width`` before the filling column gets too narrow."""
    fills: bool = False
    """Whether it takes the cells that the others leave."""
    live: bool = False
    """Whether it shows reports; a text replaces such columns for a station without any."""
    align_right: bool = False
    long_head: str = ""
    """The heading if the column is wide enough for it."""

    @property
    def start_width(self) -> int:
        """The width to begin with."""
        return self.first_width or self.max_width

    def heading(self, width: int) -> str:
        """Return the heading that fits into ``width`` cells."""
        return self.long_head if self.long_head and width >= len(self.long_head) else self.head


class Layout(Struct, frozen=True):
    """The columns that fit, with their widths in cells."""

    cells: tuple[tuple[Column, int], ...]
    report_width: int
    """Cells of the live columns before the filling one: of counts and glyphs."""

    def width_of(self, column_id: str) -> int:
        """Return the width of a column; 0 if it is not shown."""
        return next((width for column, width in self.cells if column.id == column_id), 0)


def lay_out(columns: Iterable[Column], width: int, needs: Mapping[str, int]) -> Layout:
    """Share ``width`` cells among columns, given the cells that each of them needs.

    An optional column is shown in full or not at all, by its priority.
    """
    columns = tuple(columns)
    filling = next(column for column in columns if column.fills)
    left = width - RIGHT_MARGIN - filling.gap
    widths: dict[str, int] = {}
    for column in columns:
        if not column.fills and not column.priority:
            need = max(column.min_width, needs.get(column.id, 0))
            widths[column.id] = min(need, column.start_width)
            left -= widths[column.id] + column.gap
    left = _shrink(columns, widths, left)
    for column in sorted(columns, key=lambda column: column.priority):
        need = min(needs.get(column.id, 0), column.start_width)
        if column.priority and need and left - need - column.gap >= MIN_NAME_WIDTH:
            widths[column.id] = need
            left -= need + column.gap
    left = _grow(columns, widths, left, needs)
    widths[filling.id] = max(1, left)
    cells = tuple((column, widths[column.id]) for column in columns if column.id in widths)
    names = [column.fills for column, _ in cells]
    live = [(column, cell) for column, cell in cells[: names.index(True)] if column.live]
    return Layout(cells, sum(cell + column.gap for column, cell in live))


def _shrink(columns: tuple[Column, ...], widths: dict[str, int], left: int) -> int:
    """Shrink columns while the filling one is too narrow. Return the cells left for it."""
    for column in columns:
        if column.shrinks and left < MIN_NAME_WIDTH:
            less = min(widths[column.id] - column.min_width, MIN_NAME_WIDTH - left)
            widths[column.id] -= less
            left += less
    return left


def _grow(
    columns: tuple[Column, ...], widths: dict[str, int], left: int, needs: Mapping[str, int]
) -> int:
    """Grow columns beyond their first width. Return the cells left for the filling one."""
    for column in sorted(columns, key=lambda column: column.grows_beyond):
        if column.grows_beyond and column.id in widths:
            wanted = min(needs.get(column.id, 0), column.max_width) - widths[column.id]
            more = max(0, min(wanted, left - column.grows_beyond))
            widths[column.id] += more
            left -= more
    return left
