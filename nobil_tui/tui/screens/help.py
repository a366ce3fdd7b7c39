"""The help: every key, what the signs and colours mean, and what is running. Made from ``commands.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from nobil_tui.charging.conditions import Condition
from nobil_tui.commands import Context, command_by_id, for_context
from nobil_tui.tui.bindings import KeyBindings, binding_of, bindings_for
from nobil_tui.tui.screens.dialog import Dialog
from nobil_tui.tui.style.glyphs import Glyphs

_KEYS = 14
"""Cells of the column of keys."""


class HelpText(VerticalScroll, inherit_bindings=False):
    """The text, which scrolls by the same keys as every list."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.LISTS)

    def action_down(self) -> None:
        """One line down."""
        self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """One line up."""
        self.scroll_relative(y=-1, animate=False)

    def action_page_down(self) -> None:
        """One screen down."""
        self.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """One screen up."""
        self.scroll_page_up(animate=False)

    def action_first(self) -> None:
        """To the top."""
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        """To the end."""
        self.scroll_end(animate=False)


class HelpScreen(Dialog[None]):
    """Shows the help."""

    # The key that opened it closes it.
    BINDINGS: ClassVar[list[BindingType]] = [binding_of(command_by_id("help"))]

    def __init__(self, keys: KeyBindings, glyphs: Glyphs, about: str) -> None:
        super().__init__()
        self._keys = keys
        self._glyphs = glyphs
        self._about = about

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with HelpText(id="help", classes="dialog") as text:
            text.border_title = "Help"
            text.border_subtitle = f"{self._keys.label(command_by_id('back'))} closes"
            yield Static(self._about, id="about", markup=False)
            yield Static(self._text(), id="help-text")

    def action_quit(self) -> None:
        """Close the help: who reads it means that, and not the program."""
        self.dismiss(None)

    def action_help(self) -> None:
        """Close the help: it is open."""
        self.dismiss(None)

    def _text(self) -> Group:
        quiet = Style(dim=True)
        parts: list[RenderableType] = []
        for heading, rows in self._sections():
            table = Table.grid(padding=(0, 1))
            table.add_column(width=_KEYS, no_wrap=True, style=Style(bold=True))
            table.add_column(ratio=1)
            for keys, words, name in rows:
                table.add_row(Text(f"  {keys}"), Text.assemble(words, (f"  {name}" if name else "", quiet)))
            # A heading has the whole width: most are longer than keys are.
            parts += [Text(), Text(heading, quiet), table]
        return Group(*parts)

    def _sections(self) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """Give headings, and under each what to press or see, what it means, and what the config calls it."""
        for context in Context:
            commands = [command for command in for_context(context) if self._keys.of(command)]
            # What a dialog does stands in the dialog.
            if commands and context is not Context.DIALOG:
                yield context.heading, [(self._keys.labels(each), each.tooltip, each.id) for each in commands]
        yield "Signs", [(sign, meaning, "") for sign, meaning in self._signs()]

    def _signs(self) -> Iterator[tuple[str, str]]:
        glyphs = self._glyphs
        for condition in Condition:
            yield glyphs.conditions[condition], f"{condition.label}: {condition.meaning}"
        counted = f"{glyphs.conditions[Condition.FREE]}3{glyphs.conditions[Condition.OCCUPIED]}9"
        yield counted, "how many are in each, where a row has no room for all"
        yield "2/4", "two free of four in service; ? where nothing is known"
        yield glyphs.star, "starred"
        yield glyphs.alert, "you are told when a connector becomes free"
        yield f"{glyphs.at_least}14:02", "at least since then: the change itself was not seen"
        yield "~2 min", "the link was away for up to two minutes since this was confirmed"
        yield "dim", "the link was away for longer, so it may no longer hold"
