"""A Textual app that could not be smaller and yet answers keys: what a terminal app in Python costs at the least."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static


class Trivial(App[None]):
    """Counts how often ``j`` and ``k`` were pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [("j,k", "count"), ("ctrl+c", "quit")]
    pressed = 0

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("pressed 0 times")

    def action_count(self) -> None:
        """Count."""
        self.pressed += 1
        self.query_one(Static).update(f"pressed {self.pressed} times")


if __name__ == "__main__":
    Trivial().run()
