"""How one station is painted as a row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from nobil_tui.charging.board import MAX_AHEAD, Board, Since
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import SLIGHT, Staleness, staleness_of
from nobil_tui.charging.geo import Position
from nobil_tui.charging.register import Plug
from nobil_tui.charging.station import Station, Summary
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import fit_width, truncate
from nobil_tui.tui.text.distances import distance_text
from nobil_tui.tui.text.times import age_text
from nobil_tui.tui.widgets.stations.columns import CHANGED, COLUMN_GAP, EDGE, Columns, Needs, lay_out

if TYPE_CHECKING:
    from nobil_tui.tui.widgets.stations.pane import StationsPane

_MOST_ID = 12
_MOST_PLACE = 12
_MOST_DISTANCE = 8
_MOST_PLUG = 9
_SAMPLE = 200
"""Rows that are asked how wide their columns would be: enough to be right, few enough for every keystroke."""
_MOST_LOOKED_AT = 20 * _SAMPLE
_SHORT = {"Type 1": "T1", "Type 2": "T2", "CHAdeMO": "CHA"}
"""Plugs as a row has room to name them."""
_HEADS = {
    Sort.FREE: "Free",
    Sort.ID: "Id",
    Sort.NAME: "Station",
    Sort.DISTANCE: "Away",
    Sort.CHANGED: "Changed",
}
_ABSENT = ("not in the stream", "not streamed")
"""What is said of a station that a snapshot does not have, in full and where there is little room."""
_SILENT = ("no report yet", "no report")
"""The same where the stream tells of one station at a time."""


class StationRowPainter:
    """Paints the rows and the header of a station list."""

    def __init__(self, stations: StationsPane, station_list: StationList) -> None:
        self._list = stations
        self._station_list = station_list
        self._needs = Needs()
        self._looked_at: dict[str, tuple[int, int]] = {}
        """How much room counts and signs took of the stations that were looked at; all else of them stays."""
        self._origin: Position | None = None
        self._version = station_list.register.version

    def columns(self, width: int) -> Columns:
        """Lay the columns out for what is listed, and was: they do not jump about while a filter is typed."""
        station_list = self._station_list
        if self._version != station_list.register.version:
            self._version = station_list.register.version
            self._needs = Needs()
            self._looked_at.clear()
        if self._origin != station_list.origin:
            # Distances from elsewhere, or none at all.
            self._origin = station_list.origin
            self._needs.distance = 0
            self._looked_at.clear()
        if len(self._looked_at) > _MOST_LOOKED_AT:
            self._looked_at.clear()
        for station_id in station_list.ids[:_SAMPLE]:
            self._look_at(station_id)
        return lay_out(width, self._needs)

    def header(self, columns: Columns) -> list[Segment]:
        """Paint the column heads; the one that the list is ordered by has an arrow."""
        style = self._list.style_of("quiet")
        strong = style + Style(bold=True)
        order = self._station_list.active_sort
        return [Segment(text, strong if sort is order else style) for text, sort in self._heads(columns)]

    def sort_at(self, x: int, columns: Columns) -> Sort | None:
        """Tell which order a click on the header means."""
        for text, sort in self._heads(columns):
            x -= len(text)
            if x < 0:
                return sort
        return None

    def is_star(self, x: int) -> bool:
        """Whether a cell belongs to the star."""
        return 1 <= x < EDGE

    def row(self, station_id: str, columns: Columns, now: int, cursor: bool) -> list[Segment]:
        """Paint one station."""
        painted, station_list = self._list, self._station_list
        station = station_list.board.stations.get(station_id)
        facts = station_list.register.facts(station_id)
        plain, quiet = painted.style_of("", cursor), painted.style_of("quiet", cursor)
        ellipsis = painted.glyphs.ellipsis
        segments = self._edge(station_id, cursor)
        if station is None:
            whole, short = _ABSENT if station_list.board.has_snapshot else _SILENT
            text = whole if columns.volatile > len(whole) else short
            segments.append(Segment(fit_width(text, columns.volatile, ellipsis), quiet))
        else:
            segments += self._volatile(station, columns, now, cursor)
        if columns.id:
            segments.append(Segment(fit_width(station_id, columns.id, ellipsis) + " ", quiet))
        name = fit_width(facts.name or station_id, columns.name, ellipsis) + " "
        segments.append(Segment(name, painted.style_of("strong", cursor) if cursor else plain))
        if columns.place:
            segments.append(Segment(fit_width(facts.place, columns.place, ellipsis) + " ", quiet))
        if columns.distance:
            km = station_list.distance(station_id)
            away = "" if km is None else distance_text(km)
            segments.append(Segment(away.rjust(columns.distance) + " ", plain))
        if columns.plug:
            plug = _plug_text(station_list.best_plug(station_id), columns.plug, ellipsis)
            segments.append(Segment(" " * (columns.plug - cell_len(plug)) + plug + " ", quiet))
        if station is not None:
            segments.append(self._changed(station, now, cursor))
        return segments

    def _look_at(self, station_id: str) -> None:
        """Widen what the columns need, if this station does."""
        station_list = self._station_list
        station = station_list.board.stations.get(station_id)
        free = len(station.summary.text) if station else 0
        glyphs = len(station.connectors) if station else 0
        if self._looked_at.get(station_id) == (free, glyphs):
            return
        self._looked_at[station_id] = free, glyphs
        facts = station_list.register.facts(station_id)
        needs = self._needs
        needs.free, needs.glyphs = max(needs.free, free), max(needs.glyphs, glyphs)
        # A column that is as wide as it gets need not be asked for more: mostly few rows have to be measured.
        if needs.id < _MOST_ID and facts.name:
            needs.id = max(needs.id, _need(station_id, 3, _MOST_ID))
        if needs.place < _MOST_PLACE:
            needs.place = max(needs.place, _need(facts.place, 5, _MOST_PLACE))
        km = None if self._origin is None else station_list.distance(station_id)
        if km is not None:
            needs.distance = max(needs.distance, _need(distance_text(km), 5, _MOST_DISTANCE))
        if needs.plug < _MOST_PLUG:
            needs.plug = max(needs.plug, _need(_plug_text(facts.best_plug, _MOST_PLUG), 4, _MOST_PLUG))

    def _heads(self, columns: Columns) -> Iterator[tuple[str, Sort | None]]:
        yield " " * EDGE, Sort.STARRED
        yield self._head(Sort.FREE).rjust(columns.free) + " " * COLUMN_GAP, Sort.FREE
        yield ("Connectors" if columns.glyphs >= len("Connectors") else "Now").ljust(columns.glyphs + COLUMN_GAP), None
        if columns.id:
            yield self._head(Sort.ID).ljust(columns.id) + " ", Sort.ID
        yield self._head(Sort.NAME)[: columns.name].ljust(columns.name) + " ", Sort.NAME
        if columns.place:
            yield "Place"[: columns.place].ljust(columns.place) + " ", None
        if columns.distance:
            yield self._head(Sort.DISTANCE).rjust(columns.distance) + " ", Sort.DISTANCE
        if columns.plug:
            yield "Plug"[: columns.plug].rjust(columns.plug) + " ", None
        yield self._head(Sort.CHANGED).rjust(CHANGED), Sort.CHANGED

    def _head(self, sort: Sort) -> str:
        station_list = self._station_list
        if station_list.active_sort is not sort:
            return _HEADS[sort]
        glyphs = self._list.glyphs
        return (glyphs.up if station_list.options.reverse == sort.is_live else glyphs.down) + _HEADS[sort]

    def _edge(self, station_id: str, cursor: bool) -> list[Segment]:
        painted = self._list
        glyphs = painted.glyphs
        starred, told = station_id in self._station_list.starred, station_id in painted.alerted
        plain = painted.style_of("", cursor)
        if not starred and not told:
            return [Segment((glyphs.cursor if cursor else " ") + " " * (EDGE - 1), plain)]
        return [
            Segment(glyphs.cursor if cursor else " ", plain),
            Segment(glyphs.star if starred else " ", painted.style_of("star", cursor)),
            Segment((glyphs.alert if told else " ") + " ", painted.style_of("note", cursor)),
        ]

    def _volatile(self, station: Station, columns: Columns, now: int, cursor: bool) -> list[Segment]:
        """Paint counts and signs of the connectors that are asked for, in ``columns.volatile`` cells."""
        painted, station_list = self._list, self._station_list
        plain = painted.style_of("", cursor)
        summary = station_list.count(station)
        text = truncate(summary.text, columns.free, painted.glyphs.ellipsis)
        segments = [
            Segment(text.rjust(columns.free), painted.condition_style(summary.condition, cursor)),
            Segment(" " * COLUMN_GAP, plain),
        ]
        used = columns.free + COLUMN_GAP
        for condition, stale, sign in self._signs(station, summary, columns.glyphs, now):
            segments.append(Segment(sign, painted.condition_style(condition, cursor, stale=stale)))
            used += len(sign)
        segments.append(Segment(" " * (columns.volatile - used), plain))
        return segments

    def _signs(self, station: Station, summary: Summary, width: int, now: int) -> Iterator[tuple[Condition, bool, str]]:
        """A sign for each connector, those alike together; numbers instead where there is no room for all."""
        board, signs = self._station_list.board, self._list.glyphs.conditions
        indexes = self._station_list.selected_connectors(station)
        if indexes is None:
            each = [(Condition.UNKNOWN, False)] * summary.total
        elif board.downtime.total(now) <= SLIGHT:
            # Nothing can be old, so it need not be asked for each.
            each = [(station.connectors[index].condition, False) for index in indexes]
        else:
            each = [
                (station.connectors[index].condition, board.unconfirmed_for(station, index, now) > SLIGHT)
                for index in indexes
            ]
        if len(each) > width:
            yield from _numbers(each, signs, width)
            return
        for (condition, stale), alike in groupby(each):
            yield condition, stale, signs[condition] * len(list(alike))

    def _changed(self, station: Station, now: int, cursor: bool) -> Segment:
        painted, board = self._list, self._station_list.board
        if not station.connectors:
            return Segment("–".rjust(CHANGED), painted.style_of("quiet", cursor))
        last = _last_change(board, station, now)
        certainty = Staleness.CONFIRMED
        if board.downtime.total(now):
            every = range(len(station.connectors))
            certainty = staleness_of(max(board.unconfirmed_for(station, index, now) for index in every))
        text = age_text(now - last.at)
        if certainty is Staleness.SLIGHTLY_STALE:
            text = "~" + text
        elif last.at_least:
            text = painted.glyphs.at_least + text
        return Segment(text.rjust(CHANGED), painted.style_of("", cursor, stale=certainty >= Staleness.STALE))


def _need(text: str, head: int, most: int) -> int:
    """How wide a column must be for a text and for its own head; zero where there is no text."""
    return min(max(cell_len(text), head), most) if text else 0


def _last_change(board: Board, station: Station, now: int) -> Since:
    """When a connector of a station changed last."""
    times = [connector.timestamp for connector in station.connectors]
    latest = max(times)
    if min(times) > 0 and latest <= now + MAX_AHEAD:
        return board.since(station, times.index(latest), now)
    return max((board.since(station, index, now) for index in range(len(times))), key=lambda since: since.at)


def _numbers(
    each: list[tuple[Condition, bool]], signs: tuple[str, ...], width: int
) -> Iterator[tuple[Condition, bool, str]]:
    """How many are in each condition, as many of these as there is room for. A number is as old as the oldest in it."""
    counts = [0] * len(signs)
    stale = [False] * len(signs)
    for condition, is_stale in each:
        counts[condition] += 1
        stale[condition] |= is_stale
    if sum(len(f"{sign}{count}") for sign, count in zip(signs, counts, strict=True) if count) > width:
        # To a counter, blocked and reserved are occupied.
        counts[Condition.OCCUPIED] += counts[Condition.BLOCKED] + counts[Condition.RESERVED]
        stale[Condition.OCCUPIED] |= stale[Condition.BLOCKED] or stale[Condition.RESERVED]
        counts[Condition.BLOCKED] = counts[Condition.RESERVED] = 0
    for condition in Condition:
        text = f"{signs[condition]}{counts[condition]}"
        if counts[condition] and len(text) <= width:
            width -= len(text)
            yield condition, stale[condition], text


def _plug_text(plug: Plug | None, width: int, ellipsis: str = "") -> str:
    """Name and power; where there is no room for both, the name is cut."""
    if plug is None:
        return ""
    power = f"{plug.kw:g}" if plug.kw else ""
    name = truncate(_SHORT.get(plug.name, plug.name), width - len(power) - bool(power), ellipsis)
    return f"{name} {power}".strip()
