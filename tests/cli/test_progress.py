"""The progress line: overwritten on a terminal, absent elsewhere."""

from __future__ import annotations

import sys

import pytest

from nobil_tui.cli.progress import ProgressLine


def test_clear_before_show_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    ProgressLine().clear()
    assert capfd.readouterr() == ("", "")


def test_show_writes_nothing_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine()
    line.show("50 %")
    line.print_message("Done.")
    assert capfd.readouterr() == ("", "nobil-tui: Done.\n")


def test_a_message_replaces_the_line_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "5")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    line = ProgressLine()
    line.show("12345678")
    line.print_message("Done.")
    assert capsys.readouterr().err == "\r\x1b[K1234\r\x1b[Knobil-tui: Done.\n"
