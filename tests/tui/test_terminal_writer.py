"""The writer: it waits for a slow terminal, gives up a stuck one and reports a gone one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

import pytest

pytest.importorskip("termios")

from nobil_tui.tui.terminal_writer import BEHIND, MAX_WAITING_TEXT, TerminalWriter
from tests.conftest import GUARD


class Heard:
    """What a writer reported."""

    def __init__(self) -> None:
        self.reports: list[str] = []
        self.changed = threading.Event()

    def on_gone(self) -> None:
        self._add("gone")

    def on_caught_up(self) -> None:
        self._add("caught up")

    def on_writer_crash(self, error: BaseException) -> None:
        self._add(repr(error))

    def _add(self, report: str) -> None:
        self.reports.append(report)
        self.changed.set()


class Line:
    """A pseudo-terminal whose other end reads on request."""

    def __init__(self) -> None:
        self.ours, theirs = os.openpty()
        self.file: TextIO = TextIOWrapper(
            os.fdopen(theirs, "wb", 0), "utf-8", errors="backslashreplace", write_through=True
        )
        self.heard = Heard()
        self.writer = TerminalWriter(self.file)
        self.writer.listen(self.heard)
        self.writer.start()

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += os.read(self.ours, 1 << 16)
        return data

    def hang_up(self) -> None:
        with suppress(OSError):
            os.close(self.ours)

    def close(self) -> None:
        self.hang_up()
        self.writer.join(GUARD)
        self.file.close()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def test_everything_is_written_in_order(line: Line) -> None:
    for text in ("a", "ø", "\udc9b", "●" * 9):
        line.writer.write(text)
    line.writer.stop()
    assert not line.writer.is_alive()
    expected = "aø\\udc9b" + "●" * 9
    assert line.read(len(expected.encode())).decode() == expected
    assert line.heard.reports == []


@pytest.mark.parametrize("blocking", [True, False])
def test_a_terminal_that_does_not_read_is_waited_for(line: Line, blocking: bool) -> None:
    """Also one that another program made non-blocking: nothing is lost or torn."""
    os.set_blocking(line.file.fileno(), blocking)
    text = "".join(f"{number:9}\t" for number in range(BEHIND // 5))
    line.writer.write(text)
    assert line.writer.behind
    line.writer.write("end")
    assert line.writer.queued
    assert line.read(len(text) + 3).decode() == text + "end"
    assert line.heard.changed.wait(GUARD)
    assert line.heard.reports == ["caught up"]
    assert not line.writer.behind
    line.writer.stop()


@pytest.mark.parametrize("blocking", [True, False])
def test_a_terminal_that_is_stuck_is_given_up(line: Line, blocking: bool) -> None:
    os.set_blocking(line.file.fileno(), blocking)
    line.writer.patience = 0.05
    line.writer.write("x" * BEHIND * 2)
    line.writer.stop()
    # It did not wait for the reader, which never comes.
    assert line.writer.waiting
    line.writer.write("more")
    assert line.writer.waiting == BEHIND * 2


def test_memory_is_bounded(line: Line) -> None:
    line.writer.patience = 0
    for _ in range(8):
        line.writer.write("x" * (MAX_WAITING_TEXT // 4))
    assert line.writer.waiting <= MAX_WAITING_TEXT * 5 // 4
    line.writer.stop()


def test_a_terminal_that_is_gone_is_reported_once(line: Line) -> None:
    line.hang_up()
    line.writer.write("x")
    assert line.heard.changed.wait(GUARD)
    line.writer.join(GUARD)
    for _ in range(99):
        line.writer.write("x" * MAX_WAITING_TEXT)
    line.writer.stop()
    assert line.heard.reports == ["gone"]
    assert line.writer.waiting == 0


def test_an_end_before_there_is_a_listener_is_reported() -> None:
    line = Line()
    late = Heard()
    line.writer._listener = None
    line.hang_up()
    line.writer.write("x")
    line.writer.join(GUARD)
    line.writer.listen(late)
    assert late.reports == ["gone"]
    line.close()


def test_after_a_crash_the_rest_is_still_written(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(writer: TerminalWriter, data: bytes) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(TerminalWriter, "_write", broken)
    line.writer.write("lost")
    assert line.heard.changed.wait(GUARD)
    assert line.heard.reports == ["RuntimeError('on purpose')"]
    line.writer.write("restored")
    assert line.read(8) == b"restored"
    began = time.monotonic()
    line.writer.stop()
    assert time.monotonic() - began < GUARD
