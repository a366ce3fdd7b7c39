"""Which columns of the station list fit, and how wide they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from msgspec import Struct
from rich.segment import Segment

from nobil_tui.charging.register import Facts
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.widgets.virtual_list import VirtualList

MIN_NAME_WIDTH = 16
"""Cells of the filling column before any optional column is shown."""


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
    spares: int = MIN_NAME_WIDTH
    """Cells that the filling column keeps when this optional one is shown."""
    shrinks: bool = False
    """Whether it shrinks to ``min_width`` before the filling column gets too narrow."""
    fills: bool = False
    """Whether it takes the cells that the others leave."""
    live: bool = False
    """Whether it shows reports; a text replaces such columns for a station without any."""
    align_right: bool = False
    long_head: str = ""
    """The heading if the column is wide enough for it."""
    words: str = ""
    """What it shows, for the dialog that chooses columns."""
    squeezes: bool = False
    """Whether columns that can shrink do so before this one is left out."""

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
    """Cells of the first live columns beside each other, with their gaps."""

    def width_of(self, column_id: str) -> int:
        """Return the width of a column; 0 if it is not shown."""
        return next((width for column, width in self.cells if column.id == column_id), 0)


def lay_out(columns: Iterable[Column], width: int, needs: Mapping[str, int]) -> Layout:
    """Share ``width`` cells among columns, given the cells that each of them needs.

    An optional column is shown in full or not at all, by its priority.
    """
    columns = tuple(columns)
    filling = next(column for column in columns if column.fills)
    left = width - filling.gap
    widths: dict[str, int] = {}
    for column in columns:
        if not column.fills and not column.priority:
            need = max(column.min_width, needs.get(column.id, 0))
            widths[column.id] = min(need, column.start_width)
            left -= widths[column.id] + column.gap
    left = _shrink(columns, widths, left)
    for column in sorted(columns, key=lambda column: column.priority):
        need = min(needs.get(column.id, 0), column.start_width)
        if column.priority and need and column.squeezes:
            left = _squeeze(columns, widths, left, need + column.gap)
        if column.priority and need and left - need - column.gap >= column.spares:
            widths[column.id] = need
            left -= need + column.gap
    left = _grow(columns, widths, left, needs)
    widths[filling.id] = max(1, left)
    cells = tuple((column, widths[column.id]) for column in columns if column.id in widths)
    return Layout(cells, _report_width(cells))


def _report_width(cells: Iterable[tuple[Column, int]]) -> int:
    """Return the cells of the first live columns beside each other."""
    runs = groupby(cells, key=lambda cell: cell[0].live)
    first = next((run for is_live, run in runs if is_live), ())
    return sum(width + column.gap for column, width in first)


def _squeeze(columns: tuple[Column, ...], widths: dict[str, int], left: int, need: int) -> int:
    """Shrink columns if that makes room for one that needs ``need`` cells with its gap.

    Return the cells left.
    """
    missing = MIN_NAME_WIDTH + need - left
    spare = {
        column.id: widths[column.id] - column.min_width
        for column in columns
        if column.shrinks and column.id in widths
    }
    if not 0 < missing <= sum(spare.values()):
        return left
    for column_id, cells in spare.items():
        less = min(cells, missing)
        widths[column_id] -= less
        missing -= less
        left += less
    return left


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
