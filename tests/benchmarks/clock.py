"""A minimal Textual app with a clock of one second: the minimum cost of a live app at rest."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.widgets import Static

from tests.benchmarks.trivial import Trivial


class Clock(Trivial):
    """Show the time of day, and count the presses of ``j`` and ``k``."""

    def compose(self) -> ComposeResult:
        """Compose the text of the presses and that of the time."""
        yield from super().compose()
        yield Static(id="clock")

    def on_mount(self) -> None:
        """Start the clock."""
        self.set_interval(1, self._show_time)

    def _show_time(self) -> None:
        self.query_one("#clock", Static).update(f"{datetime.now():%H:%M:%S}")


if __name__ == "__main__":
    Clock().run()
