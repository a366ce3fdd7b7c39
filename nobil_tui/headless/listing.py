"""Print the stations that match a filter: ``nobil-tui list``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from nobil_tui.base.text import safe_text
from nobil_tui.search.list_columns import ListColumn, ListedStation
from nobil_tui.search.station_list import StationList
from nobil_tui.wire.station_lines import (
    StationCounts,
    station_counts,
    station_json,
    stations_csv,
)

_FIRST = (ListColumn.ID, ListColumn.FREE)
"""The columns of the station list before condition and certainty."""

_TRUNCATED = (ListColumn.NAME, ListColumn.PLACE)
"""The columns that are truncated in a narrow terminal."""
MIN_TEXT = 8
"""Characters of a name or a place that are always shown."""
_GAP = "  "


class StationLines(Struct, frozen=True):
    """The stations to print, each with its row of the station list."""

    rows: Sequence[ListedStation]
    counts: Sequence[StationCounts]


def list_stations(station_list: StationList, now: int, *, limit: int | None = None) -> StationLines:
    """Return the stations of a list at ``now`` (ms), at most ``limit``, with the selected
    counts."""
    station_list.refresh(now)
    board, register = station_list.board, station_list.register
    by_distance = station_list.origin is not None
    rows, counts = [], []
    for station_id in station_list.ids[:limit]:
        station = board.stations.get(station_id)
        summary = station_list.count(station) if station is not None else None
        facts = register.facts(station_id)
        rows.append(ListedStation(station_list, station_id, station, facts, summary))
        distance = station_list.distance(station_id) if by_distance else None
        counts.append(
            station_counts(station_id, board, register, now, summary=summary, distance=distance)
        )
    return StationLines(rows, counts)


def stations_as_json(lines: StationLines) -> bytes:
    """Encode stations as JSON Lines."""
    return b"".join(map(station_json, lines.counts))


def stations_as_csv(lines: StationLines) -> bytes:
    """Encode stations as CSV."""
    return stations_csv(lines.counts)


def stations_as_table(lines: StationLines, width: int) -> str:
    """Return aligned columns with headings for a terminal of ``width`` cells, and the credit.

    Columns in which no station has anything are left out. Names and places are truncated so that a
    row fits on a line, if it can.
    """
    columns = [column for column in _columns(lines) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    flexible = [index for index, (head, *_) in enumerate(columns) if head in _TRUNCATED]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0 and any(widths[index] > MIN_TEXT for index in flexible):
        widths[max(flexible, key=widths.__getitem__)] -= 1
        excess -= 1
    text = [
        _GAP.join(_cell(text, width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    return "\n".join([*text, *credit_lines(lines.counts), ""])


def stations_as_tabs(lines: StationLines) -> str:
    """Return lines of cells between tabs for a pipe; the last cell is the credit."""
    rows = zip(*(column[1:] for column in _columns(lines)), strict=True)
    return "".join(
        "\t".join((*row, line.credit or "")) + "\n"
        for row, line in zip(rows, lines.counts, strict=True)
    )


def credit_lines(lines: Iterable[StationCounts]) -> list[str]:
    """Return a line that credits names, plugs and prices, if they have a credit."""
    credits = dict.fromkeys(line.credit for line in lines if line.credit)
    return [f"Station data: {'; '.join(credits)}"] if credits else []


def _cell(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _columns(lines: StationLines) -> Iterator[list[str]]:
    """Yield the columns of the station list that have a text, each with its heading.

    In place of those that can only be painted, there are condition and certainty.
    """
    for column in _FIRST:
        yield from _column(column, lines.rows)
    yield ["condition", *(line.condition for line in lines.counts)]
    yield ["certainty", *(line.certainty or "no report" for line in lines.counts)]
    for column in ListColumn:
        if column not in _FIRST:
            yield from _column(column, lines.rows)


def _column(column: ListColumn, rows: Sequence[ListedStation]) -> Iterator[list[str]]:
    text_of = column.definition.long_text or column.definition.text
    if text_of is not None:
        yield [column, *(safe_text(text_of(row)) for row in rows)]
