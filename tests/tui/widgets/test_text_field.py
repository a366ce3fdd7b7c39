"""Text fields complete words and file names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nobil_tui.tui.dialogs.connect import complete_source
from nobil_tui.tui.widgets.text_field import TextField, complete_path, complete_word
from tests.tui.key_bursts import QueueStage, send, settle


def test_a_word_is_completed() -> None:
    complete = complete_word(["finland", "enova", "demo"])
    assert complete("fin") == "finland"
    assert complete("x") is None
    assert complete("") is None


def test_a_path_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "captures").mkdir()
    for name in ("captures/b.jsonl", "captures/a.jsonl", ".hidden", "log.csv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert complete_path("c") == f"captures{os.sep}"
    assert complete_path("captures/") == "captures/a.jsonl"
    assert complete_path("captures/b") == "captures/b.jsonl"
    assert complete_path("~/lo") == "~/log.csv"
    assert complete_path(".h") == ".hidden"
    assert complete_path(f"{tmp_path}/") == f"{tmp_path}/captures{os.sep}"
    for text in ("", "none/", "log.csv/x", "~no-such-user/x", "x\0y", "captures/z"):
        assert complete_path(text) is None
    assert complete_source("fin") == "finland"
    assert complete_source("log") == "log.csv"


async def test_tab_completes_and_then_leaves_the_field() -> None:
    fields = TextField(complete=complete_word(["finland"])), TextField()
    async with QueueStage(*fields).run_test() as pilot:
        fields[0].focus()
        await settle(pilot)
        # At once: the suggestion cannot be on screen yet.
        send(pilot, *"fi", "tab", "tab", "x")
        await settle(pilot)
        assert [field.value for field in fields] == ["finland", "x"]
