"""A checkbox that does not show its state by colour alone."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox


class AsciiCheckbox(Checkbox, inherit_bindings=False):
    """A checkbox drawn as ``[x]``. Textual's shows its state by colour alone.

    Enter confirms the form of the box, as in any field; Space ticks it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "Confirm", show=False),
        Binding("space", "toggle_button", "Tick", show=False),
    ]

    class Confirmed(Message):
        """Enter was pressed on the box."""

    def action_confirm(self) -> None:
        """Confirm the form."""
        self.post_message(self.Confirmed())

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]")
