"""A browser is opened in a window only, never in the terminal."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path

import pytest

from nobil_tui.tui.browser import has_window_browser, open_browser

HERE = {"DISPLAY": ":0"}
FIREFOX = webbrowser.Mozilla("firefox")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the browser that the machine would use."""
    found: list[object] = [FIREFOX]

    def get() -> object:
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    monkeypatch.setattr(webbrowser, "get", get)
    return found


@pytest.mark.parametrize(
    ("environ", "platform", "opens"),
    [
        (HERE, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
        ({**HERE, "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, "linux", False),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", False),
    ],
)
def test_a_window_opens_on_a_local_desktop_only(
    browser: list[object], environ: dict[str, str], platform: str, opens: bool
) -> None:
    assert has_window_browser(environ, platform) is opens


@pytest.mark.parametrize(
    ("found", "opens"),
    [
        (webbrowser.GenericBrowser("w3m"), False),
        (
            webbrowser.GenericBrowser("my-browser"),
            False,
        ),  # it would be waited for, perhaps in the terminal
        (webbrowser.BackgroundBrowser("xdg-open"), True),
        (webbrowser.Mozilla("elinks"), False),
        (webbrowser.Error("could not locate runnable browser"), False),
    ],
)
def test_no_browser_takes_over_the_terminal(
    browser: list[object], found: object, opens: bool
) -> None:
    browser[0] = found
    assert has_window_browser(HERE, "linux") is opens


@pytest.mark.skipif(sys.platform == "win32", reason="no such shell there")
def test_a_browser_inherits_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, seen = tmp_path / "browser", tmp_path / "seen"
    script.write_text(f'#!/bin/sh\n{{ echo "$1"; env; }} > "{seen}"\n')
    script.chmod(0o755)
    # A module of the current folder must not be run.
    (tmp_path / "webbrowser.py").write_text("raise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    environ = {**os.environ, "BROWSER": f"{script} %s", "NOBIL_API_KEY": "k3y-x7", "KEPT": "kept"}
    assert open_browser("https://example.org/?a=1&b=2", environ)
    url, *variables = seen.read_text().splitlines()
    assert url == "https://example.org/?a=1&b=2"
    assert "KEPT=kept" in variables
    assert "k3y-x7" not in seen.read_text()


def test_a_browser_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert not open_browser("https://example.org/", os.environ)
