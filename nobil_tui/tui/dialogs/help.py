"""The help: every key, every symbol, and what is running. Generated from ``commands.py``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from nobil_tui.charging.conditions import Condition
from nobil_tui.commands import COMMANDS, Context, command_by_id, for_context
from nobil_tui.search.fields import FILTER_EXAMPLES
from nobil_tui.tui.bindings import KeyBindings, binding_of, bindings_for
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.style.glyphs import Glyphs

_KEYS_WIDTH = 14
"""Width of the column of keys in cells."""


class HelpText(VerticalScroll, inherit_bindings=False):
    """The text, which scrolls with the same keys as every list."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.LISTS)

    def action_down(self) -> None:
        """Scroll one line down."""
        self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """Scroll one line up."""
        self.scroll_relative(y=-1, animate=False)

    def action_page_down(self) -> None:
        """Scroll one page down."""
        self.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """Scroll one page up."""
        self.scroll_page_up(animate=False)

    def action_half_page_down(self) -> None:
        """Scroll half a page down."""
        self.scroll_relative(y=max(1, self.size.height // 2), animate=False)

    def action_half_page_up(self) -> None:
        """Scroll half a page up."""
        self.scroll_relative(y=-max(1, self.size.height // 2), animate=False)

    def action_first(self) -> None:
        """Scroll to the top."""
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        """Scroll to the end."""
        self.scroll_end(animate=False)


class _RenderedOnce:
    """Content that is rendered once per width: Textual renders it again for each layout, and the
    tables of the help take long."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content
        self._rendered: dict[int, list[Segment]] = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        width = options.max_width
        if width not in self._rendered:
            self._rendered[width] = [*console.render(self._content, options)]
        return self._rendered[width]


class HelpScreen(Dialog[None]):
    """The help, over the main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened the help closes it.
        binding_of(command_by_id("help"), "back"),
    ]

    def __init__(self, keys: KeyBindings, glyphs: Glyphs, about: str) -> None:
        super().__init__()
        self._keys = keys
        self._glyphs = glyphs
        self._about = about

    def compose(self) -> ComposeResult:
        """Compose one scrolling text."""
        with HelpText(id="help", classes="dialog") as text:
            text.border_title = "Help"
            text.border_subtitle = f"{self._keys.label(command_by_id('back'))} closes"
            yield Static(self._about, id="about", markup=False)
            yield Static(_RenderedOnce(self._text()), id="help-text")

    def _text(self) -> Group:
        quiet = Style(dim=True)
        parts: list[RenderableType] = []
        for heading, rows in self._sections():
            table = Table.grid(padding=(0, 1))
            longest = max(len(keys) for keys, _, _ in rows) + 2
            table.add_column(width=max(_KEYS_WIDTH, longest), no_wrap=True, style=Style(bold=True))
            table.add_column(ratio=1)
            for keys, words, name in rows:
                table.add_row(
                    Text(f"  {keys}"), Text.assemble(words, (f"  {name}" if name else "", quiet))
                )
            # Outside the table: most headings are longer than the column of keys.
            parts += [Text(), Text(heading, quiet), table]
        return Group(*parts)

    def _sections(self) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """Yield each heading with its rows: the keys or symbol, the meaning, and the command id."""
        for context in Context:
            commands = [command for command in for_context(context) if self._keys.of(command)]
            # A dialog shows what it does itself.
            if commands and context is not Context.DIALOG:
                yield (
                    context.heading,
                    [(self._keys.labels(each), each.tooltip, each.id) for each in commands],
                )
        unbound = [each for each in COMMANDS if each.palette and not self._keys.of(each)]
        if unbound:
            palette = self._keys.named("palette")
            yield (
                f"Without a key: run them in the palette ({palette})",
                [("", f"{each.label}: {each.tooltip}", each.id) for each in unbound],
            )
        yield "The filter", [(text, meaning, "") for text, meaning in FILTER_EXAMPLES]
        yield "Symbols", [(sign, meaning, "") for sign, meaning in self._signs()]

    def _signs(self) -> Iterator[tuple[str, str]]:
        glyphs = self._glyphs
        for condition in Condition:
            yield glyphs.conditions[condition], f"{condition.label}: {condition.meaning}"
        counted = f"{glyphs.conditions[Condition.FREE]}3{glyphs.conditions[Condition.OCCUPIED]}9"
        yield counted, "connectors in each condition, if a row has no room for all symbols"
        yield "2/4", "two free of four in service; ?/4 if none is known to be free, but some may be"
        yield glyphs.star, "starred"
        yield glyphs.alert, "alert: you will be notified when a connector becomes free"
        yield f"{glyphs.at_least}14:02", "at least since then: the change itself was not received"
        yield "~2 min", "the link was down for up to two minutes since the last report"
        yield "?5 h", "dimmed too: the link was down for longer, so the state may be outdated"
        free, occupied = glyphs.strip[Condition.FREE], glyphs.strip[Condition.OCCUPIED]
        yield (
            f"{free * 2}{occupied * 2}{free * 2}",
            "the last 24 hours of a connector; blank where it was not observed",
        )
        yield f"{glyphs.down} 32 new", "log lines below the last one shown; a click goes there"
        yield (
            "CCS 150",
            "the best plug of the station and its power in kW; T2 is Type 2, CHA CHAdeMO",
        )
        yield "fault (available)", "faulty, although the operator says that it is available"
        yield "operator says", "the operator's own summary where it differs from the connectors"
        yield "unknown", "the operator reported no more than that, or has not reported it yet"
        yield "not in the stream", "starred or registered, but missing in the last snapshot"
        yield "flaps", "one connector that changes again and again is one line of the log"
        yield "QUIET 45 s", "connected, but silent for longer than is usual for this source"
        yield "NOT LIVE", "connected to a hub or a relay that does not hear from its own source"
        yield "unconfirmed", "connectors not reported since the link was down"
        yield (
            f"{glyphs.star} 2/5 free",
            "starred stations with a free connector, of all starred ones",
        )
