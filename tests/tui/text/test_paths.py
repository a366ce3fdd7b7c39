"""Paths in messages: the home folder as ~, and long ones without their middle."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nobil_tui.tui.text.paths import home_folder, shorten_paths

HOME = "/home/ann"


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
def test_paths_are_shortened_in_the_middle() -> None:
    text = f"{HOME}/.config/nobil-tui/config.toml:8: star is wrong."
    for width, expected in (
        (80, "~/.config/nobil-tui/config.toml:8: star is wrong."),
        (30, "~/.config/…/config.toml:8: star is wrong."),
        # The place and the name stay, also if they do not fit.
        (10, "~/.config/…/config.toml:8: star is wrong."),
    ):
        assert shorten_paths(text, width, HOME) == expected
    assert shorten_paths("/a/b/c/d.toml is empty.\nIt\tis.", 8, HOME, "~") == (
        "/a/~/d.toml is empty.\nIt\tis."
    )
    unchanged = f"wss://example.org/a/very/long/address or either/or, and {HOME}x/y"
    assert shorten_paths(unchanged, 12, HOME) == unchanged
    assert shorten_paths("/etc/x", 80, "/") == "/etc/x"


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert home_folder() == os.path.expanduser("~")  # noqa: PTH111  # what a shell does

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert home_folder() == ""
