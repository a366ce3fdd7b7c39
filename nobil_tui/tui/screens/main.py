"""The main screen, and its commands for the source, the log and everything around them.

How the panes get their content stands in ``panes.py``, and what narrows the list in ``finding.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from textual import on, work

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.board import Change
from nobil_tui.charging.register import CREDIT
from nobil_tui.commands import Context
from nobil_tui.config.model import LogScope
from nobil_tui.config.operations import Put
from nobil_tui.config.reading import config_warnings
from nobil_tui.feeds.source import ChosenSource
from nobil_tui.monitor.batch import StreamCounts
from nobil_tui.tui.screens.finding import Finding
from nobil_tui.tui.widgets.event_log.buffer import FoldedChanges
from nobil_tui.tui.widgets.event_log.pane import EventLog

JUMP = 600.0
"""Seconds of a recording that a jump passes over."""

_SCOPES = tuple(LogScope)


class MainScreen(Finding):
    """What the user sees first, and what every command acts on."""

    # The log

    def action_log_scope(self) -> None:
        """The next scope."""
        scope = _SCOPES[(_SCOPES.index(self.events.scope) + 1) % len(_SCOPES)]
        self.events.scope = scope
        self.show_scope()
        if not self.log_shown:
            self.log_shown = True
        self.remember(Put("interface", "log_scope", scope))

    def action_show_log(self) -> None:
        """Show the log, or hide it."""
        self.log_shown = not self.log_shown
        if not self.log_shown and self.focused is self.events:
            self.stations.focus()

    @on(EventLog.Chosen)
    def event_chosen(self, message: EventLog.Chosen) -> None:
        """Select the station of a line, and stay in the log."""
        if not self.stations.select(message.station):
            self.show_all()
            self.stations.select(message.station)

    def action_export_log(self) -> None:
        """Ask for a path, and write the log to it."""
        from nobil_tui.tui.screens.export import ExportScreen

        changes = [
            line.last if isinstance(line, FoldedChanges) else cast("Change", line) for line in self.logged_changes()
        ]
        if not changes:
            self.say("The event log holds no change yet.")
            return
        day = datetime.fromtimestamp(self.session.clock.now() / 1000, self.setup.zone)
        screen = ExportScreen(changes, self.register, f"nobil-events-{day:%Y-%m-%d-%H%M}.csv")
        self.app.push_screen(screen, self._told)

    def _told(self, words: str | None) -> None:
        """Say what a dialog did."""
        if words:
            self.say(words, timeout=12)

    # The source

    def action_retry(self) -> None:
        """Try to connect now."""
        self.session.retry()

    def action_connect(self) -> None:
        """Ask for a source, and connect to it."""
        from nobil_tui.tui.screens.connect import ConnectScreen, SourceChoice

        def choose(text: str, key: Secret | None) -> ChosenSource:
            return self.setup.make_source(text, self.keeper.config, key)

        def connect(choice: SourceChoice | None) -> None:
            if choice is None:
                return
            chosen = choice.chosen
            self.switch(chosen.source, chosen.text)
            for caution in chosen.cautions:
                self.complain(caution)
            if choice.remember:
                self._remember_source(chosen)

        self.app.push_screen(ConnectScreen(choose, self.text), connect)

    @work(group="remember")
    async def _remember_source(self, chosen: ChosenSource) -> None:
        """Save a source; what goes wrong is told, what the config loses, and who can read the key in it."""
        path = self.keeper.path
        if problem := await self.keeper.put(*chosen.remember):
            self.complain(f"{problem}\nIt holds for this session.")
        elif path is not None:
            self._told(chosen.removed_key)
            for caution in config_warnings(path, self.keeper.config):
                if caution not in self.setup.cautions:
                    self.complain(caution)

    def action_pause(self) -> None:
        """Stop the recording, or go on."""
        if self.session.player is not None:
            self.session.player.pause()
            self.look_at_link()

    def action_faster(self) -> None:
        """Play faster."""
        if self.session.player is not None:
            self.session.player.faster()
            self.look_at_link()

    def action_slower(self) -> None:
        """Play slower."""
        if self.session.player is not None:
            self.session.player.slower()
            self.look_at_link()

    def action_forward(self) -> None:
        """Jump forward."""
        if self.session.player is not None:
            self.session.player.jump(JUMP)

    def action_backward(self) -> None:
        """Jump back."""
        if self.session.player is not None:
            self.session.player.jump(-JUMP)

    def action_update_register(self) -> None:
        """Fetch the register, with its progress on screen."""
        from nobil_tui.tui.screens.register import RegisterScreen

        stored = self.stored_register
        if stored is None:
            self.complain("No place for a register is known.")
            return
        screen = RegisterScreen(stored, self.keeper.config.register, self.setup.environ, self.register_changed)
        self.app.push_screen(screen, self._told)

    # Around all of it

    def action_theme(self) -> None:
        """Choose the colours."""
        from nobil_tui.tui.palette import themes

        self.app.push_screen(themes())

    def action_help(self) -> None:
        """Show every key and what it does."""
        from nobil_tui.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.keys, self.glyphs, self.about()))

    def about(self) -> str:
        """What is running, in a few lines."""
        lines = [f"nobil-tui, connected to {self.session.source.name}."]
        if self.session.source.simulated:
            lines = ["nobil-tui, over a simulated country: every station and status here is made up."]
        if self.setup.config_path is not None:
            lines.append(f"Stars and settings: {self.setup.config_path}")
            lines.append("Its [interface.keys] gives other keys to what stands in grey below.")
        lines.append(f"Names, places and plugs of real stations: {CREDIT}.")
        if self.session.monitor is not None:
            lines.append(_received(self.session.monitor.counts))
        return "\n".join(lines)

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self.focus_next("#stations, #connectors, #log")

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self.focus_previous("#stations, #connectors, #log")

    def action_back(self) -> None:
        """Step back out: from another pane to the stations, then from what narrows them."""
        if self.focused is not self.stations:
            self.stations.focus()
        elif self.station_list.filtered or self.filter_line.text:
            self.show_all()

    def action_suspend(self) -> None:
        """Go to the shell."""
        self.app.action_suspend_process()

    def action_quit(self) -> None:
        """Quit."""
        self.app.exit(0)

    def on_descendant_focus(self) -> None:
        """Name the keys that work now."""
        focused = self.focused
        if focused is self.stations:
            self.hints.context = Context.STATIONS
        elif focused is self.connectors:
            self.hints.context = Context.CONNECTORS
        elif focused is self.events:
            self.hints.context = Context.LOG
        else:
            self.hints.context = Context.FILTER


def _received(counts: StreamCounts) -> str:
    """What came over the link, in a sentence: here stands whatever the link bar has no room for."""
    parts = [f"{counts.frames:,} frames", f"{counts.changes:,} changes"]
    if counts.unreadable:
        parts.append(f"{counts.unreadable:,} not readable")
    if counts.ignored:
        parts.append(f"{counts.ignored:,} that say nothing to us")
    parts.append(counts.unknown_words.text)
    return f"Received: {', '.join(filter(None, parts))}."
