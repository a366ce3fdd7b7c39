"""The dialog to export the event log: formats, paths, errors, and confirmation before a file is
replaced."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from nobil_tui.charging.board import Change
from nobil_tui.charging.register import CREDIT, Facts, Register
from nobil_tui.charging.station import Connector
from nobil_tui.tui.dialogs.export import ExportScreen, write_file
from nobil_tui.tui.widgets.event_log.buffer import LoggedChanges
from tests.conftest import START
from tests.tui.app_driver import until
from tests.tui.widget_host import Stage

CHANGES = [Change(START + n, f"NOR_{n}", 1, Connector(0), Connector(1)) for n in range(3)]
OLD = b"mine\n"


class Exporting:
    """An open dialog and its results."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot
        self.given: list[str | None] = []

    @property
    def answer(self) -> str:
        return str(self.pilot.app.screen.query_one("#answer", Static).content)

    @property
    def labels(self) -> str:
        return "\n".join(str(label.content) for label in self.pilot.app.screen.query(Static))

    async def write_to(self, path: object) -> None:
        """Enter a path, press Enter, and wait for the result."""
        field = self.pilot.app.screen.query_one("#path", Input)
        field.value = str(path)
        await self.pilot.pause()
        await self.again()

    async def again(self) -> None:
        """Press Enter and wait for the result."""
        given = len(self.given)
        self.pilot.app.screen.query_one("#answer", Static).update("")
        await self.pilot.press("enter")
        await until(self.pilot, lambda: len(self.given) > given or self.answer)  # type: ignore[arg-type]


@asynccontextmanager
async def exporting(
    register: Register | None = None, name: str = "log.csv", missing: int = 0
) -> AsyncIterator[Exporting]:
    app = Stage()
    async with app.run_test(size=(100, 30)) as pilot:
        it = Exporting(pilot)
        app.push_screen(
            ExportScreen(
                LoggedChanges(CHANGES, missing),
                register if register is not None else Register(),
                name,
            ),
            it.given.append,
        )
        await pilot.pause()
        yield it


def read(path: Path) -> bytes:
    return path.read_bytes()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("suffix", [".jsonl", ".JSONL"])
async def test_a_jsonl_file_has_a_line_for_each_change(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"log{suffix}"
    async with exporting() as it:
        assert "3 changes. The" in it.labels
        await it.write_to(path)
        assert it.given == [f"Exported 3 changes to {path}."]
    lines = [json.loads(line) for line in read(path).splitlines()]
    assert [(line["station"], line["before"], line["after"]) for line in lines] == [
        (change.station, "free", "occupied") for change in CHANGES
    ]


async def test_a_csv_file_has_a_row_for_each_change(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    async with exporting() as it:
        await it.write_to(path)
    assert read(path).startswith(b"\xef\xbb\xbftime,station,")  # spreadsheets need the mark
    rows = [*csv.DictReader(io.StringIO(read(path).decode("utf-8-sig")))]
    assert [row["station"] for row in rows] == [change.station for change in CHANGES]


async def test_a_log_that_forgot_changes_says_so() -> None:
    async with exporting(missing=2) as it:
        assert "The oldest 2 changes of flapping connectors are no longer kept" in it.labels
    async with exporting() as it:
        assert "no longer kept" not in it.labels


async def test_the_result_names_the_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with exporting() as it:
        await it.pilot.press("enter")
        await until(it.pilot, lambda: it.given)  # type: ignore[arg-type]
        assert it.given == [f"Exported 3 changes to {tmp_path}/log.csv."]


async def test_another_extension_is_refused() -> None:
    async with exporting() as it:
        for name in ("", "log", "log.txt", "log.csv.gz"):
            await it.write_to(name)
            assert it.answer == "The file name must end in .csv or .jsonl.", name
            assert it.given == []


async def test_a_file_is_replaced_after_confirmation_only(tmp_path: Path) -> None:
    path, other = tmp_path / "log.csv", tmp_path / "other.csv"
    for each in (path, other):
        each.write_bytes(OLD)
    async with exporting() as it:
        for each in (path, other, path):
            await it.write_to(each)
            # A confirmation for one file does not count for another.
            assert it.answer == "This file already exists. Press Export again to replace it."
            assert (read(path), read(other), it.given) == (OLD, OLD, [])
        await it.again()
        assert it.given == [f"Exported 3 changes to {path}."]
    assert b"time,station" in read(path)
    assert read(other) == OLD
    assert names_in(tmp_path) == {"log.csv", "other.csv"}


@pytest.mark.parametrize("way", ["escape", "cancel"])
async def test_it_can_be_cancelled(tmp_path: Path, way: str) -> None:
    async with exporting(name=str(tmp_path / "log.csv")) as it:
        if way == "escape":
            await it.pilot.press("escape")
        else:
            await it.pilot.click("#cancel")
        assert it.given == [None]
    assert names_in(tmp_path) == set()


async def test_an_error_of_the_system_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    async with exporting() as it:
        await it.write_to(tmp_path / "nowhere" / "log.csv")
        assert (
            it.answer == f"Could not write {tmp_path}/nowhere/log.csv: no such file or directory."
        )
        # A folder exists, too, but cannot be replaced.
        await it.write_to(folder)
        await it.again()
        assert it.answer == f"Could not write {folder}: it is a directory."
    assert names_in(tmp_path) == {"folder.csv"}


async def test_an_invalid_file_name_is_refused(tmp_path: Path) -> None:
    async with exporting() as it:
        for name in ("a\0b.csv", "a\ud800.csv", "a\x1b[2J.csv"):
            await it.write_to(tmp_path / name)
            assert it.answer == "A file name can hold printable characters only."
        await it.write_to(tmp_path / f"{'x' * 300}.csv")
        assert it.answer.endswith(": file name too long.")
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize(("facts", "credited"), [({"NOR_1": Facts("Torget")}, True), ({}, False)])
async def test_the_credit_is_shown_with_names_of_the_register(
    facts: dict[str, Facts], credited: bool
) -> None:
    async with exporting(Register(facts, credit=CREDIT)) as it:
        assert (CREDIT in it.labels) is credited


async def test_a_path_is_expanded_as_by_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with exporting() as it:
        await it.write_to("~/log.csv")
    assert names_in(tmp_path) == {"log.csv"}


class Full(io.BytesIO):
    """A file on a full disk."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file

    def write(self, content: Any) -> int:
        self._file.write(content[:2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_is_written_completely_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool
) -> None:
    path = tmp_path / "log.csv"
    if replace:
        path.write_bytes(OLD)
    for opener in ("fdopen", "open"):
        original = getattr(os if opener == "fdopen" else io, opener)
        where = os if opener == "fdopen" else io
        monkeypatch.setattr(
            where, opener, lambda *args, original=original, **more: Full(original(*args, **more))
        )
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new", replace=replace)
    monkeypatch.undo()
    assert names_in(tmp_path) == ({"log.csv"} if replace else set())
    assert not replace or read(path) == OLD


def test_a_replaced_file_keeps_its_mode_and_link(tmp_path: Path) -> None:
    path, link = tmp_path / "log.csv", tmp_path / "link.csv"
    path.write_bytes(OLD)
    path.chmod(0o640)
    link.symlink_to(path)
    write_file(link, b"new", replace=True)
    assert (read(path), path.stat().st_mode & 0o777, link.is_symlink()) == (b"new", 0o640, True)
