"""The dialog that asks for the name of a filter to save."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget
from textual.widgets import Label

from nobil_tui.config.setting_table import MAX_NAME
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton
from nobil_tui.tui.style.glyphs import truncate
from nobil_tui.tui.widgets.text_field import TextField

_TEXT_WIDTH = 66
"""The most cells of the filter that the dialog shows."""


class SaveFilterScreen(FormDialog[str]):
    """Returns the name, or None if the user cancels."""

    FORM_TITLE = "Save the filter"
    SUBMIT = SubmitButton("save", "Save")

    def __init__(self, text: str, taken: tuple[str, ...]) -> None:
        """Ask for a name for the filter ``text``; those in ``taken`` need a confirmation."""
        super().__init__()
        self._text = text
        self._taken = taken

    def fields(self) -> Iterator[Widget]:
        """Yield the filter and a field for its name."""
        yield Label(truncate(self._text, _TEXT_WIDTH), markup=False)
        yield TextField(placeholder="Name", max_length=MAX_NAME, id="name")

    async def submit(self) -> None:
        """Return the name if it is valid."""
        name = self.query_one("#name", TextField).value.strip()
        if not name:
            self.say("Enter a name.")
        elif not name.isprintable():
            self.say("A name can hold printable characters only.")
        elif name in self._taken and not self.may_replace(name):
            self.ask_to_replace(name, "A filter of this name")
        else:
            self.dismiss(name)
