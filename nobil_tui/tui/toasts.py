"""Toasts: short messages over the panes."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.layout import PaneLayout
from nobil_tui.tui.style.glyphs import Glyphs, truncate
from nobil_tui.tui.text.paths import home_folder, shorten_paths
from nobil_tui.tui.textual_internals.app_state import drop_toast
from nobil_tui.tui.widgets.event_log.pane import EventLog

_MAX_WIDTH, _WIDE_SHARE, _NARROW_SHARE, _BORDER = 64, 0.4, 0.8, 3
"""The widths of a toast, as in the style sheet: most cells, shares of the screen, and border and
padding."""
_TITLE_WIDTH = 50
"""Cells of a station's name in the title of a toast."""


class Toasts:
    """Shows toasts where they cover neither the key hints nor the newest line of the event log."""

    def __init__(
        self,
        screen: Screen[Any],
        layout: PaneLayout,
        event_log: EventLog,
        keys: KeyBindings,
        glyphs: Glyphs,
    ) -> None:
        self._screen = screen
        self._layout = layout
        self._event_log = event_log
        self._keys = keys
        self._glyphs = glyphs
        self._confirmed = ""
        """The last confirmation."""

    def warn(self, text: str) -> None:
        """Show a warning."""
        self.place()
        self._screen.app.notify(self._fitted(text), severity="warning", timeout=12, markup=False)

    def notify(self, text: str, *, title: str = "", timeout: float = 4) -> None:
        """Show a toast for ``timeout`` seconds; the title may come from outside."""
        self.place()
        title = truncate(title, _TITLE_WIDTH, self._glyphs.ellipsis)
        self._screen.app.notify(self._fitted(text), title=title, timeout=timeout, markup=False)

    def _fitted(self, text: str) -> str:
        """Return a text whose paths fit into a line of a toast."""
        share = _WIDE_SHARE if self._layout.is_wide else _NARROW_SHARE
        width = min(_MAX_WIDTH, int(self._screen.size.width * share)) - _BORDER
        return shorten_paths(text, width, home_folder(), self._glyphs.ellipsis)

    def notify_result(self, text: str | None) -> None:
        """Show the result of a dialog, if there is one."""
        if text:
            self.notify(text, timeout=12)

    def confirm(self, done: str, *, title: str = "") -> None:
        """Show what was done, and the key that undoes it."""
        self._confirmed = f"{done} {self._glyphs.dot} {self._keys.named('undo')} undoes"
        self.notify(self._confirmed, title=title, timeout=6)

    def undone(self, done: str) -> None:
        """Show that the last action was undone, instead of its confirmation."""
        drop_toast(self._screen.app, self._confirmed)
        self.notify(f"Undone: {done}")

    def place(self) -> None:
        """Place toasts according to the panes on screen.

        A toast of one line only covers a border. A longer one covers the end of the connectors or,
        where the log takes their place, its oldest lines.
        """
        screen, layout, log = self._screen, self._layout, self._event_log
        body = next(iter(screen.query("#body")), None)
        if body is None:
            # The screen closes.
            return
        below = screen.size.height - body.region.bottom
        for rack in screen.query("ToastRack"):
            if layout.is_log_visible and (layout.zoomed or not layout.is_wide):
                rack.styles.dock, rack.styles.margin = "top", (log.region.y, 0, 0, 0)
                rack.styles.max_height = log.outer_size.height
            else:
                above_log = log.outer_size.height if layout.is_log_visible else 0
                rack.styles.dock, rack.styles.margin = "bottom", (0, 0, below + above_log, 0)
                rack.styles.max_height = max(1, screen.size.height - below - above_log - 1)
