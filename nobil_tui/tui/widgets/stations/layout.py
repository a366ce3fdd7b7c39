"""Lay out the station list: choose the columns that fit, and their widths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from msgspec import Struct
from rich.segment import Segment

from nobil_tui.search.list_columns import MIN_NAME_WIDTH, Column, ListedStation
from nobil_tui.tui.widgets.virtual_list import VirtualList


class StationRow(ListedStation, gc=False):
    """One row to paint: the station, and data that its cells share."""

    pane: VirtualList
    now: int
    """Milliseconds."""
    cursor: bool
    """Whether the cursor is on the row."""
    alert_style: str
    """The style of the alert mark; empty without one."""


Cell = Callable[[StationRow, int], list[Segment]]
"""Paints a cell in exactly the given width and the column's gap."""
Measure = Callable[[ListedStation], int]
"""Returns the cells that a station needs in a column; 0 if it has nothing to show there."""


class StationColumn(Column, frozen=True, kw_only=True):
    """A column with what paints and measures it."""

    cell: Cell
    measure: Measure | None
    """None for a column whose width does not depend on the stations."""


class Layout(Struct, frozen=True):
    """The columns that fit, with their widths in cells."""

    cells: tuple[tuple[StationColumn, int], ...]
    report_width: int
    """Cells of the first live columns beside each other, with their gaps."""

    def width_of(self, column_id: str) -> int:
        """Return the width of a column; 0 if it is not shown."""
        return next((width for column, width in self.cells if column.id == column_id), 0)


def lay_out(columns: Iterable[StationColumn], width: int, needs: Mapping[str, int]) -> Layout:
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


def _report_width(cells: Iterable[tuple[StationColumn, int]]) -> int:
    """Return the cells of the first live columns beside each other."""
    runs = groupby(cells, key=lambda cell: cell[0].live)
    first = next((run for is_live, run in runs if is_live), ())
    return sum(width + column.gap for column, width in first)


def _squeeze(
    columns: tuple[StationColumn, ...], widths: dict[str, int], left: int, need: int
) -> int:
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


def _shrink(columns: tuple[StationColumn, ...], widths: dict[str, int], left: int) -> int:
    """Shrink columns while the filling one is too narrow. Return the cells left for it."""
    for column in columns:
        if column.shrinks and left < MIN_NAME_WIDTH:
            less = min(widths[column.id] - column.min_width, MIN_NAME_WIDTH - left)
            widths[column.id] -= less
            left += less
    return left


def _grow(
    columns: tuple[StationColumn, ...], widths: dict[str, int], left: int, needs: Mapping[str, int]
) -> int:
    """Grow columns beyond their first width. Return the cells left for the filling one."""
    for column in sorted(columns, key=lambda column: column.grows_beyond):
        if column.grows_beyond and column.id in widths:
            wanted = min(needs.get(column.id, 0), column.max_width) - widths[column.id]
            more = max(0, min(wanted, left - column.grows_beyond))
            widths[column.id] += more
            left -= more
    return left
