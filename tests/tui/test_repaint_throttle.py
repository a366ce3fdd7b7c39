from __future__ import annotations

import asyncio
import io
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.app import App
from textual.drivers._writer_thread import WriterThread

from nobil_tui.tui.repaint_throttle import FLOOD, FLOOD_PAUSE, MANY, MANY_PAUSE, wait_before_repaint
from nobil_tui.tui.textual_internals import is_terminal_behind


def app_with(writer: WriterThread | None) -> App[Any]:
    driver = None if writer is None else SimpleNamespace(_writer_thread=writer)
    return cast(App[Any], SimpleNamespace(_driver=driver))


class SlowTerminal(io.StringIO):
    """Takes one paint and no more until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.begun.set()
        assert self.let.wait(10)
        return super().write(text)


def test_without_a_terminal_nothing_waits() -> None:
    assert not is_terminal_behind(app_with(None))


def test_a_terminal_that_takes_no_more_is_seen() -> None:
    terminal = SlowTerminal()
    writer = WriterThread(terminal)
    app = app_with(writer)
    writer.start()
    writer.write("one")
    assert terminal.begun.wait(10)
    assert not is_terminal_behind(app)
    writer.write("two")
    assert is_terminal_behind(app)
    terminal.let.set()
    writer.stop()
    assert not is_terminal_behind(app)
    assert terminal.getvalue() == "onetwo"


@pytest.mark.parametrize(
    ("changes", "waits"),
    [(0, []), (MANY, []), (MANY + 1, [MANY_PAUSE]), (FLOOD, [FLOOD_PAUSE])],
)
async def test_many_changes_are_painted_less_often(
    changes: int, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await wait_before_repaint(app_with(None), changes)
    assert waited == waits


async def test_a_slow_terminal_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = WriterThread(io.StringIO())
    writer.write("one")
    looks = 0

    async def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            writer._queue.get()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await wait_before_repaint(app_with(writer), 1)
    assert looks == 3
