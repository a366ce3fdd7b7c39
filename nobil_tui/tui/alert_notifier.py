"""Show an alert beyond the app: bell, desktop notification and the window's title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.screen import Screen

from nobil_tui.alerts.terminal import (
    BELL,
    RESTORE_TITLE,
    SAVE_TITLE,
    in_tmux,
    notification,
    notify_method,
    window_title,
)
from nobil_tui.config.alert_rules import NotifyMethod
from nobil_tui.tui.input_activity import InputActivity
from nobil_tui.tui.textual_internals.terminal import write_to_terminal

TOAST_SECONDS = 30.0


class AlertNotifier:
    """Reaches the user outside the app, by what the terminal supports."""

    def __init__(
        self, screen: Screen[Any], environ: Mapping[str, str], input_activity: InputActivity
    ) -> None:
        self._screen = screen
        self._environ = environ
        self._input = input_activity
        self._title = ""

    def notify(self, chosen: NotifyMethod, title: str, body: str, *, desktop: bool) -> None:
        """Ring the bell unless the terminal has the focus; if ``desktop``, notify on the
        desktop."""
        if chosen is NotifyMethod.NONE:
            return
        method = notify_method(chosen, self._environ)
        if not self._input.terminal_has_focus:
            write_to_terminal(self._screen.app, BELL)
        if desktop and method is not NotifyMethod.BELL:
            sequence = notification(method, title, body, tmux=in_tmux(self._environ))
            write_to_terminal(self._screen.app, sequence)

    def show_title(self, text: str) -> None:
        """Set the window's title; the first time, save the one that is there."""
        if text == self._title:
            return
        save = "" if self._title else SAVE_TITLE
        if write_to_terminal(self._screen.app, save + window_title(text)):
            self._title = text

    def restore_title(self) -> None:
        """Restore the window's title as it was at the start."""
        if self._title:
            self._title = ""
            write_to_terminal(self._screen.app, RESTORE_TITLE)
