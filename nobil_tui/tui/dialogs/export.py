"""The dialog that exports the event log to a file."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Label

from nobil_tui.base.files import create_file, replace_file, stamp
from nobil_tui.base.paths import expand_user
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import one_of
from nobil_tui.charging.register import Register
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton
from nobil_tui.tui.widgets.event_log.buffer import LoggedChanges
from nobil_tui.tui.widgets.text_field import TextField, complete_path
from nobil_tui.wire.changes import changes_csv, json_line

MAX_PATH = 4096
"""The most characters of a file name; no system allows more."""


class SaveScreen(FormDialog[str]):
    """Asks for a file and writes it. Returns what was written as text, or None if the user
    cancels."""

    SUBMIT = SubmitButton("write", "Save")
    SUFFIXES: ClassVar[tuple[str, ...]]
    """The extensions that the file can have."""

    def __init__(self, file_name: str) -> None:
        """Suggest ``file_name``."""
        super().__init__()
        self._file_name = file_name

    def content(self, path: Path) -> bytes:
        """Return what to write to a file."""
        raise NotImplementedError

    def saved(self, path: Path) -> str:
        """Return a sentence that says what was written."""
        raise NotImplementedError

    def fields(self) -> Iterator[Widget]:
        """Yield a field for the file."""
        yield TextField(
            self._file_name,
            placeholder="File",
            max_length=MAX_PATH,
            id="path",
            select_on_focus=False,
            complete=complete_path,
        )

    def on_input_changed(self) -> None:
        """Ask again before another file is replaced."""
        self._to_replace = ""
        self.say("")

    async def submit(self) -> None:
        """Write the file."""
        text = self.query_one("#path", TextField).value.strip()
        if not text.isprintable():
            self.say("A file name can hold printable characters only.")
            return
        try:
            path = expand_user(text).absolute()
        except OSError:
            self.say("The working directory is gone. Enter a whole path.")
            return
        if path.suffix.lower() not in self.SUFFIXES:
            self.say(f"The file name must end in {one_of(self.SUFFIXES)}.")
            return
        content = self.content(path)
        replace = self.may_replace(text)
        try:
            await run_in_thread(lambda: write_file(path, content, replace=replace))
        except FileExistsError:
            self.ask_to_replace(text, "This file")
        except OSError as error:
            reason = error.strerror or "refused by the system"
            self.say(f"Could not write {path}: {reason[:1].lower()}{reason[1:]}.")
        else:
            self.dismiss(self.saved(path))


class ExportScreen(SaveScreen):
    """Returns what was exported as text, or None if the user cancels."""

    FORM_TITLE = "Export the event log"
    SUBMIT = SubmitButton("write", "Export")
    SUFFIXES = (".csv", ".jsonl")

    def __init__(self, logged: LoggedChanges, register: Register, name: str) -> None:
        """Export ``logged`` with the names of ``register``; ``name`` is the file to suggest."""
        super().__init__(name)
        self._logged = logged
        self._register = register

    def fields(self) -> Iterator[Widget]:
        """Yield a field for the file, and what the log holds."""
        if missing := self._logged.missing:
            words = "of flapping connectors are no longer kept, and are missing in the file"
            yield Label(f"The oldest {_count(missing)} {words}.")
        yield Label(f"{self._count}. The extension (.csv or .jsonl) selects the format.")
        yield from super().fields()
        if credits := self._register.credits:
            credit = f"Station data: {'; '.join(credits)}. Give the credit where you publish it."
            yield Label(credit, markup=False)

    def saved(self, path: Path) -> str:
        """Say how many changes were exported, and where to."""
        return f"Exported {self._count} to {path}."

    @property
    def _count(self) -> str:
        return _count(len(self._logged.changes))

    def content(self, path: Path) -> bytes:
        """Return the changes in the format of the file's extension."""
        if path.suffix.lower() == ".csv":
            return changes_csv(self._logged.changes, self._register)
        return b"".join(json_line(change, self._register) for change in self._logged.changes)


def _count(number: int) -> str:
    return f"{number:,} change{'' if number == 1 else 's'}"


def write_file(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file completely or not at all.

    Raises ``FileExistsError`` if it exists and ``replace`` is false, and ``OSError``.
    """
    if not replace:
        create_file(path, content, mode=0o666)
        return
    if not replace_file(path, content, stamp(path)):
        raise OSError(errno.EBUSY, "another program writes it")
