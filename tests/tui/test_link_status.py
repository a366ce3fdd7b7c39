"""The state of the link on screen."""

from __future__ import annotations

from nobil_tui.charging.events import Connected, Ended, HubState, Lost, Snapshot
from nobil_tui.config.alert_rules import AlertRule, AlertsSection
from nobil_tui.config.model import Config, HomeSection, WatchedSection
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.tui.commands.view import about
from tests.conftest import START, FakeClock
from tests.tui.app_driver import (
    HandSource,
    live,
    main_of,
    opened,
    setup_of,
    text_of,
    until,
)
from tests.tui.three_stations import (
    REGISTER,
    country,
    screen_text,
    source_of,
)


async def test_the_waiting_text_below_starred_stations_follows_the_link() -> None:
    clock = FakeClock()
    source = HandSource(clock)
    config = Config(watched=WatchedSection(["NOR_1"]))
    async with opened(setup_of(clock, source, config=config)) as pilot:
        await until(pilot, lambda: "Connecting to example.org." in "\n".join(text_of(pilot)))
        source.feed.put(Connected(START))
        await until(pilot, lambda: "Waiting for the first report." in "\n".join(text_of(pilot)))


async def test_a_hub_that_serves_a_simulation_is_one() -> None:
    """Its stations are in no register, and what is set for real ones does not apply to them."""
    clock = FakeClock()
    source = HandSource(clock)
    source.state_key = "hub"
    config = Config(
        watched=WatchedSection(["NOR_00001"], ["NOR_00002"]),
        alerts=AlertsSection(rule=[AlertRule("NOR_00001")]),
        home=HomeSection((59.9, 10.6), (60.0, 11.0)),
    )
    async with opened(setup_of(clock, source, config=config)) as pilot:
        source.feed.put(Connected(START), Snapshot(country(), START))
        main = await live(pilot)
        settings = main.workspace.settings
        assert "R: get the names of stations" in screen_text(pilot)
        assert settings.starred == {"NOR_00001"}
        assert main.workspace.alerts.stations == {"NOR_00001"}
        assert main.workspace.station_list.home == (59.9, 10.6)
        assert "c Connect" not in screen_text(pilot)
        source.feed.put(Snapshot(country(), START + 1, hub=HubState(simulated=True)))
        await until(pilot, lambda: settings.starred == {"NOR_00002"})
        await pilot.pause()
        assert "get the names" not in screen_text(pilot)
        assert "SIMULATED   example.org" in screen_text(pilot)
        assert "c Connect" in screen_text(pilot)
        assert "connected to example.org, a simulation" in about(main.workspace)
        assert main.workspace.station_list.home == (60.0, 11.0)
        assert main.workspace.alerts.rules == []
        assert not main.workspace.alerts.refresh()
        assert main.workspace.alerts.stations == set()


async def test_a_source_that_cannot_be_opened_is_reported_and_retried() -> None:
    clock = FakeClock()
    source = HandSource(clock, REGISTER, problems=["The simulation cannot start: no port is free."])
    source.feed.put(Connected(START), Snapshot(country(), START))
    async with opened(setup_of(clock, source)) as pilot:
        main = main_of(pilot)
        await until(pilot, lambda: main.workspace.session.link.phase is LinkPhase.FAILED)
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert "FAILED" in screen_text(pilot)
        assert "no port is free" in screen_text(pilot)
        await pilot.press("r")
        await live(pilot)


async def test_a_lost_link_shows_the_unconfirmed_connectors() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.workspace.session.source.feed.put(Lost("the connection broke", START, START + 7000))  # type: ignore[attr-defined]
        await until(pilot, lambda: main.workspace.session.link.phase is LinkPhase.RETRYING)
        clock.advance(1)
        await main.live_updates.tick()
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert "RETRY IN 6 s" in screen_text(pilot)
        assert "5 unconfirmed" in screen_text(pilot)
        assert "~1 min" in screen_text(pilot)
        await pilot.press("r")
        assert main.workspace.session.source.feed.retries == 1  # type: ignore[attr-defined]


async def test_the_end_of_a_source_is_shown() -> None:
    clock = FakeClock()
    source = source_of(clock)
    async with opened(setup_of(clock, source)) as pilot:
        main = await live(pilot)
        source.feed.put(Ended(START + 10))
        source.feed.end()
        await until(pilot, lambda: main.workspace.session.link.phase is LinkPhase.ENDED)
        await until(pilot, lambda: source.closed == 1)
        assert "ENDED" in screen_text(pilot)
        assert main.workspace.stations.count == 3
