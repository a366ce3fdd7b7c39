"""The dialog that downloads the register: progress, cancelling, and errors with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from textual.pilot import Pilot
from textual.widgets import Button, Input, ProgressBar

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.model import Config, RegisterSection
from nobil_tui.register.cache import load_register
from nobil_tui.register.update import update_register
from nobil_tui.tui.dialogs.register import RegisterScreen
from nobil_tui.tui.live_updates import LiveUpdates
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import START, FakeClock, guarded
from tests.http_service import body
from tests.register.register_service import KEY, RegisterService, dump_of, stations
from tests.tui.app_driver import (
    NARROW,
    WIDE,
    HandSource,
    SteppedSource,
    live,
    opened,
    setup_of,
    text_of,
    until,
)

DAY = 24 * 3600.0
"""One day in seconds."""


class Fetching:
    """An app with a simulated source, which downloads nothing by itself, and a register service."""

    def __init__(self, path: Path, service: RegisterService) -> None:
        self.path = path
        self.service = service
        self.clock = FakeClock()
        self.key: str | None = KEY
        self.renewed = 0
        """How often the screen was asked to show a new register."""

    @asynccontextmanager
    async def screen(
        self, size: tuple[int, int] = WIDE, **more: Any
    ) -> AsyncIterator[tuple[MainScreen, Pilot[int]]]:
        """Open the app and the dialog."""
        section = RegisterSection(
            api_key=Secret(self.key) if self.key else None, address=self.service.address
        )
        source = HandSource(self.clock)
        source.simulated = True
        source.feed.put(
            Connected(START), Snapshot([Station("NOR_00001", [Connector(0, 0, START)])], START)
        )
        setup = setup_of(
            self.clock,
            source,
            **{"config": Config(register=section), "register_path": self.path, **more},
        )
        async with opened(setup, size) as pilot:
            main = await live(pilot)
            # What is stored was read.
            await until(
                pilot,
                lambda: not [worker for worker in pilot.app.workers if worker.group == "register"],
            )
            self.renewed = 0
            await begin(main, pilot)
            yield main, pilot

    async def store(self) -> None:
        """Store the registers of both countries."""
        await guarded(
            update_register(
                self.path, ["NOR", "SWE"], Secret(KEY), self.service.address, clock=self.clock
            )
        )
        self.service.asked.clear()

    @property
    def stored(self) -> set[str]:
        """The ids of the stored stations."""
        cached = load_register(self.path)
        return set(cached.facts) if cached is not None else set()

    @property
    def asked(self) -> list[str]:
        return [asked.query["countrycode"] for asked in self.service.asked]


async def begin(main: MainScreen, pilot: Pilot[int]) -> None:
    """Open the dialog and wait until it is shown. It may be closed by then."""
    await main.commands.run("update-register")
    screen = pilot.app.screen
    assert isinstance(screen, RegisterScreen)
    await until(pilot, lambda: pilot.app.screen is main or screen.query(Button))
    await pilot.pause()


@pytest.fixture
async def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fetching]:
    async with RegisterService() as service:
        it = Fetching(tmp_path / "cache" / "register.msgpack", service)
        original = LiveUpdates.register_changed

        def counted(live_updates: LiveUpdates) -> None:
            it.renewed += 1
            original(live_updates)

        monkeypatch.setattr(LiveUpdates, "register_changed", counted)
        yield it


def said(pilot: Pilot[int]) -> str:
    """Return the text of the dialog; if it is closed, the text on screen."""
    lines = text_of(pilot)
    for dialog in pilot.app.screen.query(".dialog"):
        region = dialog.region
        lines = [line[region.x + 1 : region.right - 1] for line in lines[region.y : region.bottom]]
    return " ".join(" ".join(lines).split())


def button(pilot: Pilot[int]) -> Button:
    return pilot.app.screen.query_one("#download", Button)


def bar(pilot: Pilot[int]) -> ProgressBar:
    return pilot.app.screen.query_one("#bar", ProgressBar)


class Stuck:
    """Sends a part of the answer, and then nothing."""

    def __init__(self, service: RegisterService) -> None:
        self._service = service
        self._request: web.Request | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self._request = request
        return await self._service.half(request)

    @property
    def left(self) -> bool:
        """Whether the client has disconnected."""
        return self._request is not None and (
            self._request.transport is None or self._request.transport.is_closing()
        )


async def test_a_download_is_reported(fetching: Fetching) -> None:
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: pilot.app.screen is main)
        assert fetching.asked == ["NOR", "SWE"]
        assert len(main.workspace.user_register) == len(fetching.stored) == 5
        assert fetching.renewed == 1
        await until(pilot, lambda: "Torget" in said(pilot))
        await until(
            pilot, lambda: "Norway: 3 stations from 127.0.0.1. Sweden: 2 stations" in said(pilot)
        )


async def test_the_progress_is_shown(fetching: Fetching) -> None:
    fetching.service.answers.append(fetching.service.half)
    async with fetching.screen() as (_, pilot):
        await until(pilot, lambda: bar(pilot).progress)
        assert (bar(pilot).total, bar(pilot).progress) == (1000, 21)
        assert bar(pilot).display
        assert button(pilot).disabled
        assert "Norway: downloading 0.0 of 0.0 MB" in said(pilot)


@pytest.mark.parametrize("way", ["escape", "cancel", "beside"])
async def test_closing_it_stops_the_download(fetching: Fetching, way: str) -> None:
    await fetching.store()
    fetching.clock.advance(DAY)
    before = fetching.stored
    fetching.service.answers.append(stuck := Stuck(fetching.service))
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: bar(pilot).progress)
        assert not stuck.left
        if way == "escape":
            await pilot.press("escape")
        elif way == "cancel":
            await pilot.click("#cancel")
        else:
            await pilot.click(offset=(1, 1))
        await until(pilot, lambda: pilot.app.screen is main)
        await until(pilot, lambda: stuck.left)
        assert main.workspace.register_updater is not None
        await until(
            pilot,
            lambda: (
                main.workspace.register_updater and not main.workspace.register_updater.updating
            ),
        )
        assert fetching.asked == ["NOR"]
        assert fetching.stored == before
        # It can be started again.
        await begin(main, pilot)
        await until(pilot, lambda: fetching.asked == ["NOR", "NOR", "SWE"])
        await until(pilot, lambda: pilot.app.screen is main)


async def test_a_refused_key_is_reported_and_not_shown(fetching: Fetching) -> None:
    fetching.key = "an0ther-Key"
    async with fetching.screen() as (_, pilot):
        await until(pilot, lambda: "127.0.0.1 says: Wrong API key." in said(pilot))
        # The other country and a retry would have the same result.
        assert fetching.asked == ["NOR"]
        # Another key can be typed.
        assert not button(pilot).disabled
        assert not bar(pilot).display
        assert "an0ther" not in said(pilot)
        assert fetching.renewed == 0


async def test_a_register_with_too_few_stations_needs_confirmation(fetching: Fetching) -> None:
    await fetching.store()
    fetching.clock.advance(DAY)
    fetching.service.stations["NOR"] = stations("NOR", 1)
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: "Got only 1 station of Norway, but 3 are stored" in said(pilot))
        assert "NOR_00003" in fetching.stored
        assert not button(pilot).disabled
        assert not bar(pilot).display
        fetching.service.answers.append(fetching.service.half)
        await pilot.click("#download")
        # The progress is shown again, and the button is disabled.
        await until(pilot, lambda: bar(pilot).display and bar(pilot).progress)
        assert button(pilot).disabled
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main)
        await begin(main, pilot)
        await until(pilot, lambda: "Got only" in said(pilot))
        await pilot.click("#download")
        await until(pilot, lambda: pilot.app.screen is main)
        assert fetching.stored == {"NOR_00001", "SWE_00001", "SWE_00002"}
        assert {*main.workspace.user_register} == fetching.stored


async def test_a_recent_register_is_downloaded_on_request(fetching: Fetching) -> None:
    await fetching.store()
    fetching.clock.advance(3600)
    async with fetching.screen() as (main, pilot):
        await until(
            pilot, lambda: "Norway: 3 stations, fetched 1 h ago. Sweden: 2 stations" in said(pilot)
        )
        assert fetching.asked == []
        fetching.service.stations["SWE"] = stations("SWE", 4)
        await pilot.click("#download")
        await until(pilot, lambda: pilot.app.screen is main)
        assert fetching.asked == ["NOR", "SWE"]
        assert len(main.workspace.user_register) == 7


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_key_is_typed_and_tried_before_it_is_kept(
    fetching: Fetching, size: tuple[int, int]
) -> None:
    fetching.key = None
    async with fetching.screen(size) as (main, pilot):
        assert "Stations show their ids until a register is downloaded." in said(pilot)
        assert not bar(pilot).display
        await pilot.press("enter")
        assert "Enter the key of the station register." in said(pilot)
        await pilot.press(*"wrong", "enter")
        await until(pilot, lambda: "127.0.0.1 says: " in said(pilot))
        assert pilot.app.screen.query_one("#key", Input).has_focus
        assert main.workspace.settings.config.register.api_key is None
        await pilot.press("ctrl+u", *KEY, "enter")
        await until(pilot, lambda: pilot.app.screen is main)
        kept = main.workspace.settings.config.register.api_key
        assert kept is not None
        assert kept.reveal() == KEY
        assert len(main.workspace.user_register) == 5


async def test_the_key_of_the_environment_is_used(fetching: Fetching) -> None:
    fetching.key = None
    async with fetching.screen(environ={"NOBIL_REGISTER_KEY": KEY}) as (main, pilot):
        await until(pilot, lambda: pilot.app.screen is main)
        assert len(main.workspace.user_register) == 5


async def test_one_country_is_stored_if_the_other_fails(fetching: Fetching) -> None:
    fetching.service.answers.append(body(dump_of(stations("NOR", 4))))
    fetching.service.stations["SWE"] = []
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: "Sweden: 127.0.0.1 sent no stations." in said(pilot))
        assert "Norway: 4 stations from 127.0.0.1." in said(pilot)
        assert len(main.workspace.user_register) == len(fetching.stored) == 4
        assert fetching.renewed == 1
        # Not too few stations: to download it anyway would not help.
        assert button(pilot).disabled
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main and "Torget" in said(pilot))


async def test_without_a_folder_for_it_an_update_is_refused(clock: FakeClock) -> None:
    async with opened(setup_of(clock, SteppedSource(clock))) as pilot:
        main = await live(pilot)
        await main.commands.run("update-register")
        await pilot.pause()
        assert pilot.app.screen is main
        assert "Cannot update the station register" in said(pilot)
