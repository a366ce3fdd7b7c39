"""The command palette: commands, saved filters, and stations by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import ClassVar, NamedTuple, Protocol, cast

from textual import on
from textual.binding import BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape
from textual.widgets import Input
from textual.worker import WorkerError

from nobil_tui.commands import COMMANDS, Command, command_by_id
from nobil_tui.search.folding import fold_line
from nobil_tui.tui.bindings import KeyBindings, binding_of, key_label
from nobil_tui.tui.textual_internals.dismissal import Dismissal
from nobil_tui.tui.textual_internals.palette_search import ClosingPalette

MAX_FOUND_STATIONS = 40
"""The most stations that are offered at once."""


class PaletteHost(Protocol):
    """The entries of the palette, and the methods that run them."""

    @property
    def keys(self) -> KeyBindings:
        """The keys of each command."""

    @property
    def saved_filters(self) -> Mapping[str, str]:
        """The saved filters by name."""

    def is_available(self, command: Command) -> bool:
        """Return whether a command does anything now."""

    async def run(self, command_id: str) -> None:
        """Run a command."""

    def show_filter(self, text: str) -> None:
        """Filter the stations by a saved filter."""

    def delete_filter(self, name: str) -> None:
        """Delete a saved filter."""

    def find_stations(self, words: list[str], limit: int) -> list[str]:
        """Return the ids of up to ``limit`` stations whose texts contain every word."""

    def station_title(self, station: str) -> str:
        """Return the name and the place of a station."""

    def station_state(self, station: str) -> str:
        """Return the state of a station in a few words."""

    def go_to(self, station: str) -> None:
        """Select a station."""


class HostScreen(Protocol):
    """A screen that the palette can be opened over."""

    @property
    def commands(self) -> PaletteHost:
        """The host of the palette over this screen."""


class PaletteItem(NamedTuple):
    """An entry of the palette."""

    title: str
    help: str
    run: Callable[[], object]


class Palette(ClosingPalette, Dismissal, CommandPalette):
    """Textual's palette, with our keys to quit."""

    CSS_PATH = "palette.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [binding_of(command_by_id("quit"))]

    @on(Input.Submitted)
    async def finish_search(self) -> None:
        """Search for the whole text before Enter chooses from the results."""
        for worker in list(self.workers):
            if worker.node is self and not worker.is_finished:
                with suppress(WorkerError):
                    await worker.wait()


def command_palette() -> Palette:
    """Return a palette of commands, saved filters and stations."""
    return Palette(
        [CommandProvider, StationProvider], placeholder="A command, or a station by name"
    )


_BY_LABEL, _BY_NAME, _BY_TEXT, _BY_LETTERS = 4.0, 3.0, 2.0, 1.0
"""Ranks: commands whose name begins with the text, stations whose name does, stations by other
texts, and anything that contains its letters."""


def begin_words(words: list[str], text: str) -> bool:
    """Return whether every one of the folded ``words`` begins a word of ``text``."""
    found = fold_line(text).replace("_", " ").split()
    return all(any(each.startswith(word) for each in found) for word in words)


def _score(title: float, text: float, query: str, item: PaletteItem) -> float:
    """Return the rank of a command, from how well its title and its text match; 0 for not."""
    words = fold_line(query).split()
    if words and begin_words(words, item.title):
        return _BY_LABEL + min(title, 100) / 1000
    best = max(title, text * 0.5)
    return best and min(_BY_LETTERS, best / 100)


class CommandProvider(Provider):
    """Offers the commands with their keys, and the saved filters."""

    async def discover(self) -> Hits:
        """Offer all entries before anything is typed."""
        for item in self._items():
            yield DiscoveryHit(
                Content(item.title), item.run, text=item.title, help=escape(item.help)
            )

    async def search(self, query: str) -> Hits:
        """Offer the entries that match."""
        matcher = self.matcher(query)
        for item in self._items():
            score = _score(matcher.match(item.title), matcher.match(item.help), query, item)
            if score > 0:
                title = matcher.highlight(escape(item.title))
                yield Hit(score, title, item.run, text=item.title, help=escape(item.help))

    def _items(self) -> Iterator[PaletteItem]:
        host = _host_of(self)
        for command in COMMANDS:
            if command.palette and host.is_available(command):
                label = host.keys.label(command)
                title = f"{command.label}   {label}" if label else command.label
                yield PaletteItem(title, command.tooltip, partial(host.run, command.id))
        numbers = iter(host.keys.of(command_by_id("saved-filter")))
        for name, text in host.saved_filters.items():
            key = next(numbers, "")
            title = f"Filter: {name}   {key_label(key)}" if key else f"Filter: {name}"
            yield PaletteItem(title, text, partial(host.show_filter, text))
        for name, text in host.saved_filters.items():
            yield PaletteItem(f"Delete filter: {name}", text, partial(host.delete_filter, name))


class StationProvider(Provider):
    """Offers stations by name, place or id.

    Only the best are scored and formatted: there may be tens of thousands.
    """

    async def search(self, query: str) -> Hits:
        """Offer the stations whose texts contain every word."""
        words = query.split()
        if not words:
            return
        host = _host_of(self)
        for station in host.find_stations(words, MAX_FOUND_STATIONS):
            title = host.station_title(station)
            named = begin_words(fold_line(query).split(), f"{title} {station}")
            # Textual parses the second line as markup, and an id can hold anything.
            text = escape(f"{station}  {host.station_state(station)}")
            # In the order of the search.
            yield Hit(
                _BY_NAME if named else _BY_TEXT,
                Content(title),
                partial(host.go_to, station),
                text=title,
                help=text,
            )


def _host_of(provider: Provider) -> PaletteHost:
    return cast("HostScreen", provider.screen).commands
