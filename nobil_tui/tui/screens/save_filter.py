"""Asks for a name under which a filter is kept."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from nobil_tui.config.validation import MAX_NAME
from nobil_tui.tui.screens.dialog import Dialog
from nobil_tui.tui.style.glyphs import truncate


class SaveFilterScreen(Dialog[str]):
    """Returns the name; None where the user does not want one."""

    def __init__(self, text: str, taken: tuple[str, ...]) -> None:
        super().__init__()
        self._text = text
        self._taken = taken
        self._agreed = ""

    def compose(self) -> ComposeResult:
        """A name and two buttons."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Save the filter"
            yield Label(truncate(self._text, 66), markup=False)
            yield Input(placeholder="a name", max_length=MAX_NAME, id="name")
            yield Static("", id="answer", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Save", variant="primary", id="save")
                yield Button("Cancel", id="cancel")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save, or go away."""
        if event.button.id == "cancel":
            self.action_back()
        else:
            self._save()

    def on_input_submitted(self) -> None:
        """Save."""
        self._save()

    def _save(self) -> None:
        name = self.query_one("#name", Input).value.strip()
        if not name:
            self.say("Give it a name.")
        elif not name.isprintable():
            self.say("A name is printable text.")
        elif name in self._taken and self._agreed != name:
            self._agreed = name
            self.say("There is a filter of this name. Save once more to replace it.")
        else:
            self.dismiss(name)
