"""The text field of the filter, with completion, and the prompt in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget

from nobil_tui.commands import Context
from nobil_tui.config.setting_table import MAX_FILTER
from nobil_tui.search.completion import completions, insert_completion, word_at
from nobil_tui.search.fields import FieldValues
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.widgets.text_field import TextField

_EXAMPLES = "words, or ccs  >=150kw  free  near:oslo  op:recharge  -tesla"


MAX_HISTORY = 30
"""Filters that are remembered."""


class FilterInput(TextField):
    """A text field; Tab and Right accept the completion of the word before the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.FILTER),
        # Not commands of their own: completing text fields use these keys everywhere.
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "recall(-1)", "Earlier filter", show=False),
        Binding("down", "recall(1)", "Later filter", show=False),
        Binding("pagedown", "move_page(1)", "Page down", show=False),
        Binding("pageup", "move_page(-1)", "Page up", show=False),
    ]

    class Accepted(Message):
        """The filter is complete; the focus belongs to the list."""

    class Cancelled(Message):
        """The filter was cleared and left."""

    @dataclass
    class PageMoved(Message):
        """The cursor of the list should move by ``by`` pages while the user types."""

        by: int

    def __init__(self, history: list[str]) -> None:
        super().__init__(
            placeholder=_EXAMPLES,
            max_length=MAX_FILTER,
            suggester=_CompletionSuggester(self),
            select_on_focus=False,
            compact=True,
        )
        self.history = history
        """The filters that were used, the latest last."""
        self._recalled = 0
        """Which of them is shown, from the end; 0 for none."""
        self._draft = ""
        """What was typed before one was shown."""
        self._values: FieldValues = {}
        self._completions: tuple[str, int, list[str]] = ("", 0, [])
        """The completions of a text and a cursor position: several callers ask for the same."""

    @property
    def values(self) -> FieldValues:
        """The values of the register's fields, for completion."""
        return self._values

    @values.setter
    def values(self, values: FieldValues) -> None:
        if values is not self._values:
            self._values = values
            self._completions = ("", 0, [])

    @property
    def offers(self) -> list[str]:
        """The completions of the word before the cursor; empty without a word."""
        text, cursor = self.value, self.cursor_position
        if self._completions[:2] != (text, cursor):
            start, end = word_at(text, cursor)
            word = text[start:end].strip("-")
            offers = completions(text, cursor, self._values) if word else []
            self._completions = (text, cursor, offers)
        return self._completions[2]

    @property
    def ghost_width(self) -> int:
        """Cells to reserve behind the text for the completion shown there."""
        return cell_len(self.offers[0]) if self.has_focus and self.offers else 0

    def set_text(self, text: str) -> None:
        """Replace the text without a ``Changed`` message."""
        self.remember()
        with self.prevent(TextField.Changed):
            self.value = text
        self.cursor_position = len(text)

    async def action_complete(self) -> None:
        """Accept the first completion; without one, leave the key to other bindings."""
        if not self.offers:
            raise SkipAction
        self._accept()

    def _accept(self) -> None:
        text, cursor = insert_completion(self.value, self.cursor_position, self.offers[0])
        self.value, self.cursor_position = text, cursor

    def action_cursor_right(self, select: bool = False) -> None:
        """Accept the first completion at the end of the text; elsewhere move the cursor."""
        if self.cursor_at_end and self.offers and not select and self.selection.is_empty:
            self._accept()
        else:
            super().action_cursor_right(select)

    def action_move_page(self, by: int) -> None:
        """Move the cursor of the list."""
        self.post_message(self.PageMoved(by))

    def action_recall(self, by: int) -> None:
        """Show an earlier filter, or a later one up to what was typed."""
        at = min(max(self._recalled + by, -len(self.history)), 0)
        if at == self._recalled:
            return
        if self._recalled == 0:
            self._draft = self.value
        self._recalled = at
        self.value = self.history[at] if at else self._draft
        self.cursor_position = len(self.value)

    def remember(self) -> None:
        """Add the text to the history, as its latest one."""
        text = self.value.strip()
        if text:
            others = [each for each in self.history if each != text]
            self.history[:] = [*others, text][-MAX_HISTORY:]
        self._recalled = 0

    def action_keep_filter(self) -> None:
        """Accept the filter."""
        self.remember()
        self.post_message(self.Accepted())

    def action_back(self) -> None:
        """Clear the filter and leave the field."""
        # Cleared at once: a pending ``Changed`` message is recognized by its older text.
        self.set_text("")
        self.post_message(self.Cancelled())


class _CompletionSuggester(Suggester):
    """Suggests the first completion, which Input shows behind the cursor."""

    def __init__(self, field: FilterInput) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._field = field

    async def get_suggestion(self, value: str) -> str | None:
        """Return the completed text, or the text followed by a word that is spelt differently."""
        field = self._field
        if value != field.value or not field.cursor_at_end or not field.offers:
            return None
        word = field.offers[0]
        typed = value[word_at(value, len(value))[0] :]
        matches = word.lower().startswith(typed.lower())
        return value + (word[len(typed) :] if matches else f"  {word}")


class FilterPrompt(Widget):
    """The key that opens the filter, as a prompt."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render_line(self, y: int) -> Strip:
        """Render the prompt."""
        return Strip.blank(0) if y else Strip([Segment(f"{self._text} ", self.rich_style)])
