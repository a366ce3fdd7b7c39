"""The exit codes, which scripts rely on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How the program ended."""

    SUCCESS = 0
    FAILURE = 1
    """Something could not be opened, served, written or fetched."""
    USAGE = 2
    """The command line, the config or the terminal cannot be used, or no station has the given id.
    """
    KEY_REFUSED = 3
    """The server refused the API key, and no app was open to enter another one."""
    TIMED_OUT = 4
    """The awaited state did not occur in time, or before the source ended."""
    INTERRUPTED = 130
    """Ctrl-C, outside the app."""


EXIT_CODE_HELP = {
    ExitCode.SUCCESS: "success",
    ExitCode.FAILURE: "failure; the message says why",
    ExitCode.USAGE: "invalid command line, config or terminal; unknown station",
    ExitCode.KEY_REFUSED: "API key refused",
    ExitCode.TIMED_OUT: "wait timed out, or the source ended first",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
}
"""The description of each code in ``--help``."""

SOURCE_EXIT_CODES = tuple(code for code in ExitCode if code is not ExitCode.TIMED_OUT)
"""The codes of a command that reads a source and has no time limit."""
