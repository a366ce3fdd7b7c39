"""The main screen's panes and bars, and which of them shows what. How it gets there stands in ``live.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.events import Resize
from textual.geometry import Region, Size
from textual.reactive import var
from textual.screen import Screen

from nobil_tui.alerts.rules import Alerts
from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.register import CREDIT, Register
from nobil_tui.commands import Context
from nobil_tui.config.model import LogScope
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.search.station_list import ListOptions, StationList
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from nobil_tui.tui.bindings import KeyBindings, bindings_for
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.style.glyphs import Glyphs, truncate
from nobil_tui.tui.text.staleness import station_staleness
from nobil_tui.tui.text.times import datetime_text
from nobil_tui.tui.widgets.bars.key_hints import KeyHints
from nobil_tui.tui.widgets.bars.link_bar import ChangeRate, LinkBar, LinkBarState
from nobil_tui.tui.widgets.connectors.detail import DetailPainter
from nobil_tui.tui.widgets.connectors.pane import ConnectorsPane
from nobil_tui.tui.widgets.event_log.buffer import station_id_of
from nobil_tui.tui.widgets.event_log.line import LogLinePainter
from nobil_tui.tui.widgets.event_log.pane import EventLog
from nobil_tui.tui.widgets.filter.line import FilterLine
from nobil_tui.tui.widgets.filter.result import FilterResult
from nobil_tui.tui.widgets.stations.pane import StationsPane

if TYPE_CHECKING:
    from nobil_tui.tui.app import NobilApp

WIDE = 110
"""Columns from which on the panes stand side by side; ``app.tcss`` has the two faces."""
_TITLE = 50
"""Cells of a station's name over a notice."""
_WAITING = {
    LinkPhase.CONNECTING: "Connecting to {source}.",
    LinkPhase.LIVE: "Connected to {source}. No station was named yet.",
    LinkPhase.RETRYING: (
        "{source} does not answer: {reason}. It is tried again by itself; "
        "{retry} tries now, {connect} connects elsewhere."
    ),
    LinkPhase.REFUSED: (
        "{source} does not take the key ({reason}). Press {connect} to give another, or {retry} to try again."
    ),
    LinkPhase.ENDED: "{source} has ended.",
    LinkPhase.FAILED: (
        "{source} cannot be opened: {reason}. Press {retry} to try again, or {connect} to connect elsewhere."
    ),
}


