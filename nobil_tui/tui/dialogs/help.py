"""The help: every key, every symbol, and the running source. The keys come from ``commands.py``."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from nobil_tui.charging.conditions import Condition
from nobil_tui.commands import COMMANDS, Context, command_by_id, for_context
from nobil_tui.search.fields import FILTER_EXAMPLES
from nobil_tui.search.folding import fold_line
from nobil_tui.tui.bindings import KeyBindings, binding_of, bindings_for
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.style.glyphs import Glyphs
from nobil_tui.tui.widgets.text_field import TextField

_KEYS_WIDTH = 10
"""Least width of the column of keys in cells."""
_MEANING_WIDTH = 20
"""The fewest cells for what a key does, beside it."""
_QUIET = Style(dim=True)
_Row = tuple[str, str, str]
"""The keys or a symbol, the meaning, and the command id, which may be empty."""
_Section = tuple[str, tuple[_Row, ...]]
"""A heading and its rows."""


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


class _Rows:
    """Rows of the help: beside each other where there is room, else the meaning below its key."""

    def __init__(self, rows: tuple[_Row, ...]) -> None:
        self._rows = rows
        longest = max(len(keys) for keys, _, _ in rows)
        self._keys_width = max(_KEYS_WIDTH, longest + 2)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterable[RenderableType]:
        bold = Style(bold=True)
        if options.max_width - self._keys_width < _MEANING_WIDTH:
            for keys, meaning, name in self._rows:
                if keys:
                    yield Text(f"  {keys}", bold)
                yield Padding(_meaning_of(meaning, name), (0, 0, 0, 4))
            return
        table = Table.grid(padding=(0, 2))
        table.add_column(width=self._keys_width, no_wrap=True, style=bold)
        table.add_column(ratio=1)
        for keys, meaning, name in self._rows:
            table.add_row(Text(f"  {keys}"), _meaning_of(meaning, name))
        yield table


def _meaning_of(meaning: str, name: str) -> Text:
    return Text.assemble(meaning, (f"  {name}" if name else "", _QUIET))


@functools.lru_cache(maxsize=4)
def _text_of(sections: tuple[_Section, ...], *, spaced: bool) -> _RenderedOnce:
    """Return sections as text, rendered once although the help is opened again and again.

    ``spaced``: a blank line comes before the first one.
    """
    parts: list[RenderableType] = []
    for heading, rows in sections:
        # Outside the table: most headings are longer than the column of keys.
        parts += [Text(), Text(heading, _QUIET), _Rows(rows)]
    return _RenderedOnce(Group(*(parts if spaced else parts[1:])))


class HelpScreen(Dialog[None]):
    """The help, over the main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened the help closes it.
        binding_of(command_by_id("help"), "back"),
        binding_of(command_by_id("filter"), "search"),
    ]

    def __init__(self, keys: KeyBindings, glyphs: Glyphs, about: str) -> None:
        super().__init__()
        self._keys = keys
        self._glyphs = glyphs
        self._about = about

    def compose(self) -> ComposeResult:
        """Compose one scrolling text, and the field that searches it."""
        search, back = self._keys.named("filter"), self._keys.named("back")
        with HelpText(id="help", classes="dialog") as text:
            text.border_title = "Help"
            text.border_subtitle = f"{search} searches, {back} closes"
            yield Static(self._about, id="about", markup=False)
            yield Static(self._text(), id="help-text")
            yield TextField(placeholder="A key, or words", max_length=80, id="help-search")

    def action_search(self) -> None:
        """Start to type what to search for."""
        field = self.query_one(TextField)
        field.display = True
        field.focus()

    def action_back(self) -> None:
        """Show the whole help again after a search, else close it."""
        field = self.query_one(TextField)
        if not field.display:
            super().action_back()
            return
        field.value = ""
        field.display = False
        self.query_one(HelpText).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches while the user types."""
        words = fold_line(event.value)
        self.query_one("#about").display = not words
        self.query_one("#help-text", Static).update(self._text(words))
        self.query_one(HelpText).action_first()

    def on_input_submitted(self) -> None:
        """Return to the text, to scroll it."""
        self.query_one(HelpText).focus()

    def _text(self, words: str = "") -> _RenderedOnce | Text:
        """Return the sections; with folded ``words``, only the rows with that key or those
        words."""
        found = (
            (heading, tuple(row for row in rows if _matches(row, words)))
            for heading, rows in self._sections()
        )
        sections = tuple((heading, rows) for heading, rows in found if rows)
        if not sections:
            return Text(f"Nothing in the help matches {words}.")
        # The first blank line is that below what is running.
        return _text_of(sections, spaced=not words)

    def _sections(self) -> Iterator[tuple[str, list[_Row]]]:
        """Yield each heading with its rows."""
        for context in Context:
            commands = [command for command in for_context(context) if self._keys.of(command)]
            # A dialog shows its own keys.
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
        for heading, signs in (
            ("Symbols", self._symbols()),
            ("In the link bar", self._link_signs()),
            ("In the panes", self._pane_signs()),
        ):
            yield heading, [(sign, meaning, "") for sign, meaning in signs]

    def _symbols(self) -> Iterator[tuple[str, str]]:
        glyphs = self._glyphs
        for condition in Condition:
            yield glyphs.conditions[condition], f"{condition.label}: {condition.meaning}"
        counted = f"{glyphs.conditions[Condition.FREE]}3{glyphs.conditions[Condition.OCCUPIED]}9"
        yield counted, "connectors in each condition, if a row has no room for all symbols"
        yield "2/4", "two free of four in service; ?/4 if none is known to be free, but some may be"
        yield glyphs.star, "starred"
        yield glyphs.alert, "alert: you will be notified when a connector becomes free"
        yield f"{glyphs.alert} paler", "in the area of an alert"
        yield f"{glyphs.at_least}14:02", "at least since then: the change itself was not received"
        yield "~2 min", "the link was down for up to two minutes since the last report"
        yield "?5 h", "dimmed too: the link was down for longer, so the state may be outdated"
        free, occupied = glyphs.strip[Condition.FREE], glyphs.strip[Condition.OCCUPIED]
        yield (
            f"{free * 2}{occupied * 2}{free * 2}",
            "the last 24 hours of a connector; blank where it was not observed",
        )
        yield (
            "CCS 150 +2",
            "the strongest plug, its power in kW, and how many other kinds the station has; T2 is "
            "Type 2, CHA CHAdeMO",
        )

    def _link_signs(self) -> Iterator[tuple[str, str]]:
        glyphs = self._glyphs
        yield f"{glyphs.live} LIVE", "connected"
        yield "QUIET 45 s", "connected, but silent for longer than is usual for this source"
        yield "POLLING", "not connected to the stream; the state is fetched every minute"
        yield "NOT LIVE", "connected to a hub or a relay that does not hear from its own source"
        yield "RETRY IN 7 s", "disconnected; connects again automatically"
        yield "45 s behind", "the state on screen is older than the source's"
        yield (
            "being confirmed",
            "connectors that the next snapshot confirms, within a minute or two",
        )
        yield (
            f"{glyphs.star} 2/5 free",
            "starred stations with a free connector, of all starred ones",
        )
        yield "39% occupied", "of the connectors in service whose condition is known"
        yield "12 unconfirmed", "connectors not reported since the link was down"
        yield "0.8/s", "changes per second; the bars beside it show the last 16 seconds"
        yield "last frame", "when the source last sent anything"

    def _pane_signs(self) -> Iterator[tuple[str, str]]:
        glyphs = self._glyphs
        yield (
            f"{glyphs.up}Station",
            "sorted by this column, ascending; click to reverse",
        )
        yield (
            f"{glyphs.up} 12 new",
            "stations that moved above the first one shown; click to go there",
        )
        yield f"{glyphs.down} 32 new", "log lines below the last one shown; click to go there"
        yield "1 outside the filter", "the selected station, which the filter would hide"
        yield "not in the stream", "starred or registered, but missing in the last snapshot"
        yield "Heard", "when a connector was last reported, changed or not"
        yield "fault (available)", "faulty, although the operator says that it is available"
        yield "operator says", "the operator's own summary where it differs from the connectors"
        yield "reported as such", "unknown, as the source itself reports"
        yield "not reported yet", "unknown, since only the register lists this connector so far"
        yield "not confirmed for a week", "unknown, since the last report is too old"
        yield "flaps", "a connector that changes again and again: one line of the log for all"


def _matches(row: _Row, words: str) -> bool:
    """Return whether a row has this key, or words that begin with all of these."""
    keys, meaning, name = row
    text = fold_line(f"{keys} {meaning} {name}")
    return words in keys.casefold().split() or all(
        re.search(rf"(?<!\w){re.escape(word)}", text) for word in words.split()
    )
