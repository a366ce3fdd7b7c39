"""Messages on stderr; standard output is for data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any, NoReturn

import click

from nobil_tui.base.text import without_controls
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.streams import BackgroundWriter, write_all


class CommandError(click.ClickException):
    """End the program with a message on stderr and an exit code."""

    def __init__(self, code: ExitCode, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click declares a class variable
        """The exit code."""
        return self.code

    def show(self, file: Any = None) -> None:
        """Print the message on stderr."""
        print_message(self.message)


STDERR_CLOSE_SECONDS = 1.0
"""Seconds for which the end of a service waits for a reader of stderr that does not read."""

_background: list[BackgroundWriter] = []
"""The last one writes to stderr instead of the caller."""


@contextmanager
def writing_in_background() -> Iterator[None]:
    """Write to stderr in a thread meanwhile, for a service.

    A terminal that was stopped with Ctrl-S, or a pipe that is not read, must not stop it.
    """
    writer = BackgroundWriter(_write_stderr, _report_lost)
    _background.append(writer)
    try:
        yield
    finally:
        _background.remove(writer)
        writer.close(STDERR_CLOSE_SECONDS)


def _report_lost(count: int) -> None:
    lines = "line" if count == 1 else "lines"
    print_message(f"{count:,} {lines} of messages were dropped: stderr was not read.")


def write_stderr(text: str) -> None:
    """Write to stderr; if it is closed, discard this text and all later ones."""
    if _background:
        _background[-1].put(text)
    else:
        _write_stderr(text)


def _write_stderr(text: str) -> None:
    stream = sys.stderr
    if stream is None:
        return
    data = text.encode(stream.encoding or "utf-8", "replace")
    try:
        write_all(stream.buffer, data)
    except (OSError, ValueError):
        # What remains in the buffer is flushed at exit, and if that fails, Python exits with 120.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_receivers: list[Callable[[str], None]] = []
"""The last one receives the messages instead of the user."""


@contextmanager
def messages_to(receiver: Callable[[str], None]) -> Iterator[None]:
    """Pass the messages for the user to ``receiver`` meanwhile, such as a structured log."""
    _receivers.append(receiver)
    try:
        yield
    finally:
        _receivers.pop()


def print_message(text: str) -> None:
    """Print a line for the user on stderr.

    It may contain a file name, and so any character: the terminal must not interpret it.
    """
    text = without_controls(text)
    if _receivers:
        _receivers[-1](text)
    else:
        write_stderr(f"nobil-tui: {text}\n")


def print_error(error: click.ClickException) -> None:
    """Print the message of an error that ends the program."""
    if isinstance(error, CommandError):
        error.show()
        return
    # Click itself would fail if stderr cannot be written.
    text = StringIO()
    error.show(file=text)
    write_stderr(without_controls(text.getvalue()))


def fail(code: ExitCode, text: str) -> NoReturn:
    """End the program with ``code`` after printing ``text``."""
    raise CommandError(code, text)
