"""Toasts: short messages over the panes."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.layout import PaneLayout
from nobil_tui.tui.style.glyphs import Glyphs, truncate
from nobil_tui.tui.widgets.event_log.pane import EventLog

_TOAST_HEIGHT = 6
"""Lines of a toast with its margins."""
_TITLE_WIDTH = 50
"""Cells of a station's name in the title of a toast."""


class Toasts:
    """Shows toasts where they cover no new line of the event log."""

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

    def warn(self, text: str) -> None:
        """Show a warning."""
        self._place()
        self._screen.app.notify(text, severity="warning", timeout=12, markup=False)

    def notify(self, text: str, *, title: str = "", timeout: float = 4) -> None:
        """Show a toast for ``timeout`` seconds; the title may come from outside."""
        self._place()
        title = truncate(title, _TITLE_WIDTH, self._glyphs.ellipsis)
        self._screen.app.notify(text, title=title, timeout=timeout, markup=False)

    def notify_result(self, text: str | None) -> None:
        """Show what a dialog did, if it did anything."""
        if text:
            self.notify(text, timeout=12)

    def confirm(self, done: str) -> None:
        """Show what was done, and the key that undoes it."""
        self.notify(f"{done} {self._glyphs.dot} {self._keys.named('undo')} undoes", timeout=6)

    def _place(self) -> None:
        """Place toasts above the log, whose last lines are the newest."""
        covered = self._event_log.outer_size.height if self._layout.is_log_visible else 0
        if self._layout.zoomed:
            # Over its oldest lines.
            covered = max(0, covered - _TOAST_HEIGHT)
        for rack in self._screen.query("ToastRack"):
            rack.styles.margin = (0, 0, covered + 2, 0)
