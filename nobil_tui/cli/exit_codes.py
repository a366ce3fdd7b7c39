"""The codes that the program exits with: an interface that scripts stand on."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """How it ended."""

    QUIT = 0
    """As it was meant to."""
    FAILED = 1
    """Something could not be done: served, written, reached."""
    USAGE = 2
    """The command line, the config or the terminal is not what is needed."""
    REFUSED = 3
    """The key was refused, and no app was open to show it."""
    INTERRUPTED = 130
    """Ctrl-C, where no app was open to take it."""


WORDS = {
    Code.QUIT: "quit",
    Code.FAILED: "something failed: it could not serve, or not write",
    Code.USAGE: "the command line or the config is not right",
    Code.REFUSED: "the key was refused",
    Code.INTERRUPTED: "stopped with Ctrl-C",
}
"""What ``--help`` says of each."""