class Panes(Screen[None], inherit_bindings=False):
    """Station list, connectors, event log and the two bars, over one session at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for(Context.EVERYWHERE), *bindings_for(Context.PLAYING)]
    AUTO_FOCUS = "#stations"

    log_shown: var[bool] = var(True, init=False)
    """Whether the event log is on screen; a narrow terminal begins without it."""
    begun = False
    """Whether all of it was painted once."""

    def __init__(self, setup: AppOptions, keeper: Settings, keys: KeyBindings, glyphs: Glyphs) -> None:
        super().__init__()
        self.setup = setup
        self.keeper = keeper
        self.keys = keys
        self.glyphs = glyphs
        self.tell = Alerts()
        self.own_register = Register(credit=CREDIT)
        """What the user's own register says: filled after the first paint."""
        self.session = Session(setup.source, setup, self.own_register)
        self.text = setup.source_text
        """The source as the user named it."""
        self._station_list: StationList | None = None
        self._wide: bool | None = None
        self.pulse = ChangeRate()

    @property
    def nobil(self) -> NobilApp:
        """The app, as what it is."""
        from nobil_tui.tui.app import NobilApp

        assert isinstance(self.app, NobilApp)  # noqa: S101  # no other app has this screen
        return self.app

    @property
    def register(self) -> Register:
        """What is known of the stations beside their status."""
        return self.session.register

    @property
    def station_list(self) -> StationList:
        """What is listed."""
        return self.stations.station_list

    @property
    def board(self) -> Board:
        """The latest state of all."""
        return self.session.board

    # What there is to see

    def compose(self) -> ComposeResult:
        """The bars on top and at the end, the panes between."""
        settings = self.setup.config.interface
        self.stations = StationsPane(self.session.clock, id="stations")
        self.connectors = ConnectorsPane(self.session.clock, id="connectors")
        self.events = EventLog(id="log")
        self.events.scope = settings.log_scope
        self.filter_line = FilterLine(self.keys, id="filter")
        self.link_bar = LinkBar(id="link-bar")
        self.hints = KeyHints(self.keys, id="hints")
        for pane in (self.stations, self.connectors, self.events, self.link_bar):
            pane.glyphs = self.glyphs
        for pane in (self.stations, self.events):
            pane.keys = self.keys
        yield self.link_bar
        with Vertical(id="body"):
            with Container(id="panes"):
                yield self.stations
                yield self.connectors
            yield self.events
        yield self.hints

    def on_mount(self) -> None:
        """Begin with what there is: nothing yet."""
        self.list_anew()
        self.events.update_title()
        self.look_at_link()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Have it painted anew; before it has begun only what is laid out anew: the library asks for all twice."""
        return super().refresh(*regions, repaint=repaint and self.begun, layout=layout, recompose=recompose)

    def on_resize(self, event: Resize) -> None:
        """Begin a wide terminal with the log, and a narrow one without."""
        wide = event.size.width >= WIDE
        if wide is not self._wide:
            self._wide = self.log_shown = wide
            self.hints.also = self._for_a_while()

    def watch_log_shown(self) -> None:
        """Give the log its room, or take it."""
        self.update_classes(self._log_classes)

    @property
    def _log_classes(self) -> dict[str, bool]:
        return {"-log-shown": self.log_shown, "-log-hidden": not self.log_shown}

    def begin_at(self, size: Size) -> None:
        """Begin in a terminal of this size."""
        self._wide = size.width >= WIDE
        self.set_reactive(Panes.log_shown, self._wide)
        steps = ((size.width, self.nobil.HORIZONTAL_BREAKPOINTS), (size.height, self.nobil.VERTICAL_BREAKPOINTS))
        names = {max(step for step in of if step[0] <= cells)[1]: True for cells, of in steps}
        # Before anything is styled: for each class that comes later, all of it is styled anew before it is seen.
        self.update_classes({**self._log_classes, **names}, update=False)

    # What depends on what

    def list_anew(self) -> None:
        """Look at the session's board and register."""
        session, stations = self.session, self.stations
        before = self._station_list
        if before is not None:
            options = replace(before.options, home=self.keeper.home)
        else:
            interface = self.setup.config.interface
            options = ListOptions(sort=interface.sort, pin_starred=interface.pin_starred, home=self.keeper.home)
        station_list = StationList(session.board, session.register, self.keeper.starred, options)
        stations.clock = self.connectors.clock = session.clock
        stations.alerted = self.tell.stations
        self._station_list = stations.station_list = station_list
        credited = bool(session.register.credit)
        painter = DetailPainter(self.connectors, station_list, self.setup.zone, credited=credited)
        self.connectors.set_painter(painter)
        self.events.painter = LogLinePainter(self.events, session.register, self.keeper.starred, self.setup.zone)
        self.show_scope()
        self.hints.also = self._for_a_while()
        self.look_at_link()

    def _for_a_while(self) -> tuple[str, ...]:
        """The commands that the footer names because of the source."""
        if self.session.player is not None:
            return "pause", "slower", "faster", "backward", "forward"
        way_out = ("connect",) if self.session.source.simulated else ()
        return way_out if self._wide else (*way_out, "show-log")

    @on(StationsPane.Selected)
    def show_selected(self) -> None:
        """Show the selected station in the other panes."""
        station = self.stations.selected
        self.connectors.starred = station in self.keeper.starred
        self.connectors.has_alert = station in self.tell.stations
        self.connectors.station = station
        if self.events.scope is LogScope.STATION:
            self.show_scope()

    def stars_changed(self) -> None:
        """Show which stations are starred now."""
        self.stations.rebuild()
        self.show_selected()
        if self.events.scope is LogScope.STARRED:
            self.show_scope()
        self.events.refresh()
        self.show_found()

    def show_scope(self) -> None:
        """Show what the log's scope lets through."""
        scope = self.events.scope
        selected = self.stations.selected
        passes = {
            LogScope.ALL: None,
            LogScope.STARRED: self.keeper.starred.__contains__,
            LogScope.STATION: selected.__eq__,
        }[scope]
        self.events.narrow(scope, passes)

    def show_found(self) -> None:
        """Tell the filter line what its filter finds."""
        station_list = self.station_list
        problems = station_list.query.problems
        problem = problems[0].message if problems else ""
        self.filter_line.result = FilterResult(
            self.stations.count, station_list.total, station_list.hidden_starred, problem
        )

    def look_at_link(self) -> None:
        """Tell the link bar the truth."""
        session, board = self.session, self.session.board
        now = session.clock.now()
        beats, rate = self.pulse.read(self.setup.clock.monotonic())
        monitor = session.monitor
        total = board.connectors - board.tally[Condition.NOT_IN_SERVICE]
        in_use = sum(board.tally[c] for c in Condition if c.in_use)
        link = session.link
        self.link_bar.state = LinkBarState(
            link=link,
            source=session.source.name,
            simulated=session.source.simulated,
            stations=len(board.stations),
            connectors=board.connectors,
            in_use=in_use / total if total else 0.0,
            unconfirmed=board.unconfirmed(now) if board.stations else 0,
            unreadable=monitor.counts.unreadable if monitor else 0,
            unknown_words=monitor.counts.unknown_words.text if monitor else "",
            beats=tuple(beats),
            rate=rate,
            frame_at=monitor.frame_at if monitor else 0,
            behind=monitor.behind if monitor else 0,
            now=now,
            playing=f"{datetime_text(now, self.setup.zone)}  {session.player.words}" if session.player else "",
        )
        words = _WAITING[link.phase].format(
            source=session.source.name,
            reason=link.reason.rstrip("."),
            retry=self.keys.named("retry"),
            connect=self.keys.named("connect"),
        )
        if words != self.stations.waiting_text:
            self.stations.waiting_text = words
            if not self.stations.count:
                self.stations.update_count()

    def complain(self, text: str) -> None:
        """Tell what is wrong."""
        self.app.notify(text, severity="warning", timeout=12, markup=False)

    def say(self, text: str, *, title: str = "", timeout: float = 4) -> None:
        """Tell what was done; a title comes from outside, and may be anything."""
        self.app.notify(text, title=truncate(title, _TITLE, self.glyphs.ellipsis), timeout=timeout, markup=False)

    def logged_changes(self) -> Iterator[object]:
        """What the event log holds of changes, within its scope."""
        return (line for line in self.events.buffer.lines() if station_id_of(line))

    def summary_words(self, station: str) -> str:
        """How a station is, in a few words."""
        board = self.session.board
        held = board.stations.get(station)
        if held is None:
            return "not in the stream" if self.board.has_snapshot else "no report yet"
        doubt = station_staleness(board, held, self.session.clock.now())
        return f"{held.summary.text} free, {doubt}" if doubt else f"{held.summary.text} free"
