"""The input thread: it reads what is typed, and sleeps otherwise."""

from __future__ import annotations

import asyncio
import inspect
import os
import queue
import select
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.message import Message

pytest.importorskip("termios")

from nobil_tui.tui.terminal_driver import _QUIT_SIGNALS, SleepingDriver
from nobil_tui.tui.textual_internals.driver import TerminalDriverBase
from tests.conftest import GUARD, settle


class Typing(SleepingDriver):
    """A driver that reads from a pipe and keeps the messages."""

    def __init__(self, fileno: int) -> None:
        self.ends: queue.Queue[str] = queue.Queue()
        owner = SimpleNamespace(
            quit_from_outside=lambda: self.ends.put("quit"),
            end_with=lambda error: self.ends.put(repr(error)),
            use_background=lambda background: self.ends.put(str(background.is_light)),
        )
        super().__init__(cast(App[Any], owner))
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


async def test_bytes_of_another_character_set_end_nothing(typed: tuple[Typing, int]) -> None:
    driver, writer = typed
    for data in (b"\xf8", b"\x1b[M\xff\xff\xff", b"\x9b1~", b"\x1b[1114112u\xe2\x82", b"j"):
        os.write(writer, data)

    def keys() -> Iterator[str]:
        while True:
            if isinstance(message := driver.messages.get(timeout=GUARD), Key):
                yield message.key

    typing = keys()
    assert [next(typing), next(typing)] == ["home", "j"]
    assert driver.thread.is_alive()


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


async def test_the_background_is_asked_for_and_read(typed: tuple[Typing, int]) -> None:
    driver, writer = typed
    with mock.patch.object(driver, "write") as written, mock.patch.object(driver, "flush"):
        driver.ask_background()
    assert written.call_args[0] == ("\x1b]11;?\x1b\\",)
    os.write(writer, b"\x1b]11;rgb:ffff/ffff")
    os.write(writer, b"/ffff\x1b\\j")
    assert driver.key() == "j"
    await settle()
    assert driver.ends.get_nowait() == "True"
    os.write(writer, b"\x1b]11;rgb:0/0/0\x07k")
    assert driver.key() == "k"
    await settle()
    assert driver.ends.empty()


async def test_a_terminal_that_is_gone_quits(
    monkeypatch: pytest.MonkeyPatch, timeouts: list[float | None]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    ours, theirs = os.openpty()
    driver = Typing(theirs)
    driver.thread.start()
    os.close(ours)
    driver.thread.join(GUARD)
    await settle()
    assert driver.ends.get_nowait() == "quit"
    os.close(theirs)


async def test_a_terminal_that_is_non_blocking_is_read(typed: tuple[Typing, int]) -> None:
    driver, writer = typed
    os.set_blocking(driver.fileno, False)
    with mock.patch.object(os, "read", side_effect=[BlockingIOError, b"k"]):
        os.write(writer, b"k")
        assert driver.key() == "k"


async def test_an_exception_in_the_input_thread_ends_the_app(
    typed: tuple[Typing, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, writer = typed

    def broken(message: Message) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(driver, "process_message", broken)
    os.write(writer, b"k")
    driver.thread.join(GUARD)
    await settle()
    assert "on purpose" in driver.ends.get_nowait()


async def test_a_start_that_fails_restores_the_terminal(
    typed: tuple[Typing, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual restores it only if it was started to the end."""
    driver, _ = typed
    done: list[str] = []

    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(TerminalDriverBase, "start_application_mode", fail)
    monkeypatch.setattr(driver, "stop_application_mode", lambda: done.append("restored"))
    monkeypatch.setattr(driver, "close", lambda: done.append("closed"))
    with pytest.raises(RuntimeError, match="new thread"):
        driver.start_application_mode()
    assert done == ["restored", "closed"]
    for number in _QUIT_SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_program_without_a_shell_is_not_suspended(typed: tuple[Typing, int]) -> None:
    driver, _ = typed
    with (
        mock.patch.object(os, "getsid", lambda pid: pid),
        mock.patch.object(os, "kill") as kill,
    ):
        assert not driver.can_suspend
        driver.suspend()
        kill.assert_not_called()
    with mock.patch.object(os, "getsid", lambda _: 1):
        assert driver.can_suspend


async def test_the_last_of_many_sizes_is_reported_last(
    typed: tuple[Typing, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window is resized again while its size is being read."""
    driver, _ = typed
    # The handlers are real here.
    monkeypatch.undo()
    # Textual's own handler can be interrupted by itself.
    source = inspect.getsource(LinuxDriver.start_application_mode)
    assert "signal.signal(signal.SIGWINCH" in source
    sizes, reported = [(20, 5), (100, 30)], list[tuple[int, int]]()

    def read() -> tuple[int, int]:
        if len(sizes) == 1:
            return sizes[0]
        os.kill(os.getpid(), signal.SIGWINCH)
        return sizes.pop(0)

    def report(message: Message) -> None:
        assert isinstance(message, Resize)
        reported.append((message.size.width, message.size.height))

    monkeypatch.setattr(TerminalDriverBase, "start_application_mode", lambda _: None)
    monkeypatch.setattr(driver, "_writer_thread", None)
    monkeypatch.setattr(driver, "_get_terminal_size", read)
    monkeypatch.setattr(driver, "send_message", report)
    driver.start_application_mode()
    loop = asyncio.get_running_loop()
    try:
        os.kill(os.getpid(), signal.SIGWINCH)
        async with asyncio.timeout(GUARD):
            while len(reported) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert reported == [(20, 5), (100, 30)]
    finally:
        for number in (*_QUIT_SIGNALS, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
            loop.remove_signal_handler(number)
