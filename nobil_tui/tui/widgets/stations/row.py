"""Paint the rows and the header of the station list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style

from nobil_tui.charging.geo import Position
from nobil_tui.search.list_columns import ListColumn, ListedStation
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import fit_width
from nobil_tui.tui.widgets.stations.columns import (
    MARKS_WIDTH,
    STATION_COLUMNS,
    chosen_columns,
    row_lasts,
)
from nobil_tui.tui.widgets.stations.layout import Layout, StationColumn, StationRow, lay_out
from nobil_tui.tui.widgets.virtual_list import VirtualList

_SAMPLE = 200
"""How many rows are measured for the widths of the columns: enough to be right, few enough for a
keystroke."""
_MAX_MEASURED = 20 * _SAMPLE
_MEASURED = tuple(
    (column, column.measure) for column in STATION_COLUMNS if column.measure is not None
)
_NOT_STREAMED = ("not in the stream", "not streamed")
"""Shown for a station that no snapshot has: in full, and for little room."""
_NO_REPORT = ("no report yet", "no report")
"""Shown if there are no snapshots: the stream names one station at a time."""


class StationRowPainter:
    """Paints a station list in the styles of a pane, for the widths of a ``Layout``."""

    def __init__(
        self, pane: VirtualList, station_list: StationList, chosen: Sequence[ListColumn] = ()
    ) -> None:
        """``chosen``: the columns to show; none for the usual ones."""
        self._columns = chosen_columns(chosen)
        self._pane = pane
        self._station_list = station_list
        self._needs: dict[str, int] = {}
        """Cells that each column needs for the stations measured so far."""
        self._measured: dict[str, tuple[int, int]] = {}
        """The lengths of counts and glyphs of the stations measured: the rest does not change."""
        self._origin: Position | None = None
        self._version = station_list.register.version

    def layout(self, width: int) -> Layout:
        """Lay out the columns for the listed stations.

        Columns only grow while a filter is typed, so that they do not jump.
        """
        station_list = self._station_list
        if self._version != station_list.register.version:
            self._version = station_list.register.version
            self._needs.clear()
            self._measured.clear()
        if self._origin != station_list.origin:
            self._origin = station_list.origin
            self._needs.pop(ListColumn.DISTANCE, None)
            self._measured.clear()
        if len(self._measured) > _MAX_MEASURED:
            self._measured.clear()
        for station_id in station_list.ids[:_SAMPLE]:
            self._measure(station_id)
        return lay_out(self._columns, width, self._needs)

    def header(self, layout: Layout) -> list[Segment]:
        """Paint the headings, that of the active sort in bold."""
        style = self._pane.style_of("quiet")
        strong = style + Style(bold=True)
        active = self._station_list.active_sort
        return [
            Segment(text, strong if sort is active else style)
            for text, sort in self._headings(layout)
        ]

    def sort_at(self, x: int, layout: Layout) -> Sort | None:
        """Return the order that a click on cell ``x`` of the header selects."""
        for text, sort in self._headings(layout):
            x -= len(text)
            if x < 0:
                return sort
        return None

    def is_star(self, x: int) -> bool:
        """Return whether cell ``x`` of a row belongs to the star."""
        return 1 <= x < MARKS_WIDTH

    def row(
        self, station_id: str, layout: Layout, now: int, *, cursor: bool, alert_style: str = ""
    ) -> list[Segment]:
        """Paint the row of a station at ``now`` (ms)."""
        station_list = self._station_list
        station = station_list.board.stations.get(station_id)
        row = StationRow(
            station_list,
            station_id,
            station,
            station_list.register.facts(station_id),
            None if station is None else station_list.count(station),
            self._pane,
            now,
            cursor,
            alert_style,
        )
        segments: list[Segment] = []
        if station is not None:
            for column, width in layout.cells:
                segments += column.cell(row, width)
            return segments
        blank = self._pane.style_of("", cursor)
        is_text_due = True
        for is_live, run in groupby(layout.cells, key=lambda cell: cell[0].live):
            if not is_live:
                for column, width in run:
                    segments += column.cell(row, width)
            elif is_text_due:
                segments.append(self._absent(layout.report_width, cursor))
                is_text_due = False
            else:
                room = sum(width + column.gap for column, width in run)
                segments.append(Segment(" " * room, blank))
        return segments

    def row_lasts(self, station_id: str, now: int) -> int:
        """Return for how many ms a row painted at ``now`` (ms) stays as it is; see ``row_lasts``
        of the columns."""
        board = self._station_list.board
        return row_lasts(board, board.stations.get(station_id), now)

    def _absent(self, width: int, cursor: bool) -> Segment:
        """Paint the text of a station without a report."""
        pane = self._pane
        full, short = _NOT_STREAMED if self._station_list.board.has_snapshot else _NO_REPORT
        text = fit_width(full if width > len(full) else short, width, pane.glyphs.ellipsis)
        return Segment(text, pane.style_of("quiet", cursor))

    def _measure(self, station_id: str) -> None:
        """Widen the needs of the columns by what a station needs."""
        station_list, needs = self._station_list, self._needs
        station = station_list.board.stations.get(station_id)
        lengths = (len(station.summary.text), len(station.connectors)) if station else (0, 0)
        if self._measured.get(station_id) == lengths:
            return
        self._measured[station_id] = lengths
        # The widths do not depend on what the filter selects.
        summary = None if station is None else station.summary
        facts = station_list.register.facts(station_id)
        row = ListedStation(station_list, station_id, station, facts, summary)
        for column, measure in _MEASURED:
            need = needs.get(column.id, 0)
            # A column at its greatest width needs no more measuring.
            if need < column.max_width and (wanted := measure(row)):
                wanted = min(max(wanted, column.min_width), column.max_width)
                needs[column.id] = max(need, wanted)

    def _headings(self, layout: Layout) -> Iterator[tuple[str, Sort | None]]:
        """Yield the text of each heading with its gap, and the order it selects."""
        for column, width in layout.cells:
            text = self._heading(column, width)[:width]
            text = text.rjust(width) if column.align_right else text.ljust(width)
            yield text + " " * column.gap, column.sort

    def _heading(self, column: StationColumn, width: int) -> str:
        """Return the heading, with an arrow if the list is sorted by the column."""
        text, sort, station_list = column.heading(width), column.sort, self._station_list
        if not text or sort is None or sort is not station_list.active_sort:
            return text
        glyphs = self._pane.glyphs
        return (glyphs.up if station_list.is_reversed == sort.is_descending else glyphs.down) + text
