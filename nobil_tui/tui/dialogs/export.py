"""The dialog that exports the event log to a file."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from textual.widget import Widget
from textual.widgets import Label

from nobil_tui.base.files import create_file, replace_file, stamp
from nobil_tui.base.paths import expand_user
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.register import Register
from nobil_tui.tui.dialogs.dialog import FormDialog, SubmitButton
from nobil_tui.tui.widgets.event_log.buffer import LoggedChanges
from nobil_tui.tui.widgets.text_field import TextField, complete_path
from nobil_tui.wire.changes import changes_csv, json_line

MAX_PATH = 4096
"""Characters of a file name; no system takes longer ones."""


class ExportScreen(FormDialog[str]):
    """Returns what was exported as text, or None if the user cancels."""

    FORM_TITLE = "Export the event log"
    SUBMIT = SubmitButton("write", "Export")

    def __init__(self, logged: LoggedChanges, register: Register, file_name: str) -> None:
        """Export ``logged`` with the names of ``register``; ``file_name`` is to be suggested."""
        super().__init__()
        self._logged = logged
        self._register = register
        self._file_name = file_name

    def fields(self) -> Iterator[Widget]:
        """Yield a field for the file."""
        if missing := self._logged.missing:
            words = "of flapping connectors are no longer kept, and are missing in the file"
            yield Label(f"The oldest {_count(missing)} {words}.")
        yield Label(f"{self._count}. The extension (.csv or .jsonl) selects the format.")
        yield TextField(
            self._file_name,
            placeholder="File",
            max_length=MAX_PATH,
            id="path",
            select_on_focus=False,
            complete=complete_path,
        )
        if credits := self._register.credits:
            credit = f"Names: {'; '.join(credits)}. Credit them where you publish the names."
            yield Label(credit, markup=False)

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
        path = expand_user(text).absolute()
        if path.suffix.lower() not in (".csv", ".jsonl"):
            self.say("The file name must end in .csv or .jsonl.")
            return
        content = self._content(path)
        replace = self.may_replace(text)
        try:
            await run_in_thread(lambda: write_file(path, content, replace=replace))
        except FileExistsError:
            self.ask_to_replace(text, "This file")
        except OSError as error:
            reason = error.strerror or "refused by the system"
            self.say(f"Could not write {path}: {reason[:1].lower()}{reason[1:]}.")
        else:
            self.dismiss(f"Exported {self._count} to {path}.")

    @property
    def _count(self) -> str:
        return _count(len(self._logged.changes))

    def _content(self, path: Path) -> bytes:
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
    target = path.resolve()
    if not replace_file(target, content, stamp(target)):
        raise OSError(errno.EBUSY, "another program writes it")
