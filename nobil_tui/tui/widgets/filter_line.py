"""The line in which a filter is typed: a prompt, the text, and beside it what the filter finds or fails to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from nobil_tui.charging.completion import Values, complete, completions, word_at
from nobil_tui.commands import Context, by_id
from nobil_tui.config.rules import LONGEST_FILTER
from nobil_tui.tui.bindings import Keys, bindings_for
from nobil_tui.tui.widgets.filter_note import FilterNote

_EXAMPLES = "words, or ccs  >=150kw  free  op:recharge  within:20km  -tesla"


class Found(NamedTuple):
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

    found: reactive[Found] = reactive(Found())
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

    def __init__(self, keys: Keys, *, id: str) -> None:
        super().__init__(id=id)
        self.values: Callable[[], Values] = Values
        """Tells what stands in the register, for completion; none of it before somebody knows."""
        key = keys.label(by_id("filter"))
        self._prompt = key if cell_len(key) == 1 else "/"
        self.field = FilterInput(self)
        self._note = FilterNote(self)
        self._built = False

    @property
    def text(self) -> str:
        """What is typed. Setting it tells nobody: whoever sets it knows."""
        return self.field.value

    @text.setter
    def text(self, text: str) -> None:
        if text:
            self._build()
        with self.field.prevent(Input.Changed):
            self.field.value = text
        self.field.cursor_position = len(text)
        self._show_or_hide()
        self._note.write()

    def open(self) -> None:
        """Begin to type."""
        self._build()
        self.add_class("-shown")
        # At once, and not in a while as its own ``focus`` does: what is typed next is meant for it.
        self.screen.set_focus(self.field)

    def watch_found(self) -> None:
        """Say what is found."""
        self._note.write()

    @on(Input.Changed)
    def _tell(self, message: Input.Changed) -> None:
        message.stop()
        self._note.write()
        self.post_message(self.Changed(message.value))

    def on_descendant_blur(self) -> None:
        """Go out of the way where nothing is filtered."""
        self._show_or_hide()
        self._note.write()

    def on_descendant_focus(self) -> None:
        """Say what can be typed."""
        self._note.write()

    def on_click(self) -> None:
        """Type, wherever the line was clicked."""
        self.field.focus()

    def on_resize(self) -> None:
        """The note's room depends on the width."""
        self._note.write()

    def _build(self) -> None:
        # When it is wanted: styling what nobody sees yet would cost the first paint 8 ms.
        if not self._built:
            self._built = True
            self.mount(FilterPrompt(self._prompt), self.field, self._note)

    def _show_or_hide(self) -> None:
        self.set_class(self.field.has_focus or bool(self.text), "-shown")


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
            max_length=LONGEST_FILTER,
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
        self.value, self.cursor_position = complete(self.value, self.cursor_position, self.offered[0])

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
