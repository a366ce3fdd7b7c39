"""Escape sequences for desktop notifications and the window's title.

Texts from outside pass ``safe_text``, so that none of them can end a sequence or begin another.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from nobil_tui.base.text import safe_text
from nobil_tui.config.alert_rules import NotifyMethod

BELL = "\a"
MAX_TITLE = 80
MAX_BODY = 240
"""Characters of a notification: terminals cut or refuse longer ones."""

SAVE_TITLE = "\x1b[22;2t"
RESTORE_TITLE = "\x1b[23;2t"

_BY_PROGRAM = {
    "iterm.app": NotifyMethod.OSC9,
    "wezterm": NotifyMethod.OSC9,
    "ghostty": NotifyMethod.OSC9,
    "kitty": NotifyMethod.OSC99,
    "foot": NotifyMethod.OSC777,
    "rxvt": NotifyMethod.OSC777,
}
_BY_VARIABLE = {
    "KITTY_WINDOW_ID": NotifyMethod.OSC99,
    "WEZTERM_PANE": NotifyMethod.OSC9,
    "GHOSTTY_RESOURCES_DIR": NotifyMethod.OSC9,
    "ITERM_SESSION_ID": NotifyMethod.OSC9,
    "VTE_VERSION": NotifyMethod.OSC777,
}
_BY_TERM = {
    "xterm-kitty": NotifyMethod.OSC99,
    "xterm-ghostty": NotifyMethod.OSC9,
    "wezterm": NotifyMethod.OSC9,
    "foot": NotifyMethod.OSC777,
    "rxvt-unicode": NotifyMethod.OSC777,
}


def notify_method(chosen: NotifyMethod, environ: Mapping[str, str]) -> NotifyMethod:
    """Return how to notify: as the user chose, or as the terminal is known to support it."""
    if chosen is not NotifyMethod.AUTO:
        return chosen
    if environ.get("STY"):
        # GNU screen does not pass them on.
        return NotifyMethod.BELL
    program = (environ.get("TERM_PROGRAM") or "").lower()
    if program not in ("", "tmux"):
        return _BY_PROGRAM.get(program, _by_term(environ))
    if environ.get("LC_TERMINAL") == "iTerm2":
        return NotifyMethod.OSC9
    return _by_term(environ)


def _by_term(environ: Mapping[str, str]) -> NotifyMethod:
    term = environ.get("TERM") or ""
    for name, method in _BY_TERM.items():
        if term == name or term.startswith(f"{name}-"):
            return method
    for variable, method in _BY_VARIABLE.items():
        if environ.get(variable):
            return method
    return NotifyMethod.BELL


def in_tmux(environ: Mapping[str, str]) -> bool:
    """Return whether sequences have to pass through tmux to reach the terminal."""
    return bool(environ.get("TMUX"))


def notification(method: NotifyMethod, title: str, body: str, *, tmux: bool = False) -> str:
    """Return what to write for a desktop notification; ``method`` must not be ``AUTO``."""
    title, body = safe_text(title, MAX_TITLE), safe_text(body, MAX_BODY)
    match method:
        case NotifyMethod.OSC9:
            text = f"{title}: {body}"
            # "9;4;..." and the like are other commands of some terminals.
            text = f" {text}" if text[:1].isdigit() else text
            sequence = f"\x1b]9;{text}\a"
        case NotifyMethod.OSC99:
            sequence = (
                f"\x1b]99;i=nobil-tui:d=0:e=1;{_base64(title)}\x1b\\"
                f"\x1b]99;i=nobil-tui:d=1:e=1:p=body;{_base64(body)}\x1b\\"
            )
        case NotifyMethod.OSC777:
            # A semicolon would end the title.
            sequence = f"\x1b]777;notify;{title.replace(';', ',')};{body.replace(';', ',')}\a"
        case NotifyMethod.BELL:
            return BELL
        case NotifyMethod.NONE | NotifyMethod.AUTO:
            return ""
    return passthrough(sequence) if tmux else sequence


def passthrough(sequence: str) -> str:
    """Wrap a sequence so that tmux passes it on, if its ``allow-passthrough`` is on."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def window_title(text: str) -> str:
    """Return what to write to set the window's title."""
    return f"\x1b]2;{safe_text(text, MAX_BODY)}\x1b\\"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
