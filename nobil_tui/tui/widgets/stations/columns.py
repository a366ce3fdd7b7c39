"""The columns of the station list: one table, every column once."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment

from nobil_tui.charging.board import MAX_AHEAD, Board, Since
from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.charging.station import Station
from nobil_tui.search.list_columns import ListColumn, shown_columns
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import fit_width, truncate
from nobil_tui.tui.text.distances import distance_text
from nobil_tui.tui.text.times import age_text, age_text_lasts
from nobil_tui.tui.widgets.stations.connector_glyphs import connector_runs
from nobil_tui.tui.widgets.stations.layout import Column, StationRow

MARKS_WIDTH = 4
"""Cursor, star, alert mark and a space."""
_COUNT_GAP = 2
"""Cells after the counts and after the glyphs."""
_CHANGED_WIDTH = 8
_MAX_PLUG_WIDTH = 11
_ROW_LASTS = 86_400_000
"""Milliseconds after which a row without an age is painted again."""
_SHORT_PLUGS = {"Type 1": "T1", "Type 2": "T2", "CHAdeMO": "CHA"}

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
        Segment(" " * _COUNT_GAP, pane.style_of("", row.cursor)),
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
    segments.append(Segment(" " * (width + _COUNT_GAP - used), pane.style_of("", row.cursor)))
    return segments


def _id(row: StationRow, width: int) -> list[Segment]:
    text = fit_width(row.station_id, width, row.pane.glyphs.ellipsis)
    return [Segment(text + " ", row.pane.style_of("quiet", row.cursor))]


def _name(row: StationRow, width: int) -> list[Segment]:
    text = fit_width(row.facts.name or row.station_id, width, row.pane.glyphs.ellipsis)
    style = row.pane.style_of("strong" if row.cursor else "", row.cursor)
    return [Segment(text + " ", style)]


def _place(row: StationRow, width: int) -> list[Segment]:
    text = fit_width(row.facts.place, width, row.pane.glyphs.ellipsis)
    return [Segment(text + " ", row.pane.style_of("quiet", row.cursor))]


def _distance(row: StationRow, width: int) -> list[Segment]:
    km = row.station_list.distance(row.station_id)
    text = "" if km is None else distance_text(km)
    return [Segment(text.rjust(width) + " ", row.pane.style_of("", row.cursor))]


def _plug(row: StationRow, width: int) -> list[Segment]:
    plug = row.station_list.best_plug(row.station_id)
    text = _plug_text(plug, row.facts, width, row.pane.glyphs.ellipsis)
    padding = " " * (width - cell_len(text))
    return [Segment(padding + text + " ", row.pane.style_of("quiet", row.cursor))]


def _price(row: StationRow, width: int) -> list[Segment]:
    text = _price_text(row.facts)
    return [Segment(text.rjust(width) + " ", row.pane.style_of("", row.cursor))]


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


def _price_text(facts: Facts) -> str:
    """Return the lowest price for a kWh at a station; empty if it is unknown."""
    kwh = facts.kwh_price
    return "" if kwh is None else f"{kwh:.2f}"


def _plug_text(plug: Plug | None, facts: Facts, width: int, ellipsis: str = "") -> str:
    """Return the name and the power (kW) of a plug, and how many others there are: ``CCS 150 +2``.

    The others are left out if there is no room; then the name is truncated, never the power.
    """
    if plug is None:
        return ""
    power = f"{plug.kw:g}" if plug.kw else ""
    name = _SHORT_PLUGS.get(plug.name, plug.name)
    text = f"{name} {power}".strip()
    others = len({each.name for each in facts.plugs}) - 1
    if others > 0 and cell_len(text) + len(f" +{others}") <= width:
        return f"{text} +{others}"
    return f"{truncate(name, width - len(power) - bool(power), ellipsis)} {power}".strip()


# Measures


def _measure_free(_list: StationList, _id: str, station: Station | None, _facts: Facts) -> int:
    return len(station.summary.text) if station else 0


def _measure_connectors(
    _list: StationList, _id: str, station: Station | None, _facts: Facts
) -> int:
    return len(station.connectors) if station else 0


def _measure_id(_list: StationList, station_id: str, _station: Station | None, facts: Facts) -> int:
    # Without a name the id is in the name's column.
    return cell_len(station_id) if facts.name else 0


def _measure_place(_list: StationList, _id: str, _station: Station | None, facts: Facts) -> int:
    return cell_len(facts.place)


def _measure_distance(
    station_list: StationList, station_id: str, _station: Station | None, _facts: Facts
) -> int:
    if station_list.origin is None:
        return 0
    km = station_list.distance(station_id)
    return 0 if km is None else len(distance_text(km))


def _measure_plug(_list: StationList, _id: str, _station: Station | None, facts: Facts) -> int:
    return cell_len(_plug_text(facts.best_plug, facts, _MAX_PLUG_WIDTH))


def _measure_price(_list: StationList, _id: str, _station: Station | None, facts: Facts) -> int:
    return len(_price_text(facts))


STATION_COLUMNS = (
    Column("marks", "", _marks, MARKS_WIDTH, MARKS_WIDTH, sort=Sort.STARRED, gap=0),
    Column(
        ListColumn.FREE,
        "Free",
        _free,
        5,
        7,
        _measure_free,
        Sort.FREE,
        _COUNT_GAP,
        live=True,
        align_right=True,
        words="Free connectors, and those in service",
    ),
    Column(
        ListColumn.CONNECTORS,
        "Now",
        _connectors,
        4,
        12,
        _measure_connectors,
        Sort.CONNECTORS,
        gap=_COUNT_GAP,
        first_width=10,
        grows_beyond=24,
        shrinks=True,
        live=True,
        long_head="Connectors",
        words="Condition of each connector",
    ),
    Column(
        ListColumn.ID,
        "Id",
        _id,
        3,
        12,
        _measure_id,
        Sort.ID,
        priority=5,
        spares=24,
        words="Id",
    ),
    Column(ListColumn.NAME, "Station", _name, 1, 1, sort=Sort.NAME, fills=True, words="Name"),
    Column(
        ListColumn.PLACE,
        "Place",
        _place,
        5,
        12,
        _measure_place,
        Sort.PLACE,
        priority=3,
        first_width=8,
        grows_beyond=18,
        words="Place",
    ),
    Column(
        ListColumn.DISTANCE,
        "Away",
        _distance,
        5,
        8,
        _measure_distance,
        Sort.DISTANCE,
        priority=1,
        align_right=True,
        words="Distance from home, or from the place of the filter",
        squeezes=True,
    ),
    Column(
        ListColumn.PRICE,
        "kWh",
        _price,
        4,
        6,
        _measure_price,
        Sort.PRICE,
        priority=4,
        align_right=True,
        words="Lowest price of a kWh",
    ),
    Column(
        ListColumn.PLUG,
        "Plug",
        _plug,
        4,
        _MAX_PLUG_WIDTH,
        _measure_plug,
        Sort.POWER,
        priority=2,
        first_width=8,
        grows_beyond=17,
        align_right=True,
        words="Strongest plug, and how many other kinds",
        squeezes=True,
    ),
    Column(
        ListColumn.CHANGED,
        "Changed",
        _changed,
        _CHANGED_WIDTH,
        _CHANGED_WIDTH,
        sort=Sort.CHANGED,
        live=True,
        align_right=True,
        words="Age of the last change",
    ),
)
"""Every column, in the usual order. Distance, plug and place have room before the id: a driver
looks for where a charger is, and what it has, and reads its whole name."""


def chosen_columns(chosen: Sequence[ListColumn]) -> tuple[Column, ...]:
    """Return the marks and the columns that the user chose, in their order."""
    by_id = {column.id: column for column in STATION_COLUMNS}
    return STATION_COLUMNS[0], *(by_id[each] for each in shown_columns(chosen))
