"""The station pane: one row per station."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive

from nobil_tui.base.clock import Clock
from nobil_tui.commands import Context
from nobil_tui.monitor.batch import Batch
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.widgets.stations.columns import Columns, Needs, lay_out
from nobil_tui.tui.widgets.stations.row import StationRowPainter
from nobil_tui.tui.widgets.virtual_list import VirtualList

RESORT_INTERVAL = 1.0
"""Seconds: a list that moves under the eye is hard to read."""
INPUT_PAUSE = 2.0
"""Seconds since the last key or click before the list may move by itself: under the hand it is useless."""

_QUICK = 2000
"""Stations of a filtered list whose connectors are counted at once; those of more when the list is at rest."""


class StationsPane(VirtualList):
    """The list; its ``selected`` station stays selected whatever is sorted, filtered or updated."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.STATIONS)
    HEADER = 1

    selected: reactive[str] = reactive("", repaint=False)
    """The id of the station under the cursor; empty where the list is."""

    class Selected(Message):
        """Another station is under the cursor."""

        def __init__(self, station: str) -> None:
            super().__init__()
            self.station = station

    class StarClicked(Message):
        """The star of a row was clicked."""

        def __init__(self, station: str) -> None:
            super().__init__()
            self.station = station

    class Reordered(Message):
        """The user chose another order."""

    def __init__(self, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self.clock = clock
        self.last_input_at = 0.0
        """When a key or a click last came, by the monotonic clock."""
        self.alerted: set[str] = set()
        """The stations of which the user wants to be told when one becomes free."""
        self.waiting_text = ""
        """What stands in the list before there is anything to list."""
        self._station_list: StationList | None = None
        self._painter: StationRowPainter | None = None
        self._wanted = ""
        self._begun = False
        """Whether the stream has named a station: before that only starred ones are listed."""
        self._sorted_at = 0.0
        self._painted: dict[int, str] = {}
        self._columns: Columns | None = None
        self._columns_at = 0
        """The width that they were laid out for: what is resized is painted before anybody tells of it."""

    @property
    def station_list(self) -> StationList:
        """What is listed. Set it to begin anew with another source."""
        if self._station_list is None:
            raise RuntimeError("the station list has no station_list yet")
        return self._station_list

    @station_list.setter
    def station_list(self, station_list: StationList) -> None:
        self._station_list = station_list
        self._painter = StationRowPainter(self, station_list)
        self._begun = False
        self.rebuild()

    # What happens

    def apply(self, batch: Batch) -> None:
        """Take over what a batch did to the board."""
        station_list = self.station_list
        touched = batch.touched
        if station_list.query.is_live and batch.raw_reports:
            # A charger's own report is no change, but it confirms.
            touched = touched.union(report.station_id for report in batch.raw_reports)
        station_list.mark_changed(touched, whole=batch.whole, now=self.clock.now())
        if station_list.stale and not (station_list.ids and self._begun):
            self.rebuild()
        elif batch.whole:
            self.refresh()
        else:
            # By what is on screen: of a country, that is far less than what is touched.
            for line, station in enumerate(station_list.ids[self.top : self.top + self.page], self.top):
                if station in touched:
                    self.repaint_line(line)

    def resort_when_idle(self) -> None:
        """Bring a stale list into order, if it may move now."""
        now = self.clock.monotonic()
        self.station_list.mark_changed((), whole=False, now=self.clock.now())
        idle = now - self.last_input_at >= INPUT_PAUSE
        if self.station_list.stale and idle and now - self._sorted_at >= RESORT_INTERVAL:
            self.rebuild()

    def rebuild(self) -> None:
        """Filter and sort anew; the selected row keeps its line on the screen."""
        station_list = self.station_list
        before = station_list.row_of(self.selected)
        offset = None if before is None or not self._begun else before - self.top
        station_list.refresh(self.clock.now())
        self._sorted_at = self.clock.monotonic()
        self._columns = None
        self._select_what_is_there()
        self.recount()
        line = station_list.row_of(self.selected)
        if line is not None:
            if offset is not None and 0 <= offset < self.page:
                self.scroll_to(y=max(0, line - offset), animate=False, immediate=True)
            self.show_line(line)
        self._retitle(at_once=True)

    def refresh_ages(self) -> None:
        """Let the age texts on screen move."""
        self._retitle()
        self.refresh()

    def select(self, station: str) -> bool:
        """Put the cursor on a station; false where it is not in the list."""
        line = self.station_list.row_of(station)
        if line is None:
            return False
        self._wanted = station
        self.selected = station
        self.show_line(line)
        return True

    def watch_selected(self, before: str, after: str) -> None:
        """Repaint the two rows, and tell."""
        for station in (before, after):
            line = self.station_list.row_of(station) if self._station_list else None
            if line is not None:
                self.repaint_line(line)
        self.post_message(self.Selected(after))

    # The list's own lines

    @property
    def count(self) -> int:
        """How many stations are listed."""
        return len(self._station_list.ids) if self._station_list else 0

    def is_cursor(self, index: int) -> bool:
        """Whether the row is the selected station's."""
        return self.station_list.ids[index] == self.selected

    def segments(self, index: int, width: int) -> list[Segment]:
        """Paint one station."""
        station = self.station_list.ids[index]
        self._painted[index - self.top] = station
        assert self._painter is not None  # noqa: S101  # setting the list makes it
        return self._painter.row(station, self._columns_for(width), self.clock.now(), station == self.selected)

    def header_segments(self, row: int, width: int) -> list[Segment]:
        """Paint the column heads."""
        if self._painter is None:
            return []
        return self._painter.header(self._columns_for(width))

    def move_cursor(self, by: int) -> None:
        """Select the station ``by`` lines further."""
        ids = self.station_list.ids
        if not ids:
            return
        line = self.station_list.row_of(self.selected) or 0
        self.select(ids[min(max(line + by, 0), len(ids) - 1)])

    def on_click(self, event: events.Click) -> None:
        """Select a row, star it, or sort by a column: the row is the one that was painted there."""
        offset = event.get_content_offset(self)
        if offset is None or self._painter is None:
            return
        if offset.y < self.HEADER:
            sort = self._painter.sort_at(offset.x, self._columns_for(self.scrollable_content_region.width))
            if sort is not None:
                self.sort_by(sort)
            return
        station = self._painted.get(offset.y - self.HEADER)
        if station is None or self.station_list.row_of(station) is None:
            return
        self.select(station)
        if self._painter.is_star(offset.x):
            self.post_message(self.StarClicked(station))

    def sort_by(self, sort: Sort) -> None:
        """Order by a column; by the same one again, the other way round."""
        station_list = self.station_list
        station_list.options.reverse = not station_list.options.reverse if station_list.options.sort is sort else False
        station_list.options.sort = sort
        self.rebuild()
        self.post_message(self.Reordered())

    def action_sort(self) -> None:
        """The next order."""
        station_list = self.station_list
        sorts = station_list.available_sorts
        station_list.options.reverse = False
        station_list.options.sort = sorts[(sorts.index(station_list.active_sort) + 1) % len(sorts)]
        self.rebuild()
        self.post_message(self.Reordered())

    def action_reverse_sort(self) -> None:
        """The same order, the other way round."""
        self.sort_by(self.station_list.options.sort)

    # Inside

    def _select_what_is_there(self) -> None:
        station_list = self.station_list
        if self._wanted and station_list.row_of(self._wanted) is not None:
            self.selected = self._wanted
        elif not self._begun or station_list.row_of(self.selected) is None:
            # Filtered away: another has the cursor until the wanted one comes back.
            self.selected = station_list.ids[0] if station_list.ids else ""
        self._begun = bool(station_list.board.stations)
        if self._begun and not self._wanted:
            self._wanted = self.selected

    def _columns_for(self, width: int) -> Columns:
        if self._columns is None or self._columns_at != width:
            self._columns_at = width
            self._columns = self._painter.columns(width) if self._painter else lay_out(width, Needs())
        return self._columns

    def _retitle(self, *, at_once: bool = False) -> None:
        station_list = self.station_list
        dot = self.glyphs.dot
        shown = f"{self.count:,} of {station_list.total:,}" if station_list.filtered else f"{self.count:,}"
        options = station_list.options
        narrowed = [
            words
            for on, words in (
                (options.starred_only, "starred"),
                (options.faults_only, "with a fault"),
            )
            if on
        ]
        order = station_list.active_sort.label + (", reversed" if station_list.options.reverse else "")
        title = f" {dot} ".join([f"Stations {shown}", *narrowed, order])
        parts = []
        # Under the hand of somebody who types, nothing is counted that takes its time.
        if not at_once or not station_list.filtered or self.count <= _QUICK:
            free, total = station_list.count_free()
            parts = [f"{free:,} of {total:,} connectors free"] if total else []
        if station_list.filtered and station_list.hidden_starred:
            parts.append(f"{station_list.hidden_starred} starred hidden")
        self.entitle(title, f" {dot} ".join(parts))

    @property
    def tail_text(self) -> str:
        """What is waited for, where only starred stations are listed."""
        return "" if self._station_list is None or self._station_list.board.stations else self.waiting_text

    @property
    def empty_text(self) -> str:
        """What to say where no station is listed."""
        station_list, named = self._station_list, self.keys.named
        if station_list is None or not station_list.total:
            return self.waiting_text
        if station_list.options.starred_only and not station_list.starred:
            return (
                f"No station is starred yet. Press {named('starred-only')} to see all, and {named('star')} to star one."
            )
        if station_list.filter.strip():
            return f"No station matches the filter. {named('back')} clears it."
        if station_list.options.faults_only:
            return f"No station has a fault. Press {named('faults-only')} to see all."
        return f"Nothing to show. {named('back')} shows all stations."
