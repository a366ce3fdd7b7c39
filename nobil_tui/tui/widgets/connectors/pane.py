"""The connectors pane: the selected station and its connectors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.reactive import reactive

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.tui.text.times import age_text
from nobil_tui.tui.widgets.connectors.detail import DetailPainter
from nobil_tui.tui.widgets.connectors.rows import Row
from nobil_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from nobil_tui.history.statistics import StationHistory

_SPACIOUS_HEIGHT = 10
"""Lines of a pane that has room for empty lines."""


class ConnectorsPane(VirtualList):
    """Shows one station, and shows it again when a reactive attribute changes."""

    station: reactive[str] = reactive("", repaint=False)
    """The id of the station that is shown."""
    version: reactive[int] = reactive(0, repaint=False)
    """A number that changes with every report about the station."""
    starred: reactive[bool] = reactive(False, repaint=False)
    has_alert: reactive[bool] = reactive(False, repaint=False)
    """Whether an alert is set for the station."""

    history: reactive[StationHistory | None] = reactive(None, repaint=False)
    """The recorded history of the station in the last day; None while it is not read."""

    def __init__(self, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self.clock = clock
        self._painter: DetailPainter | None = None
        self._rows: list[Row] = []
        self._lasting = 0, 0
        """When the lines were built, and until when they stay the same, in ms."""
        self._built_of: tuple[object, ...] = ()
        """The inputs of the lines, besides the reactive attributes."""

    def set_painter(self, painter: DetailPainter) -> None:
        """Show the stations of another source."""
        self._painter = painter
        self.rebuild()

    def watch_station(self) -> None:
        """Show another station, from its first line."""
        self.scroll_to(y=0, animate=False, immediate=True)
        self.rebuild()

    def watch_history(self) -> None:
        """Show the history."""
        self.rebuild()

    def watch_version(self) -> None:
        """Show the report."""
        self.rebuild()

    def watch_starred(self) -> None:
        """Show the star."""
        self.rebuild()

    def watch_has_alert(self) -> None:
        """Show the alert mark."""
        self.rebuild()

    def refresh_ages(self) -> None:
        """Repaint the ages that changed, and other changes without a message."""
        painter, now = self._painter, self.clock.now()
        built_at, until = self._lasting
        still_right = built_at <= now < until
        if painter and still_right and painter.depends_on(self.station) == self._built_of:
            return
        self.rebuild()

    def rebuild(self) -> None:
        """Build all lines with the current ages, and repaint those that changed."""
        before = self._rows
        width = self.scrollable_content_region.width
        if self._painter is None or not self.station or width <= 0:
            self._rows = []
            self._lasting = 0, 0
            heard = ""
        else:
            now = self.clock.now()
            self._rows = self._painter.rows(
                self.station,
                now,
                width,
                spacious=self.page >= _SPACIOUS_HEIGHT,
                starred=self.starred,
                has_alert=self.has_alert,
                history=self.history,
            )
            heard = self._heard(now)
            self._lasting = now, now + self._painter.lasts(self.station, now)
            self._built_of = self._painter.depends_on(self.station)
        self.set_titles("Connectors", heard)
        if before and len(before) == len(self._rows):
            if before != self._rows:
                # Most of the time no age has changed, and comparing is faster than painting.
                self.repaint_changed()
        else:
            self.update_count()

    def _heard(self, now: int) -> str:
        heard = self._painter.heard(self.station) if self._painter else None
        if not heard:
            return ""
        text = age_text(now - heard)
        return "heard now" if text == "now" else f"heard {text} ago"

    def open_map(self) -> None:
        """Open a map of the station in a browser, or copy its URL if there is no browser."""
        address = self._painter.map_url(self.station) if self._painter else ""
        if not address:
            self.app.notify("The position of this station is unknown.", timeout=4, markup=False)
            return
        # Imported on use: the first paint need not wait for it.
        from nobil_tui.tui.browser import has_window_browser

        if has_window_browser(os.environ):
            self.run_worker(self._open_browser(address), group="map")
        else:
            self.app.copy_to_clipboard(address)

    async def _open_browser(self, address: str) -> None:
        from nobil_tui.tui.browser import open_browser

        if not await run_in_thread(lambda: open_browser(address, os.environ)):
            self.app.copy_to_clipboard(address)

    def on_click(self, event: events.Click) -> None:
        """Open the map if its link was clicked."""
        if event.style.link:
            self.open_map()

    # The lines

    @property
    def count(self) -> int:
        """The number of lines."""
        return len(self._rows)

    @property
    def empty_text(self) -> str:
        """The text without a selected station."""
        return "Select a station to see its connectors."

    def segments(self, index: int, width: int) -> list[Segment]:
        """Return a line. The headings stay on the first line while their connectors scroll."""
        head = self._painter.head if self._painter is not None else None
        if head is not None and index == self.top and head.row < index <= head.last_row:
            return self._rows[head.row]
        return self._rows[index]

    def on_resize(self) -> None:
        """Build the lines for another width."""
        self.rebuild()

    def notify_style_update(self) -> None:
        """Use the colours of another theme."""
        super().notify_style_update()
        if self._rows:
            # Textual sets the styles after this event.
            self.call_after_refresh(self._rebuild_with_new_styles)

    def _rebuild_with_new_styles(self) -> None:
        self.clear_styles()
        self.rebuild()
