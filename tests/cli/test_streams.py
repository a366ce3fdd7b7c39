"""Standard streams whose reader is slow or does not read."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nobil_tui.cli import messages, streams
from nobil_tui.cli.messages import print_message, writing_in_background
from nobil_tui.cli.streams import BackgroundWriter
from tests.conftest import GUARD

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")


@contextmanager
def stderr_to_a_pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make stderr a pipe; yield the end to read."""
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield read
        monkeypatch.undo()
    os.close(read)


def read_to_the_end(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def test_no_message_is_lost_on_a_non_blocking_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bytes] = []
    with stderr_to_a_pipe(monkeypatch) as read:
        number = sys.stderr.fileno()
        size = fcntl.fcntl(number, fcntl.F_GETPIPE_SZ) if hasattr(fcntl, "F_GETPIPE_SZ") else 65536
        os.set_blocking(number, False)
        os.write(number, b"x" * size)
        reading = threading.Thread(target=lambda: found.append(read_to_the_end(read)))
        writing = threading.Thread(target=lambda: print_message("y" * 2 * size))
        writing.start()
        reading.start()
        writing.join(GUARD)
        print_message("the next one")
        sys.stderr.close()
        reading.join(GUARD)
    assert found == [b"%bnobil-tui: %b\nnobil-tui: the next one\n" % (b"x" * size, b"y" * 2 * size)]


def test_a_stderr_that_is_not_read_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "STDERR_CLOSE_SECONDS", 0.0)
    with stderr_to_a_pipe(monkeypatch) as read:
        with writing_in_background():
            # More than any pipe holds.
            for number in range(100):
                print_message(f"{number} " + "z" * 10_000)
        found: list[bytes] = []
        reading = threading.Thread(target=lambda: found.append(read_to_the_end(read)))
        # Before anything is read: it ends with the last line.
        writer = next(each for each in threading.enumerate() if each.name == "messages")
        reading.start()
        writer.join(GUARD)
        sys.stderr.close()
        reading.join(GUARD)
    lines = found[0].decode().splitlines()
    assert [line.split()[1] for line in lines] == [str(number) for number in range(100)]


def test_what_does_not_fit_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_WAITING_CHARACTERS", 10)
    may_write, began = threading.Event(), threading.Event()
    written: list[str] = []
    lost: list[int] = []

    def write(text: str) -> None:
        began.set()
        assert may_write.wait(GUARD)
        written.append(text)

    writer = BackgroundWriter(write, lost.append)
    writer.put("first")
    assert began.wait(GUARD)
    for text in ("too much", "as much", "of it"):
        writer.put(text)
    may_write.set()
    writer.close(GUARD)
    assert lost == [2]
    assert written == ["first", "of it"]
