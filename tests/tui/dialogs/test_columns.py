"""The dialog of columns: by keys and by mouse, at once and in the config."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Button

from nobil_tui.config.model import Config, InterfaceSection
from nobil_tui.search.list_columns import ListColumn, shown_columns
from nobil_tui.tui.dialogs.columns import ColumnList
from tests.conftest import FakeClock
from tests.tui.app_driver import (
    NARROW,
    SteppedSource,
    live,
    main_of,
    opened,
    saved,
    setup_of,
    text_of,
    until,
)


def heads(pilot: Pilot[int]) -> list[str]:
    main = main_of(pilot)
    line = main.workspace.stations.render_line(0).text
    return [head.lstrip("↓↑") for head in line.split()]


def test_the_name_is_always_shown() -> None:
    assert shown_columns([ListColumn.PLUG]) == (ListColumn.NAME, ListColumn.PLUG)
    assert shown_columns(()) == tuple(ListColumn)


async def test_a_narrow_terminal_shows_the_whole_words_of_each_column() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), NARROW) as pilot:
        await live(pilot)
        await pilot.press("C")
        text = "\n".join(text_of(pilot))
        assert [each for each in ListColumn if f"[x] {each.definition.words}" not in text] == []


async def test_columns_are_hidden_moved_and_reset(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "config.toml"
    chosen = [*ListColumn]
    chosen.remove(ListColumn.ID)
    chosen.remove(ListColumn.PLUG)
    chosen.insert(chosen.index(ListColumn.PLACE), ListColumn.PLUG)
    async with opened(setup_of(clock, SteppedSource(clock), config_path=path)) as pilot:
        main = await live(pilot)
        assert heads(pilot) == ["Free", "Connectors", "Id", "Station", "Place", "Plug", "Changed"]
        await pilot.press("C")
        assert "[x] Free and total connectors" in "\n".join(text_of(pilot))
        # The id is the third.
        await pilot.press("j", "j", "space")
        assert heads(pilot) == ["Free", "Connectors", "Station", "Place", "Plug", "Changed"]
        # The plug goes before the place.
        await pilot.press("G", "k", "K", "K", "shift+up")
        await pilot.press("escape")
        assert heads(pilot) == ["Free", "Connectors", "Station", "Plug", "Place", "Changed"]
        # Hiding a column and each step of another are saved for themselves.
        await saved(pilot, path, lambda config: config.interface.columns == chosen)
        # The mouse does it too: the name cannot be hidden, and Reset shows all.
        await pilot.press("C")
        await pilot.click(ColumnList, offset=(4, 2))
        assert "The name is always shown" in "\n".join(text_of(pilot))
        await pilot.click("#column-up")
        await until(pilot, lambda: heads(pilot)[1] == "Station")
        await pilot.click("#column-up")
        await until(pilot, lambda: heads(pilot)[0] == "Station")
        await pilot.click("#reset-columns")
        await pilot.click("#close")
        assert heads(pilot) == ["Free", "Connectors", "Id", "Station", "Place", "Plug", "Changed"]
        await saved(pilot, path, lambda config: not config.interface.columns)
        assert pilot.app.screen is main


async def test_the_column_under_the_cursor_is_on_screen_in_a_low_terminal() -> None:
    clock = FakeClock()
    last = f"[x] {[*ListColumn][-1].definition.words}"
    async with opened(setup_of(clock, SteppedSource(clock)), (60, 20)) as pilot:
        await live(pilot)
        await pilot.press("C", "G")
        for height in (12, 8):
            await pilot.resize_terminal(60, height)
            await until(pilot, lambda: last in "\n".join(text_of(pilot)))
        await pilot.press("g")
        assert last not in "\n".join(text_of(pilot))
        await pilot.press("G")
        assert last in "\n".join(text_of(pilot))


async def test_all_buttons_fit_in_the_narrowest_terminal() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, SteppedSource(clock)), (40, 24)) as pilot:
        await live(pilot)
        await pilot.press("C")
        room = pilot.app.screen.query_one("#columns").content_region
        for button in pilot.app.screen.query(Button):
            assert room.contains_region(button.region), button.label


async def test_the_columns_of_the_config_are_shown() -> None:
    clock = FakeClock()
    config = Config(interface=InterfaceSection(columns=[ListColumn.CHANGED, ListColumn.NAME]))
    async with opened(setup_of(clock, SteppedSource(clock), config=config)) as pilot:
        await live(pilot)
        assert heads(pilot) == ["Changed", "Station"]
