"""The terminal driver for Linux and macOS, whose input thread sleeps while nothing is typed."""

from __future__ import annotations

import codecs
import os
import select
import threading
from collections.abc import Iterable
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from nobil_tui.tui.textual_internals import input_parser

_PAUSE = 0.05
"""Seconds between two checks for a sequence that was not completed, such as a lone Escape."""
_CHECKS = 4
"""Checks after an input; Textual's longest wait for the rest of a sequence is 0.1 s."""


class _WakingEvent(threading.Event):
    """An event that also ends the wait for a file descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()

    def set(self) -> None:
        """Set the event and make ``reader`` readable."""
        super().set()
        os.write(self._writer, b"\0")

    def clear(self) -> None:
        """Clear the event; ``reader`` blocks again."""
        if self.is_set():
            os.read(self.reader, 1)
        super().clear()


class SleepingDriver(LinuxDriver):
    """Textual's driver wakes ten times a second to look for input; this one waits for it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exit_event: _WakingEvent = _WakingEvent()

    def run_input_thread(self) -> None:
        """Read the input until the driver ends it."""
        parser = input_parser()
        decode = codecs.getincrementaldecoder("utf-8")().decode
        ends = self.exit_event
        checks = 0
        while not ends.is_set():
            ready, _, _ = select.select(
                [self.fileno, ends.reader], [], [], _PAUSE if checks else None
            )
            checks -= 1 if checks else 0
            if self.fileno in ready:
                data = os.read(self.fileno, 4096)
                if not data:
                    # The terminal was closed; SIGHUP ends the app.
                    return
                self._process(parser.feed(decode(data)))
                checks = _CHECKS
            self._process(parser.tick())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
