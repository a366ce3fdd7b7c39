"""Run a command by its id, for a key, the footer, the palette or the mouse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from textual.widget import Widget

from nobil_tui.commands import COMMANDS, Command, Context, command_by_id
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.commands.filters import FilterCommands
from nobil_tui.tui.commands.log import LogCommands
from nobil_tui.tui.commands.playback import PlaybackCommands
from nobil_tui.tui.commands.source import SourceCommands
from nobil_tui.tui.commands.stations import StationCommands
from nobil_tui.tui.commands.view import ViewCommands
from nobil_tui.tui.live_updates import LiveUpdates
from nobil_tui.tui.workspace import Workspace

Handler = Callable[[], Awaitable[None] | None]

SCREEN_CONTEXTS = (Context.EVERYWHERE, Context.PLAYING)
"""The contexts whose commands the groups run. Those of a pane are actions of the pane."""


class CommandRunner:
    """Finds the target of a command by its context, and runs it there.

    A command of the whole screen is a method of one of the groups; a command of a pane is the
    action of that pane, to which Textual binds its keys directly.
    """

    def __init__(self, workspace: Workspace, live_updates: LiveUpdates) -> None:
        self._workspace = workspace
        self.stations = StationCommands(workspace)
        self.filters = FilterCommands(workspace)
        self.log = LogCommands(workspace)
        self._handlers = _handlers_of(
            self.stations,
            self.filters,
            self.log,
            SourceCommands(workspace, live_updates),
            PlaybackCommands(workspace),
            ViewCommands(workspace),
        )

    async def run(self, command_id: str) -> None:
        """Run the command with this id."""
        command = command_by_id(command_id)
        pane = self._pane_of(command)
        if pane is not None:
            await self._workspace.screen.app.run_action(command.action, pane)
            return
        result = self._handlers[command_id]()
        if result is not None:
            await result

    def _pane_of(self, command: Command) -> Widget | None:
        """Return the pane that runs a command: the focused one if its keys work there."""
        workspace = self._workspace
        nearest = (each for each in self.focused_context.active if each not in SCREEN_CONTEXTS)
        if any(map(command.works_in, nearest)):
            return workspace.screen.focused
        return {
            Context.STATIONS: workspace.stations,
            Context.CONNECTORS: workspace.connectors,
            Context.LOG: workspace.event_log,
            Context.LISTS: workspace.stations,
        }.get(command.context)

    @property
    def focused_context(self) -> Context:
        """The context of the focused pane, whose keys work now; EVERYWHERE without one."""
        workspace = self._workspace
        focused = workspace.screen.focused
        if focused is workspace.stations:
            return Context.STATIONS
        if focused is workspace.connectors:
            return Context.CONNECTORS
        if focused is workspace.event_log:
            return Context.LOG
        if workspace.has_filter_line and focused is workspace.filter_line.input:
            return Context.FILTER
        return Context.EVERYWHERE

    # For the palette

    @property
    def keys(self) -> KeyBindings:
        """The keys of each command."""
        return self._workspace.keys

    def is_available(self, command: Command) -> bool:
        """Return whether a command does anything now."""
        return command.context is not Context.PLAYING or self._workspace.session.player is not None

    @property
    def saved_filters(self) -> Mapping[str, str]:
        """The saved filters by name."""
        return self.filters.saved

    def show_filter(self, text: str) -> None:
        """Filter the stations by a saved filter."""
        self.filters.show_saved(text)

    def delete_filter(self, name: str) -> None:
        """Delete a saved filter."""
        self.filters.delete(name)

    def find_stations(self, words: list[str], limit: int) -> list[str]:
        """Return the ids of up to ``limit`` stations whose texts contain every word."""
        return self._workspace.station_list.find(words)[:limit]

    def station_title(self, station: str) -> str:
        """Return the name and the place of a station."""
        facts = self._workspace.register.facts(station)
        name = facts.name or station
        return f"{name}, {facts.place}" if facts.place and facts.place not in name else name

    def station_state(self, station: str) -> str:
        """Return the state of a station in a few words."""
        return self._workspace.summary_text(station)

    def go_to(self, station: str) -> None:
        """Select a station, even if it is hidden, and focus the stations."""
        self._workspace.select(station)
        self._workspace.stations.focus()


def _handlers_of(*groups: object) -> dict[str, Handler]:
    """Return the method of each command. Raises ``ValueError`` unless there is exactly one."""
    handlers: dict[str, Handler] = {}
    for command in COMMANDS:
        if command.context in SCREEN_CONTEXTS:
            (handler,) = (
                getattr(each, command.action) for each in groups if hasattr(each, command.action)
            )
            handlers[command.id] = handler
    return handlers
