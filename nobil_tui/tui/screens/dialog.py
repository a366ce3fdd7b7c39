"""What every dialog shares: it goes away with Esc or a click beside it, and the way out of the program stays open."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Static

from nobil_tui.commands import Context
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.dismissal import Dismissal

T = TypeVar("T")


class AsciiCheckbox(Checkbox):
    """A box to tick, in signs that every terminal has; the library's differs in its shade alone."""

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]")


class Dialog(Dismissal, ModalScreen[T], inherit_bindings=False):
    """A screen over the main one."""

    CSS_PATH = Path(__file__).with_name("dialog.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.DIALOG),
        # Fields and buttons have no commands of their own: the keys that every dialog of every program has.
        ("tab,down", "app.focus_next", "Next field"),
        ("shift+tab,up", "app.focus_previous", "Previous field"),
    ]

    def action_back(self) -> None:
        """Go away."""
        self.dismiss(None)

    def action_quit(self) -> None:
        """Quit the program."""
        self.app.exit()

    def action_palette(self) -> None:
        """Nothing: one thing at a time."""

    def say(self, text: str) -> None:
        """Show what came of it, if the dialog is still there: what it waited for may come later."""
        if not self.dismissed:
            self.query_one("#answer", Static).update(text)

    def on_click(self, event: events.Click) -> None:
        """Go away when the ground beside the dialog is clicked."""
        if event.widget is self:
            self.action_back()
