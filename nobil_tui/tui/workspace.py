"""The workspace: the panes of the main screen over one session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.screen import Screen

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import CREDIT, Register
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.config.model import LogScope
from nobil_tui.feeds.source import Source
from nobil_tui.monitor.batch import Note, NoteKind
from nobil_tui.search.list_options import ListOptions
from nobil_tui.search.station_list import StationList
from nobil_tui.session.alerts import SessionAlerts
from nobil_tui.session.history import recorded_stations
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from nobil_tui.session.undo import UndoStep
from nobil_tui.tui.alert_notifier import TOAST_SECONDS, AlertNotifier
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.input_activity import InputActivity
from nobil_tui.tui.layout import PaneLayout
from nobil_tui.tui.link_status import LinkStatus
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.setting_edits import SettingEdits
from nobil_tui.tui.style.glyphs import Glyphs
from nobil_tui.tui.text.staleness import station_staleness
from nobil_tui.tui.toasts import Toasts
from nobil_tui.tui.widgets.bars.key_hints import KeyHints
from nobil_tui.tui.widgets.bars.link_bar import LinkBar
from nobil_tui.tui.widgets.connectors.detail import DetailPainter
from nobil_tui.tui.widgets.connectors.pane import ConnectorsPane
from nobil_tui.tui.widgets.event_log.line import LogLinePainter
from nobil_tui.tui.widgets.event_log.pane import EventLog
from nobil_tui.tui.widgets.filter.result import FilterResult
from nobil_tui.tui.widgets.stations.pane import StationsPane

if TYPE_CHECKING:
    from nobil_tui.alerts.firing import Firing
    from nobil_tui.tui.widgets.filter.line import FilterLine


class Workspace:
    """The panes and bars, over one session at a time. Commands and live updates act on it."""

    def __init__(
        self,
        screen: Screen[None],
        options: AppOptions,
        settings: Settings,
        keys: KeyBindings,
        glyphs: Glyphs,
        input_activity: InputActivity,
    ) -> None:
        self.screen = screen
        self.options = options
        self.settings = settings
        self.keys = keys
        self.glyphs = glyphs
        self.input = input_activity
        self._create_panes()
        self.layout = PaneLayout(
            screen, self.stations, self.connectors, self.event_log, self._adapt_to_layout
        )
        self.toasts = Toasts(screen, self.layout, self.event_log, keys, glyphs)
        self.edits = SettingEdits(
            screen, settings, keys, self.key_hints, self.toasts, input_activity
        )
        self.alerts = SessionAlerts(
            settings,
            options.environ,
            save=self.edits.set,
            show=self.show_firing,
            warn=self.toasts.warn,
        )
        self.notifier = AlertNotifier(screen, options.environ, input_activity)
        self.user_register = Register(credit=CREDIT)
        """The user's own register, which is read after the first paint."""
        path = options.register_path
        self.register_updater = (
            RegisterUpdater(path, self.user_register, options) if path is not None else None
        )
        """Fills ``user_register``; None without a file for it."""
        self.source_text = options.source_text
        """The source as the user wrote it, without a key."""
        self.mouse_released = False
        """Whether the terminal has the mouse, to select text."""
        self._station_list: StationList | None = None
        self._create_session(options.source)

    def _create_panes(self) -> None:
        clock = self.options.clock
        self.stations = StationsPane(clock, id="stations")
        self.connectors = ConnectorsPane(clock, id="connectors")
        self.event_log = EventLog(id="log")
        self.event_log.scope = self.settings.config.interface.log_scope
        self.filter_history: list[str] = []
        """The filters that were used, the latest last."""
        self._filter_line: FilterLine | None = None
        self.link_bar = LinkBar(id="link-bar")
        self.key_hints = KeyHints(self.keys, id="hints")
        for pane in (self.stations, self.connectors, self.event_log, self.link_bar):
            pane.glyphs = self.glyphs
        for pane in (self.stations, self.event_log):
            pane.keys = self.keys

    @property
    def filter_line(self) -> FilterLine:
        """The filter line, mounted on first use so that the first paint is fast."""
        if self._filter_line is None:
            # Imported on use, for the same reason.
            from nobil_tui.tui.widgets.filter.line import FilterLine

            self._filter_line = FilterLine(self.keys, self.filter_history, id="filter")
            self.screen.mount(self._filter_line, before=self.key_hints)
            if self.is_bound:
                self.show_filter_result()
        return self._filter_line

    @property
    def has_filter_line(self) -> bool:
        """Whether the filter line was used."""
        return self._filter_line is not None

    @property
    def register(self) -> Register:
        """The static data of the session's stations."""
        return self.session.register

    @property
    def station_list(self) -> StationList:
        """The filtered, sorted station list."""
        return self.stations.station_list

    @property
    def is_bound(self) -> bool:
        """Whether there is a station list to show."""
        return self._station_list is not None

    @property
    def board(self) -> Board:
        """The latest state of every station."""
        return self.session.board

    # The session

    def open_session(self, source: Source, text: str) -> None:
        """Replace the session by one with another source, which is not running yet."""
        self.source_text = text
        self._create_session(source)
        self.event_log.clear()
        self.edits.undo.clear()
        self.bind_session()

    def _create_session(self, source: Source) -> None:
        recorded = recorded_stations(self.settings)
        self.session = Session(source, self.options, self.user_register, recorded=recorded)
        self.alerts.attach(self.session, self.options.state_dir, self.options.zone)
        self.link_status = LinkStatus(
            self.session, self.options, self.settings, self.keys, self.link_bar, self.stations
        )

    def bind_session(self) -> None:
        """Show the board and the register of the session, once it is new or its source is open."""
        session, stations, settings = self.session, self.stations, self.settings
        settings.use_simulated(session.simulated)
        options = self._list_options()
        station_list = StationList(session.board, session.register, settings.starred, options)
        stations.clock = self.connectors.clock = session.clock
        stations.alerted = self.alerts.stations
        stations.in_alert_area = self.alerts.area_stations
        stations.columns = settings.config.interface.columns
        self._station_list = stations.station_list = station_list
        zone = self.options.zone
        self.connectors.set_painter(DetailPainter(self.connectors, station_list, zone))
        self.event_log.painter = LogLinePainter(
            self.event_log, session.register, settings.starred, zone
        )
        self.show_log_scope()
        self.update_key_hints()
        self.refresh_link_bar()

    def _list_options(self) -> ListOptions:
        """Return the options of the list before, or those of the settings for the first list."""
        home = self.settings.home
        if self._station_list is not None:
            return replace(self._station_list.options, home=home)
        interface = self.settings.config.interface
        return ListOptions(sort=interface.sort, pin_starred=interface.pin_starred, home=home)

    def _adapt_to_layout(self) -> None:
        """Name the commands for the panes that are on screen, and place the toasts by them."""
        self.update_key_hints()
        self.screen.call_after_refresh(self.toasts.place)

    def update_key_hints(self) -> None:
        """Name the commands in the footer that suit the source and the layout."""
        if self.session.player is not None:
            extra: tuple[str, ...] = ("pause", "slower", "faster", "backward", "forward")
        else:
            extra = ("connect",) if self.session.simulated else ()
            if not self.layout.is_wide:
                extra = (*extra, "show-log")
            if self.connectors not in self.layout.shown_panes:
                # In a narrow terminal, they have no room for more.
                extra = (*(extra if self.layout.is_wide else ()), "open", "show-log")
        if self.link_status.needs_help:
            extra = (*extra, "connect", "retry")
        self.key_hints.extra_commands = extra
        self.key_hints.hides_log = self.layout.is_log_visible

    # Showing what changed

    def relist(self) -> None:
        """Filter and sort the station list again."""
        self.stations.rebuild()
        if not self.stations.wanted:
            # The user selected nothing yet, so the first station fits best.
            self.stations.action_first()
        self.show_filter_result()

    def widen(self) -> bool:
        """Remove what narrows the station list last: the filter, else the faults, else the stars.

        Return whether anything narrowed it.
        """
        options = self.station_list.options
        if self.station_list.filter or (self.has_filter_line and self.filter_line.text):
            self.filter_line.text = self.station_list.filter = ""
        elif options.faults_only:
            options.faults_only = False
        elif options.starred_only:
            options.starred_only = False
        else:
            return False
        self.relist()
        return True

    def take_station(self) -> str:
        """Return the selected station for a command; say so and return an empty text without
        one."""
        station = self.stations.take()
        if not station:
            self.toasts.notify("No station is selected: the list is empty.")
        return station

    def select(self, station: str) -> None:
        """Select a station; one that the filter hides is listed until another one is selected."""
        if not self.stations.select(station):
            self.station_list.hold(station)
            self.stations.rebuild()
            self.stations.select(station)
            self.show_filter_result()

    def show_selected(self) -> None:
        """Show the selected station in the other panes."""
        station = self.stations.selected
        self.connectors.starred = station in self.settings.starred
        alerts = self.alerts
        self.connectors.has_alert = station in alerts.stations or station in alerts.area_stations
        self.connectors.station = station
        if self.event_log.scope is LogScope.STATION:
            self.show_log_scope()

    def follow_simulation(self) -> None:
        """Keep the settings of the simulation separate, even if a hub only now reports that it
        serves one."""
        if self.settings.simulated is not self.session.simulated:
            self.settings.use_simulated(self.session.simulated)
            self.show_home()
            self.show_stars()
            self.alerts.refresh()
            self.show_alerts()
            self.edits.undo.clear()

    def show_stars(self) -> None:
        """Show which stations are starred now."""
        self.stations.rebuild(by_itself=True)
        self.show_selected()
        if self.event_log.scope is LogScope.STARRED:
            self.show_log_scope()
        self.event_log.refresh()
        self.show_filter_result()
        self.refresh_link_bar()

    def show_home(self) -> None:
        """Measure distances from the home of the settings, if it changed."""
        if self.station_list.home != self.settings.home:
            self.station_list.home = self.settings.home
            self.stations.rebuild(by_itself=True)
            self.connectors.rebuild()
            self.show_filter_result()

    def show_alerts(self) -> None:
        """Show which stations have an alert now."""
        self.stations.refresh()
        self.show_selected()

    def show_firing(self, firing: Firing) -> None:
        """Notify the user of an alert that fired."""
        station, board = firing.station, self.board
        text = firing.summary
        held = board.stations.get(station) if firing.rule.station else None
        if held is not None and (stale := station_staleness(board, held, self.session.clock.now())):
            text = f"{text.rstrip('.')}, {stale}."
        self.toasts.notify(text, title=firing.title, timeout=TOAST_SECONDS)
        note = Note(firing.at, NoteKind.ALERT, f"{firing.title}: {text}")
        self.event_log.append(note)
        method = self.settings.config.alerts.notify
        self.notifier.notify(method, firing.title, text, desktop=firing.first)
        self.show_alerts()

    def show_title(self) -> None:
        """Show in the window's title how many starred stations have a free connector."""
        starred, free = self.settings.starred, self.link_status.starred_free
        count = f"{free} free {self.glyphs.dot} {len(starred)} starred"
        dash = "-" if self.glyphs.ellipsis == "~" else "—"
        self.notifier.show_title(f"{count} {dash} nobil-tui" if starred else "nobil-tui")

    def show_log_scope(self) -> None:
        """Show the log lines of the log's scope."""
        scope = self.event_log.scope
        passes = {
            LogScope.ALL: None,
            LogScope.STARRED: self.settings.starred.__contains__,
            LogScope.STATION: self.stations.selected.__eq__,
        }[scope]
        self.event_log.set_scope(scope, passes)

    def show_filter_result(self) -> None:
        """Show the matches of the filter in the filter line."""
        if not self.has_filter_line:
            return
        station_list = self.station_list
        problems = station_list.query.problems
        self.filter_line.result = FilterResult(
            self.stations.count - station_list.lists_guest,
            station_list.total,
            station_list.hidden_starred,
            problems[0].message if problems else station_list.explain_no_match(),
        )

    def refresh_link_bar(self) -> None:
        """Show the state of the link, and the commands that suit it."""
        self.link_status.refresh()
        self.update_key_hints()

    def show_register_progress(self, words: str) -> None:
        """Show the progress of an update of the register; empty once it is over."""
        self.link_status.register_progress = words
        self.refresh_link_bar()

    def register_changed(self) -> None:
        """Show the names and plugs of a register that changed."""
        self.session.register_changed()
        self.stations.rebuild()
        self.connectors.rebuild()
        self.event_log.refresh()

    # Alerts

    def set_alert(self, rule: AlertRule) -> None:
        """Add or change an alert so that the user can undo it."""
        held = next((each for each in self.alerts.rules if each.key == rule.key), None)
        self.alerts.set(rule)
        if held is None:
            step = UndoStep("Alert set", lambda: self.alerts.remove(rule.key), rule.station)
        else:
            step = UndoStep("Alert changed", lambda: self.alerts.set(held), rule.station)
        self.edits.undo.push(step)

    def remove_alert(self, rule: AlertRule) -> None:
        """Remove an alert so that the user can undo it."""
        self.alerts.remove(rule.key)
        self.edits.undo.push(UndoStep("Alert removed", lambda: self.alerts.set(rule), rule.station))

    # Texts

    def summary_text(self, station: str) -> str:
        """Return the state of a station in a few words."""
        board = self.board
        held = board.stations.get(station)
        if held is None:
            return "not in the stream" if board.has_snapshot else "no report yet"
        stale = station_staleness(board, held, self.session.clock.now())
        return f"{held.summary.text} free, {stale}" if stale else f"{held.summary.text} free"
