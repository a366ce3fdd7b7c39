"""Fetching the register by hand: it shows how far it is, can be left, and says what went wrong and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from textual.pilot import Pilot
from textual.widgets import Button, ProgressBar

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
from tests.feeds.enova_service import body
from tests.register.register_service import KEY, RegisterService, dump_of, stations
from tests.tui.app_driver import NARROW, WIDE, HandSource, SteppedSource, live, opened, setup_of, text_of, until

DAY = 24 * 3600.0
"""Seconds."""


class Fetching:
    """An app over something made up, so that it asks nobody by itself, and a service to ask."""

    def __init__(self, path: Path, service: RegisterService) -> None:
        self.path = path
        self.service = service
        self.clock = FakeClock()
        self.key: str | None = KEY
        self.renewed = 0
        """How often the screens were told that there is something new."""

    @asynccontextmanager
    async def screen(self, size: tuple[int, int] = WIDE, **more: Any) -> AsyncIterator[tuple[MainScreen, Pilot[int]]]:
        """Open the screen."""
        section = RegisterSection(api_key=Secret(self.key) if self.key else None, address=self.service.address)
        source = HandSource(self.clock)
        source.simulated = True
        source.feed.put(Connected(START), Snapshot([Station("NOR_00001", [Connector(0, 0, START)])], START))
        setup = setup_of(
            self.clock,
            source,
            **{"config": Config(register=section), "register_path": self.path, **more},
        )
        async with opened(setup, size) as pilot:
            main = await live(pilot)
            # What is stored was read.
            await until(pilot, lambda: not [worker for worker in pilot.app.workers if worker.group == "register"])
            self.renewed = 0
            await begin(main, pilot)
            yield main, pilot

    async def store(self) -> None:
        """Have both countries stored."""
        await guarded(update_register(self.path, ["NOR", "SWE"], Secret(KEY), self.service.address, clock=self.clock))
        self.service.asked.clear()

    @property
    def stored(self) -> set[str]:
        """The stations that are stored."""
        cached = load_register(self.path)
        return set(cached.facts) if cached is not None else set()

    @property
    def asked(self) -> list[str]:
        return [asked.query["countrycode"] for asked in self.service.asked]


async def begin(main: MainScreen, pilot: Pilot[int]) -> None:
    """Open the screen, and wait until it is seen. It may be gone by then."""
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
    """What stands in the dialog, as one text; where there is none, what is on screen."""
    lines = text_of(pilot)
    for dialog in pilot.app.screen.query(".dialog"):
        region = dialog.region
        lines = [line[region.x + 1 : region.right - 1] for line in lines[region.y : region.bottom]]
    return " ".join(" ".join(lines).split())


def button(pilot: Pilot[int]) -> Button:
    return pilot.app.screen.query_one("#force", Button)


def bar(pilot: Pilot[int]) -> ProgressBar:
    return pilot.app.screen.query_one("#bar", ProgressBar)


class Stuck:
    """Answers a part, and then nothing more."""

    def __init__(self, service: RegisterService) -> None:
        self._service = service
        self._request: web.Request | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self._request = request
        return await self._service.half(request)

    @property
    def left(self) -> bool:
        """Whether who asked has hung up."""
        return self._request is not None and (self._request.transport is None or self._request.transport.is_closing())


async def test_it_is_fetched_and_that_is_told(fetching: Fetching) -> None:
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: pilot.app.screen is main)
        assert fetching.asked == ["NOR", "SWE"]
        assert len(main.workspace.user_register) == len(fetching.stored) == 5
        assert fetching.renewed == 1
        await until(pilot, lambda: "Torget" in said(pilot))
        await until(pilot, lambda: "Norway: 3 stations from 127.0.0.1. Sweden: 2 stations" in said(pilot))


async def test_it_shows_how_far_it_is(fetching: Fetching) -> None:
    fetching.service.answers.append(fetching.service.half)
    async with fetching.screen() as (_, pilot):
        await until(pilot, lambda: bar(pilot).progress)
        assert (bar(pilot).total, bar(pilot).progress) == (1000, 21)
        assert bar(pilot).display
        assert button(pilot).disabled
        assert "Norway: downloading 0.0 of 0.0 MB" in said(pilot)


@pytest.mark.parametrize("way", ["escape", "cancel", "beside"])
async def test_to_leave_it_stops_the_download(fetching: Fetching, way: str) -> None:
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
        await until(pilot, lambda: main.workspace.register_updater and not main.workspace.register_updater.updating)
        assert fetching.asked == ["NOR"]
        assert fetching.stored == before
        # And it can be begun again.
        await begin(main, pilot)
        await until(pilot, lambda: fetching.asked == ["NOR", "NOR", "SWE"])
        await until(pilot, lambda: pilot.app.screen is main)


async def test_a_refused_key_is_told_and_not_shown(fetching: Fetching) -> None:
    fetching.key = "an0ther-Key"
    async with fetching.screen() as (_, pilot):
        await until(pilot, lambda: "127.0.0.1 says: Wrong API key. Set NOBIL_REGISTER_KEY" in said(pilot))
        # Another country would say the same, and so would another try.
        assert fetching.asked == ["NOR"]
        assert button(pilot).disabled
        assert not bar(pilot).display
        assert "an0ther" not in said(pilot)
        assert fetching.renewed == 0


async def test_too_little_is_not_believed_unless_the_user_does(fetching: Fetching) -> None:
    await fetching.store()
    fetching.clock.advance(DAY)
    fetching.service.stations["NOR"] = stations("NOR", 1)
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: "1 station of Norway cannot be all of them where 3 are stored" in said(pilot))
        assert "NOR_00003" in fetching.stored
        assert not button(pilot).disabled
        assert not bar(pilot).display
        fetching.service.answers.append(fetching.service.half)
        await pilot.click("#force")
        # How far it is shows again, and it is not begun twice.
        await until(pilot, lambda: bar(pilot).display and bar(pilot).progress)
        assert button(pilot).disabled
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main)
        await begin(main, pilot)
        await until(pilot, lambda: "cannot be all of them" in said(pilot))
        await pilot.click("#force")
        await until(pilot, lambda: pilot.app.screen is main)
        assert fetching.stored == {"NOR_00001", "SWE_00001", "SWE_00002"}
        assert {*main.workspace.user_register} == fetching.stored


async def test_what_is_not_a_day_old_is_fetched_where_the_user_wants_it(fetching: Fetching) -> None:
    await fetching.store()
    fetching.clock.advance(3600)
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: "Norway: 3 stations, fetched 1 h ago. Sweden: 2 stations" in said(pilot))
        assert fetching.asked == []
        fetching.service.stations["SWE"] = stations("SWE", 4)
        await pilot.click("#force")
        await until(pilot, lambda: pilot.app.screen is main)
        assert fetching.asked == ["NOR", "SWE"]
        assert len(main.workspace.user_register) == 7


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_without_a_key_it_says_where_one_goes(fetching: Fetching, size: tuple[int, int]) -> None:
    fetching.key = None
    async with fetching.screen(size) as (main, pilot):
        await until(pilot, lambda: "Set NOBIL_REGISTER_KEY, or api_key under [register] in the config." in said(pilot))
        assert not bar(pilot).display
        assert button(pilot).disabled
        await pilot.click("#force")
        assert fetching.asked == []
        await pilot.click("#cancel")
        await until(pilot, lambda: pilot.app.screen is main)


async def test_the_environments_key_will_do(fetching: Fetching) -> None:
    fetching.key = None
    async with fetching.screen(environ={"NOBIL_REGISTER_KEY": KEY}) as (main, pilot):
        await until(pilot, lambda: pilot.app.screen is main)
        assert len(main.workspace.user_register) == 5


async def test_what_came_of_one_country_counts_where_the_other_fails(fetching: Fetching) -> None:
    fetching.service.answers.append(body(dump_of(stations("NOR", 4))))
    fetching.service.stations["SWE"] = []
    async with fetching.screen() as (main, pilot):
        await until(pilot, lambda: "Sweden: 127.0.0.1 answered without any station of it." in said(pilot))
        assert "Norway: 4 stations from 127.0.0.1." in said(pilot)
        assert len(main.workspace.user_register) == len(fetching.stored) == 4
        assert fetching.renewed == 1
        # It is not too little: to fetch it anyway would do nothing else.
        assert button(pilot).disabled
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main and "Torget" in said(pilot))


async def test_where_no_register_can_be_kept_that_is_said(clock: FakeClock) -> None:
    async with opened(setup_of(clock, SteppedSource(clock))) as pilot:
        main = await live(pilot)
        await main.commands.run("update-register")
        await pilot.pause()
        assert pilot.app.screen is main
        assert "Cannot update the station register" in said(pilot)
