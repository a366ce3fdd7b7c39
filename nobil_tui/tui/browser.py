"""Find a browser that opens its own window, and start it without our secrets."""

from __future__ import annotations

import logging
import subprocess
import sys
import webbrowser
from collections.abc import Mapping

from nobil_tui.base.redaction import without_secrets

_OPEN = "import sys, webbrowser; webbrowser.get().open(sys.argv[1])"
_IN_TERMINAL = {"elinks", "links", "lynx", "w3m", "www-browser"}

logger = logging.getLogger(__name__)


def has_window_browser(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Return whether a browser would open a window on the user's desktop.

    A browser in the terminal would take the screen from this program, and over SSH a window would
    open on another machine.
    """
    if "SSH_CONNECTION" in environ or "SSH_TTY" in environ:
        return False
    if platform not in ("darwin", "win32") and not (
        environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    waits = isinstance(browser, webbrowser.GenericBrowser) and not isinstance(
        browser, webbrowser.BackgroundBrowser
    )
    return not waits and browser.name not in _IN_TERMINAL


def open_browser(url: str, environ: Mapping[str, str]) -> bool:
    """Open a page in the user's browser; return whether it was started. May block for seconds.

    Another Python starts it: the module takes no environment, and a browser would inherit API keys.
    """
    try:
        # Isolated: it imports nothing from the current folder.
        done = subprocess.run(
            [sys.executable, "-I", "-c", _OPEN, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=without_secrets(environ),
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        logger.warning("cannot start a browser: %s", error)
        return False
    return done.returncode == 0
