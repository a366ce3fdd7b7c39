"""The dialog with the diagnostics, to read, to copy, or to save to a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.commands import command_by_id
from nobil_tui.monitor.stream_record import StreamRecord
from nobil_tui.tui.bindings import binding_of
from nobil_tui.tui.dialogs.dialog import Dialog
from nobil_tui.tui.dialogs.export import SaveScreen
from nobil_tui.tui.dialogs.help import HelpText
from nobil_tui.tui.text.diagnostics import (
    Diagnosed,
    DiagnosticsSection,
    as_plain_text,
    diagnostics,
    file_lines,
)
from nobil_tui.tui.workspace import Workspace

REFRESH_INTERVAL = 1.0
"""Seconds between two updates of the text."""


class SaveDiagnosticsScreen(SaveScreen):
    """Returns where the text was saved, or None if the user cancels."""

    FORM_TITLE = "Save the diagnostics"
    SUFFIXES = (".txt",)

    def __init__(self, text: str, name: str) -> None:
        super().__init__(name)
        self._text = text

    def content(self, path: Path) -> bytes:
        """Return the text."""
        return self._text.encode(errors="backslashreplace")

    def saved(self, path: Path) -> str:
        """Say where the text is."""
        return f"Saved the diagnostics to {path}."


class DiagnosticsScreen(Dialog[None]):
    """The diagnostics of the present source, kept up to date while they are open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # The key that opened it closes it, and so does the one that quits.
        binding_of(command_by_id("diagnostics"), "back"),
        binding_of(command_by_id("quit"), "back"),
        binding_of(command_by_id("copy"), "copy"),
        binding_of(command_by_id("export-log"), "save"),
    ]

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._sections: list[DiagnosticsSection] = []

    def compose(self) -> ComposeResult:
        """Compose one scrolling text."""
        keys = self._workspace.keys
        with HelpText(id="diagnostics", classes="dialog") as text:
            text.border_title = "Diagnostics"
            text.border_subtitle = (
                f"{keys.label(command_by_id('copy'))} copies, "
                f"{keys.label(command_by_id('export-log'))} saves, "
                f"{keys.label(command_by_id('back'))} closes"
            )
            yield Static(Text("Reading..."), id="diagnostics-text")

    def on_mount(self) -> None:
        """Show the text, and update it at intervals."""
        self.refresh_text()
        self.set_interval(REFRESH_INTERVAL, self.refresh_text)

    @property
    def has_content(self) -> bool:
        """Whether the text is shown."""
        return bool(self._sections)

    @property
    def plain_text(self) -> str:
        """The text as it is copied and saved."""
        return as_plain_text(self._sections)

    def refresh_text(self) -> None:
        """Update the text."""
        self.run_worker(self._show(), group="diagnostics", exclusive=True)

    def action_copy(self) -> None:
        """Copy the text to the clipboard."""
        self.app.copy_to_clipboard(self.plain_text)

    def action_save(self) -> None:
        """Ask for a file, and save the text to it."""
        workspace = self._workspace
        now = datetime.fromtimestamp(workspace.session.clock.now() / 1000, workspace.options.zone)
        name = f"nobil-diagnostics-{now:%Y-%m-%d-%H%M}.txt"
        dialog = SaveDiagnosticsScreen(self.plain_text, name)
        self.app.push_screen(dialog, workspace.toasts.notify_result)

    async def _show(self) -> None:
        paths = _paths(self._workspace)
        files = await run_in_thread(lambda: file_lines(paths))
        redactor = self._workspace.options.redactor
        sections = [
            DiagnosticsSection(heading, [redactor.redact_parts(line) for line in lines])
            for heading, lines in diagnostics(diagnosed(self._workspace, files))
        ]
        if sections == self._sections or self.dismissed:
            return
        self._sections = sections
        self.query_one("#diagnostics-text", Static).update(Group(*_rendered(sections)))


def _rendered(sections: list[DiagnosticsSection]) -> Iterator[RenderableType]:
    for heading, lines in sections:
        yield Text(heading, Style(dim=True))
        for line in lines:
            # Wrapped lines keep the indentation of their first one.
            text = line.lstrip(" ")
            yield Padding(Text(text, overflow="fold"), (0, 0, 0, 2 + len(line) - len(text)))
        yield Text()


def diagnosed(workspace: Workspace, files: tuple[str, ...]) -> Diagnosed:
    """Return the data of the diagnostics."""
    session, options = workspace.session, workspace.options
    monitor = session.monitor
    size = workspace.screen.app.size
    ascii_only = "ASCII" if workspace.screen.app.has_class("-ascii") else "Unicode"
    colours = workspace.screen.app.console.color_system or "none"
    return Diagnosed(
        source=session.source.name,
        phase=session.link.phase,
        reason=session.link.reason,
        counts=session.counts,
        record=monitor.record if monitor is not None else StreamRecord(),
        refused=session.board.dropped,
        notices=tuple(filter(None, (session.notice, workspace.alerts.notice))),
        files=files,
        environ=options.environ,
        terminal=f"{size.width}x{size.height}, colours: {colours}, {ascii_only}",
        zone=options.zone,
    )


def _paths(workspace: Workspace) -> dict[str, Path | None]:
    options, key = workspace.options, workspace.session.source.state_key
    state = options.state_dir / f"{key}.sqlite" if options.state_dir and key else None
    return {
        "Config": options.config_path,
        "Log": options.log_path,
        "Last known state": state,
        "History": options.history_path,
        "Station register": options.register_path,
    }
