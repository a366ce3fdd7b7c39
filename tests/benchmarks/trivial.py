"""A minimal Textual app that answers keys: the minimum cost of a terminal app in Python."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static


class Trivial(App[None]):
    """Count the presses of ``j`` and ``k``."""

    BINDINGS: ClassVar[list[BindingType]] = [("j,k", "count"), ("ctrl+c", "quit")]
    pressed = 0

    def compose(self) -> ComposeResult:
        """Compose one text."""
        yield Static("pressed 0 times")

    def action_count(self) -> None:
        """Count a press."""
        self.pressed += 1
        self.query_one(Static).update(f"pressed {self.pressed} times")


if __name__ == "__main__":
    Trivial().run()
