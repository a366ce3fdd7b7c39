"""Keys that arrive while a screen closes: it closes once, and they reach no other screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.command import CommandList
from textual.pilot import Pilot
from textual.screen import Screen

from nobil_tui.feeds.source import SourceError
from nobil_tui.tui import key_queue
from nobil_tui.tui.app import NobilApp
from nobil_tui.tui.commands.runner import CommandRunner
from nobil_tui.tui.commands.view import about
from nobil_tui.tui.dialogs import export
from nobil_tui.tui.dialogs.connect import ConnectScreen
from nobil_tui.tui.dialogs.diagnostics import DiagnosticsScreen
from nobil_tui.tui.dialogs.export import ExportScreen
from nobil_tui.tui.dialogs.help import HelpScreen
from nobil_tui.tui.dialogs.register import RegisterScreen
from nobil_tui.tui.dialogs.save_filter import SaveFilterScreen
from nobil_tui.tui.dialogs.theme import ThemeScreen
from nobil_tui.tui.palette import command_palette
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.style.themes import DARK
from nobil_tui.tui.widgets.event_log.buffer import LoggedChanges
from tests.conftest import FakeClock
from tests.tui.app_driver import NARROW, SteppedSource, live, opened, setup_of, until

Answers = list[Any]
Make = Callable[[MainScreen], Screen[Any]]

CHARACTERS = {"enter": "\r", "escape": "\x1b", "question_mark": "?", "space": " ", "tab": "\t"}
HELP_KEY = "question_mark"
KEYS = ("enter", "escape", HELP_KEY)
HELD = 10
"""Times that a key held for a third of a second arrives."""
ALL_PAIRS = ("help", "palette", "name")
"""The screens that get each pair of the keys: one that each key closes, one of Textual's own, and
one with a field."""


def choose_nothing(text: str, key: object) -> Any:
    raise SourceError("There is no such source.")


def own_register(main: MainScreen) -> RegisterScreen:
    assert main.workspace.register_updater is not None
    return RegisterScreen(
        main.workspace.register_updater,
        main.workspace.settings.config.register,
        {},
        lambda: None,
        lambda key: None,
    )


MAKE: dict[str, Make] = {
    "help": lambda main: HelpScreen(
        main.workspace.keys, main.workspace.glyphs, about(main.workspace)
    ),
    "palette": lambda main: command_palette(),
    "themes": lambda main: ThemeScreen("", DARK, main.workspace.keys, main.workspace.glyphs),
    "name": lambda main: SaveFilterScreen("ccs free", ()),
    "diagnostics": lambda main: DiagnosticsScreen(main.workspace),
    "export": lambda main: ExportScreen(
        LoggedChanges([]), main.workspace.register, "no/such/folder/log.csv"
    ),
    "connect": lambda main: ConnectScreen(choose_nothing, "demo"),
    "register": own_register,
}


def type_at_once(pilot: Pilot[int], *keys: str) -> None:
    """Post keys like a driver that read them all at once: the event loop does not run in
    between."""
    for key in keys:
        pilot.app.post_message(events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))


@asynccontextmanager
async def over_main(
    tmp_path: Path, name: str
) -> AsyncIterator[tuple[MainScreen, Pilot[int], Answers]]:
    """Open the app and a screen over the main one."""
    clock = FakeClock()
    setup = setup_of(clock, SteppedSource(clock), register_path=tmp_path / "register")
    async with opened(setup, NARROW) as pilot:
        main = await live(pilot)
        main.commands.filters.show("free")
        await pilot.pause()
        answers: Answers = []
        pilot.app.push_screen(MAKE[name](main), answers.append)
        await pilot.pause()
        yield main, pilot, answers


async def at_rest(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, NobilApp)
    # An export writes in a thread.
    await until(pilot, lambda: not app.key_queue.busy)
    for _ in range(2):
        await pilot.pause()


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKE)
async def test_keys_at_once_close_one_screen(tmp_path: Path, name: str) -> None:
    """Press two different keys at once, and hold each key."""
    # A dialog of ours treats the third key like any other that does not close it.
    keys = KEYS if name in ALL_PAIRS else KEYS[:2]
    async with over_main(tmp_path, name) as (main, pilot, answers):
        for burst in (*permutations(keys, 2), *((key,) * HELD for key in keys)):
            if pilot.app.screen is main:
                answers.clear()
                pilot.app.push_screen(MAKE[name](main), answers.append)
                await pilot.pause()
            screen = pilot.app.screen
            type_at_once(pilot, *burst)
            await at_rest(pilot)
            assert pilot.app.is_running, burst
            assert not pilot.app._exit, burst
            assert len(answers) <= 1, burst
            # Another key than the one that closed the dialog is meant for what is below it.
            meant_for_main = burst[-1] == "escape" != burst[0]
            assert main.workspace.station_list.filtered or meant_for_main, burst
            assert pilot.app.screen_stack[0] is main, burst
            if pilot.app.screen is not screen:
                # Closed; what was chosen in the palette may have opened another.
                while pilot.app.screen is not main:
                    pilot.app.screen.dismiss()
                    await pilot.pause()
                main.commands.filters.show("free")


@pytest.mark.slow
async def test_the_help_opens_and_closes_at_once() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), NARROW) as pilot:
        main = await live(pilot)
        for turns in (0, 1, 2, 3, 6):
            key = (HELP_KEY, "f1")[turns % 2]
            type_at_once(pilot, key)
            for _ in range(turns):
                await asyncio.sleep(0)
            type_at_once(pilot, key)
            await at_rest(pilot)
            assert pilot.app.screen is main, turns


async def test_closing_the_help_twice_does_not_quit(tmp_path: Path) -> None:
    async with over_main(tmp_path, "help") as (main, pilot, answers):
        type_at_once(pilot, *"qqq")
        await at_rest(pilot)
        assert not pilot.app._exit
        assert pilot.app.screen is main
        assert answers == [None]


async def test_a_palette_entry_chosen_twice_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def run(runner: CommandRunner, command_id: str) -> None:
        done.append(command_id)

    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), NARROW) as pilot:
        main = await live(pilot)
        await main.commands.run("palette")
        monkeypatch.setattr(CommandRunner, "run", run)
        await until(
            pilot, lambda: any(found.option_count for found in pilot.app.screen.query(CommandList))
        )
        type_at_once(pilot, "down", "enter", "enter", "enter")
        await until(pilot, lambda: done)
        await at_rest(pilot)
        assert pilot.app.screen is main
        assert len(done) == 1


async def test_a_late_answer_closes_no_other_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def slow(work: object) -> None:
        await answered.wait()

    monkeypatch.setattr(export, "run_in_thread", slow)
    monkeypatch.setattr(key_queue, "LONGEST", 0.001)
    async with over_main(tmp_path, "export") as (main, pilot, answers):
        type_at_once(pilot, "enter", "escape", "enter")
        await until(pilot, lambda: pilot.app.screen is main)
        answered.set()
        await at_rest(pilot)
        assert answers == [None]
        assert pilot.app.is_running


async def test_a_dismissed_screen_below_another_closes_after_it(tmp_path: Path) -> None:
    async with over_main(tmp_path, "name") as (main, pilot, answers):
        below = pilot.app.screen
        pilot.app.push_screen(MAKE["help"](main))
        await pilot.pause()
        below.dismiss("first")
        below.dismiss("second")
        await pilot.pause()
        assert answers == []
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main)
        assert answers == ["first"]


async def test_textual_still_closes_the_screen_below_too() -> None:
    """Otherwise ``Dismissal`` is no longer needed."""
    app = App[None]()
    async with app.run_test() as pilot:
        below, above = Screen[None](), Screen[None]()
        for screen in (below, above):
            app.push_screen(screen)
            await pilot.pause()
        above.dismiss()
        above.dismiss()
        await pilot.pause()
        assert below not in app.screen_stack


async def test_clicks_at_once_choose_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clicks do not wait for one another, as keys do."""
    done: list[str] = []

    async def run(runner: CommandRunner, command_id: str) -> None:
        done.append(command_id)

    monkeypatch.setattr(CommandRunner, "run", run)
    async with over_main(tmp_path, "palette") as (main, pilot, _):
        found = pilot.app.screen.query_one(CommandList)
        await until(pilot, lambda: found.option_count)
        await pilot.pause()
        x, y = found.content_region.x + 2, found.content_region.y + 1
        for _ in range(3):
            for kind in (events.MouseDown, events.MouseUp):
                pilot.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))
        await until(pilot, lambda: done)
        await at_rest(pilot)
        assert pilot.app.screen is main
        assert len(done) == 1
