"""The list of all alerts: add, edit, pause and remove them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec.structs import replace
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from nobil_tui.alerts.firing import describe
from nobil_tui.commands import Context, command_by_id, for_context
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.tui.bindings import binding_of, bindings_for
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.dialogs.edit_alert import EditAlertScreen
from nobil_tui.tui.style.glyphs import fit_width
from nobil_tui.tui.text.times import age_text
from nobil_tui.tui.widgets.virtual_list import VirtualList
from nobil_tui.tui.workspace import Workspace

_NAME_WIDTH = 28
_STATE_WIDTH = 8
_FIRED_WIDTH = 14
FIRED_INTERVAL = 5.0
"""Seconds between two reads of the alerts that fired in other programs."""
_WIDE = 70
"""The fewest cells of a list that shows when an alert last fired."""


class AlertList(VirtualList):
    """The alerts, one per line, with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.ALERTS)
    HEADER = 1

    def __init__(self, workspace: Workspace, changed: Callable[[], None], *, id: str) -> None:
        super().__init__(id=id)
        self.glyphs = workspace.glyphs
        self._workspace = workspace
        self._changed = changed
        self._cursor = 0

    @property
    def count(self) -> int:
        """The number of alerts."""
        return len(self._rows)

    @property
    def _rows(self) -> list[AlertRule]:
        """The alerts, and below them those that fired and disarmed themselves."""
        alerts = self._workspace.alerts
        return [*alerts.rules, *alerts.fired_once]

    def _is_armed(self, rule: AlertRule) -> bool:
        return any(each.key == rule.key for each in self._workspace.alerts.rules)

    @property
    def empty_text(self) -> str:
        """The text without alerts."""
        keys = self._workspace.keys
        return (
            f"No alerts. Press {keys.named('alert')} on a station to be notified when it is free, "
            f"or {keys.named('add-alert')} here to add one for an area."
        )

    @property
    def selected(self) -> AlertRule | None:
        """The alert under the cursor."""
        rules = self._rows
        return rules[min(self._cursor, len(rules) - 1)] if rules else None

    def is_cursor(self, index: int) -> bool:
        """Return whether the cursor is on a line."""
        return index == min(self._cursor, self.count - 1)

    def on_resize(self) -> None:
        """Keep the alert under the cursor on screen."""
        super().on_resize()
        if self.count:
            self.show_line(min(self._cursor, self.count - 1))

    def move_cursor(self, by: int) -> None:
        """Move the cursor by lines."""
        self._cursor = max(0, min(self.count - 1, self._cursor + by))
        self.show_line(self._cursor)
        self.refresh()

    def header_segments(self, row: int, width: int) -> list[Segment]:
        """Return the heading."""
        name, clause = self._widths(width)
        heads = (
            "State".ljust(_STATE_WIDTH),
            "What".ljust(name),
            "When".ljust(clause),
            "Last fired",
        )
        return [Segment("  " + " ".join(heads), self.style_of("quiet"))]

    def segments(self, index: int, width: int) -> list[Segment]:
        """Return one alert."""
        rule, cursor = self._rows[index], self.is_cursor(index)
        armed = index < len(self._workspace.alerts.rules)
        name, clause = self._widths(width)
        quiet, plain = self.style_of("quiet", cursor), self.style_of("", cursor)
        state = "paused" if rule.paused else "always" if rule.repeat else "once"
        state, active = state if armed else "fired", armed and not rule.paused
        ellipsis, title = self.glyphs.ellipsis, plain if active else quiet
        return [
            Segment((self.glyphs.cursor if cursor else " ") + " ", plain),
            Segment(
                fit_width(state, _STATE_WIDTH, ellipsis) + " ",
                self.style_of("note", cursor) if active else quiet,
            ),
            Segment(fit_width(self._title_of(rule), name, ellipsis) + " ", title),
            Segment(fit_width(self._clause(rule), clause, ellipsis) + " ", plain),
            Segment(self._fired(rule), quiet),
        ]

    def on_click(self, event: events.Click) -> None:
        """Select the alert that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= (index := offset.y - self.HEADER + self.top) < self.count:
            self._cursor = index
            self.refresh()

    def _widths(self, width: int) -> tuple[int, int]:
        """Return the cells of name and clause; a narrow list has no room for the last time."""
        fired = _FIRED_WIDTH + 1 if width >= _WIDE else 0
        left = max(20, width - 2 - _STATE_WIDTH - 1 - 1 - fired)
        name = min(_NAME_WIDTH, left * 2 // 5)
        return name, left - name

    def _title_of(self, rule: AlertRule) -> str:
        return self._workspace.register.name(rule.station) if rule.station else rule.filter

    def _clause(self, rule: AlertRule) -> str:
        workspace = self._workspace
        query = workspace.station_list.parse(rule.filter)
        if query.problems:
            return query.problems[0].message
        clause = describe(rule, query, workspace.board.stations.get(rule.station))
        missing = workspace.alerts.names_nothing(rule)
        return f"not in the stream: {clause}" if missing else clause

    def _fired(self, rule: AlertRule) -> str:
        at = self._workspace.alerts.fired_at(rule.key)
        if not at:
            return "never"
        age = age_text(self._workspace.session.clock.now() - at)
        return age if age == "now" else f"{age} ago"

    # Commands

    def action_pause_alert(self) -> None:
        """Pause the selected alert, or resume it; arm one again that fired."""
        if (rule := self._take()) is not None:
            paused = not rule.paused and self._is_armed(rule)
            self._workspace.set_alert(replace(rule, paused=paused))
            self._changed()

    def action_remove_alert(self) -> None:
        """Remove the selected alert."""
        if (rule := self._take()) is not None:
            if self._is_armed(rule):
                self._workspace.remove_alert(rule)
                self._workspace.toasts.confirm("Alert removed")
            else:
                self._workspace.alerts.forget_fired(rule.key)
            self._changed()

    def action_add_alert(self) -> None:
        """Add an alert for an area, by default that of the current filter."""
        self._edit(AlertRule(filter=self._workspace.station_list.filter.strip()), None)

    def action_edit_alert(self) -> None:
        """Edit the selected alert."""
        if (rule := self._take()) is not None:
            self._edit(rule, rule)

    def _take(self) -> AlertRule | None:
        """Return the alert under the cursor for a command; say so and return None without one."""
        rule = self.selected
        if rule is None:
            self.app.notify("No alert is selected: the list is empty.", timeout=4)
        return rule

    def _edit(self, rule: AlertRule, before: AlertRule | None) -> None:
        workspace = self._workspace

        def save(edited: AlertRule | None) -> None:
            if edited is None:
                return
            if before is not None and before.key != edited.key and self._is_armed(before):
                workspace.remove_alert(before)
            workspace.set_alert(edited)
            self._changed()
            if problems := workspace.station_list.parse(edited.filter).problems:
                # Without a home, for example. The next source, or the register, may resolve it.
                workspace.toasts.warn(f"This alert cannot fire yet: {problems[0].message}.")

        name = self._workspace.register.name(rule.station) if rule.station else ""
        self.app.push_screen(EditAlertScreen(rule, name), save)


class AlertsScreen(Dialog[None]):
    """All alerts, over the main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened the list closes it.
        binding_of(command_by_id("alerts"), "back"),
        # The confirmation of a removed alert names this key.
        binding_of(command_by_id("undo"), "undo"),
    ]

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace

    def compose(self) -> ComposeResult:
        """Compose the list and a line with its keys."""
        keys = self._workspace.keys
        hints = (
            f"{keys.named(each.id)} {each.label.lower()}" for each in for_context(Context.ALERTS)
        )
        with Vertical(id="alerts", classes="dialog") as dialog:
            dialog.border_title = "Alerts"
            dialog.border_subtitle = f"{keys.named('back')} closes"
            if not self._workspace.alerts.lasting:
                yield Static("Not live data: these alerts last until you quit.", id="about")
            yield AlertList(self._workspace, self._show, id="alert-list")
            yield Static(
                f" {self._workspace.glyphs.dot} ".join(hints), classes="dialog-hints", markup=False
            )

    async def action_undo(self) -> None:
        """Undo the last action, as on the main screen."""
        await self.app.run_action("run_command('undo')", self._workspace.screen)
        self._show()

    def on_mount(self) -> None:
        """Show the alerts, and keep their ages current."""
        self._show()
        self._read_fired()
        self.set_interval(1.0, self._show)
        self.set_interval(FIRED_INTERVAL, self._read_fired)

    def _read_fired(self) -> None:
        read = self._workspace.alerts.read_fired
        self.run_worker(read, exclusive=True)  # type: ignore[arg-type]  # Textual infers Never

    def _show(self) -> None:
        alerts = self.query_one(AlertList)
        alerts.update_count()
        alerts.refresh()
        self._workspace.show_alerts()
