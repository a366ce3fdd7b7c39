"""The connectors of the selected station."""

from __future__ import annotations

import os
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.reactive import reactive

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.commands import Context
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.text.times import age_text
from nobil_tui.tui.widgets.connectors.detail import DetailPainter
from nobil_tui.tui.widgets.connectors.rows import Row
from nobil_tui.tui.widgets.virtual_list import VirtualList

_AIRY = 10
"""Lines of a pane that has room for empty ones."""


class ConnectorsPane(VirtualList):
    """Shows one station; it is has_alert by its reactive attributes when there is something new to show."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.CONNECTORS)

    station: reactive[str] = reactive("", repaint=False)
    """The id of the station that is shown."""
    version: reactive[int] = reactive(0, repaint=False)
    """Counts what was reported of this station: its lines are written anew when it moves."""
    starred: reactive[bool] = reactive(False, repaint=False)
    has_alert: reactive[bool] = reactive(False, repaint=False)
    """Whether the user wants to be has_alert when a connector becomes free."""

    def __init__(self, clock: Clock, *, id: str) -> None:
        super().__init__(id=id)
        self.clock = clock
        self._painter: DetailPainter | None = None
        self._rows: list[Row] = []

    def set_painter(self, painter: DetailPainter) -> None:
        """Begin anew with another source."""
        self._painter = painter
        self.rebuild()

    def watch_station(self) -> None:
        """Show another station from its top."""
        self.scroll_to(y=0, animate=False, immediate=True)
        self.rebuild()

    def watch_version(self) -> None:
        """Show what was reported."""
        self.rebuild()

    def watch_starred(self) -> None:
        """Show the star."""
        self.rebuild()

    def watch_has_alert(self) -> None:
        """Show the bell."""
        self.rebuild()

    def rebuild(self) -> None:
        """Write all lines anew: also what makes the age texts move."""
        width = self.scrollable_content_region.width
        if self._painter is None or not self.station or width <= 0:
            self._rows = []
            heard = ""
        else:
            now = self.clock.now()
            self._rows = self._painter.rows(
                self.station, now, width, airy=self.page >= _AIRY, starred=self.starred, has_alert=self.has_alert
            )
            heard = self._heard(now)
        self.set_titles("Connectors", heard)
        self.update_count()

    def _heard(self, now: int) -> str:
        heard = self._painter.heard(self.station) if self._painter else None
        if not heard:
            return ""
        text = age_text(now - heard)
        return "heard now" if text == "now" else f"heard {text} ago"

    def action_map(self) -> None:
        """Show on a map where the station is: in a browser, else by the address to be pasted into one."""
        address = self._painter.map_url(self.station) if self._painter else ""
        if not address:
            self.app.notify("It is not known where this station is.", timeout=4, markup=False)
            return
        # Imported when asked for: hardly anybody does at the start.
        from nobil_tui.tui.browser import window_browser

        browser = window_browser(os.environ)
        if browser is not None:
            self.run_worker(run_in_thread(lambda: browser.open(address)), group="map")
        else:
            self.app.copy_to_clipboard(address)
            words = "The map's address is copied, if the terminal allows it."
            self.app.notify(words, title=address, timeout=6, markup=False)

    def on_click(self, event: events.Click) -> None:
        """Follow the link, if it was that."""
        if event.style.link:
            self.action_map()

    # The list's own lines

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._rows)

    @property
    def empty_text(self) -> str:
        """What to say where no station is selected."""
        return "Select a station to see its connectors."

    def segments(self, index: int, width: int) -> list[Segment]:
        """Paint one line."""
        return self._rows[index]

    def on_resize(self) -> None:
        """The lines depend on the width."""
        self.rebuild()

    def notify_style_update(self) -> None:
        """Write anew in another theme's colours."""
        super().notify_style_update()
        if self._rows:
            # The library sets the styles after it has has_alert of them.
            self.call_after_refresh(self._in_new_colours)

    def _in_new_colours(self) -> None:
        self.forget_styles()
        self.rebuild()
