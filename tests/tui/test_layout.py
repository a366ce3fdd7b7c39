"""Which panes are on screen at which size, how they are reached, and how to get back."""

from __future__ import annotations

from textual.pilot import Pilot

from nobil_tui.config.model import Config, WatchedSection
from tests.conftest import FakeClock
from tests.tui.app_driver import (
    NARROW,
    SIZES,
    WIDE,
    live,
    opened,
    setup_of,
    text_of,
    until,
)
from tests.tui.hundred_stations import NAMES, hundred_stations, rows_of
from tests.tui.three_stations import (
    source_of,
)

LOW = ((160, 9), (160, 11), (80, 8), (40, 12))
EVERY_SIZE = ((200, 60), WIDE, (100, 30), (80, 24), NARROW, *LOW)


async def test_a_resized_terminal_looks_like_one_of_that_size() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), NARROW) as pilot:
        await live(pilot)
        for size in (WIDE, (80, 24), (110, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            begun = FakeClock()
            async with opened(setup_of(begun, source_of(begun)), size) as another:
                await live(another)
                assert text_of(pilot) == text_of(another), size


async def test_every_size_has_room_for_the_essentials() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection(["NOR_00002"]))
    async with opened(setup_of(clock, source_of(clock), config=config)) as pilot:
        main = await live(pilot)
        main.workspace.stations.select("NOR_00002")
        for size in SIZES:
            await pilot.resize_terminal(*size)
            main.workspace.refresh_link_bar()
            await pilot.pause()
            lines = text_of(pilot)
            assert "LIVE" in lines[0], size
            assert any(
                "★" in line and "0/1" in line and "Rådhusgata 12" in line for line in lines
            ), size
            assert any("■ occupied" in line for line in lines), size
            assert "? Help" in lines[-1], size
            assert "q Quit" in lines[-1], size
            # Every pane has a complete border.
            begun, ended = (sum(line.count(corner) for line in lines) for corner in "╭╯")
            assert begun == ended, size


async def test_a_narrow_terminal_shows_the_log_on_request() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), NARROW) as pilot:
        main = await live(pilot)
        assert not main.workspace.event_log.display
        await pilot.press("v")
        assert main.workspace.event_log.display
        assert not main.workspace.connectors.display
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert main.workspace.event_log.display
        assert main.workspace.connectors.display


async def test_every_size_shows_stations_first() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        for size in EVERY_SIZE:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(rows_of(pilot)) >= 3, size
            for pane in main.workspace.layout.shown_panes:
                # Complete borders and a line in between.
                assert pane.region.height >= 3, size
                assert pane.region.bottom < size[1], size


async def test_the_connectors_and_the_log_are_reached_and_left_at_every_size() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        for size in (WIDE, (80, 24), NARROW, *LOW[1:]):
            await pilot.resize_terminal(*size)
            await pilot.press("j", "enter")
            assert workspace.connectors.has_focus, size
            assert any("Now" in line and "Since" in line for line in text_of(pilot)), size
            await pilot.press("escape")
            assert workspace.stations.has_focus, size
            assert rows_of(pilot), size
            if not workspace.layout.is_log_visible:
                await pilot.press("v")
            assert workspace.event_log.region.height >= 3, size
            await pilot.press("v")
            assert workspace.event_log.region.height == 0 or not workspace.event_log.display, size
            assert workspace.stations.has_focus, size
            # Tab reaches every pane that is shown, or each in turn where there is room for one.
            seen = set()
            for _ in range(4):
                await pilot.press("tab")
                seen.add(main.focused)
            assert workspace.connectors in seen, size
            workspace.stations.focus()


async def test_a_pane_is_enlarged_and_escape_goes_back_one_step_at_a_time() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection(NAMES[:10]))
    async with opened(setup_of(clock, hundred_stations(clock), config=config), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        width = workspace.stations.size.width
        await pilot.press("w", "e", "e", "slash", *"oslo", "enter", "z")
        assert workspace.stations.size.width > width
        assert workspace.layout.shown_panes == [workspace.stations]
        await pilot.press("z", "tab", "z")
        assert workspace.layout.shown_panes == [workspace.connectors]
        options = workspace.station_list.options
        options.faults_only = True

        def left() -> tuple[object, ...]:
            return (
                bool(workspace.layout.zoomed),
                main.focused is workspace.stations,
                workspace.station_list.filter,
                options.faults_only,
                options.starred_only,
            )

        steps = [left()]
        for _ in range(5):
            await pilot.press("escape")
            steps.append(left())
        assert steps == [
            (True, False, "oslo", True, True),
            (False, True, "oslo", True, True),
            (False, True, "", True, True),
            (False, True, "", False, True),
            (False, True, "", False, False),
            (False, True, "", False, False),
        ]


async def test_the_mouse_opens_a_station_where_its_connectors_have_no_room() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), (40, 12)) as pilot:
        main = await live(pilot)
        assert "Enter Open" in text_of(pilot)[-1]
        await pilot.click(main.workspace.key_hints, offset=(text_of(pilot)[-1].index("Enter"), 0))
        await until(pilot, lambda: main.focused is main.workspace.connectors)
        assert "Esc Back" in text_of(pilot)[-1]
        await pilot.click(main.workspace.key_hints, offset=(text_of(pilot)[-1].index("Esc"), 0))
        await until(pilot, lambda: main.focused is main.workspace.stations)
        await pilot.click(main.workspace.stations, offset=(20, 3), times=2)
        await until(pilot, lambda: main.focused is main.workspace.connectors)


def screen_words(pilot: Pilot[int]) -> str:
    return " ".join(" ".join(text_of(pilot)).split())


async def test_a_terminal_without_room_for_a_station_says_so() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), (18, 4)) as pilot:
        main = await live(pilot)
        assert screen_words(pilot) == "Too small: enlarge the terminal to 24x6 or more."
        await pilot.resize_terminal(24, 6)
        await pilot.pause()
        assert not main.query("#too-small")
        assert "▌" in text_of(pilot)[3]
        assert "q Quit" in text_of(pilot)[-1]
