"""The key hints: which keys are shown, how many fit, and clicks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len

from nobil_tui.charging.events import Ended
from nobil_tui.commands import Context, active_in
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.commands.playback import JUMP
from nobil_tui.tui.dialogs.connect import ConnectScreen
from nobil_tui.tui.widgets.bars.bar import PART_GAP, part_at
from nobil_tui.tui.widgets.bars.key_hints import KeyHints
from tests.conftest import START, FakeClock
from tests.for_each import for_each
from tests.tui.app_driver import (
    NARROW,
    USUAL,
    WIDE,
    HandSource,
    SteppedSource,
    live,
    main_of,
    opened,
    setup_of,
    until,
)
from tests.tui.widget_host import Stage, lines_of

KEYS = KeyBindings()


@asynccontextmanager
async def footer(width: int = 160, keys: KeyBindings = KEYS) -> AsyncIterator[KeyHints]:
    hints = KeyHints(keys, id="hints")
    async with Stage(hints).run_test(size=(width, 5)) as pilot:
        await pilot.pause()
        yield hints


def text_of(hints: KeyHints) -> str:
    (line,) = lines_of(hints)
    assert cell_len(line) == hints.size.width
    return line


@for_each(
    ("context", "text"),
    [
        (
            Context.STATIONS,
            "/ Filter  s Star  w Starred  e Faults  o Sort  n Alert  l Log scope  m Map  "
            "h History  z Zoom  ? Help  q Quit",
        ),
        (
            Context.CONNECTORS,
            "/ Filter  s Star  w Starred  e Faults  n Alert  l Log scope  m Map  h History  "
            "z Zoom  Esc Back  ? Help  q Quit",
        ),
        (
            Context.LOG,
            "Enter Select  / Filter  s Star  w Starred  e Faults  n Alert  l Log scope  m Map  "
            "h History  z Zoom  Esc Back  ? Help  q Quit",
        ),
        # In a text field only non-printable keys are active.
        (Context.FILTER, "Enter Keep  Esc Back  F1 Help  ^q Quit"),
        (Context.DIALOG, "Esc Back  ^q Quit"),
    ],
)
async def test_the_active_keys_of_a_context(context: Context, text: str) -> None:
    async with footer() as hints:
        hints.context = context
        line = text_of(hints)
        assert line.startswith(text + "  ")
        assert line.endswith("^p Palette")


@for_each("context", Context)
async def test_every_hint_names_an_active_key(context: Context) -> None:
    async with footer() as hints:
        hints.context = context
        assert {*hints.commands()} <= {*active_in(context)}


async def test_extra_commands_are_shown() -> None:
    async with footer() as hints:
        assert "Connect" not in text_of(hints)
        hints.extra_commands = ("connect", "pause")
        assert "c Connect" in text_of(hints)
        assert "Space Pause" in text_of(hints)
        # But not in a text field.
        hints.context = Context.FILTER
        assert "Connect" not in text_of(hints)


async def test_a_hint_shows_the_users_key() -> None:
    async with footer(
        keys=KeyBindings({"star": ("ctrl+s",), "filter": (), "palette": ()})
    ) as hints:
        line = text_of(hints)
        assert "^s Star" in line
        assert "Filter" not in line
        assert line.endswith(" Palette")


async def test_hints_while_typing_use_non_printable_keys() -> None:
    async with footer(keys=KeyBindings({"star": ("f", "ctrl+s"), "quit": ("q",)})) as hints:
        assert "f Star" in text_of(hints)
        hints.context = Context.FILTER
        line = text_of(hints)
        assert "^s Star" in line
        assert "Quit" not in line


async def test_the_active_command_is_not_offered() -> None:
    async with footer(keys=KeyBindings({"filter": ("f3",)})) as hints:
        assert "F3 Filter" in text_of(hints)
        hints.context = Context.FILTER
        assert "Filter" not in text_of(hints)


async def test_a_narrow_footer_shows_help_and_quit_first() -> None:
    hints = KeyHints(KEYS, id="hints")
    async with Stage(hints).run_test(size=(80, 5)) as pilot:
        for width in range(1, 70, 3):
            await pilot.resize_terminal(width + 2, 5)
            assert hints.size.width == width
            line = text_of(hints)
            texts = [part.text for part in hints._parts]
            room = width
            for text in ("? Help", "q Quit", "/ Filter"):
                if room < len(text):
                    break
                assert text in texts, width
                room -= len(text) + PART_GAP
            # Each hint is shown in full or not at all.
            assert line.split() == " ".join(texts).split(), width


@pytest.mark.parametrize("label", ["b", "日"])
async def test_a_click_hits_the_part_painted_there(label: str) -> None:
    async with footer(100, KeyBindings({"star": (label,), "palette": (label,)})) as hints:
        line, cells = text_of(hints), []
        for character in line:
            cells += [character] * cell_len(character)
        for part in hints._parts:
            first = next(
                x for x in range(100) if part_at(hints._parts, x, hints.size.width) == part.name
            )
            spread = "".join(character * cell_len(character) for character in part.text)
            assert "".join(cells[first:]).startswith(spread)


# In the app


def where(hints: KeyHints, name: str) -> tuple[int, int]:
    """Return the position of a command in the footer."""
    width = hints.size.width
    return next(
        x for x in range(width) if part_at(hints._parts, x, width) == name
    ) + hints.gutter.left, 0


async def test_a_click_opens_the_log_in_a_narrow_terminal(clock: FakeClock) -> None:
    async with opened(setup_of(clock, SteppedSource(clock)), USUAL) as pilot:
        main = await live(pilot)
        assert not main.workspace.event_log.display
        assert "v Show log" in text_of(main.workspace.key_hints)
        await pilot.click(
            main.workspace.key_hints, offset=where(main.workspace.key_hints, "show-log")
        )
        assert main.workspace.event_log.display
        # A click between two hints does nothing.
        star = where(main.workspace.key_hints, "star")
        await pilot.click(main.workspace.key_hints, offset=(star[0] - 1, 0))
        assert not main.workspace.settings.starred
        assert main.workspace.event_log.display
        # The same place hides it again.
        assert "v Hide log" in text_of(main.workspace.key_hints)
        await pilot.click(
            main.workspace.key_hints, offset=where(main.workspace.key_hints, "show-log")
        )
        assert not main.workspace.event_log.display
        assert "v Show log" in text_of(main.workspace.key_hints)


async def test_hints_can_be_clicked_while_typing(clock: FakeClock) -> None:
    async with opened(setup_of(clock, SteppedSource(clock))) as pilot:
        main = await live(pilot)
        for name, kept in (("keep-filter", "a"), ("back", "")):
            await pilot.press("slash", "a")
            assert main.workspace.key_hints.context is Context.FILTER
            await pilot.click(
                main.workspace.key_hints, offset=where(main.workspace.key_hints, name)
            )
            assert main.focused is main.workspace.stations
            assert main.workspace.station_list.filter == kept


async def test_connect_can_be_clicked_in_the_simulation(clock: FakeClock) -> None:
    async with opened(setup_of(clock, SteppedSource(clock)), NARROW) as pilot:
        main = await live(pilot)
        await pilot.click(
            main.workspace.key_hints, offset=where(main.workspace.key_hints, "connect")
        )
        assert isinstance(pilot.app.screen, ConnectScreen)


async def test_clicks_control_the_playback(clock: FakeClock) -> None:
    done: list[object] = []

    class Player:
        words = "4x"

        def pause(self) -> None:
            done.append("pause")

        def faster(self) -> bool:
            done.append("faster")
            return True

        def slower(self) -> bool:
            done.append("slower")
            return False

        def jump(self, seconds: float) -> None:
            done.append(seconds)

    source = HandSource(clock, player=Player())
    async with opened(setup_of(clock, source), WIDE) as pilot:
        hints = pilot.app.query_one(KeyHints)
        await until(pilot, lambda: "pause" in [part.name for part in hints._parts])
        for name in ("pause", "faster", "slower", "forward", "backward"):
            await pilot.click(hints, offset=where(hints, name))
        [toast] = pilot.app._notifications
        assert toast.message == "The recording plays at its lowest speed already."
        assert done == ["pause", "faster", "slower", JUMP, -JUMP]
        source.feed.put(Ended(START))
        session = main_of(pilot).workspace.session
        await until(pilot, lambda: session.link.phase is LinkPhase.ENDED)
        await pilot.press("right_square_bracket")
        ended = [each.message for each in pilot.app._notifications][-1]
        assert ended == "The recording has ended. Press [ to jump back."
        assert done[-1] == -JUMP
