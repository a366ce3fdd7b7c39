"""Print data to standard output.

If it is closed or cannot be written, the program ends with a message. If its reader is gone, as
after ``| head``, it ends silently, as commands usually do.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from click.exceptions import Exit

from nobil_tui.base.text import without_controls
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail
from nobil_tui.cli.streams import write_all


def print_text(text: str) -> None:
    """Print a text and a newline for the user, in the encoding of the locale.

    It may contain a file name, and so any character: the terminal must not interpret it.
    """
    print_data(encoded(f"{without_controls(text)}\n"))


def print_data(data: bytes) -> None:
    """Print bytes as they are. Data formats such as JSON are UTF-8 in every locale."""
    require_stdout()
    try:
        write_all(sys.stdout.buffer, data)
    except OSError as error:
        fail_output(error)


def encoded(text: str) -> bytes:
    """Encode a text for the user; characters that the locale lacks become question marks."""
    require_stdout()
    return text.encode(sys.stdout.encoding or "utf-8", "replace")


def require_stdout() -> None:
    """End the program if it has no standard output."""
    if sys.stdout is None:
        fail(ExitCode.FAILURE, "There is no standard output to print to.")


def stdout_descriptor() -> int:
    """Return the descriptor of standard output; end the program if there is none."""
    require_stdout()
    return sys.stdout.fileno()


def fail_output(error: OSError) -> NoReturn:
    """End the program because standard output cannot be written."""
    # What remains in the buffer is flushed at exit, and if that fails, Python exits with 120.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        raise Exit(ExitCode.FAILURE)
    reason = error.strerror or "unknown error"
    fail(ExitCode.FAILURE, f"Cannot write to standard output: {reason}.")
