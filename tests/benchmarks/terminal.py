"""A pseudo-terminal: type keys into a program and find out when a text appears in its output.

The output is not rendered but searched as bytes, since only the time of receipt matters.
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
"""Seconds to wait for an output."""

_PLACE_OR_CURSOR = re.compile(rb"\x1b\[(\d+);\d+H|\xe2\x96\x8c")


class NotSeenError(Exception):
    """The expected output did not appear."""


class Terminal:
    """Run ``command`` in a pseudo-terminal, which reads at most ``pace`` bytes per second if
    given."""

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
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self._fd, False)
        self.seen = bytearray()
        """The output since the last ``forget``."""
        self.taken = 0
        """Bytes of output in total."""
        self._pace = pace
        self._paced_from = self.started
        self._paced = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @staticmethod
    def now() -> float:
        """Return the time by the clock of ``press`` and ``wait``, in seconds."""
        return time.perf_counter()

    def forget(self) -> None:
        """Discard the output so far."""
        self.seen.clear()

    def press(self, key: str) -> float:
        """Discard the output so far and type a key; return when it was typed."""
        self.forget()
        at = time.perf_counter()
        os.write(self._fd, key.encode())
        return at

    def wait(self, found: Callable[[bytearray], object], patience: float = PATIENCE) -> float:
        """Read until ``found`` is true; return when the last bytes were received."""
        until = time.perf_counter() + patience
        at = time.perf_counter()
        while not found(self.seen):
            alive = self._read(until)
            if not alive or time.perf_counter() > until:
                why = f"not seen within {patience:.0f} s" if alive else "the program has ended"
                raise NotSeenError(
                    f"{why}; the last that came: {self.seen[-600:].decode(errors='replace')}"
                )
            at = time.perf_counter()
        return at

    def settle(self, quiet: float = 0.2) -> float:
        """Wait for output, then until none comes for some seconds; return when the last came."""
        at = self.wait(len)
        while True:
            before, until = self.taken, time.perf_counter() + quiet
            while self.taken == before and time.perf_counter() < until:
                if not self._read(until):
                    raise NotSeenError("the program has ended")
            if self.taken == before:
                return at
            at = time.perf_counter()

    def watch(self, seconds: float) -> int:
        """Read for some seconds; return the number of bytes."""
        before, until = self.taken, time.perf_counter() + seconds
        while time.perf_counter() < until and self._read(until):
            # The output is not searched.
            self.forget()
        return self.taken - before

    def close(self) -> float:
        """Quit the program; return how many seconds that took."""
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
        """Read available output, or wait for it; return False when the program has ended."""
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
            # The other end is closed, which is an error on Linux.
            return False
        now = time.perf_counter()
        if self._pace and now - self._paced_from - self._paced / self._pace > 0.05:
            # Idle time does not count for later.
            self._paced_from, self._paced = now, 0.0
        self._paced += len(data)
        self.taken += len(data)
        self.seen += data
        return bool(data)


def cursor_row(seen: bytearray) -> int | None:
    """Return the terminal row in which the list's cursor was painted last."""
    row = painted = None
    for match in _PLACE_OR_CURSOR.finditer(seen):
        if match[1] is not None:
            row = int(match[1])
        else:
            painted = row
    return painted
