"""Asks where to write the event log, and writes it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Change
from nobil_tui.charging.register import Register
from nobil_tui.tui.screens.dialog import Dialog
from nobil_tui.wire.changes import csv_text, json_line


class ExportScreen(Dialog[str]):
    """Returns what was done, in words; None where nothing was."""

    def __init__(self, changes: Sequence[Change], register: Register, name: str) -> None:
        super().__init__()
        self._changes = changes
        self._register = register
        self._name = name
        self._agreed = ""
        """The existing file that the user was asked about."""

    def compose(self) -> ComposeResult:
        """A path and two buttons."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Export the event log"
            yield Label(f"{len(self._changes):,} changes. A name that ends in .csv or .jsonl says in which form.")
            yield Input(self._name, placeholder="path of the file", id="path", select_on_focus=False)
            if self._register.credit and len(self._register):
                yield Label(f"Names: {self._register.credit}. Say so where you show them.", markup=False)
            yield Static("", id="answer", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Write", variant="primary", id="write")
                yield Button("Cancel", id="cancel")

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Write, or go away."""
        if event.button.id == "cancel":
            self.action_back()
        else:
            await self._write()

    async def on_input_submitted(self) -> None:
        """Write."""
        await self._write()

    def on_input_changed(self) -> None:
        """Another path is another question."""
        self._agreed = ""
        self.say("")

    async def _write(self) -> None:
        text = self.query_one("#path", Input).value.strip()
        if not text.isprintable():
            self.say("A name is printable text.")
            return
        path = path_of(text).absolute()
        if path.suffix.lower() not in (".csv", ".jsonl"):
            self.say("The name must end in .csv or .jsonl.")
            return
        content = self._content(path)
        try:
            await run_in_thread(lambda: write_file(path, content, replace=self._agreed == text))
        except FileExistsError:
            self._agreed = text
            self.say("This file exists. Write once more to replace it.")
        except OSError as error:
            self.say(f"{path} is not written: {error.strerror or 'the system refuses'}.")
        else:
            self.dismiss(f"{len(self._changes):,} changes written to {path}")

    def _content(self, path: Path) -> bytes:
        if path.suffix.lower() == ".csv":
            return csv_text(self._changes, self._register).encode()
        return b"".join(json_line(change, self._register) for change in self._changes)


def path_of(text: str) -> Path:
    """The path that a text means, as a shell would take it."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # There is no such user.
        return Path(text)


def write_file(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a whole file or none. Raises ``FileExistsError`` where there is one that may not be replaced."""
    if not replace:
        with path.open("xb") as file:
            try:
                file.write(content)
                file.flush()
            except OSError:
                path.unlink(missing_ok=True)
                raise
        return
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):
            # Who could read it still can.
            shutil.copymode(target, name)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
