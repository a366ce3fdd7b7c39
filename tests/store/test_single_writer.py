"""The thread that writes one file: its retries and its messages."""

from __future__ import annotations

import sqlite3
from collections import deque
from pathlib import Path

import pytest

from nobil_tui.store import single_writer
from nobil_tui.store.database_file import ForeignError, NewerError
from nobil_tui.store.single_writer import SingleWriter
from tests.store.test_state_store import eventually


class Notebook:
    """A file that fails as scripted, and holds lines."""

    def __init__(self, path: Path, *failures: Exception | None) -> None:
        self.lines: list[str] = []
        self.pending: deque[str] = deque()
        self.opened = 0
        self._failures = deque(failures)
        """What the next attempts to write meet; None if one succeeds."""
        self.writer = SingleWriter(
            path,
            "The notebook",
            interval=0.0,
            not_saved="The notebook is not saved",
            open_file=self._open,
            close_file=lambda: None,
            write=self._write,
            is_pending=lambda: bool(self.pending),
        )

    def _open(self) -> None:
        self.opened += 1

    def _write(self) -> bool:
        if not self.pending:
            return True
        if self._failures and (error := self._failures.popleft()) is not None:
            return self.writer.failed(error) and self._write()
        self.lines.append(self.pending.popleft())
        self.writer.succeeded()
        return True

    def add(self, line: str) -> None:
        with self.writer.news:
            self.pending.append(line)
            self.writer.news.notify_all()


@pytest.fixture(autouse=True)
def _retry_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_writer, "WRITE_RETRY_AFTER", 0.001)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.sqlite"


def test_a_failed_write_is_retried_and_its_message_withdrawn(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    notebook = Notebook(path, full, full, None)
    notebook.add("one")
    notebook.writer.start()
    eventually(lambda: notebook.lines == ["one"])
    notebook.writer.close()
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("nobil_tui")]
    assert ours == [f"The notebook is not saved: {path}: database or disk is full."]
    assert notebook.writer.notice == ""


def test_one_program_writes_and_another_takes_over(path: Path) -> None:
    first, second = Notebook(path), Notebook(path)
    for notebook in (first, second):
        notebook.writer.start()
    assert (first.writer.writing, second.writer.writing) == (True, False)
    first.add("one")
    first.writer.close()
    eventually(lambda: second.writer.writing)
    second.add("two")
    second.writer.close()
    assert (first.lines, second.lines) == (["one"], ["two"])
    assert (first.opened, second.opened) == (1, 1)


def test_a_damaged_file_is_renamed_and_another_one_written_at_once(path: Path) -> None:
    path.write_text("of another program")
    notebook = Notebook(path, ForeignError())
    notebook.add("one")
    notebook.writer.start()
    notebook.writer.close()
    aside = path.with_name("notes.damaged-1.sqlite")
    assert aside.read_text() == "of another program"
    assert notebook.lines == ["one"]
    assert notebook.opened == 2
    assert notebook.writer.notice == (
        f"The notebook was damaged. It was renamed to {aside}, and a new one was started."
    )


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    path.write_text("of the next version")
    notebook = Notebook(path, *[NewerError()] * 2)
    notebook.add("one")
    notebook.writer.start()
    notebook.writer.close()
    assert path.read_text() == "of the next version"
    assert notebook.writer.notice == (
        f"The notebook is not saved: {path} was written by a newer version of nobil-tui."
    )
