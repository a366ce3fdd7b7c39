"""Toasts: where they are, and what they show."""

from __future__ import annotations

from pathlib import Path

from textual.geometry import Region
from textual.pilot import Pilot

from tests.conftest import FakeClock
from tests.tui.app_driver import USUAL, WIDE, live, main_of, opened, setup_of, text_of
from tests.tui.three_stations import screen_text, source_of


async def test_toasts_are_few_and_cover_neither_hints_nor_new_lines() -> None:
    """Also while the panes change. One line covers a border only."""
    clock = FakeClock()
    for size in (WIDE, USUAL):
        async with opened(setup_of(clock, source_of(clock)), size) as pilot:
            main = await live(pilot)
            workspace = main.workspace
            stations, connectors, log = workspace.layout.panes

            async def shown(*, pilot: Pilot[int] = pilot) -> list[Region]:
                await pilot.pause()
                return [each.region for each in main_of(pilot).query("Toast")]

            for number in range(5):
                workspace.toasts.notify(f"Exported {number}.")
            first, last = await shown()
            assert (first.height, last.bottom) == (1, connectors.region.bottom)
            assert connectors.region.contains_region(last)
            assert "Exported 3." in screen_text(pilot)
            assert "Exported 4." in screen_text(pilot)
            workspace.toasts.warn("A problem.")
            workspace.toasts.notify("Exported 5.")
            await shown()
            workspace.toasts.notify("Exported 6.")
            assert len(await shown()) == 2
            assert "A problem." in screen_text(pilot)
            for keys in (("v",), ("v",), ("z",), ("z", "tab", "tab", "z")):
                await pilot.press(*keys)
                for toast in await shown():
                    assert toast.height == 1
                    assert toast.bottom <= main.query_one("#body").region.bottom
                    if workspace.layout.is_log_visible:
                        assert toast.bottom < log.region.bottom - 2
                    elif connectors.region:
                        assert not toast.overlaps(stations.region)


async def test_the_path_in_a_toast_is_short() -> None:
    clock = FakeClock()
    path = Path.home() / "a folder" / "with" / "a" / "long" / "name" / "config.toml"
    async with opened(setup_of(clock, source_of(clock)), (40, 12)) as pilot:
        main = await live(pilot)
        main.workspace.toasts.warn(f"{path} is empty.")
        await pilot.pause()
        text = screen_text(pilot)
        assert "▌ ~/a" in text
        assert "▌ folder/with/a/…/config.toml" in text


async def test_toasts_leave_the_bars_of_a_tiny_terminal() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), (40, 12)) as pilot:
        main = await live(pilot)
        for keys in ((), ("v",)):
            await pilot.press(*keys)
            for number in range(3):
                main.workspace.toasts.warn(f"{number}: {'a long warning ' * 20}")
            await pilot.pause()
            lines = text_of(pilot)
            assert "LIVE" in lines[0]
            assert "q Quit" in lines[-1]


async def test_what_was_undone_is_not_offered_again() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        await pilot.press("s")
        assert "Starred Fornebu S · u undoes" in screen_text(pilot)
        await pilot.press("u")
        assert "Undone: Starred Fornebu S" in screen_text(pilot)
        assert "u undoes" not in screen_text(pilot)


async def test_a_held_key_shows_one_toast() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        for _ in range(9):
            await pilot.press("9")
        [toast] = pilot.app._notifications
        # One that is about to go is shown again, and not only for the rest of its time.
        toast.raised_at -= toast.timeout * 0.9
        await pilot.press("9")
        [again] = pilot.app._notifications
        assert (again.message, again is toast) == (toast.message, False)
        assert again.raised_at > toast.raised_at


async def test_a_toast_is_drawn_in_ascii() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock), ascii=True)) as pilot:
        await live(pilot)
        lines = []
        for severity in ("information", "warning", "error"):
            pilot.app.notify(f"some {severity}", severity=severity)
            await pilot.pause()
            lines += [line for line in text_of(pilot) if f"some {severity}" in line]
        assert len(lines) == 3
        assert not [line for line in lines if {*"▌▐│"} & {*line}]
