"""Write to the terminal in a thread, however slowly it reads, and notice when it is gone."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Protocol, TextIO

MAX_WAITING_TEXT = 1 << 20
"""The most characters that wait for the terminal; further ones are dropped."""
BEHIND = 1 << 16
"""If more characters wait, the terminal is too slow for another paint."""
WRITER_PATIENCE = 5.0
"""Seconds without a byte accepted after which the terminal counts as stuck, and the end is not
written to it."""
_CHUNK = 4096
"""Bytes of one write, so that progress is noticed on a slow line."""
_CHECK = 0.1
"""Seconds between two checks of whether to give up."""


class WriterListener(Protocol):
    """Callbacks in the thread of a ``TerminalWriter``."""

    def on_gone(self) -> None:
        """React to a terminal that accepts no more output."""

    def on_caught_up(self) -> None:
        """React when everything is written after the terminal was behind."""

    def on_writer_crash(self, error: BaseException) -> None:
        """React to the end of the thread by an exception that is not an error of the terminal."""


class TerminalWriter(threading.Thread):
    """Accepts text at any time without waiting, and writes it in order.

    Has the interface of Textual's ``WriterThread``, which blocks the event loop when the terminal
    is slow, and forever once writing failed.
    """

    def __init__(self, file: TextIO) -> None:
        super().__init__(daemon=True, name="terminal-output")
        self._file = file
        self._texts: deque[str] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._gone = False
        self._crash: BaseException | None = None
        self._listener: WriterListener | None = None
        self._was_behind = False
        self._progress_at = time.monotonic()
        self.waiting = 0
        """How many accepted characters are not written yet."""
        self.patience = WRITER_PATIENCE

    @property
    def queued(self) -> bool:
        """Whether text waits for another one to be written."""
        return bool(self._texts)

    @property
    def behind(self) -> bool:
        """Whether another paint would only wait."""
        return self.waiting > BEHIND

    def listen(self, listener: WriterListener) -> None:
        """Call ``listener`` from now on, and at once if the thread has ended already."""
        with self._changed:
            self._listener = listener
        self._report_end()

    def write(self, text: str) -> None:
        """Accept a text; never waits for the thread."""
        if self._crash is not None:
            # Nothing else restores the terminal.
            with suppress(OSError):
                os.write(self._file.fileno(), text.encode("utf-8", "replace"))
            return
        with self._changed:
            if self._gone or self.waiting > MAX_WAITING_TEXT:
                return
            if not self.waiting:
                self._progress_at = time.monotonic()
            self._texts.append(text)
            self.waiting += len(text)
            self._was_behind = self._was_behind or self.behind
            self._changed.notify()

    def stop(self) -> None:
        """Write the waiting text, and end; give up if the terminal accepts nothing."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        while self.is_alive() and time.monotonic() - self._progress_at < self.patience:
            self.join(_CHECK)
        with self._changed:
            self._gone = True

    def run(self) -> None:
        """Write until stopped."""
        try:
            self._run()
        except OSError:
            self._drop()
        except BaseException as error:  # noqa: BLE001  # it ends the app
            self._drop()
            self._crash = error
        self._report_end()

    def _drop(self) -> None:
        with self._changed:
            self._gone = True
            self._texts.clear()
            self.waiting = 0

    def _report_end(self) -> None:
        if self._listener is None or not self._gone or self._stopping:
            return
        if self._crash is not None:
            self._listener.on_writer_crash(self._crash)
        else:
            self._listener.on_gone()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._texts or self._stopping)
                if not self._texts:
                    return
                text = self._texts.popleft()
            self._write(text.encode(self._file.encoding, self._file.errors or "strict"))
            with self._changed:
                self.waiting -= len(text)
                caught_up = self._was_behind and not self.waiting
                if caught_up:
                    self._was_behind = False
            if caught_up and self._listener is not None:
                self._listener.on_caught_up()

    def _write(self, data: bytes) -> None:
        descriptor, view = self._file.fileno(), memoryview(data)
        while view and not self._gone:
            try:
                written = os.write(descriptor, view[:_CHUNK])
            except BlockingIOError:
                # Another program that shares the terminal made it non-blocking.
                select.select([], [descriptor], [], _CHECK)
                continue
            view = view[written:]
            self._progress_at = time.monotonic()
