"""A timer that runs once, on a machine that is busy."""

from __future__ import annotations

from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App

from nobil_tui.tui.textual_internals.timers import KeptTimers


class Kept(KeptTimers, App[None]):
    pass


async def ticks_of(app: App[Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the ticks of a timer of 1 ms whose process gets no processor for 10 s at its start."""
    ticks: list[None] = []
    moments = chain([0.0], repeat(10.0))
    async with app.run_test() as pilot:
        with monkeypatch.context() as patch:
            patch.setattr("textual.timer._time", SimpleNamespace(get_time=lambda: next(moments)))
            app.set_timer(0.001, lambda: ticks.append(None))
            await pilot.pause()
    return len(ticks)


async def test_a_late_timer_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await ticks_of(Kept(), monkeypatch) == 1


async def test_textuals_own_timer_is_still_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await ticks_of(App[None](), monkeypatch) == 0
