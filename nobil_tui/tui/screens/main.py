"""The main screen: composes the panes, adapts the layout, and passes messages and commands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from nobil_tui.commands import Context
from nobil_tui.session.settings import Settings
from nobil_tui.tui.bindings import KeyBindings, bindings_for
from nobil_tui.tui.commands.runner import CommandRunner
from nobil_tui.tui.input_activity import InputActivity
from nobil_tui.tui.last_view import LastView
from nobil_tui.tui.layout import LEAST, breakpoint_classes
from nobil_tui.tui.live_updates import BatchReceived, LiveUpdates
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.style.glyphs import Glyphs
from nobil_tui.tui.textual_internals.compositor import SparingPaint
from nobil_tui.tui.textual_internals.painting import FirstPaint
from nobil_tui.tui.widgets.bars.key_hints import KeyHints
from nobil_tui.tui.widgets.event_log.pane import EventLog
from nobil_tui.tui.widgets.stations.pane import StationsPane
from nobil_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from nobil_tui.tui.widgets.filter.input import FilterInput
    from nobil_tui.tui.widgets.filter.line import FilterLine
    from nobil_tui.tui.widgets.text_field import TextField


class MainScreen(FirstPaint, SparingPaint, Screen[None], inherit_bindings=False):
    """The main screen: station list, connectors, event log and two bars."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Context.EVERYWHERE),
        *bindings_for(Context.PLAYING),
    ]
    AUTO_FOCUS = "#stations"

    def __init__(
        self,
        options: AppOptions,
        settings: Settings,
        keys: KeyBindings,
        glyphs: Glyphs,
        input_activity: InputActivity,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """``warnings`` are shown at the start, besides those of the options."""
        super().__init__()
        self.workspace = Workspace(self, options, settings, keys, glyphs, input_activity)
        self.live_updates = LiveUpdates(self.workspace)
        self.commands = CommandRunner(self.workspace, self.live_updates)
        self.last_view = LastView(self.workspace)
        self._restored = self.last_view.load()
        self._warnings = (*options.warnings, *warnings)

    def compose(self) -> ComposeResult:
        """Compose the bars at the top and bottom, and the panes between them."""
        workspace = self.workspace
        yield workspace.link_bar
        with Vertical(id="body"):
            with Container(id="panes"):
                yield workspace.stations
                yield workspace.connectors
            yield workspace.event_log
        yield workspace.key_hints

    def on_mount(self) -> None:
        """Show the empty panes; everything that takes time starts after the first paint."""
        self.workspace.bind_session()
        self.last_view.restore(self._restored)
        if self._restored.filter:
            self.commands.filters.set(self._restored.filter)
        self.workspace.event_log.update_title()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        if not self.app.is_running:
            # The user quit already.
            return
        self.painted_once = True
        notifier = self.workspace.notifier
        self.app.app_suspend_signal.subscribe(self, lambda _: notifier.restore_title())
        self.live_updates.start(self._warnings)

    async def on_unmount(self) -> None:
        """Restore the terminal, and end the program that an alert started."""
        self.workspace.notifier.restore_title()
        await self.workspace.alerts.close()

    # The layout

    def set_start_size(self, size: Size) -> None:
        """Set the classes for a terminal of this size before anything is styled.

        Each class that is set later styles the whole screen again.
        """
        layout = self.workspace.layout
        layout.set_start_size(size)
        self.last_view.restore_layout(self._restored)
        classes = {**layout.classes, **dict.fromkeys(breakpoint_classes(size), True)}
        self.update_classes(classes, update=False)

    def on_resize(self, event: Resize) -> None:
        """Adapt the layout to the new size, or say that it is too small."""
        self.workspace.layout.set_size(event.size)
        self._note_size(event.size)

    def _note_size(self, size: Size) -> None:
        """Cover everything with a sentence while there is no room for a station."""
        notes = self.query("#too-small")
        has_room = size.width >= LEAST.width and size.height >= LEAST.height
        if has_room:
            notes.remove()
        elif not notes:
            from textual.widgets import Static

            words = f"Too small: enlarge the terminal to {LEAST.width}x{LEAST.height} or more."
            self.mount(Static(words, id="too-small"))

    def on_descendant_focus(self) -> None:
        """Name the keys of the focused pane in the footer."""
        self.workspace.key_hints.context = self.commands.focused_context

    # Commands

    async def action_run_command(self, command_id: str) -> None:
        """Run a command, for its key."""
        await self.commands.run(command_id)

    @on(KeyHints.CommandClicked)
    async def run_clicked_command(self, message: KeyHints.CommandClicked) -> None:
        """Run a command that was clicked in the footer."""
        await self.commands.run(message.command_id)

    # Messages of the panes

    @on(BatchReceived)
    def show_batch(self, message: BatchReceived) -> None:
        """Show a batch of the source."""
        self.live_updates.show(message)

    @on(StationsPane.Selected)
    def show_selected(self) -> None:
        """Show the selected station in the other panes."""
        self.workspace.show_selected()
        self.live_updates.read_history()

    @on(StationsPane.StarClicked)
    def toggle_star(self, message: StationsPane.StarClicked) -> None:
        """Star the station whose star was clicked, or unstar it."""
        self.commands.stations.toggle_star(message.station)

    @on(StationsPane.Opened)
    def open_connectors(self) -> None:
        """Show the connectors of the selected station."""
        if self.workspace.take_station():
            self.workspace.layout.open_connectors()

    @on(StationsPane.Reordered)
    def save_order(self) -> None:
        """Save the order that the user chose."""
        self.commands.stations.save_order()

    @on(EventLog.Chosen)
    def select_station(self, message: EventLog.Chosen) -> None:
        """Select the station of a log line; the focus stays in the log."""
        self.workspace.select(message.station)

    # Messages of the filter line, by name: it is imported when it is first used

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        """Filter while the user types."""
        self.commands.filters.apply(message.text)

    def on_text_field_cut(self, message: TextField.Cut) -> None:
        """Say that a pasted filter was too long."""
        self.workspace.toasts.notify(
            f"Cut to {message.limit} characters, the most that a filter holds."
        )

    def on_filter_input_accepted(self) -> None:
        """Return from the filter to the stations."""
        self.commands.filters.keep()

    def on_filter_input_cancelled(self) -> None:
        """Remove the filter and return to the stations."""
        self.commands.filters.show("")

    def on_filter_input_page_moved(self, message: FilterInput.PageMoved) -> None:
        """Move the cursor of the list while the user types."""
        stations = self.workspace.stations
        stations.move_cursor(message.by * stations.page)
