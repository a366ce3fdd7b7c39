"""Use the terminal for more than painting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import App

from nobil_tui.tui.terminal_writer import TerminalWriter

BRIEFLY = 0.5
"""Seconds for which the end waits for a stuck terminal, if a signal asked the app to end."""
_MOUSE_MODES = (1000, 1003, 1015, 1006)
"""The modes that Textual's drivers set: presses, moves, and two ways to write coordinates."""


def is_terminal_behind(app: App[Any]) -> bool:
    """Return whether painted output still waits for the terminal, as on a slow line.

    A key would wait for all of it.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    if isinstance(writer, TerminalWriter):
        return writer.queued
    # Textual's own, on Windows.
    return writer is not None and writer._queue.qsize() > 0


def write_to_terminal(app: App[Any], text: str) -> bool:
    """Write an escape sequence between two paints; return False without a terminal.

    Textual's driver has the only handle on the terminal, and a thread of its own that writes.
    """
    driver = app._driver
    if driver is None or driver.is_headless:
        return False
    driver.write(text)
    driver.flush()
    return True


_CANNOT_BE_ASKED = ("linux", "dumb", "eterm", "screen", "ansi", *(f"vt{each}" for each in "12345"))
"""Prefixes of the names of terminals that print the question or never answer it."""


def ask_for_background(app: App[Any], environ: Mapping[str, str]) -> bool:
    """Ask the terminal for its background, and return whether that is possible.

    The app's method ``use_background`` gets the answer, if there is one.
    """
    ask = getattr(app._driver, "ask_background", None)
    # tmux calls itself screen as well.
    known = "TMUX" in environ or not environ.get("TERM", "dumb").startswith(_CANNOT_BE_ASKED)
    if ask is None or not known:
        return False
    ask()
    return True


def can_suspend(app: App[Any]) -> bool:
    """Return whether the app can return to a shell, which can bring it back."""
    return app._driver is not None and app._driver.can_suspend


def stop_waiting_for_terminal(app: App[Any]) -> None:
    """Make the end of an app wait only briefly for a terminal that takes no output."""
    writer = getattr(app._driver, "_writer_thread", None)
    if isinstance(writer, TerminalWriter):
        writer.patience = BRIEFLY


def set_mouse(app: App[Any], *, taken: bool) -> bool:
    """Take the mouse, or leave it to the terminal; return False without a terminal."""
    letter = "h" if taken else "l"
    return write_to_terminal(app, "".join(f"\x1b[?{mode}{letter}" for mode in _MOUSE_MODES))
