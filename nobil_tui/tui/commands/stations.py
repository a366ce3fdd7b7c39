"""Commands for the stations: stars, alerts, and the order and contents of the list."""

from __future__ import annotations

from nobil_tui.charging.geo import Position
from nobil_tui.config.alert_rules import AlertRule, AlertWhen
from nobil_tui.config.operations import Put
from nobil_tui.tui.text.positions import position_text
from nobil_tui.tui.workspace import Workspace


class StationCommands:
    """Commands that act on the selected station or on the list."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def history(self) -> None:
        """Show the history of the selected station."""
        if station := self._workspace.take_station():
            from nobil_tui.tui.dialogs.history import HistoryScreen

            self._workspace.screen.app.push_screen(HistoryScreen(self._workspace, station))

    def star(self) -> None:
        """Star the selected station, or unstar it."""
        if station := self._workspace.take_station():
            self.toggle_star(station)

    def toggle_star(self, station: str) -> None:
        """Star a station, or unstar it."""
        workspace = self._workspace
        starred = station in workspace.settings.starred
        # Its row stays until the cursor leaves it: a second press acts on the same station.
        workspace.station_list.hold(station)
        done = f"{'Unstarred' if starred else 'Starred'} {workspace.register.name(station)}"
        workspace.edits.change(done, workspace.settings.star_operation(station), station=station)
        workspace.show_stars()
        workspace.toasts.confirm(done)

    def next_free(self) -> None:
        """Select the next station with a free connector, of those that the filter selects."""
        workspace = self._workspace
        station_list, stations = workspace.station_list, workspace.board.stations

        def is_free(station: str) -> bool:
            held = stations.get(station)
            return held is not None and station_list.count(held).free > 0

        if not workspace.stations.select_next(is_free):
            workspace.toasts.notify("No other station in the list has a free connector.")

    def next_starred(self) -> None:
        """Select the next starred station."""
        workspace = self._workspace
        if not workspace.stations.select_next(workspace.settings.starred.__contains__):
            workspace.toasts.notify("No other station in the list is starred.")

    def map(self) -> None:
        """Show the selected station on a map."""
        if self._workspace.take_station():
            self._workspace.connectors.open_map()

    def starred_only(self) -> None:
        """Show only starred stations, or all."""
        options = self._workspace.station_list.options
        options.starred_only = not options.starred_only
        self._workspace.relist()

    def faults_only(self) -> None:
        """Show only stations with a fault, or all."""
        options = self._workspace.station_list.options
        options.faults_only = not options.faults_only
        self._workspace.relist()

    def registered(self) -> None:
        """List stations that only the register knows, or hide them."""
        station_list = self._workspace.station_list
        options, total = station_list.options, station_list.total
        options.include_registered = not options.include_registered
        self._workspace.relist()
        if not len(self._workspace.register):
            key = self._workspace.keys.named("update-register")
            self._workspace.toasts.notify(f"The station register is empty. Press {key} to fill it.")
        elif station_list.total == total:
            self._workspace.toasts.notify("Every station of the register is in the stream.")

    def pin_starred(self) -> None:
        """Keep starred stations on top, or sort them with the others."""
        options = self._workspace.station_list.options
        options.pin_starred = not options.pin_starred
        self._workspace.relist()
        self._workspace.edits.set(Put("interface", "pin_starred", options.pin_starred))
        where = "pinned to the top" if options.pin_starred else "sorted with the others"
        self._workspace.toasts.notify(f"Starred stations are {where}.")

    def save_order(self) -> None:
        """Save the order of the list, which the user changed."""
        self._workspace.edits.set(
            Put("interface", "sort", self._workspace.station_list.options.sort)
        )

    def alert(self) -> None:
        """Arm or disarm the alert of the selected station; in the connectors, of one connector."""
        workspace = self._workspace
        station = workspace.take_station()
        if not station:
            return
        if workspace.screen.focused is workspace.connectors:
            self._choose_connector(station)
        else:
            self._toggle_alert(station)

    def _choose_connector(self, station: str) -> None:
        """Ask which connector, unless there is only one."""
        from nobil_tui.tui.dialogs.connector_alert import ConnectorAlertScreen, connector_choices

        workspace = self._workspace
        choices = connector_choices(workspace, station)
        if len(choices) < 2:
            self._toggle_alert(station, *(choice.connector for choice in choices))
            return

        def toggle(connector: str | None) -> None:
            if connector:
                self._toggle_alert(station, connector)

        title = workspace.register.name(station)
        workspace.screen.app.push_screen(
            ConnectorAlertScreen(title, choices, workspace.glyphs), toggle
        )

    def _toggle_alert(self, station: str, connector: str = "") -> None:
        """Arm an alert for "free" of a station or connector, or disarm all of them."""
        workspace = self._workspace
        armed = [
            rule
            for rule in workspace.alerts.on_station(station)
            if rule.when is AlertWhen.FREE and rule.connector == connector
        ]
        title = workspace.register.name(station)
        if armed:
            for rule in armed:
                workspace.remove_alert(rule)
            workspace.toasts.confirm("Alert removed", title=title)
        else:
            from nobil_tui.search.plug_text import plug_filter_text

            plugs = "" if connector else plug_filter_text(workspace.station_list.query)
            rule = AlertRule(station, connector, plugs)
            workspace.set_alert(rule)
            workspace.toasts.notify(armed_text(workspace, rule), title=title, timeout=6)
        workspace.show_alerts()

    def alerts(self) -> None:
        """List all alerts."""
        from nobil_tui.tui.dialogs.alerts import AlertsScreen

        self._workspace.screen.app.push_screen(AlertsScreen(self._workspace))

    def copy(self) -> None:
        """Copy the selected station to the clipboard as text."""
        workspace = self._workspace
        station, register = workspace.take_station(), workspace.register
        if not station:
            return
        from nobil_tui.tui.text.station_text import station_text

        now, zone = workspace.session.clock.now(), workspace.options.zone
        text = station_text(
            station, workspace.board, register, now, zone, credit=register.credit_of(station)
        )
        workspace.screen.app.copy_to_clipboard(text)

    def home(self) -> None:
        """Set the selected station as home. Ask before a home is replaced or removed."""
        workspace = self._workspace
        current = workspace.settings.own_home
        # Without a station, a home can still be removed.
        station = workspace.take_station() if current is None else workspace.stations.take()
        position = workspace.register.facts(station).position if station else None
        if current is None:
            if not station:
                return
            if position is None:
                workspace.toasts.warn("Cannot set this station as home: its position is unknown.")
            else:
                self._set_home(position, f"Home set to {workspace.register.name(station)}")
            return
        from nobil_tui.tui.dialogs.home import HomeChoice, HomeScreen

        is_home = position == current
        name = "" if is_home or not station else workspace.register.name(station)
        can_replace = bool(name) and position is not None

        def answer(choice: HomeChoice | None) -> None:
            if choice is HomeChoice.REMOVE:
                self._set_home(None, "Home removed")
            elif choice is HomeChoice.REPLACE and position is not None:
                self._set_home(position, f"Home set to {name}")

        home = self._station_at(current) or position_text(current)
        workspace.screen.app.push_screen(HomeScreen(home, name, can_replace=can_replace), answer)

    def _set_home(self, position: Position | None, done: str) -> None:
        workspace = self._workspace
        workspace.edits.change(done, workspace.settings.home_operation(position))
        workspace.show_home()
        workspace.toasts.confirm(done)

    def _station_at(self, position: Position) -> str:
        """Return the name of the listed station at a position; empty if there is none."""
        register = self._workspace.register
        ids = self._workspace.station_list.ids
        found = (each for each in ids if register.facts(each).position == position)
        return next(map(register.name, found), "")


def armed_text(workspace: Workspace, rule: AlertRule) -> str:
    """Return what a new alert for "free" waits for, and say if that is the case already."""
    from nobil_tui.alerts.firing import describe
    from nobil_tui.alerts.rules import count

    query = workspace.station_list.parse(rule.filter)
    station = workspace.board.stations.get(rule.station)
    once = "" if rule.repeat else " once"
    text = f"Alert set: you will be notified{once} when {describe(rule, query, station)}."
    if station is not None:
        summary = count(rule, query, station, workspace.register)
        if summary.free >= rule.least:
            text += " It is free now: you will be notified the next time."
    return text
