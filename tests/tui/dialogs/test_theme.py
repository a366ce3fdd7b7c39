"""The list of themes: the current one is on screen, and only the list scrolls."""

from __future__ import annotations

from textual.widgets import OptionList

from tests.conftest import FakeClock
from tests.tui.app_driver import live, opened, setup_of, until
from tests.tui.three_stations import screen_text, source_of


async def test_the_current_theme_is_on_screen_in_every_terminal() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), (40, 12)) as pilot:
        await live(pilot)
        await pilot.press("T")
        theme = pilot.app.theme
        for size in ((40, 12), (80, 24), (40, 10)):
            await pilot.resize_terminal(*size)
            # It scrolls once it has its size.
            await until(pilot, lambda: f"● {theme}" in screen_text(pilot))
            assert not pilot.app.screen.query_one("#themes").show_vertical_scrollbar, size
            assert pilot.app.screen.query_one(OptionList).show_vertical_scrollbar, size
