"""What the palette finds: every command, saved filters, and stations by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.binding import BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape
from textual.theme import ThemeProvider

from nobil_tui.commands import COMMANDS, command_by_id
from nobil_tui.search.folding import fold_line
from nobil_tui.tui.bindings import binding_of
from nobil_tui.tui.dismissal import Dismissal

if TYPE_CHECKING:
    from nobil_tui.tui.screens.main import MainScreen

MOST_STATIONS = 40
"""Stations that are offered at once."""


class PaletteItem(NamedTuple):
    """Something that the palette offers."""

    title: str
    help: str
    do: Callable[[], object]


class Palette(Dismissal, CommandPalette):
    """The library's, with the one key that must work everywhere."""

    CSS_PATH = "palette.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [binding_of(command_by_id("quit"))]

    def action_quit(self) -> None:
        """Quit the program."""
        self.app.exit(0)


def commands_and_stations() -> Palette:
    """Make the palette of everything."""
    return Palette([CommandProvider, StationProvider], placeholder="A command, or a station by name")


def themes() -> Palette:
    """Make the palette of the themes."""
    return Palette([ThemeProvider], placeholder="A theme")


class CommandProvider(Provider):
    """Every command, with its key, and the saved filters."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for item in self._items():
            yield DiscoveryHit(Content(item.title), item.do, text=item.title, help=escape(item.help))

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for item in self._items():
            score = max(matcher.match(item.title), matcher.match(item.help) * 0.5)
            if score > 0:
                title = matcher.highlight(escape(item.title))
                yield Hit(score, title, item.do, text=item.title, help=escape(item.help))

    def _items(self) -> Iterator[PaletteItem]:
        screen = cast("MainScreen", self.screen)
        for command in COMMANDS:
            if command.palette and screen.offers(command):
                label = screen.keys.label(command)
                title = f"{command.label}   {label}" if label else command.label
                yield PaletteItem(title, command.tooltip, partial(screen.do, command))
        for name, text in screen.saved_filters.items():
            yield PaletteItem(f"Filter: {name}", text, partial(screen.show_filter, text))
        for name, text in screen.saved_filters.items():
            yield PaletteItem(f"Forget filter: {name}", text, partial(screen.forget_filter, name))


class StationProvider(Provider):
    """Stations by name, place or id. Only the few best are looked at closely: there may be tens of thousands."""

    async def search(self, query: str) -> Hits:
        """Those whose texts hold every word."""
        asked = fold_line(query).split()
        if not asked:
            return
        screen = cast("MainScreen", self.screen)
        for station in screen.find_stations(asked, MOST_STATIONS):
            facts = screen.register.facts(station)
            name = facts.name or station
            text = ", ".join(part for part in (name, facts.place if facts.place not in name else "") if part)
            # The library takes the second line for markup, and an id can hold anything.
            words = escape(f"{station}  {screen.summary_words(station)}")
            # Below every command that matches as well, in the order in which they were found.
            yield Hit(0.3, Content(text), partial(screen.go_to, station), text=text, help=words)
