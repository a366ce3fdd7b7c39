"""Save the view of the main screen, and restore it at the next start.

An enlarged pane and the focus are not saved: the next start begins in the stations, beside the
other panes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from nobil_tui.store.view_file import StoredView


class LastView:
    """Restores the view of the last run, and saves that of this one.

    Does nothing without a folder for it, or if the user turned it off.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        folder = workspace.options.state_dir
        wanted = workspace.settings.config.interface.restore
        self._path: Path | None = folder / "view.json" if folder is not None and wanted else None
        self._view: StoredView | None = None
        """The view to save."""

    def load(self) -> StoredView:
        """Return the view of the last run."""
        from nobil_tui.store.view_file import StoredView, load_view

        return StoredView() if self._path is None else load_view(self._path)

    def restore_layout(self, view: StoredView) -> None:
        """Show or hide the log as in the last run, if the terminal then had the same layout."""
        layout = self._workspace.layout
        if view.wide is layout.is_wide:
            layout.log_shown = view.log_shown

    def restore(self, view: StoredView) -> None:
        """List the stations as in the last run, and select the same one."""
        workspace = self._workspace
        options = workspace.station_list.options
        options.reverse = view.reverse
        options.starred_only = view.starred_only
        options.faults_only = view.faults_only
        options.include_registered = view.registered
        workspace.stations.wanted = view.selected
        workspace.filter_history[:] = view.filters

    def remember(self) -> None:
        """Note the current view, while the panes still exist."""
        from nobil_tui.store.view_file import StoredView

        workspace = self._workspace
        if self._path is None or not workspace.is_bound:
            return
        layout, options = workspace.layout, workspace.station_list.options
        self._view = StoredView(
            filter=options.filter.strip(),
            selected=workspace.stations.wanted,
            filters=[*workspace.filter_history],
            reverse=options.reverse,
            starred_only=options.starred_only,
            faults_only=options.faults_only,
            registered=options.include_registered,
            wide=layout.is_wide,
            log_shown=layout.log_shown,
        )

    def save(self) -> None:
        """Write the noted view. May block for a moment."""
        from nobil_tui.store.view_file import save_view

        if self._path is not None and self._view is not None:
            save_view(self._path, self._view)
