"""The history of a station: a heat map of the week, and statistics beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from msgspec.structs import replace
from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.commands import command_by_id
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.statistics import (
    Profile,
    StationHistory,
    Statistics,
    profile_of,
    summarize_history,
)
from nobil_tui.history.summary import size_text
from nobil_tui.tui.bindings import binding_of
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.dialogs.help import HelpText
from nobil_tui.tui.style.styles import STYLES, style_of
from nobil_tui.tui.text.history import HEAT_WIDTH, heat_legend, heat_map, statistics_lines
from nobil_tui.tui.workspace import Workspace

SCREEN_LOOK_INTERVAL = 2.0
"""Seconds between two checks of whether the station changed; a change is stored within one."""
SCREEN_READ_INTERVAL = 60.0
"""Seconds between two reads of a station that did not change."""
_SIDE_BY_SIDE = HEAT_WIDTH + 48
"""The fewest cells of the content for the statistics to be beside the heat map."""


class _ReadHistory(NamedTuple):
    """The history as read, and the statistics."""

    history: StationHistory
    statistics: Statistics
    profile: Profile
    now: int
    by_plug: bool
    """Whether the profile is that of the plugs of the filter."""


class HistoryScreen(Dialog[None]):
    """The history of one station, kept up to date while the screen is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened it closes it.
        binding_of(command_by_id("history"), "back"),
    ]

    def __init__(self, workspace: Workspace, station_id: str) -> None:
        super().__init__()
        self._workspace = workspace
        self._station_id = station_id
        self._hours = LocalHours(workspace.options.zone)
        self._read_history: _ReadHistory | None = None
        self._read_at = 0.0
        """The reading of the clock when the history was last read, in seconds."""
        self._seen: object = None
        """The reported state of the station at the last check."""
        self._is_changed = False
        """Whether that state was new."""

    def compose(self) -> ComposeResult:
        """Compose one scrolling text."""
        workspace = self._workspace
        with HelpText(id="history", classes="dialog") as text:
            text.border_title = workspace.register.name(self._station_id)
            text.border_subtitle = f"{workspace.keys.label(command_by_id('back'))} closes"
            yield Static(Text("Reading the history..."), id="history-text")

    def on_mount(self) -> None:
        """Read the history, and again while the screen is open."""
        self._seen = self._reported()
        self._start_to_read()
        self.set_interval(SCREEN_LOOK_INTERVAL, self._follow)

    def _follow(self) -> None:
        """Read the history again after a change, which is stored by the next check, or after a
        while."""
        reported, is_due = self._reported(), self._is_changed
        self._is_changed, self._seen = reported != self._seen, reported
        now = self._workspace.options.clock.monotonic()
        if is_due or now - self._read_at >= SCREEN_READ_INTERVAL:
            self._start_to_read()

    def _start_to_read(self) -> None:
        self._read_at = self._workspace.options.clock.monotonic()
        # Pass the function: a worker that is replaced before its first step would leave a
        # coroutine.
        read = self._read
        self.run_worker(read, group="history", exclusive=True)  # type: ignore[arg-type]  # infers Never

    def _reported(self) -> object:
        """Return the station's state on the board, for comparison."""
        station = self._workspace.board.stations.get(self._station_id)
        return station and [(each.status, each.error) for each in station.connectors]

    @property
    def has_content(self) -> bool:
        """Whether the history was read."""
        return self._read_history is not None

    async def _read(self) -> None:
        workspace = self._workspace
        history = await workspace.session.read_history(self._station_id)
        now = workspace.session.clock.now()
        asked = self._asked(history)
        statistics, profile = await run_in_thread(lambda: self._compute(history, asked, now))
        self._read_history = _ReadHistory(
            history, statistics, profile, now, by_plug=asked is not history
        )
        self._show()

    def on_resize(self) -> None:
        """Lay out for another width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        if self._read_history is not None and not self.dismissed:
            width = self.query_one(HelpText).scrollable_content_region.width
            self.query_one("#history-text", Static).update(self._content(self._read_history, width))

    def _asked(self, history: StationHistory) -> StationHistory:
        """Return the history of the connectors that the filter selects, if it names plugs and they
        are known."""
        workspace = self._workspace
        station = workspace.board.stations.get(self._station_id)
        if station is None or not workspace.station_list.query.plugs or not history.connectors:
            return history
        selected = workspace.station_list.selected_connectors(station)
        if selected is None:
            return history
        uids = {station.evse_uids[index] if station.evse_uids else str(index) for index in selected}
        connectors = [connector for connector in history.connectors if connector.uid in uids]
        return replace(history, connectors=connectors)

    def _compute(
        self, history: StationHistory, asked: StationHistory, now: int
    ) -> tuple[Statistics, Profile]:
        profile = history.profile if asked is history else profile_of(asked, self._hours, now)
        return summarize_history(history), profile

    def _content(self, read: _ReadHistory, width: int) -> RenderableType:
        history, statistics, profile, now, by_plug = read
        if not history.connectors and not any(hour.observed for hour in history.profile):
            if self._workspace.session.simulated:
                return Text("SIMULATED: nothing is recorded of this station.")
            return Text("Nothing has been observed of this station yet.")
        glyphs, styles = self._workspace.glyphs, self._styles()
        current = self._hours.at(now // 1000).hour
        title = (
            f"Time with a free connector: {self._workspace.station_list.query.plugs.label}"
            if by_plug
            else ""
        )
        heat = Group(
            Text(title or "Time with a free connector", styles["strong"]),
            Text(),
            *heat_map(profile, current, width, glyphs, styles),
            Text(),
            heat_legend(glyphs, styles),
        )
        beside = Group(
            *statistics_lines(
                statistics, profile, current, now, self._workspace.options.zone, glyphs, styles
            )
        )
        notes = [Text(note, styles["quiet"]) for note in self._notes(history)]
        if width < _SIDE_BY_SIDE:
            return Group(heat, Text(), beside, Text(), *notes)
        table = Table.grid(padding=(0, 3), expand=True)
        table.add_column(width=HEAT_WIDTH)
        table.add_column(ratio=1)
        table.add_row(heat, beside)
        return Group(table, Text(), *notes)

    def _notes(self, history: StationHistory) -> Iterator[str]:
        workspace = self._workspace
        if workspace.session.source.simulated:
            yield "SIMULATED: four made-up weeks, which are not stored."
            return
        if not history.connectors and not workspace.session.simulated:
            star = workspace.keys.named("star")
            yield f"Only totals are recorded. Press {star} in the list to record every change."
        yield f"History on disk: {size_text(history.size)}"

    def _styles(self) -> dict[str, Style]:
        variables, colourless = self.app.theme_variables, self.app.no_color
        return {name: style_of(name, variables, colourless=colourless) for name in STYLES}
