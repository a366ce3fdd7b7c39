"""The station pane: one row per station."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.markup import escape
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from nobil_tui.base.clock import Clock
from nobil_tui.commands import Context, command_by_id
from nobil_tui.monitor.batch import Batch
from nobil_tui.search.list_columns import ListColumn
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.widgets.stations.layout import Layout
from nobil_tui.tui.widgets.stations.newer import NewerStations
from nobil_tui.tui.widgets.stations.row import StationRowPainter
from nobil_tui.tui.widgets.stations.titles import empty_list_text, list_counts, list_title
from nobil_tui.tui.widgets.virtual_list import VirtualList

RESORT_INTERVAL = 1.0
"""The shortest time in seconds between two sorts: a list that moves often is hard to read."""
INPUT_PAUSE = 2.0
"""Seconds since the last key or click before the list re-sorts by itself."""
_FIRST = command_by_id("first")
_MAX_STRIPS = 500
"""How many painted rows are kept; far more than a screen has."""
_COUNTED_AT_ONCE = 2000
"""The most stations of a filtered list whose connectors are counted at once; more are counted
later."""


class StationsPane(VirtualList):
    """The station list. The ``selected`` station survives sorting, filtering and updates."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.STATIONS)
    HEADER = 1

    selected: reactive[str] = reactive("", repaint=False)
    """The id of the station under the cursor; empty if the list is empty."""

    class Selected(Message):
        """The cursor moved to another station: see ``StationsPane.selected``."""

    class StarClicked(Message):
        """The user clicked the star of a row."""

        def __init__(self, station: str) -> None:
            super().__init__()
            self.station = station

    class Reordered(Message):
        """The user selected another order."""

    class Opened(Message):
        """The user asked for the connectors of the selected station, if there is one."""

    def __init__(self, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self.clock = clock
        self.last_input_at = 0.0
        """The time of the last key or click, by the monotonic clock."""
        self.columns: Sequence[ListColumn] = ()
        """The columns that the user chose; none for the usual ones."""
        self.alerted: set[str] = set()
        """The stations with an alert."""
        self.in_alert_area: set[str] = set()
        """The stations of an area with an alert."""
        self.waiting_text = ""
        """The text of the list before the first station."""
        self._station_list: StationList | None = None
        self._painter: StationRowPainter | None = None
        self._wanted = ""
        self._has_stations = False
        """Whether the stream has named a station: before, only starred ones are listed."""
        self._sorted_at = 0.0
        self._is_rebuilding = False
        self._newer = NewerStations()
        self._painted: dict[int, str] = {}
        """The station painted on each line of the screen: a click means what the user sees."""
        self._lasting: dict[int, tuple[int, int]] = {}
        """When each line of the screen was painted, and until when it stays the same, in ms."""
        self._strips: dict[str, tuple[tuple[object, ...], int, int, Strip]] = {}
        """Painted rows with their inputs, and from when until when (ms) they are valid: sorting a
        list again moves rows, and most stay the same."""
        self._layout: Layout | None = None
        self._layout_width = 0
        """The width of ``_layout``: Textual paints a resized widget before its resize event."""

    @property
    def station_list(self) -> StationList:
        """The list to show. Set it for another source."""
        if self._station_list is None:
            raise RuntimeError("the station pane has no station list yet")
        return self._station_list

    @station_list.setter
    def station_list(self, station_list: StationList) -> None:
        self._station_list = station_list
        self._painter = StationRowPainter(self, station_list, self.columns)
        self._has_stations = False
        self.rebuild()

    @property
    def wanted(self) -> str:
        """The station that the user selected, which may be hidden for now; empty while the
        selection follows the top of the list."""
        return self._wanted

    @wanted.setter
    def wanted(self, station: str) -> None:
        self._wanted = station
        self.rebuild()

    def show_columns(self, columns: Sequence[ListColumn]) -> None:
        """Show other columns; none for the usual ones."""
        self.columns = columns
        if self._station_list is not None:
            self._painter = StationRowPainter(self, self._station_list, columns)
            self._layout = None
            self._strips.clear()
            self.refresh()

    # Updates

    def apply(self, batch: Batch) -> None:
        """Show the changes of a batch."""
        station_list = self.station_list
        touched = batch.touched
        if batch.whole:
            self._strips.clear()
        for station in touched:
            self._strips.pop(station, None)
        for report in batch.raw_reports:
            # It confirms.
            self._strips.pop(report.station_id, None)
        if station_list.query.is_live and batch.raw_reports:
            # A raw report changes nothing, but it confirms.
            touched = touched.union(report.station_id for report in batch.raw_reports)
        station_list.mark_changed(touched, whole=batch.whole, now=self.clock.now())
        if station_list.stale and not (station_list.ids and self._has_stations):
            self.rebuild()
        elif batch.whole:
            self.refresh()
            self._update_titles()
        else:
            # Check the lines on screen: of a country, they are far fewer than the changes.
            on_screen = station_list.ids[self.top : self.top + self.page]
            for line, station in enumerate(on_screen, self.top):
                if station in touched:
                    self.repaint_line(line)

    def resort_when_idle(self) -> None:
        """Sort a stale list, unless the user is active or it was sorted just now."""
        now = self.clock.monotonic()
        self.station_list.mark_changed((), whole=False, now=self.clock.now())
        idle = now - self.last_input_at >= INPUT_PAUSE
        if self.station_list.stale and idle and now - self._sorted_at >= RESORT_INTERVAL:
            self.rebuild(by_itself=True)

    def rebuild(self, *, by_itself: bool = False) -> None:
        """Filter and sort the list.

        A list at its top stays there if the selected row fits on the screen; otherwise, that row
        keeps its line. ``by_itself``: not because of a key, so that the title counts stations that
        move above the screen.
        """
        station_list = self.station_list
        before = station_list.row_of(self.selected)
        offset = None if before is None or not self._has_stations else before - self.top
        at_top = self.top == 0
        station_list.refresh(self.clock.now())
        self._sorted_at = self.clock.monotonic()
        self._layout = None
        self._is_rebuilding = True
        if not by_itself:
            # Stars, names, or the plugs that are counted may differ.
            self._strips.clear()
        self._update_selected()
        self.update_count()
        line = station_list.row_of(self.selected)
        if line is not None:
            stays_at_top = at_top and line < self.page
            if not stays_at_top and offset is not None and 0 <= offset < self.page:
                self.scroll_to(y=max(0, line - offset), animate=False, immediate=True)
            self.show_line(line)
        self._is_rebuilding = False
        if by_itself:
            self._newer.list_moved(station_list.ids, self.top)
        else:
            self._newer.restart(station_list.ids, self.top)
        self._update_titles(at_once=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Note what is above the screen when the user scrolls."""
        super().watch_scroll_y(old_value, new_value)
        if self._is_rebuilding or self._station_list is None:
            return
        if self._newer.scrolled(self._station_list.ids, self.top):
            self._update_titles(at_once=True)

    def on_resize(self) -> None:
        """Keep the selected station on screen."""
        super().on_resize()
        line = self._station_list.row_of(self.selected) if self._station_list else None
        if line is not None:
            self.show_line(line)

    def refresh_ages(self) -> None:
        """Repaint the ages that changed."""
        self._update_titles()
        if not self.station_list.board.downtime.live:
            # Every station becomes more stale.
            self.repaint_changed()
            return
        now = self.clock.now()
        lines = range(min(self.page, self.count - self.top))
        self.repaint_changed(
            line + self.HEADER for line in lines if not self._is_still_right(line, now)
        )

    def _is_still_right(self, line: int, now: int) -> bool:
        """Return whether a line has the text with which it was painted."""
        painted_at, until = self._lasting.get(line, (0, 0))
        return painted_at <= now < until

    def select(self, station: str) -> bool:
        """Move the cursor to a station. Return whether it is listed."""
        line = self.station_list.row_of(station)
        if line is None:
            return False
        self._wanted = station
        self.selected = station
        self.show_line(line)
        return True

    def show_at_first(self, station: str) -> None:
        """Select a listed station for a user who selected none."""
        self.selected = station
        self.show_line(self.station_list.row_of(station) or 0)

    def take(self) -> str:
        """Return the selected station for a command; empty if there is none.

        It stays selected without a filter too, as if the user had moved there.
        """
        self._wanted = self.selected
        return self.selected

    def watch_selected(self, before: str, after: str) -> None:
        """Repaint the two rows, and post ``Selected``."""
        if self._station_list is not None and after != self._station_list.held:
            self._station_list.release()
        for station in (before, after):
            line = self.station_list.row_of(station) if self._station_list else None
            if line is not None:
                self.repaint_line(line)
        self.post_message(self.Selected())

    # The lines

    @property
    def count(self) -> int:
        """The number of listed stations."""
        return len(self._station_list.ids) if self._station_list else 0

    def is_cursor(self, index: int) -> bool:
        """Return whether a row is that of the selected station."""
        return self.station_list.ids[index] == self.selected

    def strip(self, index: int, width: int) -> Strip:
        """Paint a station, unless its row is known."""
        station = self.station_list.ids[index]
        assert self._painter is not None  # noqa: S101  # created with the list
        now, board = self.clock.now(), self.station_list.board
        depends = (
            self._layout_for(self._painter, width),
            width,
            station == self.selected,
            station in self.station_list.starred,
            self.station_list.origin,
            self._alert_style(station),
            board.downtime.past,
            board.freshness.confirmed,
        )
        known = self._strips.get(station)
        # While the link is down, every station becomes more stale.
        is_live = board.downtime.live
        if known and is_live and known[0] == depends and known[1] <= now < known[2]:
            painted_at, until, strip = known[1:]
        else:
            strip = super().strip(index, width)
            painted_at, until = now, now + self._painter.row_lasts(station, now)
            if len(self._strips) >= _MAX_STRIPS:
                self._strips.clear()
            if is_live:
                self._strips[station] = depends, painted_at, until, strip
        line = index - self.top
        self._painted[line] = station
        self._lasting[line] = painted_at, until
        return strip

    def segments(self, index: int, width: int) -> list[Segment]:
        """Paint a station."""
        station = self.station_list.ids[index]
        assert self._painter is not None  # noqa: S101  # created with the list
        return self._painter.row(
            station,
            self._layout_for(self._painter, width),
            self.clock.now(),
            cursor=station == self.selected,
            alert_style=self._alert_style(station),
        )

    def _alert_style(self, station: str) -> str:
        if station in self.alerted:
            return "note"
        return "quiet" if station in self.in_alert_area else ""

    def clear_styles(self) -> None:
        """Discard the rows in the colours of another theme."""
        self._strips.clear()
        super().clear_styles()

    def header_segments(self, row: int, width: int) -> list[Segment]:
        """Paint the column headings."""
        if self._painter is None:
            return []
        return self._painter.header(self._layout_for(self._painter, width))

    def move_cursor(self, by: int) -> None:
        """Select the station ``by`` lines below."""
        ids = self.station_list.ids
        if not ids:
            return
        line = self.station_list.row_of(self.selected) or 0
        self.select(ids[min(max(line + by, 0), len(ids) - 1)])

    def action_first(self) -> None:
        """Go to the first line, and stay at the top when the list is sorted again."""
        self._wanted = ""
        self.scroll_to(y=0, animate=False, immediate=True)
        if ids := self.station_list.ids:
            self.selected = ids[0]

    def select_next(self, is_wanted: Callable[[str], bool]) -> bool:
        """Select the next station below that ``is_wanted``, else the first one from the top.

        Return whether there is any other.
        """
        ids = self.station_list.ids
        line = self.station_list.row_of(self.selected)
        start = -1 if line is None else line
        around = chain(range(start + 1, len(ids)), range(max(start, 0)))
        found = next((ids[index] for index in around if is_wanted(ids[index])), None)
        return found is not None and self.select(found)

    def action_open(self) -> None:
        """Open the selected station."""
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Select or star the row that was painted there, or sort by the column."""
        offset = event.get_content_offset(self)
        if offset is None and event.y == 0 and self._newer.count:
            # The count of newer stations in the upper border.
            self.action_first()
        if offset is None or self._painter is None:
            return
        if offset.y < self.HEADER:
            layout = self._layout_for(self._painter, self.scrollable_content_region.width)
            sort = self._painter.sort_at(offset.x, layout)
            if sort is not None:
                self.sort_by(sort)
            return
        station = self._painted.get(offset.y - self.HEADER)
        if station is None or self.station_list.row_of(station) is None:
            return
        self.select(station)
        if self._painter.is_star(offset.x):
            self.post_message(self.StarClicked(station))
        elif event.chain == 2:
            self.action_open()

    def sort_by(self, sort: Sort) -> None:
        """Sort by an order; reverse it if it is selected already."""
        station_list = self.station_list
        again = station_list.active_sort is sort
        station_list.choose_order(sort, reverse=again and not station_list.is_reversed)
        self._show_order()

    def action_sort(self) -> None:
        """Select the next order."""
        station_list = self.station_list
        sorts = station_list.available_sorts
        station_list.choose_order(sorts[(sorts.index(station_list.active_sort) + 1) % len(sorts)])
        self._show_order()

    def _show_order(self) -> None:
        """Sort by another order and show its beginning, with the selected station if it is
        there."""
        # A star that was set just now counts in the new order.
        self.station_list.release()
        self.scroll_to(y=0, animate=False, immediate=True)
        self.rebuild()
        line = self.station_list.row_of(self.selected)
        if self.top or (line is not None and line >= self.page):
            self.action_first()
        self.post_message(self.Reordered())

    def action_reverse_sort(self) -> None:
        """Reverse the order."""
        self.sort_by(self.station_list.active_sort)

    def _update_selected(self) -> None:
        """Keep the wanted station selected, or select the first one while it is hidden."""
        station_list = self.station_list
        row = station_list.row_of(self.selected)
        if self._wanted and station_list.row_of(self._wanted) is not None:
            self.selected = self._wanted
        elif not self._has_stations or row is None or (not self._wanted and row >= self.page):
            self.selected = station_list.ids[0] if station_list.ids else ""
        self._has_stations = bool(station_list.board.stations)

    def _layout_for(self, painter: StationRowPainter, width: int) -> Layout:
        if self._layout is None or self._layout_width != width:
            self._layout_width = width
            self._layout = painter.layout(width)
        return self._layout

    # Titles and texts

    def _update_titles(self, *, at_once: bool = False) -> None:
        """Update the border titles; ``at_once`` leaves out counts that take long."""
        station_list = self.station_list
        title = list_title(station_list, self.glyphs)
        if newer := self._newer.count:
            first = escape([_FIRST.label, *self.keys.labels(_FIRST).split()][-1])
            up, dot = self.glyphs.up, self.glyphs.dot
            title += f" [reverse] {up} {newer:,} new {dot} {first} [/]"
        counted = not at_once or not station_list.filtered or self.count <= _COUNTED_AT_ONCE
        self.set_titles(title, list_counts(station_list, self.glyphs, counted=counted))

    @property
    def tail_text(self) -> str:
        """The waiting text below starred stations before the first report."""
        if self._station_list is None or self._station_list.board.stations:
            return ""
        return self.waiting_text

    @property
    def empty_text(self) -> str:
        """Why the list is empty, and the key to change that."""
        if self._station_list is None or not self._station_list.total:
            return self.waiting_text
        return empty_list_text(self._station_list, self.keys)
