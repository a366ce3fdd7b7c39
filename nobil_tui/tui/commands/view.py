"""Commands for the program as a whole: panes, theme, help, palette, and leaving it."""

from __future__ import annotations

from collections.abc import Sequence

from nobil_tui.base.text import safe_path
from nobil_tui.charging.register import CREDIT
from nobil_tui.config.operations import Put
from nobil_tui.monitor.batch import StreamCounts
from nobil_tui.search.list_columns import ListColumn
from nobil_tui.tui.style.themes import theme_of_terminal
from nobil_tui.tui.text.paths import home_folder, tilde_for_home
from nobil_tui.tui.textual_internals.terminal import set_mouse
from nobil_tui.tui.widgets.virtual_list import VirtualList
from nobil_tui.tui.workspace import Workspace


class ViewCommands:
    """Commands that act on the screen and on the app."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._screen = workspace.screen

    def next_pane(self) -> None:
        """Focus the next pane."""
        self._go_to_pane(1)

    def previous_pane(self) -> None:
        """Focus the previous pane."""
        self._go_to_pane(-1)

    def _go_to_pane(self, by: int) -> None:
        """Focus another pane; where only one has room, show that one."""
        layout = self._workspace.layout
        panes = layout.shown_panes
        one_only = len(panes) == 1
        if one_only:
            panes = layout.panes
        focused = self._screen.focused
        at = next((index for index, pane in enumerate(panes) if pane is focused), -by)
        pane = panes[(at + by) % len(panes)]
        if one_only:
            layout.zoom(pane)
        else:
            self._screen.set_focus(pane)

    def columns(self) -> None:
        """Show, hide and move the columns of the stations."""
        from nobil_tui.tui.dialogs.columns import ColumnsScreen

        workspace = self._workspace

        def change(columns: Sequence[ListColumn]) -> None:
            value = [str(column) for column in columns] or None
            workspace.edits.set(Put("interface", "columns", value))
            workspace.stations.show_columns(columns)

        chosen = workspace.settings.config.interface.columns
        screen = ColumnsScreen(chosen, change, workspace.keys, workspace.glyphs)
        self._screen.app.push_screen(screen)

    def zoom(self) -> None:
        """Enlarge the focused pane, or show all panes again."""
        workspace = self._workspace
        focused = self._screen.focused
        pane = focused if isinstance(focused, VirtualList) else workspace.stations
        workspace.layout.zoom(None if workspace.layout.zoomed else pane)

    def back(self) -> None:
        """Go back one step: to all panes, to the stations, then to more stations."""
        workspace = self._workspace
        if workspace.layout.zoomed:
            workspace.layout.zoom(None)
            workspace.screen.set_focus(workspace.stations)
        elif self._screen.focused is not workspace.stations:
            workspace.stations.focus()
        else:
            workspace.widen()

    def undo(self) -> None:
        """Undo the last action that can be undone."""
        workspace = self._workspace
        step = workspace.edits.undo.undo()
        if step is None:
            workspace.toasts.notify("Nothing to undo.")
            return
        workspace.station_list.release()
        workspace.show_home()
        workspace.show_stars()
        workspace.show_alerts()
        if step.station:
            workspace.stations.select(step.station)
        workspace.toasts.undone(step.done)

    def palette(self) -> None:
        """Find a command or a station."""
        from nobil_tui.tui.palette import command_palette

        self._screen.app.push_screen(command_palette())

    def theme(self) -> None:
        """Choose a theme."""
        from nobil_tui.tui.dialogs.theme import ThemeScreen

        workspace = self._workspace

        def keep(name: str | None) -> None:
            if name is not None:
                workspace.edits.set(Put("interface", "theme", name))

        current = workspace.settings.config.interface.theme
        auto = theme_of_terminal(workspace.input.terminal_is_light)
        dialog = ThemeScreen(current, auto, workspace.keys, workspace.glyphs)
        self._screen.app.push_screen(dialog, keep)

    def release_mouse(self) -> None:
        """Leave the mouse to the terminal, to select text, or take it back."""
        workspace = self._workspace
        workspace.mouse_released = not workspace.mouse_released
        set_mouse(self._screen.app, taken=not workspace.mouse_released)
        key = workspace.keys.named("release-mouse")
        if workspace.mouse_released:
            workspace.toasts.notify(
                f"The mouse selects text now. Press {key} to use it here again."
            )
        else:
            workspace.toasts.notify("The mouse works here again.")

    def help(self) -> None:
        """Show every key and what it does."""
        from nobil_tui.tui.dialogs.help import HelpScreen

        workspace = self._workspace
        self._screen.app.push_screen(HelpScreen(workspace.keys, workspace.glyphs, about(workspace)))

    def diagnostics(self) -> None:
        """Show the diagnostics."""
        from nobil_tui.tui.dialogs.diagnostics import DiagnosticsScreen

        self._screen.app.push_screen(DiagnosticsScreen(self._workspace))

    def suspend(self) -> None:
        """Suspend the program and return to the shell."""
        self._screen.app.action_suspend_process()

    async def quit(self) -> None:
        """Quit the program."""
        await self._screen.app.action_quit()


def about(workspace: Workspace) -> str:
    """Return the version, the source and the paths in use, in a few lines."""
    session, config_path = workspace.session, workspace.options.config_path
    made_up = "all stations and statuses are made up"
    if session.source.simulated:
        lines = [f"nobil-tui, running a simulation: {made_up}."]
    elif session.simulated:
        lines = [f"nobil-tui, connected to {session.source.name}, a simulation: {made_up}."]
    else:
        lines = [f"nobil-tui, connected to {session.source.name}."]
    if config_path is not None:
        path = tilde_for_home(safe_path(config_path), home_folder())
        lines.append(f"Stars and settings: {path}")
        lines.append("Remap keys under [interface.keys], using the ids shown in grey.")
    credits = session.register.credits or [CREDIT]
    lines.append(f"Names, places and plugs of real stations: {'; '.join(credits)}.")
    if session.monitor is not None:
        lines.append(_received(session.counts))
    return "\n".join(lines)


def _received(counts: StreamCounts) -> str:
    """Return the counts of received data that the link bar has no room for."""
    parts = [_count(counts.frames, "frame"), _count(counts.changes, "change")]
    if counts.unreadable:
        parts.append(f"{counts.unreadable:,} unreadable")
    if counts.ignored:
        parts.append(f"{counts.ignored:,} ignored")
    parts.append(counts.unknown_words.text)
    return f"Received: {', '.join(filter(None, parts))}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
