"""Every command runs on its target: for a key, the footer, the palette and the mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from nobil_tui.charging.events import Connected
from nobil_tui.commands import COMMANDS, Context, command_by_id
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.search.sorting import Sort
from nobil_tui.tui.commands.runner import SCREEN_CONTEXTS
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, live, main_of, opened, setup_of, text_of, until
from tests.tui.three_stations import source_of

PANES = ("stations", "connectors", "log")


async def test_every_command_of_the_screen_has_one_handler() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        wanted = {each.id for each in COMMANDS if each.context in SCREEN_CONTEXTS}
        assert main.commands._handlers.keys() == wanted


async def test_an_unknown_command_is_an_error() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        with pytest.raises(KeyError, match="no-such-command"):
            await main.commands.run("no-such-command")


@pytest.mark.parametrize("pane", PANES)
async def test_a_command_of_a_pane_runs_there_from_every_other(pane: str) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.query_one(f"#{pane}").focus()
        await pilot.pause()
        station_list = main.workspace.station_list
        before = station_list.options.sort
        await main.commands.run("sort")
        assert station_list.options.sort is not before
        assert isinstance(station_list.options.sort, Sort)


@pytest.mark.parametrize("pane", PANES)
async def test_a_command_of_lists_runs_in_the_focused_one(pane: str) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.query_one(f"#{pane}").focus()
        await pilot.pause()
        selected = main.workspace.stations.selected
        await main.commands.run("down")
        assert (main.workspace.stations.selected != selected) is (pane == "stations")


async def test_back_runs_in_the_filter_while_it_is_typed() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("slash", *"minde")
        await main.commands.run("back")
        await pilot.pause()
        assert main.workspace.station_list.filter == ""
        assert main.focused is main.workspace.stations


@pytest.mark.parametrize("way", ["key", "click", "palette"])
async def test_keys_the_footer_and_the_palette_run_the_same_command(way: str) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        command = command_by_id("star")
        if way == "key":
            await pilot.press(command.keys[0])
        elif way == "click":
            main.workspace.key_hints.post_message(main.workspace.key_hints.CommandClicked("star"))
        else:
            await main.commands.run("star")
        await pilot.pause()
        assert main.workspace.settings.starred == {main.workspace.stations.selected}


ON_THE_FIRST_LINE = {"back", "down", "up", "page-down", "page-up", "half-page-down"} | {
    *("half-page-up", "first", "last")
}
"""What moves the cursor, or goes back: where it is at the end already shows."""


@asynccontextmanager
async def live_without_stations() -> AsyncIterator[Pilot[int]]:
    clock = FakeClock()
    source = HandSource(clock)
    source.feed.put(Connected(START))
    async with opened(setup_of(clock, source)) as pilot:
        session = main_of(pilot).workspace.session
        await until(pilot, lambda: session.link.phase is LinkPhase.LIVE)
        yield pilot


async def test_a_command_that_can_do_nothing_says_why() -> None:
    async with live_without_stations() as pilot:
        main = main_of(pilot)
        app, workspace = pilot.app, main.workspace

        def look() -> object:
            keys = workspace.settings.config.interface
            return text_of(pilot), app.screen, main.focused, keys.log_scope

        silent = []
        panes = {Context.CONNECTORS: workspace.connectors, Context.LOG: workspace.event_log}
        for command in COMMANDS:
            if command.id in {"quit", "suspend", *ON_THE_FIRST_LINE}:
                continue
            if command.context not in (*SCREEN_CONTEXTS, Context.STATIONS, *panes):
                continue
            main.set_focus(panes.get(command.context, workspace.stations))
            app.clear_notifications()
            await pilot.pause()
            before = look()
            await main.commands.run(command.id)
            await pilot.pause()
            if look() == before and not app._notifications:
                silent.append(command.id)
            while app.screen is not main:
                app.pop_screen()
            workspace.layout.zoom(None)
            await pilot.pause()
        assert not silent


async def test_commands_say_that_there_is_no_station() -> None:
    async with live_without_stations() as pilot:
        main = main_of(pilot)
        for key in ("s", "n", "h", "m", "y", "H", "enter"):
            pilot.app.clear_notifications()
            await pilot.press(key)
            [toast] = pilot.app._notifications
            assert (key, toast.message) == (key, "No station is selected: the list is empty.")
        assert pilot.app.screen is main
        # A dialog with an empty list, and the palette, which is for the main screen.
        await pilot.press("N")
        for key, words in (
            *((key, "No alert is selected: the list is empty.") for key in ("enter", "space", "d")),
            ("ctrl+p", "Close this dialog to use the command palette."),
        ):
            pilot.app.clear_notifications()
            await pilot.press(key)
            assert [toast.message for toast in pilot.app._notifications] == [words]


async def test_context_follows_the_focus() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.workspace.stations.focus()
        await pilot.pause()
        contexts = [main.commands.focused_context]
        await pilot.press("slash")
        contexts.append(main.commands.focused_context)
        main.set_focus(None)
        contexts.append(main.commands.focused_context)
        assert contexts == [Context.STATIONS, Context.FILTER, Context.EVERYWHERE]
