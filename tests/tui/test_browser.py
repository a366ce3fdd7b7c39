"""A browser is opened in a window only, never in the terminal."""

from __future__ import annotations

import webbrowser

import pytest

from nobil_tui.tui.browser import window_browser

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
    assert window_browser(environ, platform) is (FIREFOX if opens else None)


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
    assert window_browser(HERE, "linux") is (found if opens else None)
