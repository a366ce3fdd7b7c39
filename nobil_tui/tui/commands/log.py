"""Commands for the event log."""

from __future__ import annotations

from datetime import datetime

from nobil_tui.config.model import LogScope
from nobil_tui.config.operations import Put
from nobil_tui.tui.workspace import Workspace

_SCOPES = tuple(LogScope)


class LogCommands:
    """Commands that act on the event log."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def log_scope(self) -> None:
        """Show the log with the next scope."""
        workspace = self._workspace
        scope = _SCOPES[(_SCOPES.index(workspace.event_log.scope) + 1) % len(_SCOPES)]
        workspace.event_log.scope = scope
        workspace.show_log_scope()
        if not workspace.layout.is_log_visible:
            workspace.layout.show_log(True)
        workspace.edits.set(Put("interface", "log_scope", scope))

    def show_log(self) -> None:
        """Show or hide the log."""
        workspace = self._workspace
        layout = workspace.layout
        if layout.zoomed:
            is_log_zoomed = layout.is_log_visible
            layout.zoom(None if is_log_zoomed else workspace.event_log)
            return
        layout.show_log(not layout.is_log_visible)
        if workspace.screen.focused not in layout.shown_panes:
            workspace.screen.set_focus(workspace.stations)

    def export_log(self) -> None:
        """Ask for a file, and export the log to it."""
        from nobil_tui.tui.dialogs.export import ExportScreen

        workspace = self._workspace
        logged = workspace.event_log.buffer.changes()
        if not logged.changes:
            workspace.toasts.notify("Nothing to export: the event log has no changes yet.")
            return
        now = datetime.fromtimestamp(workspace.session.clock.now() / 1000, workspace.options.zone)
        dialog = ExportScreen(logged, workspace.register, f"nobil-events-{now:%Y-%m-%d-%H%M}.csv")
        workspace.screen.app.push_screen(dialog, workspace.toasts.notify_result)
