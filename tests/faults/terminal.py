"""A faulty terminal: a pseudo-terminal that runs the program and can be slow, stuck, resized or
gone.

The program is a session of its own with the terminal as its controlling one, unless ``detached``.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.conftest import GUARD
from tests.forking import Forked

ROOT = Path(__file__).parents[2]
SIZE = 100, 30
"""Columns and rows at the start."""

ESCAPE = b"\x1b[27u"
FULL = 3500
"""Bytes of unread output; the line discipline of Linux holds 4 kB, and more behind them."""

_CONTROLLING = 'exec "$0" "$@" <"$TTY" >"$TTY" 2>&1'
"""A session leader without a controlling terminal gets the first that it opens."""

_SEQUENCE = re.compile(
    rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[P_].*?\x1b\\)", re.DOTALL
)

_COLOUR = re.compile(
    rb"\x1b\[(?:[0-9;]*;)?(?:[34]8;2;(?P<rgb>\d+;\d+;\d+)|[34]8;5;(?P<number>\d+)"
    rb"|(?:3|4|9|10)(?P<basic>[0-7]))(?:;[0-9;]*)?m"
)

ENTER = {
    "alternate screen": b"\x1b[?1049h",
    "hidden cursor": b"\x1b[?25l",
    "mouse": b"\x1b[?1003h",
    "focus": b"\x1b[?1004h",
    "paste": b"\x1b[?2004h",
    "kitty keys": b"\x1b[>25u",
}
"""What the app switches on, and below, what switches it off."""
LEAVE = {
    "alternate screen": b"\x1b[?1049l",
    "hidden cursor": b"\x1b[?25h",
    "mouse": b"\x1b[?1003l",
    "focus": b"\x1b[?1004l",
    "paste": b"\x1b[?2004l",
    "kitty keys": b"\x1b[<u",
}


class FaultyTerminal:
    """Run the app, or another ``command``, in a pseudo-terminal."""

    def __init__(
        self,
        home: Path,
        *args: str,
        command: Sequence[str] = (sys.executable, "-m", "nobil_tui"),
        env: Mapping[str, str] | None = None,
        detached: bool = False,
        size: tuple[int, int] = SIZE,
    ) -> None:
        self.master, self.slave = os.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        kept = ("PATH", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH")
        self.env = {each: os.environ[each] for each in kept if each in os.environ} | {
            "HOME": str(home),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TTY": os.ttyname(self.slave),
            **(env or {}),
        }
        options: dict[str, Any] = {"cwd": ROOT, "env": self.env, "start_new_session": True}
        whole = [*command, *args]
        if command[0] == sys.executable:
            options |= dict.fromkeys(("stdin", "stdout", "stderr"), self.slave)
            self.process: subprocess.Popen[Any] = Forked(
                whole, app=True, terminal=not detached, **options
            )
        else:
            whole = ["/bin/sh", "-c", _CONTROLLING, *whole]
            self.process = subprocess.Popen(whole, stdin=subprocess.DEVNULL, **options)
        os.set_blocking(self.master, False)
        self.output = bytearray()
        """Everything that the program wrote."""
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(GUARD)
        self.hang_up()

    # What a terminal does

    def send(self, data: bytes | str) -> None:
        """Type bytes, and take the output meanwhile."""
        view = memoryview(data.encode() if isinstance(data, str) else data)
        until = time.monotonic() + GUARD
        while view:
            assert time.monotonic() < until, "the program reads no input"
            readable, writable, _ = select.select([self.master], [self.master], [], 1)
            if readable:
                self.take()
            if writable:
                with suppress(BlockingIOError):
                    view = view[os.write(self.master, view[:4096]) :]

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send_only(self, data: bytes) -> None:
        """Type bytes without reading; those that do not fit are lost."""
        with suppress(BlockingIOError):
            os.write(self.master, data)

    def wait_until_full(self) -> None:
        """Wait until the terminal holds as much unread output as it reports."""
        until, waiting = time.monotonic() + GUARD, 0
        while waiting < FULL:
            assert time.monotonic() < until, f"only {waiting} bytes wait"
            answer = fcntl.ioctl(self.master, termios.FIONREAD, b"\0" * 4)
            (waiting,) = struct.unpack("i", answer)
            time.sleep(0.01)

    def set_blocking(self, blocking: bool) -> None:
        """Do what a program does that shares the terminal: for a program that is ``detached``."""
        os.set_blocking(self.slave, blocking)

    def hang_up(self) -> None:
        """Close the terminal."""
        if not self.closed:
            self.closed = True
            os.close(self.master)
            os.close(self.slave)

    def take(self, seconds: float = 0.0) -> bool:
        """Read what the program has written; return False when there was nothing in time."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.output += data
        return bool(data)

    def wait_for(self, pattern: bytes, since: int = 0) -> re.Match[bytes]:
        """Read until the output matches, from the byte ``since`` on."""
        found = self.look_for(pattern, since, GUARD)
        assert found is not None, (
            f"no {pattern!r}; exit status {self.process.poll()}: {self.text()[-2000:]}"
        )
        return found

    def look_for(self, pattern: bytes, since: int, seconds: float) -> re.Match[bytes] | None:
        """Read for some seconds; return where the output matches."""
        until = time.monotonic() + seconds
        compiled = re.compile(pattern, re.DOTALL)
        while not (found := compiled.search(self.output, since)):
            ended = self.process.poll() is not None
            if not self.take(0.05) and (ended or time.monotonic() > until):
                return None
        return found

    # What is to be true after each fault

    def wait_until_live(self) -> None:
        """Wait until stations are listed."""
        self.wait_for(b"SIMULATED.*\x1b\\[[0-9;]+H.*\x1b\\[[0-9;]+H")
        self.check_alive()

    def check_alive(self) -> None:
        """Check that keys are answered: the help opens and closes."""
        # A key that closed a dialog is ignored for a moment, and so may the Escape be.
        until = time.monotonic() + GUARD
        patience, opened = 0.8, None
        while opened is None:
            at = len(self.output)
            # In the form of kitty: a bare one would make one key with the next one.
            self.send(ESCAPE)
            self.send(ESCAPE + b"?")
            opened = self.look_for(b"closes", at, patience)
            if opened is None:
                # It may have been open: closed and opened again, it changed nothing on the screen.
                self.send("?")
                opened = self.look_for(b"closes", at, patience)
            # A slow machine takes longer: the next Escape must not close what opens just then.
            patience *= 2
            assert time.monotonic() < until, f"no answer to keys: {self.text()[-2000:]}"
        at = len(self.output)
        self.send("?")
        # The heading of the list, which the help had covered.
        self.wait_for(b"Plug", at)

    def end(self) -> int:
        """Read to the end; return the exit status."""
        # It may have much to read before.
        until = time.monotonic() + 3 * GUARD
        while self.process.poll() is None and time.monotonic() < until:
            self.take(0.02)
        while self.take():
            pass
        return self.process.wait(GUARD)

    def quit(self) -> int:
        """Press the key that quits everywhere, and read to the end."""
        # In a paste whose end is missing it is text, until the program has waited for that.
        patience = 5.0
        while self.process.poll() is None and patience < 3 * GUARD:
            self.send("\x03")
            until = time.monotonic() + patience
            while self.process.poll() is None and time.monotonic() < until:
                self.take(0.02)
            patience *= 2
        return self.end()

    def check_restored(self) -> None:
        """Check that the terminal is as it was: its attributes and its modes."""
        assert termios.tcgetattr(self.slave) == self.before
        for name, entered in ENTER.items():
            count = self.output.count(entered)
            assert self.output.rfind(LEAVE[name]) > self.output.rfind(entered), name
            if name == "kitty keys" and count:
                assert self.output.count(LEAVE[name]) == count, name

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def colours(self) -> bool:
        """Return whether anything was written in a colour that is no grey."""
        for found in _COLOUR.finditer(self.output):
            if found["rgb"] and len(set(found["rgb"].split(b";"))) > 1:
                return True
            number = int(found["number"] or 16)
            if number < 232 and number not in (0, 7, 8, 15, 16, 231):
                return True
            if found["basic"] and found["basic"] not in (b"0", b"7"):
                return True
        return False

    def text(self) -> str:
        """Return the output without its sequences."""
        plain = re.sub(
            rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[<-?])", b"", self.output
        )
        return plain.decode(errors="replace")
