"""Timers that run once, and are not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nobil_tui.tui.textual_internals.mixins import AppMixin

if TYPE_CHECKING:
    from textual.timer import Timer


class KeptTimers(AppMixin):
    """Keeps the timers of an app that run once from being lost.

    Textual drops a tick that is a whole interval late. If another program has the processor for
    long enough right after the start of a timer that runs once, that is its only tick. A resize of
    the terminal is handled 8 ms later by such a timer, and if it is lost, no later resize is
    handled either.
    """

    def set_timer(self, *args: Any, **named: Any) -> Timer:
        """Call a function after a delay in seconds, however late."""
        timer = super().set_timer(*args, **named)
        timer._skip = False
        return timer
