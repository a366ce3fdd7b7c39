"""The main screen and the selection in its list: what is on screen, and where it stays."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from nobil_tui.charging.events import StationReport
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.model import Config, WatchedSection
from nobil_tui.search.sorting import Sort
from nobil_tui.tui.workspace import Workspace
from tests.conftest import START, FakeClock
from tests.tui.app_driver import (
    NARROW,
    WIDE,
    live,
    main_of,
    opened,
    setup_of,
    text_of,
    until,
)
from tests.tui.hundred_stations import NAMES, hundred_stations, rows_of


def report(number: int, status: int, at: int) -> StationReport:
    return StationReport(Station(NAMES[number], [Connector(status, 0, at)]), at)


def is_selected_visible(workspace: Workspace) -> bool:
    stations = workspace.stations
    row = workspace.station_list.row_of(stations.selected)
    return row is not None and stations.top <= row < stations.top + stations.page


async def test_the_selected_row_stays_on_screen_through_every_resize() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), (200, 60)) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        workspace.stations.select(NAMES[29])
        for size in (WIDE, (80, 24), NARROW, (40, 12), (160, 11), (100, 30), (80, 8), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert is_selected_visible(workspace), size
            assert "S029" in rows_of(pilot), size
        # The same for what takes room from the list.
        await pilot.resize_terminal(80, 24)
        await pilot.press("G")
        await pilot.press("slash", "s")
        assert is_selected_visible(workspace)


async def resorted(pilot: Pilot[int], clock: FakeClock, *reports: StationReport) -> None:
    main = main_of(pilot)
    source: Any = main.workspace.session.source
    version = main.live_updates.painted
    source.feed.put(*reports)
    await until(pilot, lambda: main.live_updates.painted >= version + len(reports))
    clock.advance(3)
    await main.live_updates.tick()
    await pilot.pause()


async def test_a_list_at_its_top_stays_there_and_a_scrolled_one_says_what_came() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        workspace.stations.sort_by(Sort.CHANGED)
        workspace.stations.select(NAMES[0])
        await resorted(pilot, clock, report(70, 1, START + 1000), report(71, 0, START + 2000))
        assert workspace.stations.top == 0
        assert rows_of(pilot)[:3] == ["S071", "S070", "S000"]
        assert workspace.stations.selected == NAMES[0]
        # Scrolled down, the selected row keeps its line, and the title counts what is new.
        await pilot.press("pagedown")
        line = workspace.station_list.row_of(workspace.stations.selected) or 0
        offset = line - workspace.stations.top
        reports = [report(number, 1 - number % 2, START + 3000) for number in range(80, 90)]
        await resorted(pilot, clock, *reports)
        now = workspace.station_list.row_of(workspace.stations.selected) or 0
        assert now - workspace.stations.top == offset
        assert "▲ 10 new · g" in str(workspace.stations.border_title)
        # A click on it goes to the top.
        text = text_of(pilot)[workspace.stations.region.y]
        await pilot.click(workspace.stations, offset=(text.index("▲") + 1, 0))
        assert (workspace.stations.top, workspace.stations.selected) == (
            0,
            workspace.station_list.ids[0],
        )
        assert "new" not in str(workspace.stations.border_title)


async def test_after_the_key_for_the_first_line_the_selection_stays_on_screen_at_the_top() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), (160, 24)) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        workspace.stations.sort_by(Sort.CHANGED)
        await pilot.press("G", "g")
        for round_ in range(4):
            first = 40 + 10 * round_
            at = START + 1000 * (round_ + 1)
            reports = [report(n, 1 - n % 2, at) for n in range(first, first + 10)]
            await resorted(pilot, clock, *reports)
            assert workspace.stations.top == 0
            assert is_selected_visible(workspace)


async def test_an_order_is_shown_from_its_beginning() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        stations = main.workspace.stations
        for keys in (("G", "o"), ("G", "O")):
            await pilot.press(*keys)
            assert stations.top == 0
            assert is_selected_visible(main.workspace)


async def test_a_star_keeps_its_place_and_a_second_press_takes_it_back() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection(NAMES[:5]))
    async with opened(setup_of(clock, hundred_stations(clock), config=config), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        workspace.stations.select(NAMES[30])
        await pilot.pause()
        before = rows_of(pilot)
        await pilot.press("s")
        assert rows_of(pilot) == before
        assert "★" in next(line for line in text_of(pilot) if "▌" in line)
        assert "Starred S030 · u undoes" in "\n".join(text_of(pilot))
        # In the starred list, too.
        await pilot.press("w", "g", "j", "s")
        assert workspace.stations.selected == NAMES[1]
        assert NAMES[1] not in workspace.settings.starred
        assert len(rows_of(pilot)) == 6
        await pilot.press("s")
        assert NAMES[1] in workspace.settings.starred
        # Once the cursor leaves, it goes at the next sort.
        await pilot.press("s", "j")
        clock.advance(3)
        await main.live_updates.tick()
        assert NAMES[1] not in workspace.station_list.ids
        assert workspace.stations.selected == NAMES[2]
        await pilot.press("u")
        assert workspace.settings.starred == {*NAMES[:5], NAMES[30]}
        assert workspace.stations.selected == NAMES[1]
        for _ in range(5):
            await pilot.press("u")
        assert workspace.settings.starred == set(NAMES[:5])
        assert "Nothing to undo" in "\n".join(text_of(pilot))


async def test_a_filter_selects_its_first_station_for_a_user_who_selected_none() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        # As after the start of a simulation, which selects a station with something to see.
        workspace.stations.show_at_first(NAMES[17])
        await pilot.press("slash", *"s01")
        assert workspace.station_list.ids[7] == NAMES[17]
        assert workspace.stations.selected == NAMES[10]
        # One that the user selected stays.
        await pilot.press("escape")
        workspace.stations.select(NAMES[17])
        await pilot.press("slash", *"s01")
        assert workspace.stations.selected == NAMES[17]


async def test_the_count_of_the_filter_is_that_of_the_list() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        await pilot.press("slash", *"free", "enter")
        before = workspace.filter_line.result.stations
        free = [int(name[-3:]) for name in workspace.station_list.ids[5:8]]
        await resorted(pilot, clock, *(report(number, 1, START + 1000) for number in free))
        assert workspace.filter_line.result.stations == workspace.stations.count == before - 3


async def test_a_new_star_is_on_top_in_the_next_order() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        workspace.stations.select(NAMES[12])
        await pilot.press("s", "o")
        assert workspace.station_list.ids[0] == workspace.stations.selected == NAMES[12]


async def test_a_log_line_outside_the_filter_is_selected_and_the_filter_stays() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, hundred_stations(clock)), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        await pilot.press("slash", *"id:00003", "enter")
        workspace.select(NAMES[50])
        await pilot.pause()
        assert workspace.stations.selected == NAMES[50]
        assert set(workspace.station_list.ids) == {NAMES[3], NAMES[50]}
        assert "1 outside the filter" in str(workspace.stations.border_title)
        assert workspace.filter_line.result.stations == 1
        await pilot.press("g")
        clock.advance(3)
        await main.live_updates.tick()
        assert workspace.station_list.ids == [NAMES[3]]


async def test_keys_jump_to_the_next_free_and_the_next_starred_station() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection([NAMES[40], NAMES[60]]))
    async with opened(setup_of(clock, hundred_stations(clock), config=config), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        workspace.station_list.options.sort = Sort.NAME
        workspace.station_list.options.pin_starred = False
        workspace.relist()
        await pilot.press("g", "full_stop", "full_stop")
        assert workspace.stations.selected == NAMES[4]
        await pilot.press("asterisk")
        assert workspace.stations.selected == NAMES[40]
        await pilot.press("asterisk", "asterisk")
        assert workspace.stations.selected == NAMES[40]
        await pilot.press("ctrl+d", "ctrl+u")
        assert workspace.stations.selected == NAMES[40]
        workspace.settings.starred.clear()
        await pilot.press("asterisk")
        assert "No other station in the list is starred" in "\n".join(text_of(pilot))


async def test_a_saved_filter_keeps_the_order_and_the_switches() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection(NAMES[10:30]))
    async with opened(setup_of(clock, hundred_stations(clock), config=config), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        await pilot.press("w", "slash", *"oslo", "enter")
        workspace.stations.sort_by(Sort.CHANGED)
        workspace.stations.sort_by(Sort.CHANGED)
        before = list(workspace.station_list.ids)
        await pilot.press("S", *"Mine", "enter")
        await until(pilot, lambda: "Mine" in workspace.settings.filters)
        assert workspace.settings.filters["Mine"] == "oslo starred -sort:changed"
        await pilot.press("escape", "escape")
        workspace.stations.sort_by(Sort.NAME)
        assert len(workspace.station_list.ids) == 100
        await pilot.press("1")
        assert workspace.station_list.ids == before
        # Another order replaces that of the filter.
        await pilot.press("o")
        assert workspace.station_list.active_sort is not Sort.CHANGED
        await pilot.press("escape")
        assert len(workspace.station_list.ids) == 100
        await pilot.press("ctrl+p", *"mine")
        await until(pilot, lambda: "Filter: Mine   1" in "\n".join(text_of(pilot)))
