"""The columns of the station list on screen: those of ``ListColumn``, with what paints them.

A column with a text is painted and measured by it. Here are the painters of the others, and of
those that show more than a text.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import asdict
from rich.cells import cell_len
from rich.segment import Segment

from nobil_tui.charging.board import MAX_AHEAD, Board, Since
from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.station import Station
from nobil_tui.search.list_columns import (
    CellText,
    Column,
    ListColumn,
    ListedStation,
    plug_parts,
    shown_columns,
)
from nobil_tui.search.sorting import Sort
from nobil_tui.tui.style.glyphs import fit_right, fit_width, truncate
from nobil_tui.tui.text.times import age_text, age_text_lasts
from nobil_tui.tui.widgets.stations.connector_glyphs import connector_runs
from nobil_tui.tui.widgets.stations.layout import Cell, Measure, StationColumn, StationRow

MARKS_WIDTH = 4
"""Cursor, star, alert mark and a space."""
_FREE_GAP = " " * ListColumn.FREE.definition.gap
_CONNECTORS_GAP = ListColumn.CONNECTORS.definition.gap
_ROW_LASTS = 86_400_000
"""Milliseconds after which a row without an age is painted again."""

# Cells


def _marks(row: StationRow, width: int) -> list[Segment]:
    pane = row.pane
    glyphs = pane.glyphs
    starred = row.station_id in row.station_list.starred
    plain = pane.style_of("", row.cursor)
    cursor = glyphs.cursor if row.cursor else " "
    if not starred and not row.alert_style:
        return [Segment(cursor + " " * (width - 1), plain)]
    alert = glyphs.alert if row.alert_style else " "
    return [
        Segment(cursor, plain),
        Segment(glyphs.star if starred else " ", pane.style_of("star", row.cursor)),
        Segment(alert + " ", pane.style_of(row.alert_style, row.cursor)),
    ]


def _free(row: StationRow, width: int) -> list[Segment]:
    summary, pane = row.summary, row.pane
    if summary is None:
        return []
    text = truncate(summary.text, width, pane.glyphs.ellipsis)
    return [
        Segment(text.rjust(width), pane.condition_style(summary.condition, row.cursor)),
        Segment(_FREE_GAP, pane.style_of("", row.cursor)),
    ]


def _connectors(row: StationRow, width: int) -> list[Segment]:
    if row.station is None or row.summary is None:
        return []
    pane, segments, used = row.pane, [], 0
    runs = connector_runs(
        row.station_list, row.station, row.summary.total, pane.glyphs.conditions, width, row.now
    )
    for condition, stale, text in runs:
        segments.append(Segment(text, pane.condition_style(condition, row.cursor, stale=stale)))
        used += len(text)
    segments.append(Segment(" " * (width + _CONNECTORS_GAP - used), pane.style_of("", row.cursor)))
    return segments


def _name(row: StationRow, width: int) -> list[Segment]:
    text = fit_width(row.facts.name or row.station_id, width, row.pane.glyphs.ellipsis)
    style = row.pane.style_of("strong" if row.cursor else "", row.cursor)
    return [Segment(text + " ", style)]


def _plug(row: StationRow, width: int) -> list[Segment]:
    """Paint the strongest plug of those that the filter selects.

    The number of other kinds is left out if there is no room; then the name is truncated, never the
    power.
    """
    pane, plug = row.pane, row.station_list.best_plug(row.station_id)
    style, ellipsis = pane.style_of("quiet", row.cursor), pane.glyphs.ellipsis
    if plug is None:
        return [Segment(" " * (width + 1), style)]
    name, power, others = plug_parts(plug, row.facts)
    text = f"{name} {power}".strip()
    if others > 0 and _cells(whole := f"{text} +{others}") <= width:
        text = whole
    elif _cells(text) > width:
        name = truncate(name, width - len(power) - bool(power), ellipsis)
        text = f"{name} {power}".strip()
    return [Segment(fit_right(text, width, ellipsis) + " ", style)]


def _changed(row: StationRow, width: int) -> list[Segment]:
    station, pane, board, now = row.station, row.pane, row.station_list.board, row.now
    if station is None:
        return []
    if not station.connectors:
        return [Segment("–".rjust(width) + " ", pane.style_of("quiet", row.cursor))]
    last = _last_change(board, station, now)
    staleness = Staleness.CONFIRMED
    if board.downtime.total(now):
        every = range(len(station.connectors))
        staleness = staleness_of(max(board.unconfirmed_for(station, i, now) for i in every))
    text = age_text(now - last.at)
    if staleness is Staleness.SLIGHTLY_STALE:
        text = "~" + text
    elif staleness >= Staleness.STALE:
        text = "?" + text
    elif last.at_least:
        text = pane.glyphs.at_least + text
    style = pane.style_of("", row.cursor, stale=staleness >= Staleness.STALE)
    return [Segment(text.rjust(width) + " ", style)]


def row_lasts(board: Board, station: Station | None, now: int) -> int:
    """Return for how many ms the row of a station stays as it is at ``now`` (ms), unless something
    changes or the link is lost."""
    if station is None or not station.connectors:
        return _ROW_LASTS
    return age_text_lasts(now - _last_change(board, station, now).at)


def _last_change(board: Board, station: Station, now: int) -> Since:
    """Return the time of the last change at a station with connectors."""
    times = [connector.timestamp for connector in station.connectors]
    latest = max(times)
    if min(times) > 0 and latest <= now + MAX_AHEAD:
        return board.since(station, times.index(latest), now)
    since = (board.since(station, index, now) for index in range(len(times)))
    return max(since, key=lambda each: each.at)


def _measure_connectors(row: ListedStation) -> int:
    return len(row.station.connectors) if row.station is not None else 0


# Columns


class _Painter(Struct, frozen=True):
    cell: Cell
    measure: Measure | None = None
    """None to measure the text of the column."""


_PAINTERS = {
    ListColumn.FREE: _Painter(_free),
    ListColumn.CONNECTORS: _Painter(_connectors, _measure_connectors),
    ListColumn.NAME: _Painter(_name),
    ListColumn.PLUG: _Painter(_plug),
    ListColumn.CHANGED: _Painter(_changed),
}
"""The columns that show more than their text, or have none."""


def station_column(column: Column, painter: _Painter | None) -> StationColumn:
    """Return a column with what paints and measures it: a painter, or else its text.

    Raises ``ValueError`` if it has neither.
    """
    if painter is not None:
        cell, measure = painter.cell, painter.measure
    elif column.text is not None:
        cell, measure = _text_cell(column, column.text), None
    else:
        raise ValueError(f"the column {column.id} has neither a text nor a painter")
    if not column.is_measured:
        measure = None
    elif measure is None:
        text = column.measured or column.text
        if text is None:
            raise ValueError(f"the column {column.id} has nothing to measure its width by")
        measure = _text_measure(text)
    return StationColumn(**asdict(column), cell=cell, measure=measure)


def _text_cell(column: Column, text_of: CellText) -> Cell:
    """Return what paints the text of a column."""
    gap, style = " " * column.gap, "quiet" if column.quiet else ""

    fit = fit_right if column.align_right else fit_width

    def cell(row: StationRow, width: int) -> list[Segment]:
        pane = row.pane
        text = fit(text_of(row), width, pane.glyphs.ellipsis)
        return [Segment(text + gap, pane.style_of(style, row.cursor))]

    return cell


def _text_measure(text_of: CellText) -> Measure:
    """Return what measures a text."""

    def measure(row: ListedStation) -> int:
        return _cells(text_of(row))

    return measure


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


_MARKS = Column("marks", "", "", None, MARKS_WIDTH, MARKS_WIDTH, sort=Sort.STARRED, gap=0)
STATION_COLUMNS = (
    station_column(_MARKS, _Painter(_marks)),
    *(station_column(each.definition, _PAINTERS.get(each)) for each in ListColumn),
)
"""The marks and every column, in the usual order."""


def chosen_columns(chosen: Sequence[ListColumn]) -> tuple[StationColumn, ...]:
    """Return the marks and the columns that the user chose, in their order."""
    by_id = {column.id: column for column in STATION_COLUMNS}
    return STATION_COLUMNS[0], *(by_id[each] for each in shown_columns(chosen))
