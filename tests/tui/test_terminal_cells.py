"""The cells that repaints write to the terminal are those of the screen."""

from __future__ import annotations

from typing import Any

import pytest
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

from nobil_tui.charging.events import Connected, Snapshot, StationReport
from nobil_tui.charging.station import Connector, Station
from tests.conftest import START, FakeClock
from tests.faults.screen import EmulatedScreen
from tests.tui.app_driver import HandSource, live, opened, setup_of

SIZE = 160, 50


class ScrollingScreen(EmulatedScreen):
    """A terminal that scrolls a part of its rows."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self._part = 0, rows

    def _obey(self, final: str, numbers: str) -> None:
        if final == "r":
            first, last = numbers.split(";") if numbers else ("1", f"{len(self._cells)}")
            self._part = int(first) - 1, int(last)
        elif final == "S":
            begin, end = self._part
            kept = self._cells[begin + int(numbers) : end]
            blank = [[" "] * self._columns for _ in range(int(numbers))]
            self._cells[begin:end] = [*kept, *blank]
        else:
            super()._obey(final, numbers)


def report(name: str, step: int) -> StationReport:
    connectors = [Connector(step % 2, 0, START + step), Connector(0, 0, START)]
    return StationReport(Station(name, connectors), START + step)


async def test_repaints_paint_only_what_is_there(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    """Between two repaints, cells may be old, but none that a repaint changes may be wrong."""
    terminal, painted, wrong = ScrollingScreen(*SIZE), 0, list[str]()

    def display(app: App[Any], screen: Screen[Any], update: object) -> None:
        nonlocal painted
        if not isinstance(update, CompositorUpdate):
            return
        painted += 1
        before = "".join(terminal.lines)
        terminal.feed(update.render_segments(app.console).encode())
        after = "".join(terminal.lines)
        there = "".join(strip.text for strip in screen._compositor.render_strips())
        cells = enumerate(zip(before, after, there, strict=True))
        bad = [place for place, (old, new, right) in cells if new not in (old, right)]
        if bad:
            places = ", ".join(f"{divmod(place, SIZE[0])}" for place in bad[:3])
            wrong.append(f"repaint {painted}: {len(bad)} cells, as at {places}")

    monkeypatch.setattr(App, "_display", display)
    source = HandSource(clock)
    async with opened(setup_of(clock, source), SIZE) as pilot:
        names = [f"NOR_{number}" for number in range(60)]
        # At once: of reports, those of a later batch are not listed for a second.
        source.feed.put(
            Connected(START), Snapshot([report(name, 0).station for name in names], START)
        )
        main = await live(pilot)
        for step, key in enumerate(("j", "tab", "z", "z", "question_mark", "escape", "o"), 1):
            await pilot.press(key)
            source.feed.put(*(report(name, step) for name in names[step % 7 :: 7]))
            await pilot.pause()
        assert main.workspace.stations.count == len(names)
    assert painted
    assert not wrong
