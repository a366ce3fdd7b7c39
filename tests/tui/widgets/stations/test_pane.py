"""The station pane: selection, sorting, clicks and texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from textual.pilot import Pilot

from nobil_tui.charging.events import RawReport
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.charging.station import Connector, Station
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.search.list_columns import ListColumn
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.widgets.stations import pane as module
from nobil_tui.tui.widgets.stations.columns import STATION_COLUMNS
from nobil_tui.tui.widgets.stations.pane import INPUT_PAUSE, StationsPane
from tests.conftest import START, FakeClock
from tests.tui.widget_host import Stage, lines_of, repaints_of, roster_of

OSLO = (59.91, 10.75)
CCS = Plug("CCS", 150)
NAMES = [f"NOR_{number:02}" for number in range(40)]


class Listing(Stage):
    """A station pane in a host app, with the messages that it posted."""

    def __init__(self, station_list: StationList) -> None:
        self.clock = FakeClock()
        self.list = StationsPane(self.clock, id="list")
        self.list.waiting_text = "Connecting …"
        super().__init__(self.list)
        self.station_list = station_list

    def on_mount(self) -> None:
        self.show(self.station_list)
        self.list.focus()

    def show(self, station_list: StationList) -> None:
        """Show another list from its beginning."""
        self.station_list = self.list.station_list = station_list

    def on_stations_pane_selected(self, message: StationsPane.Selected) -> None:
        self.heard.append(message)

    def on_stations_pane_star_clicked(self, message: StationsPane.StarClicked) -> None:
        self.heard.append(message)

    def on_stations_pane_reordered(self, message: StationsPane.Reordered) -> None:
        self.heard.append(message)

    def report(self, name: str, *connectors: Connector) -> None:
        self.station_list.board.apply_station(Station(name, [*connectors]), self.clock.now())
        self.list.apply(Batch(LinkState(), touched={name}))

    @property
    def shown(self) -> list[str]:
        """The ids on screen, from the top."""
        return self.station_list.ids[self.list.top : self.list.top + self.list.page]


@asynccontextmanager
async def listing(
    station_list: StationList, height: int = 12, width: int = 100
) -> AsyncIterator[tuple[Listing, Pilot[None]]]:
    app = Listing(station_list)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        yield app, pilot


def forty(**options: object) -> StationList:
    return roster_of(
        {name: [Connector(number % 2, 0, START - number)] for number, name in enumerate(NAMES)},
        **options,  # type: ignore[arg-type]
    )


# Selection


async def test_the_first_station_is_selected_and_keys_move_the_cursor() -> None:
    async with listing(forty()) as (app, pilot):
        assert app.list.selected == "NOR_00"
        await pilot.press("j", "down", "k")
        assert app.list.selected == "NOR_01"
        await pilot.press("G")
        assert app.list.selected == "NOR_39"
        assert "NOR_39" in app.shown
        await pilot.press("g")
        assert app.list.selected == "NOR_00"
        await pilot.press("pagedown")
        assert app.list.selected == NAMES[app.list.page]
        await pilot.pause()
        assert app.of(StationsPane.Selected)


async def test_the_selected_row_keeps_its_line_when_sorted() -> None:
    async with listing(forty()) as (app, pilot):
        app.list.select("NOR_20")
        await pilot.press("k", "k", "k")
        line = app.shown.index("NOR_17")
        for sort in (Sort.CHANGED, Sort.FREE, Sort.NAME):
            app.station_list.options.sort = sort
            app.list.rebuild()
            await pilot.pause()
            assert app.list.selected == "NOR_17"
            assert app.shown.index("NOR_17") == line


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sort"), st.sampled_from(list(Sort))),
        st.tuples(
            st.just("filter"),
            st.sampled_from(["", "nor_1", "free", "occupied", "zzz", "-nor_2"]),
        ),
        st.tuples(st.just("report"), st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 1]))),
        st.tuples(st.just("gone"), st.sampled_from(NAMES)),
    ),
    max_size=8,
)


@pytest.mark.slow
async def test_the_selection_survives_filters() -> None:
    runs: list[list[tuple[str, object]]] = []

    @settings(max_examples=15, database=None)
    @given(STEPS)
    def collect(steps: list[tuple[str, object]]) -> None:
        runs.append(steps)

    collect()
    async with listing(forty(home=OSLO)) as (app, _):
        for steps in runs:
            app.show(forty(home=OSLO))
            app.list.select("NOR_17")
            gone = set()
            for what, value in steps:
                match what, value:
                    case "sort", Sort():
                        app.station_list.options.sort = value
                        app.list.rebuild()
                    case "filter", str():
                        app.station_list.filter = value
                        app.list.rebuild()
                    case "report", (str(name), int(status)):
                        gone.discard(name)
                        app.report(name, Connector(status))
                        app.clock.advance(5)
                        app.list.resort_when_idle()
                    case "gone", str():
                        gone.add(value)
                        left = [
                            station
                            for name, station in app.station_list.board.stations.items()
                            if name not in gone
                        ]
                        app.station_list.board.apply_snapshot(left, app.clock.now())
                        app.list.apply(Batch(LinkState(), whole=True))
                        app.list.rebuild()
                listed = app.station_list.row_of("NOR_17") is not None
                assert (app.list.selected == "NOR_17") is listed
                assert not app.station_list.ids or app.list.selected in app.station_list.ids
            app.station_list.filter = ""
            app.list.rebuild()
            assert (app.list.selected == "NOR_17") is ("NOR_17" not in gone)


async def test_the_selected_row_has_its_own_background() -> None:
    async with listing(forty()) as (app, _):
        grounds = [
            {segment.style.bgcolor for segment in app.list.render_line(y) if segment.style}
            for y in (1, 2, 3)
        ]
        assert [len(ground) for ground in grounds] == [1, 1, 1]
        assert grounds[0] != grounds[1] == grounds[2]


async def test_a_hidden_station_cannot_be_selected() -> None:
    async with listing(forty()) as (app, _):
        assert not app.list.select("SWE_1")
        assert app.list.selected == "NOR_00"


# Sorting while running


async def test_it_sorts_at_most_once_a_second_and_not_during_input() -> None:
    async with listing(forty()) as (app, _):
        app.list.sort_by(Sort.FREE)
        first = list(app.station_list.ids)
        app.report("NOR_39", Connector(0), Connector(0))
        app.list.last_input_at = -INPUT_PAUSE
        app.list.resort_when_idle()
        # It was sorted just now.
        assert app.station_list.ids == first
        app.list.last_input_at = app.clock.monotonic()
        app.clock.advance(INPUT_PAUSE - 0.1)
        app.list.resort_when_idle()
        assert app.station_list.ids == first
        app.clock.advance(0.2)
        app.list.resort_when_idle()
        assert app.station_list.ids[0] == "NOR_39"


async def test_a_filter_by_condition_follows_the_stream() -> None:
    async with listing(forty()) as (app, _):
        app.station_list.filter = "occupied"
        app.list.rebuild()
        assert app.list.count == 20
        app.clock.advance(5)
        app.report("NOR_01", Connector(0))
        assert app.list.count == 20
        app.list.resort_when_idle()
        assert app.list.count == 19


async def test_a_filter_for_stale_stations_follows_downtime_and_reports() -> None:
    async with listing(forty()) as (app, _):
        app.station_list.filter = "stale"
        app.list.rebuild()
        assert app.list.count == 0
        app.station_list.board.downtime.stop(app.clock.now())
        app.clock.advance(SLIGHT / 1000 + 10)
        app.list.resort_when_idle()
        assert app.list.count == 40
        app.station_list.board.downtime.start(app.clock.now())
        app.list.resort_when_idle()
        said = app.station_list.board.stations["NOR_07"].connectors[0]
        app.station_list.board.apply_raw_report("NOR_07", 0, said, app.clock.now())
        app.list.apply(
            Batch(LinkState(), raw_reports=[RawReport("NOR_07", 0, said, app.clock.now())])
        )
        app.clock.advance(5)
        app.list.resort_when_idle()
        assert (app.list.count, app.station_list.row_of("NOR_07")) == (39, None)


async def test_the_first_stations_are_listed_at_once() -> None:
    async with listing(roster_of({})) as (app, pilot):
        assert "Connecting …" in lines_of(app.list)[2]
        app.report("NOR_05", Connector(0))
        await pilot.pause()
        assert app.list.selected == "NOR_05"


async def test_a_report_repaints_only_its_row() -> None:
    async with listing(forty()) as (app, pilot):
        painted: list[int] = []
        original = app.list.segments

        def counted(index: int, width: int) -> list[Segment]:
            painted.append(index)
            return original(index, width)

        app.list.segments = counted  # type: ignore[method-assign]
        app.report("NOR_03", Connector(1))
        app.report("NOR_39", Connector(1))
        await pilot.pause()
        assert painted == [3]


# Orders


async def test_the_sort_key_cycles_through_the_available_orders() -> None:
    async with listing(forty()) as (app, pilot):
        seen = []
        for _ in range(6):
            await pilot.press("o")
            seen.append(app.station_list.active_sort)
        assert seen == [
            *(Sort.NAME, Sort.ID, Sort.FREE, Sort.CHANGED, Sort.CONNECTORS, Sort.STARRED)
        ]
        app.station_list.home = OSLO
        app.station_list.options.sort = Sort.CHANGED
        app.list.rebuild()
        await pilot.press("o")
        seen.append(app.station_list.active_sort)
        await pilot.press("o")
        seen.append(app.station_list.active_sort)
        assert seen[-2:] == [Sort.DISTANCE, Sort.CONNECTORS]
        await pilot.pause()
        assert len(app.of(StationsPane.Reordered)) == 8


async def test_the_sort_key_skips_distance_without_a_home() -> None:
    station_list = forty(home=OSLO)
    async with listing(station_list) as (app, pilot):
        app.list.sort_by(Sort.DISTANCE)
        station_list.home = None
        app.list.rebuild()
        assert "by name" in str(app.list.border_title)
        await pilot.press("o")
        assert station_list.options.sort is Sort.ID


async def test_the_order_is_reversed() -> None:
    async with listing(forty()) as (app, pilot):
        app.list.sort_by(Sort.ID)
        await pilot.press("O")
        assert app.station_list.ids == NAMES[::-1]
        assert str(app.list.border_title) == "Stations 40 · by id, reversed"
        await pilot.press("O")
        assert app.station_list.ids == NAMES


HEADINGS = {
    "Free": Sort.FREE,
    "Connectors": Sort.CONNECTORS,
    "Id": Sort.ID,
    "Station": Sort.NAME,
    "Place": Sort.PLACE,
    "Away": Sort.DISTANCE,
    "kWh": Sort.PRICE,
    "Plug": Sort.POWER,
    "Changed": Sort.CHANGED,
}


async def test_a_click_on_a_heading_sorts_and_a_second_one_reverses() -> None:
    facts = {
        name: Facts(
            f"Station {name}",
            "Oslo",
            position=(60, 10),
            plugs=(Plug("CCS", 150),),
            prices=(Price(kwh=0.5),),
        )
        for name in NAMES
    }
    station_list = roster_of({name: [Connector()] * 10 for name in NAMES}, facts, home=OSLO)
    assert {column.sort for column in STATION_COLUMNS} >= {*Sort}
    async with listing(station_list, width=160) as (app, pilot):
        # Another order than that of the first heading.
        app.list.sort_by(Sort.CHANGED)
        for head, sort in HEADINGS.items():
            for reverse in (False, True, False):
                x = lines_of(app.list)[0].index(head[:4]) + 1
                await pilot.click("#list", offset=(x, 1))
                await pilot.pause()
                assert (app.station_list.options.sort, app.station_list.options.reverse) == (
                    sort,
                    reverse,
                )


async def test_chosen_columns_are_shown_in_their_order() -> None:
    facts = {name: Facts(f"Station {name}", "Oslo", plugs=(Plug("CCS", 150),)) for name in NAMES}
    station_list = forty(facts=facts, starred={"SWE_1"})
    async with listing(station_list, width=120) as (app, _):
        for chosen, heads in (
            ("plug changed name free place", ["Plug", "Changed", "Station", "Free", "Place"]),
            ("changed free", ["Station", "Changed", "Free"]),
            ("name", ["Station"]),
            ("", ["Free", "Now", "Id", "Station", "Place", "Plug", "Changed"]),
        ):
            app.list.show_columns([ListColumn[each.upper()] for each in chosen.split()])
            head, first, second = lines_of(app.list)[:3]
            assert [each.lstrip("↓↑") for each in head.split()] == heads
            assert len({len(line) for line in (head, first, second)}) == 1
            # A station without a report fills its line, too.
            assert "SWE_1" in first
            at = next(x for x, letter in enumerate(second) if second[x:].startswith("Station NOR"))
            assert at == head.index("Station")


async def test_a_click_selects_the_row_as_painted() -> None:
    async with listing(forty()) as (app, pilot):
        await pilot.click("#list", offset=(30, 4))
        assert app.list.selected == "NOR_02"
        await pilot.click("#list", offset=(2, 5))
        await pilot.pause()
        assert app.list.selected == "NOR_03"
        assert [message.station for message in app.of(StationsPane.StarClicked)] == ["NOR_03"]


# Texts


async def test_the_titles_show_counts() -> None:
    facts = {name: Facts(plugs=(Plug("CCS", 150),)) for name in NAMES[:6]}
    station_list = forty(facts=facts, starred={"NOR_30"})
    async with listing(station_list) as (app, _):
        assert str(app.list.border_title) == "Stations 40 · starred first"
        assert str(app.list.border_subtitle) == "20 of 40 connectors free"
        station_list.filter = "ccs"
        app.list.rebuild()
        assert str(app.list.border_title) == "Stations 6 of 40 · starred first"
        assert str(app.list.border_subtitle) == "3 of 6 connectors free · 1 starred hidden"


async def test_large_filtered_lists_are_counted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_COUNTED_AT_ONCE", 5)
    facts = {name: Facts(plugs=(Plug("CCS", 150),)) for name in NAMES[:6]}
    station_list = forty(facts=facts)
    async with listing(station_list) as (app, _):
        station_list.filter = "ccs"
        app.list.rebuild()
        assert str(app.list.border_subtitle) == ""
        app.list.refresh_ages()
        assert str(app.list.border_subtitle) == "3 of 6 connectors free"


def target_of(app: Listing, setting: str) -> object:
    """Return the owner of a setting: a filter is parsed by the list."""
    return app.station_list if setting == "filter" else app.station_list.options


async def test_an_empty_list_says_why() -> None:
    async with listing(forty()) as (app, pilot):
        for setting, words in (
            ("filter", "No stations match the filter"),
            ("starred_only", "No starred stations"),
            ("faults_only", "No faulty stations"),
        ):
            setattr(target_of(app, setting), setting, "zzz" if setting == "filter" else True)
            app.list.rebuild()
            await pilot.pause()
            assert words in lines_of(app.list)[2]
            assert app.list.selected == ""
            setattr(target_of(app, setting), setting, "" if setting == "filter" else False)
        app.list.rebuild()
        assert app.list.selected == "NOR_00"


async def test_ages_are_refreshed() -> None:
    async with listing(forty()) as (app, pilot):
        app.clock.advance(180)
        app.list.refresh_ages()
        await pilot.pause()
        assert "3 min" in lines_of(app.list)[1]


async def test_only_ages_that_changed_are_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = {"NOR_1": START - 119_000, "NOR_2": START - 60_000}
    station_list = roster_of({name: [Connector(0, 0, at)] for name, at in moments.items()})
    async with listing(station_list) as (app, _pilot):
        lines_of(app.list)
        regions = repaints_of(app.list, monkeypatch)
        app.list.refresh_ages()
        assert regions == []
        app.clock.advance(1)
        app.list.refresh_ages()
        line = next(y for y, text in enumerate(lines_of(app.list)) if "NOR_1" in text)
        ((region,),) = regions
        assert (region.y, region.height) == (line, 1)
        assert region.width <= len("   2 min ")
        assert "2 min" in lines_of(app.list)[line][region.x : region.right]


_STEPS = (
    *("report", "raw", "star", "alert", "down", "live", "down", "live", "names", "plugs"),
    *("columns", "move"),
)


async def test_a_known_row_is_as_if_it_were_painted_now() -> None:
    chance = Random(5)
    station_list = roster_of(
        {name: [Connector(0, 0, START - 50_000 * at)] for at, name in enumerate(NAMES[:6])}
    )
    board, register = station_list.board, station_list.register
    async with listing(station_list) as (app, _pilot):
        pane = app.list
        for _ in range(300):
            step, number = chance.choice(_STEPS), chance.randrange(6)
            seconds, name = chance.choice((0, 1, 50, 400)), NAMES[number]
            match step:
                case "report":
                    app.report(name, Connector(number % 3 - 1, 0, app.clock.now()))
                case "raw":
                    said = board.stations[name].connectors[0]
                    board.apply_raw_report(name, 0, said, app.clock.now())
                    report = RawReport(name, 0, said, app.clock.now())
                    pane.apply(Batch(LinkState(), raw_reports=[report]))
                case "star":
                    # As the workspace does.
                    station_list.starred.symmetric_difference_update({name})
                    pane.rebuild(by_itself=True)
                case "alert":
                    pane.alerted.add(name)
                    pane.refresh()
                case "down":
                    board.downtime.stop(app.clock.now())
                case "live":
                    board.downtime.start(app.clock.now())
                case "names":
                    register.replace({name: Facts(f"Station {seconds}", plugs=(CCS,))})
                    pane.rebuild()
                case "plugs":
                    station_list.filter = "ccs" if number % 2 else ""
                    pane.rebuild()
                case "columns":
                    pane.show_columns([ListColumn.NAME, ListColumn.ID] if number % 2 else [])
                case "move":
                    pane.move_cursor(number - 2)
            app.clock.advance(seconds)
            pane.resort_when_idle()
            shown = lines_of(pane)
            known = dict(pane._strips)
            pane.clear_styles()
            assert lines_of(pane) == shown, (step, name)
            pane._strips.update(known)


async def test_a_resize_changes_the_layout() -> None:
    facts = {name: Facts(f"Station {name}", "Oslo") for name in NAMES}
    async with listing(forty(facts=facts), width=120) as (app, pilot):
        assert "Place" in lines_of(app.list)[0]
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert "Place" not in lines_of(app.list)[0]
        assert lines_of(app.list)[0].endswith("Changed ")
        assert {len(line) for line in lines_of(app.list)} == {
            app.list.scrollable_content_region.width
        }
