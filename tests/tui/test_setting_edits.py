"""Settings that the user or another program changes."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from nobil_tui.config.model import Config, InterfaceSection, WatchedSection
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.style.themes import DARK, LIGHT
from tests.conftest import FakeClock
from tests.tui.app_driver import (
    WIDE,
    live,
    main_of,
    opened,
    setup_of,
    styled,
    text_of,
    until,
)
from tests.tui.hundred_stations import hundred_stations
from tests.tui.three_stations import (
    screen_text,
    source_of,
)


async def test_a_star_that_cannot_be_saved_is_reported_and_kept(tmp_path: Path) -> None:
    clock, config = FakeClock(), tmp_path / "folder" / "config.toml"
    config.parent.write_text("not a folder")
    async with opened(setup_of(clock, source_of(clock), config_path=config)) as pilot:
        main = await live(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "applies until you quit" in screen_text(pilot))
        assert main.workspace.stations.selected in main.workspace.settings.starred
        await main.live_updates.tick()
        assert main.workspace.stations.selected in main.workspace.settings.starred


async def test_the_theme_and_the_keys_follow_a_changed_config(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "config.toml"
    path.write_text("")
    async with opened(setup_of(clock, source_of(clock), config_path=path)) as pilot:
        main = await live(pilot)
        path.write_text(
            '[interface]\ntheme = "evening"\n[interface.keys]\nstar = "f"\n'
            '[themes.evening]\nprimary = "#ffb454"\nfree = "#00ff88"\n'
        )
        await main.live_updates.tick()
        await pilot.pause()
        assert pilot.app.theme == "evening"
        assert pilot.app.current_theme.primary == "#ffb454"
        assert pilot.app.theme_variables["free"] == "#00ff88"
        await pilot.press("s")
        assert not main.workspace.settings.starred
        await pilot.press("f")
        assert main.workspace.settings.starred
        assert "f Star" in text_of(pilot)[-1]
        await until(pilot, lambda: not main.workspace.settings._unsaved)
        path.write_text('[interface]\ntheme = "evning"\n[themes.evening]\nfree = "#00ff99"\n')
        await main.live_updates.tick()
        assert pilot.app.theme == DARK
        await until(pilot, lambda: "there is no theme 'evning'" in screen_text(pilot))


async def test_a_changed_theme_looks_like_one_set_at_the_start() -> None:
    def setup(theme: str) -> AppOptions:
        clock = FakeClock()
        config = Config(
            interface=InterfaceSection(theme=theme), watched=WatchedSection(["NOR_00002"])
        )
        return setup_of(clock, source_of(clock), config=config)

    async def show_filter(pilot: Pilot[int]) -> None:
        await live(pilot)
        await pilot.press("slash")
        main_of(pilot).commands.filters.show("minde")
        await pilot.pause()

    async with opened(setup(""), (130, 30)) as pilot:
        await show_filter(pilot)
        for name in (LIGHT, "nord", "ansi-dark"):
            pilot.app.theme = name
            await pilot.pause()
            await pilot.pause()
            async with opened(setup(name), (130, 30)) as another:
                await show_filter(another)
                assert styled(pilot) == styled(another), name


async def test_alerts_and_deleted_filters_are_undone() -> None:
    clock = FakeClock()
    config = Config(filters={"Fast": "ccs"})
    async with opened(setup_of(clock, hundred_stations(clock), config=config), WIDE) as pilot:
        main = await live(pilot)
        workspace = main.workspace
        await pilot.press("n")
        assert len(workspace.alerts.rules) == 1
        await pilot.press("n")
        assert not workspace.alerts.rules
        main.commands.filters.delete("Fast")
        assert not workspace.settings.filters
        await pilot.press("u")
        assert workspace.settings.filters == {"Fast": "ccs"}
        await pilot.press("u")
        assert [rule.station for rule in workspace.alerts.rules] == [workspace.stations.selected]
        await pilot.press("u")
        assert not workspace.alerts.rules
