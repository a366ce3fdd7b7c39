"""The base classes of all dialogs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from nobil_tui.commands import Context
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.key_queue import Marker
from nobil_tui.tui.textual_internals.dismissal import Dismissal
from nobil_tui.tui.widgets.text_field import TextField

_T = TypeVar("_T")


class Dialog(Dismissal, ModalScreen[_T], inherit_bindings=False):
    """A screen over the main one. Esc and a click beside it close it, and the keys to quit work."""

    CSS_PATH = Path(__file__).with_name("dialog.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.DIALOG),
        # Not commands: these keys move between fields in every dialog of every program.
        ("tab,down", "app.focus_next", "Next field"),
        ("shift+tab,up", "app.focus_previous", "Previous field"),
    ]

    def action_back(self) -> None:
        """Close the dialog without a result."""
        self.dismiss(None)

    def action_palette(self) -> None:
        """Say why there is no palette here: its commands act on the main screen."""
        self.notify("Close this dialog to use the command palette.", timeout=4)

    def on_click(self, event: events.Click) -> None:
        """Close the dialog when the user clicks beside it."""
        if event.widget is self:
            self.action_back()


class SubmitButton(NamedTuple):
    """The button that submits a form."""

    id: str
    label: str
    enabled: bool = True


class FormDialog(Dialog[_T]):
    """A dialog with fields, a line for the result, a button to submit and one to cancel.

    A subclass yields its fields and implements ``submit``, which Enter in a field calls too.
    """

    FORM_TITLE: ClassVar[str]
    SUBMIT: ClassVar[SubmitButton]
    _submitting = False
    _marker: Marker | None = None
    """The marker of the key that submitted the form, until the submission is complete."""
    _to_replace = ""
    """The name that the user was asked about: submitting again replaces it."""

    def fields(self) -> Iterator[Widget]:
        """Yield the labels and fields of the form."""
        raise NotImplementedError

    async def submit(self) -> None:
        """Act on the contents of the fields: ``dismiss`` the dialog, or ``say`` why not."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Compose the form."""
        button = self.SUBMIT
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self.FORM_TITLE
            yield from self.fields()
            yield Static("", id="answer", markup=False)
            with Horizontal(classes="buttons"):
                submit = Button(button.label, id=button.id, disabled=not button.enabled)
                submit.variant = "primary" if button.enabled else "default"
                yield submit
                yield Button("Cancel", id="cancel")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Submit the form, or close it."""
        if event.button.id == "cancel":
            self.action_back()
        else:
            self._start_submit()

    def on_input_submitted(self) -> None:
        """Submit the form."""
        self._start_submit()

    def _start_submit(self) -> None:
        """Submit the form, unless a submission is running.

        It runs in a worker: the app cannot close a dialog that is busy with a message, such as one
        that writes to a slow disk.
        """
        if not self._submitting:
            self._submitting = True
            self.run_worker(self._submit, group="submit")  # type: ignore[arg-type]  # Textual infers Never

    async def _submit(self) -> None:
        try:
            await self.submit()
        finally:
            self._submitting = False
            if self._marker is not None:
                self.app.post_message(self._marker)
                self._marker = None

    def on_marker(self, marker: Marker) -> None:
        """Let keys typed after Enter wait until the form was submitted."""
        if self._submitting:
            marker.stop()
            self._marker = Marker(marker.number)

    def on_text_field_cut(self, message: TextField.Cut) -> None:
        """Say that a paste was too long."""
        self.say(f"Cut to {message.limit:,} characters, the most that fit here.")

    def on_ascii_checkbox_confirmed(self) -> None:
        """Submit the form: Enter on a box confirms, Space ticks it."""
        self._start_submit()

    def say(self, text: str) -> None:
        """Show a result, unless the dialog was closed meanwhile."""
        if not self.dismissed:
            self.query_one("#answer", Static).update(text)

    def may_replace(self, name: str) -> bool:
        """Return whether the user was asked about replacing ``name`` just now."""
        return self._to_replace == name

    def ask_to_replace(self, name: str, what: str) -> None:
        """Ask whether to replace what exists under this name: submitting again confirms."""
        self._to_replace = name
        self.say(f"{what} already exists. Press {self.SUBMIT.label} again to replace it.")
