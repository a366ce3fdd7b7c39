"""Commands for the source and for the station register."""

from __future__ import annotations

from nobil_tui.base.redaction import Secret
from nobil_tui.config.operations import Put
from nobil_tui.config.reading import config_warnings
from nobil_tui.feeds.source import ChosenSource
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session.session import Session
from nobil_tui.sources import catalogue
from nobil_tui.tui.live_updates import LiveUpdates
from nobil_tui.tui.workspace import Workspace


def _why_not_retried(session: Session) -> str:
    """Return why there is nothing to retry; empty if there is."""
    source, link = session.source, session.link
    if session.player is not None or source.simulated:
        what = "simulation" if session.player is None else "recording"
        return f"Nothing to retry: a {what} has no connection."
    match link.phase:
        case LinkPhase.CONNECTING:
            return f"Connecting to {source.name} already."
        # A source that works in part retries the rest.
        case LinkPhase.LIVE if not link.reason:
            return f"Nothing to retry: {source.name} is connected."
        case LinkPhase.NOT_LIVE:
            return f"Nothing to retry: {source.name} is connected, but not live ({link.reason})."
        case LinkPhase.ENDED:
            return f"Nothing to retry: {source.name} has ended."
        case _:
            return ""


class SourceCommands:
    """Commands that act on the source and the register."""

    def __init__(self, workspace: Workspace, live_updates: LiveUpdates) -> None:
        self._workspace = workspace
        self._live_updates = live_updates

    def retry(self) -> None:
        """Retry to connect now."""
        workspace = self._workspace
        workspace.session.retry()
        if reason := _why_not_retried(workspace.session):
            workspace.toasts.notify(reason)

    def connect(self) -> None:
        """Ask for a source, and connect to it."""
        from nobil_tui.tui.dialogs.connect import ConnectScreen, SourceChoice

        workspace = self._workspace

        def make(text: str, key: Secret | None) -> ChosenSource:
            return workspace.options.make_source(text, workspace.settings.config, key)

        def connect(choice: SourceChoice | None) -> None:
            if choice is None:
                return
            chosen = choice.chosen
            self._live_updates.switch(chosen.source, chosen.text)
            for warning in chosen.warnings:
                workspace.toasts.warn(warning)
            if choice.remember:
                workspace.settings.apply(*chosen.remember)
                workspace.screen.run_worker(self._save(chosen), group="settings")

        # From the simulation, Enter is enough to see real data.
        suggested = workspace.source_text or catalogue.FINLAND.name
        link = workspace.session.link
        dialog = ConnectScreen(
            make,
            suggested,
            key_refused=link.phase is LinkPhase.REFUSED and not link.login,
            is_live=bool(workspace.source_text) and link.phase is LinkPhase.LIVE,
        )
        workspace.screen.app.push_screen(dialog, connect)

    async def _save(self, chosen: ChosenSource) -> None:
        """Save a source. Warn if another program can read the key in the config."""
        workspace = self._workspace
        settings = workspace.settings
        if problem := await settings.save():
            workspace.toasts.warn(problem)
        elif settings.path is not None:
            workspace.toasts.notify_result(chosen.removed_key)
            for warning in config_warnings(settings.path, settings.config):
                if warning not in workspace.options.warnings:
                    workspace.toasts.warn(warning)

    def update_register(self) -> None:
        """Download the station register, and show the progress."""
        from nobil_tui.tui.dialogs.register import RegisterScreen

        workspace = self._workspace
        if workspace.register_updater is None:
            workspace.toasts.warn(
                "Cannot update the station register: there is no folder to store it in."
            )
            return
        dialog = RegisterScreen(
            workspace.register_updater,
            workspace.settings.config.register,
            workspace.options.environ,
            self._live_updates.register_changed,
            lambda key: workspace.edits.set(Put("register", "api_key", key)),
        )
        workspace.screen.app.push_screen(dialog, workspace.toasts.notify_result)
