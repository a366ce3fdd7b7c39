"""The line in which a filter is typed: a prompt, the text, and beside it what the filter finds or fails to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from nobil_tui.commands import command_by_id
from nobil_tui.search.completion import FieldValues
from nobil_tui.tui.bindings import KeyBindings

if TYPE_CHECKING:
    from nobil_tui.tui.widgets.filter.input import FilterInput
    from nobil_tui.tui.widgets.filter.note import FilterNote


class FilterResult(NamedTuple):
    """What a filter finds."""

    stations: int = 0
    """How many stations fit."""
    of: int = 0
    """How many there are without a filter."""
    hidden: int = 0
    """How many starred stations do not fit."""
    mistake: str = ""
    """The first part of the text that means nothing, in words; empty where all of it does."""


class FilterLine(Horizontal):
    """Shown while it has the focus or holds a text. It tells what is typed, and is told what that finds."""

    found: reactive[FilterResult] = reactive(FilterResult())
    """What the filter finds."""

    class Changed(Message):
        """Something was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Kept(Message):
        """The filter is to stay, and the list is next."""

    class Left(Message):
        """The filter is gone."""

    class Moved(Message):
        """The list is to be moved in, by so many lines."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, keys: KeyBindings, *, id: str) -> None:
        super().__init__(id=id)
        self.values: Callable[[], FieldValues] = FieldValues
        """Tells what stands in the register, for completion; none of it before somebody knows."""
        key = keys.label(command_by_id("filter"))
        self._prompt = key if cell_len(key) == 1 else "/"
        self._field: FilterInput | None = None
        self._note: FilterNote | None = None

    @property
    def field(self) -> FilterInput:
        """What is typed in: there once it is wanted, like the line itself."""
        if self._field is None:
            from nobil_tui.tui.widgets.filter.input import FilterInput, FilterPrompt
            from nobil_tui.tui.widgets.filter.note import FilterNote

            self._field, self._note = FilterInput(self), FilterNote(self)
            self.mount(FilterPrompt(self._prompt), self._field, self._note)
        return self._field

    @property
    def text(self) -> str:
        """What is typed. Setting it tells nobody: whoever sets it knows."""
        return "" if self._field is None else self._field.value

    @text.setter
    def text(self, text: str) -> None:
        if not text and self._field is None:
            return
        with self.field.prevent(Input.Changed):
            self.field.value = text
        self.field.cursor_position = len(text)
        self._show_or_hide()
        self._write_note()

    def open(self) -> None:
        """Begin to type."""
        field = self.field
        self.add_class("-shown")
        # At once, and not in a while as its own ``focus`` does: what is typed next is meant for it.
        self.screen.set_focus(field)

    def watch_found(self) -> None:
        """Say what is found."""
        self._write_note()

    @on(Input.Changed)
    def _tell(self, message: Input.Changed) -> None:
        message.stop()
        self._write_note()
        self.post_message(self.Changed(message.value))

    def on_descendant_blur(self) -> None:
        """Go out of the way where nothing is filtered."""
        self._show_or_hide()
        self._write_note()

    def on_descendant_focus(self) -> None:
        """Say what can be typed."""
        self._write_note()

    def on_click(self) -> None:
        """Type, wherever the line was clicked."""
        self.field.focus()

    def on_resize(self) -> None:
        """The note's room depends on the width."""
        self._write_note()

    def _write_note(self) -> None:
        if self._note is not None:
            self._note.write()

    def _show_or_hide(self) -> None:
        self.set_class(self.field.has_focus or bool(self.text), "-shown")
