"""The filter line: a prompt, the text of the filter, and a note about the matches."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from nobil_tui.commands import command_by_id
from nobil_tui.search.fields import FieldValues
from nobil_tui.tui.bindings import KeyBindings, key_label
from nobil_tui.tui.widgets.filter.input import FilterInput, FilterPrompt
from nobil_tui.tui.widgets.filter.note import FilterNote, FilterProblemNote
from nobil_tui.tui.widgets.filter.result import FilterResult

PROMPT_WIDTH = 2
"""Cells before the text."""
MIN_TEXT_WIDTH = 18
"""Cells that the text keeps beside any note."""


class FilterRow(Horizontal):
    """The prompt, the text and the note."""


class FilterLine(Vertical):
    """Shown while it has the focus or a text. ``FilterInput`` posts the messages for its keys.

    An error that does not fit beside the text has a line of its own.
    """

    result: reactive[FilterResult] = reactive(FilterResult())
    """The result of the filter, to be shown in the note."""

    @dataclass
    class Changed(Message):
        """The user changed the text."""

        text: str

    def __init__(self, keys: KeyBindings, history: list[str], *, id: str) -> None:
        """``history``: the filters that were used, to which this one is added."""
        super().__init__(id=id)
        key = keys.label(command_by_id("filter"))
        self._prompt = FilterPrompt(key if cell_len(key) == 1 else "/")
        self.input = FilterInput(history)
        self._note = FilterNote()
        self._problem = FilterProblemNote()
        self.saved: tuple[str, ...] = ()
        """The names of the saved filters, in the order of their numbers."""
        self._numbers = tuple(map(key_label, keys.of(command_by_id("saved-filter"))))

    @property
    def values(self) -> FieldValues:
        """The values of the register's fields, for completion."""
        return self.input.values

    @values.setter
    def values(self, values: FieldValues) -> None:
        self.input.values = values

    @property
    def text(self) -> str:
        """The text of the filter. Setting it posts no ``Changed`` message."""
        return self.input.value

    @text.setter
    def text(self, text: str) -> None:
        self._mount_parts()
        self.input.set_text(text)
        self._update_visibility()
        self._update_note()

    def open(self) -> None:
        """Show the line and focus the text field, with its text selected.

        What is typed replaces it, unless the cursor is moved first.
        """
        self._mount_parts()
        if self.screen.focused is not self.input:
            self.input.select_all()
        self.add_class("-shown")
        # Do not use ``focus()``, which takes effect later: the next key already belongs to the
        # field.
        self.screen.set_focus(self.input)

    def _mount_parts(self) -> None:
        """Mount the parts unless that is done. ``compose`` would run after the next key."""
        if not self.input.is_attached:
            self.mount(FilterRow(self._prompt, self.input, self._note), self._problem)

    def watch_result(self) -> None:
        """Show the result."""
        self._update_note()

    @on(Input.Changed)
    def _text_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._update_note()
        self.post_message(self.Changed(message.value))

    def on_descendant_blur(self) -> None:
        """Hide the line if it has no text."""
        self._update_visibility()
        self._update_note()

    def on_descendant_focus(self) -> None:
        """Show the completions."""
        self._update_note()

    def on_click(self) -> None:
        """Focus the text field."""
        self.input.focus()

    def on_resize(self) -> None:
        """Fit the note into another width."""
        self._update_note()

    def _update_note(self) -> None:
        if not self.input.is_attached:
            return
        field = self.input
        available = self.size.width - PROMPT_WIDTH
        needed = min(cell_len(self.text) + field.ghost_width + 2, available // 2)
        room = max(0, available - max(MIN_TEXT_WIDTH, needed))
        offers = field.offers if field.has_focus else []
        result = self.result
        # An unfinished word is not an error.
        own_line = bool(result.problem) and not offers and cell_len(result.problem) > room
        self.set_class(own_line, "-problem")
        self._problem.show(result.problem if own_line else "")
        if own_line:
            result = FilterResult(result.stations, result.of, result.hidden)
        saved = self._numbered() if field.has_focus and not self.text else ()
        self._note.show(self.text, result, offers, room, saved)

    def _numbered(self) -> tuple[str, ...]:
        """Return the saved filters with the keys that apply them."""
        pairs = zip(self._numbers, self.saved, strict=False)
        return tuple(f"{number} {name}" for number, name in pairs)

    def _update_visibility(self) -> None:
        self.set_class(self.input.has_focus or bool(self.text), "-shown")
