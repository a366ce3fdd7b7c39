"""Repaints come a few times a second, and wait for a slow terminal."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.app import App
from textual.drivers._writer_thread import WriterThread

from nobil_tui.tui import repaint_throttle
from nobil_tui.tui.repaint_throttle import wait_before_repaint


def app_with(writer: WriterThread | None, *, focused: bool = True) -> App[Any]:
    driver = None if writer is None else SimpleNamespace(_writer_thread=writer)
    return cast(App[Any], SimpleNamespace(_driver=driver, app_focus=focused))


@pytest.mark.parametrize(
    ("focused", "since_input", "waits"),
    [(True, 3.0, "PAUSE"), (True, 60.0, "IDLE_PAUSE"), (False, 3.0, "IDLE_PAUSE")],
)
async def test_batches_are_painted_a_few_times_a_second(
    focused: bool, since_input: float, waits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await wait_before_repaint(app_with(None, focused=focused), since_input)
    assert waited == [getattr(repaint_throttle, waits)]


async def test_repaints_wait_for_a_slow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = WriterThread(io.StringIO())
    writer.write("one")
    looks = 0

    async def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            writer._queue.get()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await wait_before_repaint(app_with(writer), 0.0)
    assert looks == 3
