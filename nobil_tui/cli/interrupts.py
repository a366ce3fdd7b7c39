"""End the program at once on Ctrl-C while there is nothing to clean up.

Python raises ``KeyboardInterrupt`` between any two instructions. During an import, that may leave a
lock of the import system behind, for which another thread then waits forever.
"""

from __future__ import annotations

import os
import signal

_INTERRUPTED = 130
"""The value of ``ExitCode.INTERRUPTED``, which would have to be imported."""


def end_at_interrupt() -> None:
    """End the program on Ctrl-C, until ``raise_at_interrupt`` is called. An ignored signal stays
    ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_at_interrupt() -> None:
    """Raise ``KeyboardInterrupt`` on Ctrl-C from now on: there is something to clean up."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)
