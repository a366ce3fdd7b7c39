"""The input thread: it reads what is typed, and sleeps otherwise."""

from __future__ import annotations

import os
import queue
import select
import signal
import threading
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.app import App
from textual.events import Key
from textual.message import Message

pytest.importorskip("termios")

from nobil_tui.tui.terminal_driver import SleepingDriver
from tests.conftest import GUARD


class Typing(SleepingDriver):
    """A driver that reads from a pipe and keeps the messages."""

    def __init__(self, fileno: int) -> None:
        super().__init__(cast(App[Any], SimpleNamespace()))
        self.fileno = fileno
        self.messages: queue.Queue[Message] = queue.Queue()
        self.thread = threading.Thread(target=self.run_input_thread)

    def process_message(self, message: Message) -> None:
        self.messages.put(message)

    def key(self) -> str:
        message = self.messages.get(timeout=GUARD)
        assert isinstance(message, Key)
        return message.key


@pytest.fixture
def timeouts(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """The timeouts of all waits for input."""
    found: list[float | None] = []
    wait: Callable[..., Any] = select.select

    def watched(
        reads: list[int], writes: list[int], errors: list[int], timeout: float | None
    ) -> object:
        found.append(timeout)
        return wait(reads, writes, errors, timeout)

    monkeypatch.setattr(select, "select", watched)
    return found


@pytest.fixture
async def typed(
    monkeypatch: pytest.MonkeyPatch, timeouts: list[float | None]
) -> AsyncIterator[tuple[Typing, int]]:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    reader, writer = os.pipe()
    driver = Typing(reader)
    thread = driver.thread
    thread.start()
    yield driver, writer
    driver.exit_event.set()
    thread.join(GUARD)
    assert not thread.is_alive()
    os.close(writer)
    os.close(reader)


async def test_keys_are_read(typed: tuple[Typing, int]) -> None:
    driver, writer = typed
    os.write(writer, b"j\xc3")
    os.write(writer, b"\xb8\x1b[A")
    assert [driver.key() for _ in range(3)] == ["j", "ø", "up"]


async def test_a_lone_escape_is_read(typed: tuple[Typing, int]) -> None:
    driver, writer = typed
    os.write(writer, b"\x1b")
    assert driver.key() == "escape"


async def test_the_thread_sleeps_until_there_is_input(
    typed: tuple[Typing, int], timeouts: list[float | None]
) -> None:
    driver, writer = typed
    os.write(writer, b"j")
    assert driver.key() == "j"
    driver.exit_event.set()
    # Nothing was typed before: one wait without an end.
    assert timeouts[0] is None


async def test_the_thread_can_start_again_after_a_suspension(typed: tuple[Typing, int]) -> None:
    driver, writer = typed
    driver.exit_event.set()
    driver.thread.join(GUARD)
    driver.exit_event.clear()
    again = threading.Thread(target=driver.run_input_thread)
    again.start()
    os.write(writer, b"k")
    assert driver.key() == "k"
    driver.exit_event.set()
    again.join(GUARD)
    assert not again.is_alive()
