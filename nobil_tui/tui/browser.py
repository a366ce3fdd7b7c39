"""Find a browser that opens its own window."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Mapping

_IN_TERMINAL = {"elinks", "links", "lynx", "w3m", "www-browser"}


def window_browser(
    environ: Mapping[str, str], platform: str = sys.platform
) -> webbrowser.BaseBrowser | None:
    """Return a browser that opens a window on the user's desktop, or None.

    A browser in the terminal would take the screen from this program, and over SSH a window would
    open on another machine.
    """
    if "SSH_CONNECTION" in environ or "SSH_TTY" in environ:
        return None
    if platform not in ("darwin", "win32") and not (
        environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    ):
        return None
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    waits = isinstance(browser, webbrowser.GenericBrowser) and not isinstance(
        browser, webbrowser.BackgroundBrowser
    )
    return None if waits or browser.name in _IN_TERMINAL else browser
