"""A pseudo-terminal: types keys into a program and tells when something appeared in what it wrote.

No screen is kept: what is waited for is looked for in the bytes, since the time at which they came is what matters.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS, ROWS = 160, 50
PATIENCE = 60.0
"""Seconds after which what has not appeared will not."""

_PLACE_OR_CURSOR = re.compile(rb"\x1b\[(\d+);\d+H|\xe2\x96\x8c")


class NotSeenError(Exception):
    """What was waited for never appeared."""


class Terminal:
    """Runs ``command`` in a pseudo-terminal. With ``pace`` it takes so many bytes a second and no more."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        pace: float = 0.0,
        size: tuple[int, int] = (COLUMNS, ROWS),
    ) -> None:
        self._fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(  # our own programs
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=cwd, start_new_session=True
        )
        os.close(theirs)
        os.set_blocking(self._fd, False)
        self.seen = bytearray()
        """What came since the last ``forget``."""
        self.taken = 0
        """Bytes that came in all."""
        self._pace = pace
        self._paced_from = self.started
        self._paced = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @staticmethod
    def now() -> float:
        """The time by the clock of ``press`` and ``wait``, in seconds."""
        return time.perf_counter()

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.seen.clear()

    def press(self, key: str) -> float:
        """Type a key and look only at what comes from now on; returns when it was typed."""
        self.forget()
        at = time.perf_counter()
        os.write(self._fd, key.encode())
        return at

    def wait(self, found: Callable[[bytearray], object], patience: float = PATIENCE) -> float:
        """Read until something is found; returns when the bytes came that held it."""
        until = time.perf_counter() + patience
        at = time.perf_counter()
        while not found(self.seen):
            alive = self._read(until)
            if not alive or time.perf_counter() > until:
                why = f"not seen within {patience:.0f} s" if alive else "the program has ended"
                raise NotSeenError(f"{why}; the last that came: {self.seen[-600:].decode(errors='replace')}")
            at = time.perf_counter()
        return at

    def watch(self, seconds: float) -> int:
        """Read for a while; returns how many bytes came."""
        before, until = self.taken, time.perf_counter() + seconds
        while time.perf_counter() < until and self._read(until):
            # Nobody waits for it.
            self.forget()
        return self.taken - before

    def close(self) -> float:
        """Quit the program; returns how many seconds that took."""
        began = time.perf_counter()
        if self.process.poll() is None:
            with suppress(OSError):
                os.write(self._fd, b"\x03")
            while self.process.poll() is None and time.perf_counter() - began < 5:
                self._pace = 0.0
                self._read(time.perf_counter() + 0.01)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        took = time.perf_counter() - began
        with suppress(OSError):
            os.close(self._fd)
        return took

    def _read(self, until: float) -> bool:
        """Take what is there, or wait for it; false when the program has ended."""
        most = 1 << 16
        if self._pace:
            allowed = self._paced_from + self._paced / self._pace
            time.sleep(max(0.0, min(allowed, until) - time.perf_counter()))
            most = 1024
        ready, _, _ = select.select([self._fd], [], [], max(0.0, until - time.perf_counter()))
        if not ready:
            return True
        try:
            data = os.read(self._fd, most)
        except BlockingIOError:
            return True
        except OSError:
            # The other end is closed: on Linux that is an error.
            return False
        now = time.perf_counter()
        if self._pace and now - self._paced_from - self._paced / self._pace > 0.05:
            # A line that was idle does not make up for it.
            self._paced_from, self._paced = now, 0.0
        self._paced += len(data)
        self.taken += len(data)
        self.seen += data
        return bool(data)


def cursor_row(seen: bytearray) -> int | None:
    """Tell on which row of the terminal the list's cursor was painted last."""
    row = painted = None
    for match in _PLACE_OR_CURSOR.finditer(seen):
        if match[1] is not None:
            row = int(match[1])
        else:
            painted = row
    return painted
