"""Print the stations that match a filter: ``nobil-tui list``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nobil_tui.base.text import safe_text
from nobil_tui.search.station_list import StationList
from nobil_tui.wire.station_lines import (
    StationCounts,
    station_counts,
    station_json,
    stations_csv,
)

_HEADINGS = ("station", "free", "condition", "certainty", "name", "place", "km")


def list_stations(
    station_list: StationList, now: int, *, limit: int | None = None
) -> list[StationCounts]:
    """Return the stations of a list at ``now`` (ms), at most ``limit``, with the selected
    counts."""
    station_list.refresh(now)
    board, by_distance = station_list.board, station_list.origin is not None
    lines = []
    for station_id in station_list.ids[:limit]:
        station = board.stations.get(station_id)
        summary = station_list.count(station) if station is not None else None
        distance = station_list.distance(station_id) if by_distance else None
        lines.append(
            station_counts(
                station_id,
                board,
                station_list.register,
                now,
                summary=summary,
                distance=distance,
            )
        )
    return lines


def stations_as_json(lines: Iterable[StationCounts]) -> bytes:
    """Encode stations as JSON Lines."""
    return b"".join(map(station_json, lines))


def stations_as_csv(lines: Iterable[StationCounts]) -> bytes:
    """Encode stations as CSV."""
    return stations_csv(lines)


def stations_as_table(lines: Sequence[StationCounts]) -> str:
    """Return aligned columns with headings for a terminal, and the credit of the names."""
    rows = [_HEADINGS, *map(_cells, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*text, *credit_lines(lines), ""])


def stations_as_tabs(lines: Iterable[StationCounts]) -> str:
    """Return lines of cells between tabs for a pipe; the last cell is the credit of the name."""
    return "".join("\t".join((*_cells(line), line.credit or "")) + "\n" for line in lines)


def credit_lines(lines: Iterable[StationCounts]) -> list[str]:
    """Return a line that credits the names, if they have a credit."""
    credits = dict.fromkeys(line.credit for line in lines if line.credit)
    return [f"Names: {'; '.join(credits)}"] if credits else []


def _cells(line: StationCounts) -> tuple[str, ...]:
    free = f"{line.free}/{line.total}" if line.total else "-"
    km = "" if line.distance_km is None else f"{line.distance_km:.1f}"
    texts = (line.station, free, line.condition, line.certainty or "no report")
    return (*texts, safe_text(line.name or ""), safe_text(line.place or ""), km)
