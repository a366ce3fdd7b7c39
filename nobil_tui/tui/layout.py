"""Choose the visible panes by the size of the terminal and the user's choice.

``app.tcss`` describes the layouts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from textual.geometry import Size
from textual.screen import Screen

from nobil_tui.tui.widgets.connectors.pane import ConnectorsPane
from nobil_tui.tui.widgets.event_log.pane import EventLog
from nobil_tui.tui.widgets.stations.pane import StationsPane
from nobil_tui.tui.widgets.virtual_list import VirtualList

WIDE = 110
"""The fewest columns for panes side by side."""
TALL = 18
"""The fewest lines for more than the list, or the list beside the connectors."""
LEAST = Size(24, 6)
"""The fewest columns and lines for one station between the bars."""
HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]


def breakpoint_classes(size: Size) -> Iterator[str]:
    """Return the classes that Textual sets on a screen of this size."""
    for cells, breakpoints in (
        (size.width, HORIZONTAL_BREAKPOINTS),
        (size.height, VERTICAL_BREAKPOINTS),
    ):
        yield max(each for each in breakpoints if each[0] <= cells)[1]


class PaneLayout:
    """The panes on screen. ``on_change`` is called whenever they change."""

    def __init__(
        self,
        screen: Screen[Any],
        stations: StationsPane,
        connectors: ConnectorsPane,
        event_log: EventLog,
        on_change: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._stations = stations
        self._connectors = connectors
        self._event_log = event_log
        self._on_change = on_change
        self.log_shown = True
        self.is_wide: bool | None = None
        """Whether the panes are side by side; None before the size is known."""
        self._is_low = False
        """Whether the terminal has no room for the log below the list."""
        self.zoomed = ""
        """The id of the pane that has all the room; empty if the panes share it."""

    @property
    def panes(self) -> list[VirtualList]:
        """All panes, in the order of the focus."""
        return [self._stations, self._connectors, self._event_log]

    @property
    def shown_panes(self) -> list[VirtualList]:
        """The panes that are on screen, in the order of the focus."""
        if self.zoomed:
            return [pane for pane in self.panes if pane.id == self.zoomed]
        hides_connectors = not self.is_wide and (self.log_shown or self._is_low)
        shown = (True, not hides_connectors, self.is_log_visible)
        return [pane for pane, is_shown in zip(self.panes, shown, strict=True) if is_shown]

    @property
    def is_log_visible(self) -> bool:
        """Whether the event log is on screen."""
        if self.zoomed:
            return self.zoomed == self._event_log.id
        return self.log_shown and not self._is_low

    @property
    def classes(self) -> dict[str, bool]:
        """The classes of the screen that show and hide panes."""
        return {
            "-log-shown": self.log_shown,
            "-log-hidden": not self.log_shown,
            **{f"-zoom-{pane.id}": self.zoomed == pane.id for pane in self.panes},
        }

    def set_start_size(self, size: Size) -> None:
        """Note the size of the terminal before anything is styled."""
        self.is_wide = self.log_shown = size.width >= WIDE
        self._is_low = size.height < TALL

    def set_size(self, size: Size) -> None:
        """Adapt to a terminal that became wide, narrow or low: a narrow one has no room for the
        log."""
        wide, low = size.width >= WIDE, size.height < TALL
        if wide is self.is_wide and low is self._is_low:
            return
        self._is_low = low
        if wide is not self.is_wide:
            self.is_wide = self.log_shown = wide
        self._update()
        if self._screen.focused in self.panes and self._screen.focused not in self.shown_panes:
            self._screen.set_focus(self._stations)

    def show_log(self, shown: bool) -> None:
        """Show or hide the event log; in a low terminal, it takes the room of the other panes."""
        if shown and self._is_low:
            self.zoom(self._event_log)
            return
        self.log_shown = shown
        self._update()

    def zoom(self, pane: VirtualList | None) -> None:
        """Give a pane all the room and the focus; None shows all panes again."""
        self.zoomed = "" if pane is None else pane.id or ""
        self._update()
        if pane is not None:
            self._screen.set_focus(pane)
        elif self._screen.focused not in self.shown_panes:
            self._screen.set_focus(self._stations)

    def open_connectors(self) -> None:
        """Focus the connectors; where the panes are not side by side, they cover the list."""
        if self.is_wide and not self.zoomed:
            self._screen.set_focus(self._connectors)
        else:
            self.zoom(self._connectors)

    def _update(self) -> None:
        self._screen.update_classes(self.classes)
        self._on_change()
