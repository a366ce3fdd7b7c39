"""The workspace: the panes of the main screen and the objects that they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.screen import Screen

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.register import CREDIT, Register
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.config.keymap import parse_keymap
from nobil_tui.config.model import LogScope
from nobil_tui.config.operations import inverse_of
from nobil_tui.config.writing import Operation
from nobil_tui.feeds.source import Source
from nobil_tui.monitor.batch import LinkPhase, Note, NoteKind
from nobil_tui.search.station_list import ListOptions, StationList
from nobil_tui.session.alerts import SessionAlerts
from nobil_tui.session.history import recorded_stations
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from nobil_tui.session.undo import UndoStack, UndoStep
from nobil_tui.sources import catalogue
from nobil_tui.tui.alert_notifier import TOAST_SECONDS, AlertNotifier
from nobil_tui.tui.bindings import KeyBindings, keymap_of
from nobil_tui.tui.input_activity import InputActivity
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.style.glyphs import Glyphs, truncate
from nobil_tui.tui.style.themes import problem_of_theme, theme_named, user_themes
from nobil_tui.tui.text.staleness import station_staleness
from nobil_tui.tui.text.times import datetime_text
from nobil_tui.tui.widgets.bars.key_hints import KeyHints
from nobil_tui.tui.widgets.bars.link_bar import ChangeRate, LinkBar, LinkBarState
from nobil_tui.tui.widgets.connectors.detail import DetailPainter
from nobil_tui.tui.widgets.connectors.pane import ConnectorsPane
from nobil_tui.tui.widgets.event_log.line import LogLinePainter
from nobil_tui.tui.widgets.event_log.pane import EventLog
from nobil_tui.tui.widgets.filter.line import FilterLine
from nobil_tui.tui.widgets.filter.result import FilterResult
from nobil_tui.tui.widgets.stations.pane import StationsPane
from nobil_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from nobil_tui.alerts.firing import Firing

_TOAST_HEIGHT = 6
"""Lines of a toast with its margins."""
_TITLE_WIDTH = 50
"""Cells of a station's name in the title of a toast."""
_WAITING = {
    LinkPhase.CONNECTING: "Connecting to {source}.",
    LinkPhase.LIVE: "Connected to {source}. Waiting for the first report.",
    LinkPhase.NOT_LIVE: "Connected to {source}, which is not live: {reason}.",
    LinkPhase.RETRYING: (
        "{source} does not answer: {reason}. Retrying automatically; press {retry} to retry now, "
        "or {connect} to connect to another source."
    ),
    LinkPhase.REFUSED: (
        "{source} refused the key ({reason}). Press {connect} to enter another key, or {retry} "
        "to retry."
    ),
    LinkPhase.ENDED: "{source} has ended.",
    LinkPhase.FAILED: (
        "Could not open {source}: {reason}. Press {retry} to retry, or {connect} to connect to "
        "another source."
    ),
}
"""The text of the station list before the first station."""
_LINK_HELP = {
    LinkPhase.RETRYING: "{retry} retries now",
    LinkPhase.REFUSED: "{connect}: enter another key",
    LinkPhase.FAILED: "{retry} retries, {connect}: another source",
}
"""The keys that help while the link is down, for the link bar."""


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
        self.alerts = SessionAlerts(
            settings, options.environ, save=self.set, show=self.show_firing, warn=self.warn
        )
        self.notifier = AlertNotifier(screen, options.environ, input_activity)
        self.user_register = Register(credit=CREDIT)
        """The user's own register, which is read after the first paint."""
        path = options.register_path
        self.register_updater = (
            RegisterUpdater(path, self.user_register, options) if path is not None else None
        )
        """Fills ``user_register``; None without a file for it."""
        self.session = self._new_session(options.source)
        self.source_text = options.source_text
        """The source as the user wrote it, without a key."""
        self.change_rate = ChangeRate()
        self.register_progress = ""
        """How far an update of the register with the source's own data is; empty if none runs."""
        self.log_shown = True
        self.is_wide: bool | None = None
        """Whether the panes are side by side; None before the size is known."""
        self.is_low = False
        """Whether the terminal has no room for the log below the list."""
        self.zoomed = ""
        """The id of the pane that has all the room; empty if the panes share it."""
        self.undo = UndoStack()
        self._followed = settings.config
        """The config that is in use."""
        self.mouse_released = False
        """Whether the terminal has the mouse, to select text."""
        self._station_list: StationList | None = None
        self._create_panes()

    def _create_panes(self) -> None:
        self.stations = StationsPane(self.session.clock, id="stations")
        self.connectors = ConnectorsPane(self.session.clock, id="connectors")
        self.event_log = EventLog(id="log")
        self.event_log.scope = self.settings.config.interface.log_scope
        self.filter_line = FilterLine(self.keys, id="filter")
        self.link_bar = LinkBar(id="link-bar")
        self.key_hints = KeyHints(self.keys, id="hints")
        for pane in (self.stations, self.connectors, self.event_log, self.link_bar):
            pane.glyphs = self.glyphs
        for pane in (self.stations, self.event_log):
            pane.keys = self.keys

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
        self.session = self._new_session(source)
        self.event_log.clear()
        self.undo.clear()
        self.change_rate = ChangeRate()
        self.bind_session()

    def _new_session(self, source: Source) -> Session:
        recorded = recorded_stations(self.settings)
        session = Session(source, self.options, self.user_register, recorded=recorded)
        self.alerts.attach(session, self.options.state_dir, self.options.zone)
        return session

    def bind_session(self) -> None:
        """Show the board and the register of the session, once it is new or its source is open."""
        session, stations, settings = self.session, self.stations, self.settings
        settings.use_stars(simulated=session.source.simulated)
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

    # The layout

    def set_size(self, *, wide: bool, low: bool) -> None:
        """Adapt to a terminal that became wide, narrow or low: a narrow one has no room for the
        log."""
        if wide is self.is_wide and low is self.is_low:
            return
        self.is_low = low
        if wide is not self.is_wide:
            self.is_wide = self.log_shown = wide
        self._update_layout()
        if self.screen.focused in self.panes and self.screen.focused not in self.shown_panes:
            self.screen.set_focus(self.stations)

    def show_log(self, shown: bool) -> None:
        """Show or hide the event log; in a low terminal, it takes the room of the other panes."""
        if shown and self.is_low:
            self.zoom(self.event_log)
            return
        self.log_shown = shown
        self._update_layout()

    @property
    def is_log_visible(self) -> bool:
        """Whether the event log is on screen."""
        if self.zoomed:
            return self.zoomed == self.event_log.id
        return self.log_shown and not self.is_low

    def zoom(self, pane: VirtualList | None) -> None:
        """Give a pane all the room and the focus; None shows all panes again."""
        self.zoomed = "" if pane is None else pane.id or ""
        self._update_layout()
        if pane is not None:
            self.screen.set_focus(pane)
        elif self.screen.focused not in self.shown_panes:
            self.screen.set_focus(self.stations)

    @property
    def shown_panes(self) -> list[VirtualList]:
        """The panes that are on screen, in the order of the focus."""
        if self.zoomed:
            return [pane for pane in self.panes if pane.id == self.zoomed]
        hides_connectors = not self.is_wide and (self.log_shown or self.is_low)
        shown = (True, not hides_connectors, self.is_log_visible)
        return [pane for pane, is_shown in zip(self.panes, shown, strict=True) if is_shown]

    def open_connectors(self) -> None:
        """Focus the connectors; where the panes are not side by side, they cover the list."""
        if self.is_wide and not self.zoomed:
            self.screen.set_focus(self.connectors)
        else:
            self.zoom(self.connectors)

    def _update_layout(self) -> None:
        self.screen.update_classes(self.layout_classes)
        self.update_key_hints()

    @property
    def panes(self) -> list[VirtualList]:
        """The panes, in the order of the focus."""
        return [self.stations, self.connectors, self.event_log]

    @property
    def layout_classes(self) -> dict[str, bool]:
        """The classes of the screen that show and hide panes."""
        return {
            "-log-shown": self.log_shown,
            "-log-hidden": not self.log_shown,
            **{f"-zoom-{pane.id}": self.zoomed == pane.id for pane in self.panes},
        }

    def update_key_hints(self) -> None:
        """Name the commands in the footer that the source and the layout call for."""
        if self.session.player is not None:
            extra: tuple[str, ...] = ("pause", "slower", "faster", "backward", "forward")
        else:
            extra = ("connect",) if self.session.source.simulated else ()
            if not self.is_wide:
                extra = (*extra, "show-log")
            if self.connectors not in self.shown_panes:
                extra = ("open", "show-log")
        if self.session.link.phase in _LINK_HELP:
            extra = (*extra, "connect", "retry")
        self.key_hints.extra_commands = extra
        self.key_hints.hides_log = self.is_log_visible

    # Showing what changed

    def relist(self) -> None:
        """Filter and sort the station list again."""
        self.stations.rebuild()
        self.show_filter_result()

    def widen(self) -> bool:
        """Remove what narrows the station list last: the filter, else the faults, else the stars.

        Return whether anything narrowed it.
        """
        options = self.station_list.options
        if self.filter_line.text or self.station_list.filter:
            self.filter_line.text = self.station_list.filter = ""
        elif options.faults_only:
            options.faults_only = False
        elif options.starred_only:
            options.starred_only = False
        else:
            return False
        self.relist()
        return True

    def select(self, station: str) -> None:
        """Select a station; one that the filter hides is listed until another one is selected."""
        if not self.stations.select(station):
            self.station_list.hold(station)
            self.relist()
            self.stations.select(station)

    def show_selected(self) -> None:
        """Show the selected station in the other panes."""
        station = self.stations.selected
        self.connectors.starred = station in self.settings.starred
        alerts = self.alerts
        self.connectors.has_alert = station in alerts.stations or station in alerts.area_stations
        self.connectors.station = station
        if self.event_log.scope is LogScope.STATION:
            self.show_log_scope()

    def show_stars(self) -> None:
        """Show which stations are starred now."""
        self.stations.rebuild(by_itself=True)
        self.show_selected()
        if self.event_log.scope is LogScope.STARRED:
            self.show_log_scope()
        self.event_log.refresh()
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
        if held is not None and (doubt := station_staleness(board, held, self.session.clock.now())):
            text = f"{text.rstrip('.')}, {doubt}."
        self.notify(text, title=firing.title, timeout=TOAST_SECONDS)
        note = Note(firing.at, NoteKind.ALERT, f"{firing.title}: {text}")
        self.event_log.append(note)
        method = self.settings.config.alerts.notify
        self.notifier.notify(method, firing.title, text, desktop=firing.first)
        self.show_alerts()

    def show_title(self) -> None:
        """Show in the window's title how many starred stations have a free connector."""
        starred, free = self.settings.starred, self._starred_free
        count = f"{free} free {self.glyphs.dot} {len(starred)} starred"
        dash = "-" if self.glyphs.ellipsis == "~" else "—"
        self.notifier.show_title(f"{count} {dash} nobil-tui" if starred else "nobil-tui")

    @property
    def _starred_free(self) -> int:
        """The number of starred stations with a free connector."""
        held = map(self.board.stations.get, self.settings.starred)
        return sum(station is not None and station.summary.free > 0 for station in held)

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
        """Show in the filter line what the filter finds."""
        station_list = self.station_list
        problems = station_list.query.problems
        self.filter_line.result = FilterResult(
            self.stations.count - station_list.lists_guest,
            station_list.total,
            station_list.hidden_starred,
            problems[0].message if problems else station_list.explain_no_match(),
        )

    def refresh_link_bar(self) -> None:
        """Show the state of the link in the link bar, and in an empty station list."""
        session, board, monitor = self.session, self.board, self.session.monitor
        now = session.clock.now()
        counts, rate = self.change_rate.read(self.options.clock.monotonic())
        tally = board.tally
        known = board.connectors - tally[Condition.NOT_IN_SERVICE] - tally[Condition.UNKNOWN]
        in_use = sum(tally[each] for each in Condition if each.in_use)
        playing = ""
        if session.player is not None:
            playing = f"{datetime_text(now, self.options.zone)}  {session.player.words}"
        self.link_bar.state = LinkBarState(
            link=session.link,
            source=session.source.name,
            simulated=session.simulated,
            stations=len(board.stations),
            connectors=board.connectors,
            in_use=in_use / known if known else None,
            unconfirmed=board.unconfirmed(now) if board.stations else 0,
            unreadable=monitor.counts.unreadable if monitor else 0,
            full=board.dropped > 0,
            unknown_words=monitor.counts.unknown_words.text if monitor else "",
            changes_by_second=tuple(counts),
            rate=rate,
            frame_at=monitor.frame_at if monitor else 0,
            behind=monitor.behind if monitor else 0,
            now=now,
            playing=playing,
            progress=self.register_progress,
            hint=self._hint(),
            silence=monitor.unusual_silence(now) if monitor and session.player is None else 0,
            starred=len(self.settings.starred),
            starred_free=self._starred_free,
            help=self._link_help(),
        )
        self._set_waiting_text()
        self.update_key_hints()

    def _link_help(self) -> str:
        """Return the keys that help while the link is down; empty while it is up."""
        words = _LINK_HELP.get(self.session.link.phase, "")
        return words.format(retry=self.keys.named("retry"), connect=self.keys.named("connect"))

    def _hint(self) -> str:
        """Return how to get to real data from a simulation, or to names without a register."""
        session = self.session
        if session.source.simulated:
            return f"{self.keys.named('connect')}: {catalogue.FINLAND.summary}"
        names_come = session.station_data is not None or not session.uses_user_register
        if names_come or len(self.register) or not self.board.stations:
            return ""
        return f"{self.keys.named('update-register')}: get the names of stations"

    def _set_waiting_text(self) -> None:
        link = self.session.link
        text = _WAITING[link.phase].format(
            source=self.session.source.name,
            reason=link.reason.rstrip("."),
            retry=self.keys.named("retry"),
            connect=self.keys.named("connect"),
        )
        if text != self.stations.waiting_text:
            self.stations.waiting_text = text
            if not self.board.stations:
                # It also shows below starred stations that were not reported yet.
                self.stations.update_count()

    def register_changed(self) -> None:
        """Show the names and plugs of a register that changed."""
        self.session.register_changed()
        self.stations.rebuild()
        self.connectors.rebuild()
        self.event_log.refresh()

    def show_register_progress(self, words: str) -> None:
        """Show how far an update of the register is; empty once it is over."""
        self.register_progress = words
        self.refresh_link_bar()

    # Settings and toasts

    def follow_settings(self) -> None:
        """Use the theme and the keys of a config file that another program changed."""
        config, before = self.settings.config, self._followed
        self._followed = config
        app, interface = self.screen.app, config.interface
        if interface.keys != before.interface.keys:
            chosen = parse_keymap(interface.keys)
            self.keys.choose(chosen)
            app.set_keymap(keymap_of(chosen))
            self.key_hints.refresh()
        if config.themes != before.themes or interface.theme != before.interface.theme:
            for theme in user_themes(config.themes):
                app.register_theme(theme)
            if problem := problem_of_theme(interface.theme, app.available_themes):
                self.warn(problem)
            name = theme_named(interface.theme, app.available_themes)
            if name == app.theme:
                # Its colours may have changed.
                app.refresh_css(animate=False)
            app.theme = name

    def set(self, *operations: Operation) -> None:
        """Change settings: at once in this session, and then in the config file."""
        self.settings.apply(*operations)
        self.screen.run_worker(self._save_settings(), group="settings")

    def change(self, done: str, *operations: Operation, station: str = "") -> None:
        """Change settings so that the user can undo it; ``done`` says what was done."""
        config = self.settings.config
        inverse = [inverse_of(each, config) for each in reversed(operations)]
        self.undo.push(UndoStep(done, lambda: self.set(*inverse), station))
        self.set(*operations)

    def set_alert(self, rule: AlertRule) -> None:
        """Add or change an alert so that the user can undo it."""
        held = next((each for each in self.alerts.rules if each.key == rule.key), None)
        self.alerts.set(rule)
        if held is None:
            step = UndoStep("Alert set", lambda: self.alerts.remove(rule.key), rule.station)
        else:
            step = UndoStep("Alert changed", lambda: self.alerts.set(held), rule.station)
        self.undo.push(step)

    def remove_alert(self, rule: AlertRule) -> None:
        """Remove an alert so that the user can undo it."""
        self.alerts.remove(rule.key)
        self.undo.push(UndoStep("Alert removed", lambda: self.alerts.set(rule), rule.station))

    def confirm(self, done: str) -> None:
        """Show a toast that says what was done, and the key that undoes it."""
        self.notify(f"{done} {self.glyphs.dot} {self.keys.named('undo')} undoes", timeout=6)

    async def _save_settings(self) -> None:
        if problem := await self.settings.save():
            self.warn(problem)

    def _place_toasts(self) -> None:
        """Show toasts above the log, whose last lines are the newest."""
        log = self.event_log
        covered = log.outer_size.height if self.is_log_visible else 0
        if self.zoomed:
            # Over its oldest lines.
            covered = max(0, covered - _TOAST_HEIGHT)
        for rack in self.screen.query("ToastRack"):
            rack.styles.margin = (0, 0, covered + 2, 0)

    def warn(self, text: str) -> None:
        """Show a warning."""
        self._place_toasts()
        self.screen.app.notify(text, severity="warning", timeout=12, markup=False)

    def notify(self, text: str, *, title: str = "", timeout: float = 4) -> None:
        """Show a toast for ``timeout`` seconds; the title may come from outside."""
        self._place_toasts()
        title = truncate(title, _TITLE_WIDTH, self.glyphs.ellipsis)
        self.screen.app.notify(text, title=title, timeout=timeout, markup=False)

    def notify_result(self, text: str | None) -> None:
        """Show what a dialog did, if it did anything."""
        if text:
            self.notify(text, timeout=12)

    # Texts

    def summary_text(self, station: str) -> str:
        """Return the state of a station in a few words."""
        board = self.board
        held = board.stations.get(station)
        if held is None:
            return "not in the stream" if board.has_snapshot else "no report yet"
        doubt = station_staleness(board, held, self.session.clock.now())
        return f"{held.summary.text} free, {doubt}" if doubt else f"{held.summary.text} free"
