"""The help: every key, every symbol, and the running source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.register import CREDIT
from nobil_tui.commands import COMMANDS, Context, for_context
from nobil_tui.config.model import Config, InterfaceSection
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.dialogs.help import HelpScreen, HelpText
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.style.glyphs import ASCII, UNICODE, Glyphs
from tests.conftest import FakeClock
from tests.tui.app_driver import (
    NARROW,
    USUAL,
    SteppedSource,
    live,
    opened,
    setup_of,
    text_of,
    until,
)

TALL = (100, 200)
"""A terminal with room for the whole help."""


async def open_help(pilot: Pilot[int]) -> MainScreen:
    main = await live(pilot)
    await pilot.press("question_mark")
    await until(
        pilot,
        lambda: isinstance(pilot.app.screen, HelpScreen) and pilot.app.screen.query("#help-text"),
    )
    await pilot.pause()
    return main


def lines_of(pilot: Pilot[int]) -> list[str]:
    """Return the lines of the dialog."""
    text = pilot.app.screen.query_one(HelpText)
    region = text.content_region
    # Without the scrollbar.
    end = region.right - text.show_vertical_scrollbar
    return [line[region.x : end] for line in text_of(pilot)[region.y : region.bottom]]


def said(pilot: Pilot[int]) -> str:
    return " ".join(" ".join(lines_of(pilot)).split())


def setup(clock: FakeClock, **settings: Any) -> Any:
    config = Config(interface=InterfaceSection(**settings))
    return setup_of(
        clock, SteppedSource(clock), config=config, config_path=Path("/nowhere/config.toml")
    )


def check_signs(text: str, glyphs: Glyphs) -> None:
    """Check that every symbol has its meaning beside it."""
    for condition in Condition:
        meaning = text.partition(f"{glyphs.conditions[condition]} {condition.label}: ")[2]
        assert len(meaning.split(" ")[0]) > 1, condition
    for sign, words in (
        (glyphs.star, "starred"),
        (glyphs.alert, "alert: you will be notified when"),
        (f"{glyphs.at_least}14:02", "at least since then"),
        ("~2 min", "the link was down for up to two minutes"),
        ("?5 h", "dimmed too: the link was down for longer"),
        ("2/4", "two free of four"),
        (
            f"{glyphs.conditions[Condition.FREE]}3{glyphs.conditions[Condition.OCCUPIED]}9",
            "connectors in each condition",
        ),
    ):
        assert f"{sign} {words}" in text


async def test_every_command_and_symbol_and_what_is_running_are_shown(clock: FakeClock) -> None:
    keys = KeyBindings()
    async with opened(setup(clock), TALL) as pilot:
        await open_help(pilot)
        text = said(pilot)
        for command in COMMANDS:
            if command.keys:
                assert f"{keys.labels(command)} {command.tooltip} {command.id}" in text
            else:
                assert f"{command.label}: {command.tooltip} {command.id}" in text
        for context in Context:
            expected = bool(for_context(context)) and context is not Context.DIALOG
            assert (context.heading in text) is expected
        check_signs(text, UNICODE)
        assert "running a simulation: all stations and statuses are made up" in text
        assert "Stars and settings: /nowhere/config.toml" in text
        assert CREDIT in text


async def test_remapped_keys_and_ascii_symbols_are_shown(clock: FakeClock) -> None:
    keys = {"star": ["f", "ctrl+s"], "sort": [], "back": "f8"}
    async with opened(setup(clock, keys=keys, ascii=True), TALL) as pilot:
        await open_help(pilot)
        text = said(pilot)
        assert "f ^s Star or unstar" in text
        unbound = text.partition("Without a key")[2]
        assert "Sort: Sort the stations by the next column. sort" in unbound
        assert "Star: " not in unbound
        check_signs(text, ASCII)
        assert "F8 closes" in "".join(text_of(pilot))
        await pilot.press("f8")
        assert not isinstance(pilot.app.screen, HelpScreen)


@pytest.mark.slow
@pytest.mark.parametrize("size", [USUAL, NARROW])
async def test_it_scrolls_with_the_keys_of_every_list(
    clock: FakeClock, size: tuple[int, int]
) -> None:
    async with opened(setup(clock), size) as pilot:
        main = await open_help(pilot)
        text = pilot.app.screen.query_one(HelpText)
        for keys, top in ((("j", "down"), 2), (("k",), 1), (("g",), 0), (("up",), 0)):
            await pilot.press(*keys)
            assert text.scroll_offset.y == top
        await pilot.press("pagedown")
        page = text.scroll_offset.y
        assert 0 < page < size[1]
        await pilot.press("pageup")
        assert text.scroll_offset.y == 0
        await pilot.press("G")
        assert text.scroll_offset.y == text.max_scroll_y > page
        # Scrolling line by line, and then page by page, shows everything.
        assert said(pilot).endswith("one line of the log for all")
        await pilot.press("home")
        seen = lines_of(pilot)
        while (top := text.scroll_offset.y) < text.max_scroll_y:
            await pilot.press("j" if top < 5 else "pagedown")
            seen += lines_of(pilot)[top - text.scroll_offset.y :]
        whole = " ".join(" ".join(seen).split())
        assert all(command.tooltip in whole for command in COMMANDS if command.keys)
        assert pilot.app.screen is not main


async def test_a_second_q_soon_after_it_has_closed_does_not_quit(clock: FakeClock) -> None:
    async with opened(setup(clock), USUAL) as pilot:
        main = await open_help(pilot)
        for pause in (0.0, 0.4, 0.4):
            clock.advance(pause)
            await pilot.press("q")
            await pilot.pause()
            assert pilot.app.screen is main
            assert pilot.app.return_code is None
        clock.advance(1)
        await pilot.press("q")
        await pilot.pause()
        assert pilot.app.return_code == 0


async def test_another_key_after_it_has_closed_acts_at_once(clock: FakeClock) -> None:
    async with opened(setup(clock), USUAL) as pilot:
        await open_help(pilot)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert pilot.app.return_code == 0


async def test_closing_it_does_not_quit(clock: FakeClock) -> None:
    async with opened(setup(clock), USUAL) as pilot:
        main = await open_help(pilot)
        for key in ("escape", "question_mark", "f1", "q"):
            await pilot.press(key)
            await pilot.pause()
            assert pilot.app.screen is main, key
            # The key opens it again, unless it is held.
            clock.advance(1)
            if key != "q":
                await pilot.press("f1")
                assert isinstance(pilot.app.screen, HelpScreen)


async def test_the_help_is_searched(clock: FakeClock) -> None:
    async with opened(setup(clock)) as pilot:
        await open_help(pilot)
        assert "/ searches, Esc closes" in text_of(pilot)[-2]
        await pilot.press("slash", *"Alert AREA")
        assert "a Add an alert for an area" in said(pilot)
        assert "paler in the area of an alert" in said(pilot)
        assert "Find by words" not in said(pilot)
        # From the beginning of a word: no "dialog".
        await pilot.press("ctrl+u", *"LOG")
        assert "Show or hide the event log" in said(pilot)
        assert "log-scope" in said(pilot)
        assert "close a dialog" not in said(pilot)
        # A key alone, as it is written.
        await pilot.press("ctrl+u", *"^z")
        assert said(pilot).startswith("Everywhere ^z Suspend the program")
        await pilot.press("ctrl+u", *"qqq")
        assert "Nothing in the help matches qqq." in said(pilot)
        await pilot.press("ctrl+u", *"pane", "enter", "j")
        assert isinstance(pilot.app.screen, HelpScreen)
        assert isinstance(pilot.app.focused, HelpText)
        # Esc leads back to the whole help, and then out of it.
        await pilot.press("escape")
        assert "Find by words" in said(pilot)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_a_meaning_is_below_its_sign_where_it_has_no_room_beside() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), (40, 30)) as pilot:
        await open_help(pilot)
        await pilot.press("slash", *"not confirmed for a week")
        await pilot.pause()
        text = "\n".join(line.strip(" │") for line in text_of(pilot))
        assert "not confirmed for a week\nunknown, since the last" in text
