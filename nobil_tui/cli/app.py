"""Opens the app: everything between the command line and the first screen."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from nobil_tui.cli import options
from nobil_tui.cli.exit_codes import Code
from nobil_tui.cli.startup import Asked

PAINTS = "1000"
"""How often a second the library paints at the most, which it reads when it is imported. It paints as often only when
there is something to paint; what it is for is that a key's paint need not wait behind the one before it."""


def open_app(asked: Asked, *, ascii: bool) -> int:
    """Open the app and return the code to exit with once it is closed. ``ascii``: whether only that is drawn."""
    refuse_without_terminal()
    path = options.config_path(asked.config)
    config = options.load_config(path)
    add_secret = options.start_log(asked.log_level, config, asked.source)
    choose = options.chooser(stations=asked.stations, seed=asked.seed, speed=asked.speed, add_secret=add_secret)
    chosen = options.chosen(choose, config, asked.source)

    from nobil_tui.base import paths
    from nobil_tui.tui.options import AppOptions

    setup = AppOptions(
        source=chosen.source,
        make_source=choose,
        config=config,
        config_path=path,
        source_text=chosen.text,
        cautions=options.cautions(path, config, chosen),
        ascii=ascii or not _draws_more_than_ascii(),
        state_dir=paths.state_dir(),
        environ=os.environ,
        register_path=paths.register_file(),
    )
    os.environ.setdefault("TEXTUAL_FPS", PAINTS)
    from nobil_tui.tui.app import run

    return run(setup)


def refuse_without_terminal() -> None:
    """End the program where there is no terminal to open the app in."""
    # All three: keys are read from the first, and the screen is written to the last.
    if not all(_is_terminal(stream) for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)):
        options.fail(
            Code.USAGE,
            "The app needs a terminal, for what it reads and what it writes. "
            "For a script there is nobil-tui tail, which prints changes as lines.",
        )
    if os.environ.get("TERM") == "dumb":
        options.fail(
            Code.USAGE,
            "This terminal says that it can move no cursor (TERM=dumb), so the app cannot be drawn. "
            "nobil-tui tail prints changes as lines.",
        )


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        # It is closed.
        return False


def _draws_more_than_ascii() -> bool:
    encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else ""
    return encoding.lower().replace("-", "").startswith("utf")
