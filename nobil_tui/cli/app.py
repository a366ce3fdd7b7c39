"""``nobil-tui`` without a command: open the app."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import TextIO

from nobil_tui.base import paths
from nobil_tui.base.text import safe_text
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail
from nobil_tui.cli.startup import CommonOptions, register_path, start_up

MAX_FPS = "1000"
"""The most repaints per second, which Textual reads when it is imported. It repaints only if
something changed; with a high limit, the repaint after a key need not wait for the previous one."""

SINK_DELAY = 0.25
"""Seconds within which even a slow machine paints the first stations: files can wait for that."""

_NO_UNICODE = (
    *("linux", "ansi", "sun", "pcansi", "unknown"),
    *(f"{name}{digit}" for name in ("cons", "vt") for digit in range(10)),
)
"""How the names of terminals begin whose font lacks our symbols or shows others in their place: the
Linux console draws the same square for several of them."""


def open_app(options: CommonOptions, *, ascii: bool | None) -> int:
    """Open the app and return its exit code. ``ascii``: whether to draw with ASCII only; None to
    decide by the terminal."""
    require_terminal()
    startup = start_up(options)

    from nobil_tui.cli.log_file import log_path
    from nobil_tui.tui.options import AppOptions

    app_options = AppOptions(
        source=startup.chosen.source,
        make_source=startup.make_source,
        config=startup.config,
        config_path=startup.config_path,
        source_text=startup.chosen.text,
        warnings=startup.warnings,
        ascii=_choose_ascii(ascii),
        state_dir=paths.if_home(paths.state_dir),
        history_path=paths.if_home(paths.history_file),
        environ=os.environ,
        register_path=register_path(),
        log_path=log_path(),
        redactor=startup.redactor,
        sink_delay=SINK_DELAY,
    )
    _prepare_for_textual(os.environ)
    from nobil_tui.tui.app import run

    return run(app_options)


def require_terminal() -> None:
    """End the program if there is no terminal that can show the app."""
    # All three: Textual reads keys from stdin and writes the screen to stderr.
    if not all(_is_terminal(stream) for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)):
        fail(
            ExitCode.USAGE,
            "The app needs a terminal for its input and output. In a script, use nobil-tui tail.",
        )
    term = os.environ.get("TERM", "")
    if term.startswith("dumb"):
        fail(
            ExitCode.USAGE,
            f"The app needs a terminal that can move the cursor, and TERM={safe_text(term, 20)} "
            "cannot. Set TERM, or use nobil-tui tail.",
        )


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        # The stream is closed.
        return False


def _choose_ascii(chosen: bool | None) -> bool | None:
    """Return whether to draw with ASCII only; None if the config decides."""
    if not _encodes_unicode():
        return True
    if chosen is None and not _draws_unicode(os.environ):
        return True
    return chosen


def _encodes_unicode() -> bool:
    encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else ""
    return encoding.lower().replace("-", "").startswith("utf")


def _draws_unicode(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal draws our symbols distinctly, as far as is known."""
    term = environ.get("TERM", "")
    if not term or term.casefold().startswith(_NO_UNICODE):
        return False
    # In tmux and screen, TERM does not say which terminal shows it; a virtual console has a number.
    inside = term.startswith(("tmux", "screen")) or environ.get("TMUX") or environ.get("STY")
    on_console = environ.get("XDG_VTNR") and not (
        environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY") or environ.get("SSH_CONNECTION")
    )
    return not (inside and on_console)


def _prepare_for_textual(environ: MutableMapping[str, str]) -> None:
    """Set and remove variables that Textual and Rich read when they are imported."""
    environ.setdefault("TEXTUAL_FPS", MAX_FPS)
    if not environ.get("NO_COLOR"):
        # An empty value means the same as no value (no-color.org).
        environ.pop("NO_COLOR", None)
    for name in ("COLUMNS", "LINES"):
        # The terminal knows its size; these variables may come from another terminal, or hold no
        # number.
        environ.pop(name, None)
