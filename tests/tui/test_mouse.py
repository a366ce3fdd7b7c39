"""The mouse alone runs every command of the footer, whichever pane has the focus."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from nobil_tui.tui.dialogs.help import HelpScreen
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import FakeClock
from tests.tui.app_driver import WIDE, live, opened, setup_of, text_of, until
from tests.tui.three_stations import source_of

PANES = ("stations", "connectors", "log")


async def click_hint(pilot: Pilot[int], main: MainScreen, words: str) -> None:
    line = text_of(pilot)[-1]
    assert words in line
    await pilot.click(offset=(line.index(words) + 1, pilot.app.size.height - 1))
    await pilot.pause()


@pytest.mark.slow
async def test_a_click_on_a_key_hint_runs_its_command() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        for number, pane in enumerate(PANES):
            workspace.stations.select(workspace.station_list.ids[number])
            main.query_one(f"#{pane}").focus()
            await pilot.pause()
            selected = workspace.stations.selected
            await click_hint(pilot, main, "Star")
            assert selected in workspace.settings.starred
            starred_only = workspace.station_list.options.starred_only
            await click_hint(pilot, main, "Starred")
            assert workspace.station_list.options.starred_only is not starred_only
            await click_hint(pilot, main, "Alert")
            if pane == "connectors":
                # One of several connectors is chosen in a dialog.
                await pilot.press("enter")
                await pilot.pause()
            assert selected in workspace.alerts.stations
            scope = workspace.event_log.scope
            await click_hint(pilot, main, "Log scope")
            assert workspace.event_log.scope is not scope
            # Back to all stations.
            workspace.station_list.options.starred_only = False
            workspace.relist()
        await click_hint(pilot, main, "Help")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await click_hint(pilot, main, "Palette")
        await until(pilot, lambda: pilot.app.screen is not main)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main)
        await click_hint(pilot, main, "Filter")
        assert main.focused is workspace.filter_line.input


@pytest.mark.parametrize("pane", PANES)
async def test_a_click_on_quit_quits(pane: str) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.query_one(f"#{pane}").focus()
        await pilot.pause()
        await click_hint(pilot, main, "Quit")
    assert pilot.app.return_value == 0


async def test_a_click_on_a_heading_sorts_and_another_reverses() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        head = next(line for line in text_of(pilot) if "Station " in line and "Changed" in line)
        x, y = head.index("Station"), text_of(pilot).index(head)
        await pilot.click(offset=(x, y))
        station_list = main.workspace.station_list
        assert [station_list.register.name(i) for i in station_list.ids] == [
            "Fornebu S",
            "Minde Ladepark",
            "Rådhusgata 12",
        ]
        await pilot.click(offset=(x, y))
        assert station_list.options.reverse
        assert station_list.register.name(station_list.ids[0]) == "Rådhusgata 12"
