"""``nobil-tui`` without a command: open the app."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail
from nobil_tui.cli.startup import CommonOptions, start_up

MAX_FPS = "1000"
"""The limit of repaints per second, which Textual reads when it is imported. It repaints only if
something changed; a high limit keeps the repaint after a key from waiting for the previous one."""


def open_app(options: CommonOptions, *, ascii: bool) -> int:
    """Open the app and return its exit code. ``ascii``: draw with ASCII only."""
    require_terminal()
    startup = start_up(options)

    from nobil_tui.base import paths
    from nobil_tui.tui.options import AppOptions

    app_options = AppOptions(
        source=startup.chosen.source,
        make_source=startup.make_source,
        config=startup.config,
        config_path=startup.config_path,
        source_text=startup.chosen.text,
        warnings=startup.warnings,
        ascii=ascii or not _terminal_supports_unicode(),
        state_dir=paths.state_dir(),
        history_path=paths.history_file(),
        environ=os.environ,
        register_path=paths.register_file(),
    )
    os.environ.setdefault("TEXTUAL_FPS", MAX_FPS)
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
    if os.environ.get("TERM") == "dumb":
        fail(
            ExitCode.USAGE,
            "The app needs a terminal that can move the cursor, and TERM=dumb cannot. Set "
            "TERM, or use nobil-tui tail.",
        )


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        # The stream is closed.
        return False


def _terminal_supports_unicode() -> bool:
    encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else ""
    return encoding.lower().replace("-", "").startswith("utf")
