"""The history of a station: the dialog, and the strips in the connectors pane."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from nobil_tui.charging.events import Connected, ConnectorReport
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.config.model import Config, HistorySection, RecordMode
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.listening import Interval
from nobil_tui.history.observation import Portion, StoredChange
from nobil_tui.history.store import read_station
from nobil_tui.history.tally import HourTally
from nobil_tui.tui.dialogs.help import HelpText
from nobil_tui.tui.dialogs.history import HistoryScreen
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.wire.status_words import connector_from
from tests.conftest import START, FakeClock
from tests.history.records import hour_of
from tests.tui.app_driver import (
    NARROW,
    SIZES,
    WIDE,
    HandSource,
    SteppedSource,
    live,
    opened,
    setup_of,
    text_of,
    until,
)

STATION = "NOR_00001"
HOUR = 3_600_000
FACTS = Facts(
    name="Torget", plugs=(Plug("CCS", 150.0), Plug("Type 2", 22.0)), plug_evse_uids=("a", "b")
)


async def open_history(pilot: Pilot[int]) -> MainScreen:
    main = await live(pilot)
    await pilot.press("h")
    await until(
        pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.has_content
    )
    await pilot.pause()
    return main


def said(pilot: Pilot[int]) -> str:
    text = pilot.app.screen.query_one(HelpText)
    region = text.content_region
    lines = [line[region.x : region.right] for line in text_of(pilot)[region.y : region.bottom]]
    return "\n".join(line.rstrip() for line in lines)


def source(clock: FakeClock) -> HandSource:
    found = HandSource(clock, Register({STATION: FACTS}))
    found.feed.put(
        Connected(START),
        ConnectorReport(STATION, "a", connector_from("AVAILABLE"), START),
        ConnectorReport(STATION, "b", connector_from("OUTOFORDER"), START),
    )
    return found


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return a history of the last four hours, and a profile."""
    path = tmp_path / "history.sqlite"
    database = HistoryDatabase.open_to_write(path)
    changes = [
        StoredChange(STATION, "a", 1, START - 4 * HOUR, 0),
        StoredChange(STATION, "a", 1, START - 3 * HOUR, 1),
        StoredChange(STATION, "a", 1, START - 2 * HOUR, 0),
        StoredChange(STATION, "b", 2, START - 4 * HOUR, 4),
    ]
    begin = (START - 4 * HOUR) // 1000
    hours = [
        hour_of(STATION, HourTally(week, hour, 3600, 1800, 7200, 1800, 3600))
        for week in (1, 2)
        for hour in range(168)
    ]
    database.write(Portion(changes, hours, {begin: Interval(begin, START // 1000, begin)}))
    database.close()
    return path


async def test_it_shows_a_heat_map_and_statistics(history: Path) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source(clock), history_path=history), WIDE) as pilot:
        await open_history(pilot)
        text = said(pilot)

        assert "2 weeks observed" in text
        assert "Usually free at this hour: 2 of 2 weeks" in text
        assert "Session  median 1 h 00 min, 90 % within 1 h 00 min" in text
        assert "(1 session)" in text
        assert "50 % of the time" in text
        assert "✗ connector 2 since" in text
        assert "#1 ● free" in text
        assert text.count("▅" * 48) == 7
        assert "History on disk:" in text

        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HistoryScreen)


async def test_it_follows_the_station_while_it_is_open(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "history.sqlite"
    feed = source(clock)
    feed.state_key = "hand"
    config = Config(history=HistorySection(record=RecordMode.ALL))

    def rows() -> int:
        found = read_station(path, STATION, 0, print) if path.exists() else None
        return len(found.connectors[0].rows) if found is not None and found.connectors else 0

    async with opened(setup_of(clock, feed, history_path=path, config=config), WIDE) as pilot:
        await live(pilot)
        await until(pilot, rows)
        await open_history(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        assert "Last changes" not in said(pilot)
        clock.advance(120)
        report = ConnectorReport(STATION, "a", connector_from("CHARGING"), clock.now())
        feed.feed.put(report)
        await until(pilot, lambda: rows() > 1)
        for _ in range(2):
            screen._follow()
        await until(pilot, lambda: "#1 ■ occupied" in said(pilot))


async def test_a_filter_by_plug_narrows_the_heat_map(history: Path) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source(clock), history_path=history), WIDE) as pilot:
        main = await live(pilot)
        main.workspace.station_list.filter = "ccs"
        main.workspace.relist()
        await open_history(pilot)
        text = said(pilot)

        assert "Time with a free connector: CCS" in text
        # Only the four hours of which single changes are stored.
        assert sum(text.count(bar) for bar in "▁▂▃▄▅▆▇█") < 2 * 24 + 12


async def test_a_station_without_any_observation(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(
        setup_of(clock, source(clock), history_path=tmp_path / "none.sqlite"), WIDE
    ) as pilot:
        await open_history(pilot)
        assert said(pilot) == "Nothing has been observed of this station yet."


async def test_a_profile_alone_says_how_to_record_more(history: Path) -> None:
    database = HistoryDatabase.open_to_write(history)
    database._connection.execute("DELETE FROM change")
    database.close()
    clock = FakeClock()
    async with opened(setup_of(clock, source(clock), history_path=history), WIDE) as pilot:
        await open_history(pilot)
        text = said(pilot)
        assert "no complete one recorded" in text
        assert "Press s in the list to record every change." in text


async def test_it_fits_every_terminal(tmp_path: Path) -> None:
    clock = FakeClock()
    setup = setup_of(clock, SteppedSource(clock), history_path=tmp_path / "none.sqlite")
    async with opened(setup) as pilot:
        await open_history(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.press("home")
            days = [
                line
                for line in said(pilot).splitlines()
                if line.strip().startswith(("Mon", "Wed", "Sun"))
            ]
            assert len(days) >= 3, size
            if size is not NARROW:
                await pilot.press("end")
                assert "SIMULATED: four made-up weeks" in said(pilot), size


async def test_the_connectors_pane_shows_the_last_day_and_the_usual(history: Path) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source(clock), history_path=history), WIDE) as pilot:
        main = await live(pilot)
        connectors = main.workspace.connectors
        await until(pilot, lambda: connectors.history is not None and connectors.history.connectors)
        await pilot.pause()
        lines = ["".join(segment.text for segment in row) for row in connectors._rows]

        strips = [line for line in lines if "▁" in line or "✗✗" in line]
        assert len(strips) == 2
        free, fault = (line.strip() for line in strips)
        # Blank before the observation began; then free, occupied, free.
        assert free.strip("▁▆") == ""
        assert free.count("▆") * 3 == len(free) - free.count("▆")
        assert set(fault) == {"✗"}
        assert any("Usually free at this hour: 2 of 2 weeks" in line for line in lines)


async def test_another_station_has_no_strip_of_the_one_before(history: Path) -> None:
    clock = FakeClock()
    other = source(clock)
    other.feed.put(ConnectorReport("NOR_00002", "x", connector_from("AVAILABLE"), START))
    async with opened(setup_of(clock, other, history_path=history), WIDE) as pilot:
        main = await live(pilot)
        connectors = main.workspace.connectors
        main.workspace.select(STATION)
        await until(pilot, lambda: connectors.history is not None and connectors.history.connectors)
        main.workspace.select("NOR_00002")
        await pilot.pause()
        assert not any("▁" in segment.text for row in connectors._rows for segment in row)
