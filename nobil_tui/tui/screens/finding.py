"""What narrows the list, orders it and leads to a station: filters, stars, the palette."""

from __future__ import annotations

from textual import on, work
from textual.widget import Widget

from nobil_tui.commands import Command, Context, command_by_id
from nobil_tui.config.operations import Operation, Put
from nobil_tui.tui.bindings import key_label
from nobil_tui.tui.screens.live import Live
from nobil_tui.tui.text.station_text import station_text
from nobil_tui.tui.widgets.filter.input import FilterInput
from nobil_tui.tui.widgets.filter.line import FilterLine
from nobil_tui.tui.widgets.stations.pane import StationsPane


class Finding(Live):
    """The panes, and the commands of the station list."""

    # The palette

    def action_palette(self) -> None:
        """Find a command or a station."""
        from nobil_tui.tui.palette import commands_and_stations

        self.app.push_screen(commands_and_stations())

    def offers(self, command: Command) -> bool:
        """Whether a command makes sense now."""
        return command.context is not Context.PLAYING or self.session.player is not None

    async def do(self, command: Command) -> None:
        """Have a command done by whom its key would reach."""
        panes = {Context.STATIONS: self.stations, Context.CONNECTORS: self.connectors}
        target: Widget = panes.get(command.context, self)
        await self.app.run_action(command.action, target)

    def find_stations(self, words: list[str], most: int) -> list[str]:
        """Tell the stations whose texts hold every word, ``most`` at the most."""
        return self.station_list.find(words)[:most]

    def go_to(self, station: str) -> None:
        """Select a station, whatever hides it."""
        if not self.stations.select(station):
            self.show_all()
            self.stations.select(station)
        self.stations.focus()

    # Stations

    def action_star(self) -> None:
        """Star the selected station, or take its star away."""
        if self.stations.selected:
            self._star(self.stations.selected)

    @on(StationsPane.StarClicked)
    def star_clicked(self, message: StationsPane.StarClicked) -> None:
        """Star what was clicked, or take its star away."""
        self._star(message.station)

    def _star(self, station: str) -> None:
        starred = station not in self.keeper.starred
        # The star shows at once; what the disk says comes later.
        self.keeper.mark(station, starred)
        self.stars_changed()
        self._save_star(station, starred)

    @work(group="star")
    async def _save_star(self, station: str, starred: bool) -> None:
        if problem := await self.keeper.save_star(station, starred):
            self.complain(f"{problem}\nThe star holds for this session.")

    def action_starred_only(self) -> None:
        """Show only starred stations, or all."""
        self.station_list.options.starred_only = not self.station_list.options.starred_only
        self.relist()

    def action_faults_only(self) -> None:
        """Show only stations with a fault, or all."""
        self.station_list.options.faults_only = not self.station_list.options.faults_only
        self.relist()

    def action_registered(self) -> None:
        """List also what only the register knows, or not."""
        self.station_list.options.include_registered = not self.station_list.options.include_registered
        self.relist()

    def action_pin_starred(self) -> None:
        """Keep starred stations on top, or not."""
        self.station_list.options.pin_starred = not self.station_list.options.pin_starred
        self.relist()
        self.remember(Put("interface", "pin_starred", self.station_list.options.pin_starred))

    @on(StationsPane.Reordered)
    def order_chosen(self) -> None:
        """Remember the order."""
        self.remember(Put("interface", "sort", self.station_list.options.sort))

    def action_tell_me(self) -> None:
        """Wait for a free connector of the selected station, or no longer."""
        station = self.stations.selected
        if not station:
            return
        name = self.register.name(station)
        waits = self.tell.toggle(station)
        words = "You are told when a connector becomes free." if waits else "You are no longer told."
        self.say(words, title=name)
        self.stations.refresh()
        self.show_selected()

    def action_copy(self) -> None:
        """Copy the selected station as text."""
        station = self.stations.selected
        if station:
            now, register = self.session.clock.now(), self.register
            text = station_text(station, self.board, register, now, self.setup.zone, credit=register.credit)
            self.app.copy_to_clipboard(text)
            self.say("Copied, if the terminal allows it.", title=self.register.name(station))

    def action_home(self) -> None:
        """Make the selected station home."""
        station = self.stations.selected
        position = self.register.facts(station).position if station else None
        if position is None:
            self.complain("It is not known where this station is, so it cannot be home.")
            return
        self.station_list.home = position
        self.relist()
        self.connectors.rebuild()
        self.remember(Put("home", "position", list(position)))
        self.say("This station is home.", title=self.register.name(station))

    # The filter

    def action_filter(self) -> None:
        """Type a filter."""
        line = self._wanted_filter_line()
        line.values = self.station_list.field_values
        line.open()

    def _wanted_filter_line(self) -> FilterLine:
        """Return the filter line, on screen: the first paint need not wait for what nobody sees yet."""
        if not self.filter_line.is_attached:
            self.mount(self.filter_line, before=self.hints)
        return self.filter_line

    @on(FilterLine.Changed)
    def filter_typed(self, message: FilterLine.Changed) -> None:
        """Filter while typing."""
        if message.text != self.filter_line.text:
            # It was typed on meanwhile, or left: what counts is what stands there.
            return
        self.station_list.filter = message.text
        self.relist()

    @on(FilterInput.Accepted)
    def filter_kept(self) -> None:
        """Go to the stations, at once: the next key is meant for them."""
        self.set_focus(self.stations)

    @on(FilterInput.Cancelled)
    def filter_left(self) -> None:
        """Go to the stations, and show all."""
        self.show_filter("")

    @on(FilterInput.CursorMoved)
    def filter_moved(self, message: FilterInput.CursorMoved) -> None:
        """Move in the list while typing."""
        self.stations.move_cursor(message.by)

    def show_filter(self, text: str) -> None:
        """Filter by a text, and go to the stations."""
        if text:
            self._wanted_filter_line()
        self.filter_line.text = text
        self.station_list.filter = text
        self.relist()
        self.stations.focus()

    @property
    def saved_filters(self) -> dict[str, str]:
        """By their names, in the order of the config."""
        return self.keeper.filters

    def action_saved_filter(self) -> None:
        """Filter by the saved one whose number was pressed."""
        keys = self.keys.of(command_by_id("saved-filter"))
        index = keys.index(self.nobil.last_key) if self.nobil.last_key in keys else 0
        saved = list(self.saved_filters.items())
        if index < len(saved):
            self.show_filter(saved[index][1])
        else:
            save = self.keys.label(command_by_id("save-filter"))
            words = f"There is no saved filter {index + 1}. Type one and press {save} in the list to save it."
            self.say(words, timeout=5)

    def action_save_filter(self) -> None:
        """Ask for a name, and save the filter under it."""
        from nobil_tui.tui.screens.save_filter import SaveFilterScreen

        text = self.station_list.filter.strip()
        if not text:
            self.say(f"There is no filter to save. Press {self.keys.named('filter')} and type one.")
            return

        def save(name: str | None) -> None:
            if name:
                self.remember(Put("filters", name, text))
                self._say_saved(name)

        self.app.push_screen(SaveFilterScreen(text, tuple(self.saved_filters)), save)

    def forget_filter(self, name: str) -> None:
        """Take a saved filter out of the config."""
        self.remember(Put("filters", name, None))
        self.say("This filter is no longer saved.", title=name)

    def _say_saved(self, name: str) -> None:
        keys, place = self.keys.of(command_by_id("saved-filter")), [*self.saved_filters].index(name)
        way = key_label(keys[place]) if place < len(keys) else f"{self.keys.named('palette')} and its name"
        self.say(f"{way} brings it back.", title=name)

    # What they share

    def show_all(self) -> None:
        """Take away all that narrows the list."""
        self.station_list.options.starred_only = self.station_list.options.faults_only = False
        self.filter_line.text = ""
        self.station_list.filter = ""
        self.relist()

    def relist(self) -> None:
        """List anew what is asked for."""
        self.stations.rebuild()
        self.show_found()

    def remember(self, *operations: Operation) -> None:
        """Save settings; what goes wrong is told, and they hold for this session."""
        self.keeper.hold(*operations)
        self._remember(operations)

    @work(group="remember")
    async def _remember(self, operations: tuple[Operation, ...]) -> None:
        if problem := await self.keeper.put(*operations):
            self.complain(f"{problem}\nIt holds for this session.")
