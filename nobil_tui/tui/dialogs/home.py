"""The dialog that asks before the home position is replaced or removed."""

from __future__ import annotations

from enum import StrEnum

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from nobil_tui.tui.dialogs.dialog import Dialog


class HomeChoice(StrEnum):
    """Actions on the home position, by the id of the button."""

    REPLACE = "replace"
    REMOVE = "remove"


class HomeScreen(Dialog[HomeChoice]):
    """Returns what the user chose, or None if the user cancels."""

    def __init__(self, current: str, station: str, *, can_replace: bool) -> None:
        """Ask about the home that ``current`` describes; ``station`` is the name of the selected
        station.

        ``can_replace``: whether its position is known.
        """
        super().__init__()
        self._current = current
        self._station = station
        self._can_replace = can_replace

    def compose(self) -> ComposeResult:
        """Compose the question and a button for each answer."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Home"
            lines = [f"Distances are measured from {self._current}."]
            if self._can_replace:
                lines.append(f"Measure them from {self._station} instead?")
            elif self._station:
                lines.append(f"The position of {self._station} is unknown.")
            yield Static("\n".join(lines), markup=False)
            with Horizontal(classes="buttons"):
                if self._can_replace:
                    yield Button("Replace", id=HomeChoice.REPLACE, variant="primary")
                yield Button("Remove home", id=HomeChoice.REMOVE)
                yield Button("Cancel", id="cancel")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Return the answer."""
        chosen = event.button.id
        self.dismiss(None if chosen is None or chosen == "cancel" else HomeChoice(chosen))
