"""The text of a filter, as it is typed; and the key that leads there."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from nobil_tui.commands import Context
from nobil_tui.config.validation import MAX_FILTER
from nobil_tui.search.completion import completions, insert_completion, word_at
from nobil_tui.tui.bindings import bindings_for
from nobil_tui.tui.widgets.filter.line import FilterLine

_EXAMPLES = "words, or ccs  >=150kw  free  op:recharge  within:20km  -tesla"


class FilterInput(Input):
    """The text. Tab and the right arrow take what is offered for the word being typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.FILTER),
        # Not commands of their own: they do what these keys do in every line that completes.
        Binding("tab", "complete", "Complete", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
    ]

    def __init__(self, filter_line: FilterLine) -> None:
        super().__init__(
            placeholder=_EXAMPLES,
            max_length=MAX_FILTER,
            suggester=_Ghost(self),
            select_on_focus=False,
            compact=True,
        )
        self._host = filter_line
        self._offer: tuple[str, int, list[str]] = ("", 0, [])

    @property
    def offered(self) -> list[str]:
        """What the word before the cursor could become; none where no word is begun."""
        text, cursor = self.value, self.cursor_position
        if self._offer[:2] != (text, cursor):
            start, end = word_at(text, cursor)
            begun = text[start:end].strip("-")
            self._offer = (text, cursor, completions(text, cursor, self._host.values()) if begun else [])
        return self._offer[2]

    @property
    def rest(self) -> int:
        """Cells of what is shown behind the text: the rest of the word that is offered."""
        return cell_len(self.offered[0]) if self.has_focus and self.offered else 0

    def replace(self, text: str, start: int, end: int) -> None:
        """Put a text into the line; what is pasted can hold anything."""
        printable = "".join(letter if letter.isprintable() else " " for letter in text)
        super().replace(printable, start, end)

    def action_complete(self) -> None:
        """Take what is offered; where nothing is, the key goes on to whoever else has it."""
        if not self.offered:
            raise SkipAction
        self.value, self.cursor_position = insert_completion(self.value, self.cursor_position, self.offered[0])

    def action_cursor_right(self, select: bool = False) -> None:
        """Take what is offered at the end of the line, else move."""
        if self.cursor_at_end and self.offered and not select:
            self.action_complete()
        else:
            super().action_cursor_right(select)

    def action_move(self, by: int) -> None:
        """Move in the list."""
        self.post_message(FilterLine.Moved(by))

    def action_keep_filter(self) -> None:
        """Go to the list."""
        self.post_message(FilterLine.Kept())

    def action_back(self) -> None:
        """Leave, without a filter."""
        self._host.text = ""
        self.post_message(FilterLine.Left())


class _Ghost(Suggester):
    """Shows the rest of the word that is offered first, behind the cursor."""

    def __init__(self, field: FilterInput) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._field = field

    async def get_suggestion(self, value: str) -> str | None:
        """Return the text with the rest of the word, or with the whole of it where it is spelt another way."""
        field = self._field
        if value != field.value or not field.cursor_at_end or not field.offered:
            return None
        word = field.offered[0]
        begun = value[word_at(value, len(value))[0] :]
        return value + (word[len(begun) :] if word.lower().startswith(begun.lower()) else f"  {word}")


class FilterPrompt(Widget):
    """The key that leads here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render_line(self, y: int) -> Strip:
        """One sign."""
        return Strip.blank(0) if y else Strip([Segment(f"{self._text} ", self.rich_style)])
