"""Ctrl-C before there is something to clean up: it ends the program at once.

Python raises ``KeyboardInterrupt`` between any two instructions. In an import, that may leave a
lock of the import system behind, for which another thread then waits without end.
"""

from __future__ import annotations

import os
import signal

_INTERRUPTED = 130
"""What ``ExitCode.INTERRUPTED`` is, which would have to be imported."""


def end_at_interrupt() -> None:
    """End the program at Ctrl-C, until ``raise_at_interrupt``. An ignored signal stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_at_interrupt() -> None:
    """Raise ``KeyboardInterrupt`` at Ctrl-C from now on: there is something to clean up."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)
