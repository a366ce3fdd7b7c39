"""The palette: every command with its key, the saved filters, and stations by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.command import Command, CommandList, DiscoveryHit, Hit, Provider
from textual.pilot import Pilot
from textual.widgets import Input

from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.commands import COMMANDS, Context, command_by_id
from nobil_tui.config.model import Config, InterfaceSection
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.dialogs.help import HelpScreen
from nobil_tui.tui.palette import (
    MAX_FOUND_STATIONS,
    CommandProvider,
    Palette,
    StationProvider,
)
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until

REGISTER = Register(
    {
        "NOR_00001": Facts("Fornebu S", "Bærum"),
        "NOR_00002": Facts("Rådhusgata 12", "Oslo"),
        "NOR_00003": Facts("Minde Ladepark Bergen", "Bergen"),
        "NOR_00009": Facts("Never streamed", "Oslo"),
    }
)
KEYS = KeyBindings()


@asynccontextmanager
async def app(
    register: Register | None = REGISTER,
    player: Any = None,
    config_path: Path | None = None,
    **config: Any,
) -> AsyncIterator[tuple[MainScreen, Pilot[int]]]:
    clock = FakeClock()
    source = HandSource(clock, register, player=player)
    stations = [
        Station(f"NOR_0000{n}", [Connector(status, 0, START)])
        for n, status in ((1, 0), (2, 1), (3, -1))
    ]
    source.feed.put(Connected(START), Snapshot(stations, START))
    async with opened(
        setup_of(clock, source, config=Config(**config), config_path=config_path)
    ) as pilot:
        yield await live(pilot), pilot


async def offered(main: MainScreen) -> list[DiscoveryHit]:
    """Return the entries that are offered before anything is typed."""
    return [hit async for hit in CommandProvider(main).discover() if isinstance(hit, DiscoveryHit)]


async def found(provider: type[Provider], main: MainScreen, query: str) -> list[Hit]:
    """Return the hits of a provider, the best first."""
    hits = [hit async for hit in provider(main).search(query) if isinstance(hit, Hit)]
    return sorted(hits, key=lambda hit: hit.score, reverse=True)


def text(hit: Hit | DiscoveryHit) -> str:
    return str(hit.text)


class Player:
    words = "4x"


@pytest.mark.parametrize("player", [None, Player()])
async def test_every_available_command_is_offered_with_its_key(player: Player | None) -> None:
    async with app(player=player) as (main, _):
        texts = {text(hit): str(hit.help) for hit in await offered(main)}
        for command in COMMANDS:
            label = KEYS.label(command)
            title = f"{command.label}   {label}" if label else command.label
            wanted = command.palette and (
                player is not None or command.context is not Context.PLAYING
            )
            assert (title in texts) is wanted, command.id
            if wanted:
                assert texts[title].replace("\\[", "[") == command.tooltip
        assert texts["Not streamed"].startswith("Show or hide stations of the register")


async def test_remapped_keys_are_shown() -> None:
    async with app(interface=InterfaceSection(keys={"star": "f", "sort": []})) as (main, _):
        texts = [text(hit) for hit in await offered(main)]
        assert "Star   f" in texts
        assert "Sort" in texts


async def test_a_command_is_found_by_its_label_and_its_tooltip() -> None:
    async with app() as (main, _):
        hits = await found(CommandProvider, main, "star")
        assert text(hits[0]) == "Star   s"
        assert "Export log   x" in [
            text(hit) for hit in await found(CommandProvider, main, "export the event")
        ]
        assert await found(CommandProvider, main, "zzzz") == []


async def test_saved_filters_are_offered_by_name() -> None:
    async with app(filters={"Fast [/b]": "ccs", "Oslo": "oslo"}) as (main, pilot):
        filters = [
            "Filter: Fast [/b]   1",
            "Filter: Oslo   2",
            "Delete filter: Fast [/b]",
            "Delete filter: Oslo",
        ]
        assert [text(hit) for hit in await offered(main)][-4:] == filters
        hit, _ = await found(CommandProvider, main, "Filter: Fast")
        assert str(hit.prompt) == "Filter: Fast [/b]   1"
        hit, _ = await found(CommandProvider, main, "Filter: Oslo")
        hit.command()
        await pilot.pause()
        assert main.workspace.station_list.filter == "oslo"
        assert main.workspace.station_list.ids == ["NOR_00002"]


async def test_a_saved_filter_is_deleted(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[filters]\n"Fast" = "ccs"\nOslo = "oslo"  # mine\n')
    async with app(filters={"Fast": "ccs", "Oslo": "oslo"}, config_path=config) as (main, pilot):
        (hit,) = await found(CommandProvider, main, "Delete filter: Fast")
        hit.command()
        await until(pilot, lambda: "Fast" not in config.read_text())
        assert main.commands.saved_filters == {"Oslo": "oslo"}
        assert config.read_text() == '[filters]\nOslo = "oslo"  # mine\n'


async def test_stations_are_found_by_name_place_or_id() -> None:
    async with app() as (main, _):
        for query, texts in (
            ("fornebu", ["Fornebu S, Bærum"]),
            # Without diacritics, and by place and id.
            ("RADHUS", ["Rådhusgata 12, Oslo"]),
            ("oslo 12", ["Rådhusgata 12, Oslo"]),
            ("nor_00003", ["Minde Ladepark Bergen"]),
            ("zzz", []),
            ("  ", []),
            # A station that only the register knows cannot be selected.
            ("never", []),
        ):
            assert [text(hit) for hit in await found(StationProvider, main, query)] == texts, query


async def test_a_station_is_offered_with_its_state() -> None:
    async with app() as (main, _):
        for query, words in (("fornebu", "NOR_00001  1/1 free"), ("minde", "NOR_00003  ?/1 free")):
            (hit,) = await found(StationProvider, main, query)
            assert str(hit.help).startswith(words)


async def test_without_a_register_the_id_is_the_name() -> None:
    async with app(None) as (main, _):
        assert [text(hit) for hit in await found(StationProvider, main, "00002")] == ["NOR_00002"]


async def test_the_number_of_offered_stations_is_limited() -> None:
    clock = FakeClock()
    source = HandSource(clock)
    many = [
        Station(f"NOR_{n:05}", [Connector(0, 0, START)]) for n in range(MAX_FOUND_STATIONS + 20)
    ]
    source.feed.put(Connected(START), Snapshot(many, START))
    async with opened(setup_of(clock, source)) as pilot:
        main = await live(pilot)
        assert len(await found(StationProvider, main, "nor")) == MAX_FOUND_STATIONS


async def test_a_hidden_station_is_selected() -> None:
    async with app() as (main, pilot):
        main.commands.filters.show("minde")
        await pilot.press("w")
        (hit,) = await found(StationProvider, main, "fornebu")
        hit.command()
        await pilot.pause()
        assert main.workspace.stations.selected == "NOR_00001"
        # What narrows the list stays.
        assert main.workspace.station_list.ids == ["NOR_00001"]
        assert main.workspace.station_list.filter == "minde"
        assert main.focused is main.workspace.stations


async def test_commands_come_before_stations() -> None:
    async with app(Register({"NOR_00001": Facts("Star Park")})) as (main, _):
        commands, stations = (
            await found(CommandProvider, main, "star"),
            await found(StationProvider, main, "star"),
        )
        assert stations
        assert commands[0].score > stations[0].score


# In the app


async def palette(pilot: Pilot[int], typed: str, first: str) -> None:
    """Open the palette, enter a text at once, and choose the entry that is found first."""
    await pilot.press("ctrl+p")
    pilot.app.screen.query_one(Input).value = typed
    # Before anything is found, all entries are listed.
    await until(pilot, lambda: _first_listed(pilot).startswith(first))
    await pilot.press("enter")
    await pilot.pause()


def _first_listed(pilot: Pilot[int]) -> str:
    entries = pilot.app.screen.query_one(CommandList).options
    return str(entries[0].hit.text) if entries and isinstance(entries[0], Command) else ""


async def test_commands_run_from_every_pane() -> None:
    async with app() as (main, pilot):
        workspace = main.workspace

        async def focus(pane: str) -> None:
            main.query_one(f"#{pane}").focus()
            await pilot.pause()

        await focus("log")
        sort = workspace.station_list.options.sort
        await palette(pilot, "sort the stations by", "Sort ")
        await until(pilot, lambda: workspace.station_list.options.sort is not sort)
        await focus("connectors")
        scope = workspace.event_log.scope
        await palette(pilot, "log all stations", "Log scope")
        await until(pilot, lambda: workspace.event_log.scope is not scope)
        await focus("stations")
        await palette(pilot, "show all keys", "Help")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_escape_closes_the_palette() -> None:
    async with app() as (main, pilot):
        await pilot.press("ctrl+p")
        opened = pilot.app.screen
        assert isinstance(opened, Palette)
        await pilot.press("escape")
        assert pilot.app.screen is main


async def test_a_search_ends_with_its_palette() -> None:
    async with app() as (main, pilot):
        await pilot.press("ctrl+p")
        opened = pilot.app.screen
        assert isinstance(opened, Palette)
        await pilot.press("escape")
        await until(pilot, lambda: not opened.children)
        # As where the text changes while the app closes.
        await opened._gather_commands("sort").wait()
        assert pilot.app.screen is main


@pytest.mark.parametrize("key", [key for key in command_by_id("quit").keys if "+" in key])
async def test_the_keys_to_quit_work(key: str) -> None:
    async with app() as (_, pilot):
        await pilot.press("ctrl+p", "q")
        assert isinstance(pilot.app.screen, Palette)
        assert pilot.app.screen.query_one("CommandInput").value == "q"  # type: ignore[attr-defined]
        await pilot.press(key)
    assert pilot.app.return_value == 0


async def test_the_empty_palette_says_what_to_type() -> None:
    async with app() as (_, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "A command, or a station by name" in "\n".join(text_of(pilot)))
