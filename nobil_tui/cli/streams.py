"""Write to a standard stream completely, however slow its reader is, or in a thread."""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

MAX_WAITING_CHARACTERS = 1 << 20
"""The most characters that wait for a reader; further texts are dropped and counted."""


def write_all(out: BinaryIO, data: bytes) -> None:
    """Write all of ``data``, however long the reader takes. Raises ``OSError``."""
    rest = memoryview(data)
    flushed = False
    while not flushed:
        try:
            while rest:
                rest = rest[out.write(rest) :]
            out.flush()
            flushed = True
        except BlockingIOError as full:
            # Another program that shares the pipe or terminal made it non-blocking.
            rest = rest[full.characters_written :]
            select.select([], [out], [])


class BackgroundWriter:
    """Passes texts to ``write`` in order, in a thread, so that a stuck reader stops nothing else.

    ``report_lost`` is called with the number of texts that were dropped, once there is room again.
    """

    def __init__(self, write: Callable[[str], None], report_lost: Callable[[int], None]) -> None:
        self._write = write
        self._report_lost = report_lost
        self._texts: deque[str] = deque()
        self._waiting = 0
        """How many characters wait or are being written."""
        self._lost = 0
        self._closing = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="messages", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Take a text; never waits for the reader."""
        with self._news:
            if self._waiting + len(text) > MAX_WAITING_CHARACTERS:
                self._lost += 1
                return
            lost, self._lost = self._lost, 0
        if lost:
            self._report_lost(lost)
        with self._news:
            self._texts.append(text)
            self._waiting += len(text)
            self._news.notify()

    def close(self, seconds: float) -> None:
        """Write the waiting texts, for at most ``seconds``."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._texts or self._closing)
                if not self._texts:
                    return
                text = self._texts.popleft()
            self._write(text)
            with self._news:
                self._waiting -= len(text)
