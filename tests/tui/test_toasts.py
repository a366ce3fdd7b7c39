"""Toasts: where they are, and what they show."""

from __future__ import annotations

from tests.conftest import FakeClock
from tests.tui.app_driver import (
    WIDE,
    live,
    opened,
    setup_of,
    text_of,
)
from tests.tui.three_stations import (
    source_of,
)


async def test_toasts_are_not_over_the_newest_lines_of_the_log() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        for zooms in (False, True):
            if zooms:
                workspace.layout.zoom(workspace.event_log)
            await pilot.pause()
            workspace.toasts.notify("Exported.")
            await pilot.pause()
            (toast,) = list(main.query("Toast"))[-1:]
            newest = workspace.event_log.region.bottom - 3
            assert toast.region.bottom < newest
        await pilot.press("escape", "v")
        await pilot.pause()
        assert not workspace.layout.is_log_visible


async def test_a_held_key_shows_one_toast() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        for _ in range(9):
            await pilot.press("9")
        assert len(pilot.app._notifications) == 1


async def test_a_toast_is_drawn_in_ascii() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock), ascii=True)) as pilot:
        await live(pilot)
        for severity in ("information", "warning", "error"):
            pilot.app.notify(f"some {severity}", severity=severity)
        await pilot.pause()
        lines = [line for line in text_of(pilot) if "some " in line]
        assert len(lines) == 3
        assert not [line for line in lines if {*"▌▐│"} & {*line}]
