"""The user's own register while the app is open: read from the disk, and renewed when that is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from textual.pilot import Pilot

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.model import Config, Country, RegisterSection
from nobil_tui.register.update import update_register
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.tui import live_updates as live_module
from nobil_tui.tui.options import AppOptions
from tests.conftest import START, FakeClock, guarded, settle
from tests.feeds.enova_service import body
from tests.register.register_service import KEY, RegisterService, dump_of, station, stations
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until

HOUR = 3600.0
DAY = 24 * HOUR
"""Seconds."""


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word: the library asks once more before it gives up."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class Held:
    """Answers with the stations of Norway when it may."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.reached.set()
        await self.go_on.wait()
        return web.Response(body=dump_of(stations("NOR", 3)))


class Owning:
    """A register, a service that it comes from, and the file between them."""

    def __init__(self, path: Path, service: RegisterService) -> None:
        self.path = path
        self.service = service
        self.clock = FakeClock()
        self.key: Secret | None = Secret(KEY)
        self.countries = list(Country)
        self.register = Register()
        self.begin()

    def begin(self) -> None:
        """Begin a session."""
        self.own = RegisterUpdater(self.path, self.register, setup_of(self.clock, HandSource(self.clock)))

    async def update_if_due(self) -> bool:
        """Renew by the settings of now."""
        section = RegisterSection(api_key=self.key, countries=self.countries, address=self.service.address)
        return await guarded(self.own.update_if_due(section))

    async def store(self) -> None:
        await guarded(update_register(self.path, self.countries, Secret(KEY), self.service.address, clock=self.clock))
        self.service.asked.clear()

    @property
    def asked(self) -> list[str]:
        return [asked.query["countrycode"] for asked in self.service.asked]


@pytest.fixture
async def owning(tmp_path: Path) -> AsyncIterator[Owning]:
    async with RegisterService() as service:
        yield Owning(tmp_path / "cache" / "register.msgpack", service)


async def test_what_is_stored_is_read(owning: Owning) -> None:
    await owning.store()
    version = owning.register.version
    assert await guarded(owning.own.read()) == ""
    assert {*owning.register} == {"NOR_00001", "NOR_00002", "NOR_00003", "SWE_00001", "SWE_00002"}
    assert owning.register.facts("NOR_00001").name == "Torget"
    assert owning.register.version > version


async def test_where_nothing_is_stored_nothing_is_said(owning: Owning) -> None:
    assert await guarded(owning.own.read()) == ""
    assert len(owning.register) == 0


async def test_what_cannot_be_read_is_told(owning: Owning) -> None:
    owning.path.parent.mkdir()
    owning.path.write_bytes(b"no register")
    problem = await guarded(owning.own.read())
    assert str(owning.path) in problem
    assert "nobil-tui register update" in problem
    assert len(owning.register) == 0


async def test_it_is_fetched_where_there_is_none(owning: Owning) -> None:
    await guarded(owning.own.read())
    assert await owning.update_if_due()
    assert len(owning.register) == 5
    assert owning.asked == ["NOR", "SWE"]


async def test_it_is_fetched_once_a_day(owning: Owning) -> None:
    await owning.store()
    await guarded(owning.own.read())
    owning.clock.advance(DAY - 1)
    assert not await owning.update_if_due()
    assert owning.asked == []
    owning.clock.advance(1)
    owning.service.stations["SWE"] = stations("SWE", 4)
    assert await owning.update_if_due()
    assert len(owning.register) == 7


async def test_without_a_key_nobody_is_asked(owning: Owning) -> None:
    owning.key = None
    assert not await owning.update_if_due()
    assert owning.asked == []


async def test_the_key_of_the_environment_will_do(owning: Owning) -> None:
    section = RegisterSection(address=owning.service.address)
    setup = setup_of(owning.clock, HandSource(owning.clock), environ={"NOBIL_REGISTER_KEY": KEY})
    own = RegisterUpdater(owning.path, owning.register, setup)
    assert await guarded(own.update_if_due(section))
    assert len(owning.register) == 5


async def test_what_came_of_one_country_is_taken_where_the_other_fails(
    owning: Owning, caplog: pytest.LogCaptureFixture
) -> None:
    owning.service.stations["SWE"] = []
    assert await owning.update_if_due()
    assert {*owning.register} == {"NOR_00001", "NOR_00002", "NOR_00003"}
    assert "register not updated" in caplog.text
    assert KEY not in caplog.text


async def test_a_failure_leaves_what_was_known_and_is_not_tried_again_for_a_day(owning: Owning) -> None:
    owning.countries = [Country.NOR]
    await owning.store()
    owning.begin()
    await guarded(owning.own.read())
    owning.service.stations["NOR"] = []
    owning.clock.advance(DAY)
    for hours in (12, 11):
        assert not await owning.update_if_due()
        assert len(owning.register) == 3
        owning.clock.advance(hours * HOUR)
    assert owning.asked == ["NOR"]


async def test_what_another_program_stored_is_taken_over(owning: Owning) -> None:
    await owning.store()
    await guarded(owning.own.read())
    version = owning.register.version
    assert await guarded(owning.own.read()) == ""
    assert owning.register.version == version
    owning.service.stations["NOR"] = stations("NOR", 4)
    owning.clock.advance(DAY)
    await owning.store()
    assert await guarded(owning.own.read()) == ""
    assert len(owning.register) == 6
    assert not await owning.update_if_due()


async def test_a_damaged_file_is_told_once(owning: Owning) -> None:
    owning.path.parent.mkdir()
    owning.path.write_bytes(b"no register")
    assert await guarded(owning.own.read())
    assert await guarded(owning.own.read()) == ""


async def test_there_are_never_two_at_once(owning: Owning) -> None:
    owning.countries = [Country.NOR]
    owning.service.answers.append(held := Held())
    section = RegisterSection(countries=owning.countries, address=owning.service.address)
    first = asyncio.create_task(owning.update_if_due())
    await guarded(held.reached.wait())
    assert owning.own.updating
    second = asyncio.create_task(owning.update_if_due())
    third = asyncio.create_task(owning.own.update(section, Secret(KEY), lambda _: None, force=False))
    await settle()
    assert owning.asked == ["NOR"]
    held.go_on.set()
    assert await guarded(first)
    assert not await guarded(second)
    # The user is told that it is fresh, and asked whether to fetch it all the same.
    assert (await guarded(third)).recent
    assert owning.asked == ["NOR"]
    assert not owning.own.updating


async def test_a_server_that_does_not_answer_is_left_alone_for_a_while(owning: Owning) -> None:
    owning.countries = [Country.NOR]
    owning.service.answers.extend([hang_up] * 2)
    assert not await owning.update_if_due()
    asked = len(owning.asked)
    assert not await owning.update_if_due()
    assert len(owning.asked) == asked
    # It said no to nobody, so there is no need to wait for a day.
    owning.clock.advance(HOUR)
    assert await owning.update_if_due()


# In the app


def setup_with(owning: Owning, source: HandSource | None = None, **more: Any) -> AppOptions:
    section = RegisterSection(api_key=owning.key, countries=owning.countries, address=owning.service.address)
    source = source or listed(HandSource(owning.clock))
    return setup_of(owning.clock, source, config=Config(register=section), register_path=owning.path, **more)


def listed(source: HandSource) -> HandSource:
    source.feed.put(Connected(START), Snapshot([Station("NOR_00001", [Connector(0, 0, START)])], START))
    return source


def on_screen(pilot: Pilot[int]) -> str:
    return "\n".join(text_of(pilot))


async def test_an_app_that_stays_open_renews_it_each_day(owning: Owning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "CHECK_INTERVAL", 0.01)
    async with opened(setup_with(owning)) as pilot:
        await until(pilot, lambda: "Torget" in on_screen(pilot))
        assert owning.asked == ["NOR", "SWE"]
        for _ in range(20):
            await pilot.pause(0.01)
        assert owning.asked == ["NOR", "SWE"]
        owning.service.stations["NOR"] = [station("NOR_00001", "NOR", "Brygga"), *stations("NOR", 2, first=2)]
        owning.clock.advance(DAY)
        await until(pilot, lambda: "Brygga" in on_screen(pilot))
        assert owning.asked == ["NOR", "SWE"] * 2


async def test_the_demo_asks_nobody_and_what_is_connected_to_from_it_does(owning: Owning) -> None:
    demo = listed(HandSource(owning.clock))
    demo.simulated = True
    async with opened(setup_with(owning, demo)) as pilot:
        main = await live(pilot)
        main.live_updates.check_register()
        await pilot.pause()
        assert owning.asked == []
        main.live_updates.switch(listed(HandSource(owning.clock, name="real.example")), "wss://real.example")
        await until(pilot, lambda: "Torget" in on_screen(pilot))
        assert owning.asked == ["NOR", "SWE"]


async def test_the_palette_waits_for_the_one_that_runs_by_itself(owning: Owning) -> None:
    owning.countries = [Country.NOR]
    owning.service.answers.append(held := Held())
    async with opened(setup_with(owning)) as pilot:
        main = await live(pilot)
        await until(pilot, held.reached.is_set)
        await main.commands.run("update-register")
        await pilot.pause()
        await until(pilot, lambda: "A download is already running" in on_screen(pilot))
        assert owning.asked == ["NOR"]
        held.go_on.set()
        await until(pilot, lambda: "3 stations, fetched just now" in on_screen(pilot))
        assert owning.asked == ["NOR"]
        await pilot.press("escape")
        await until(pilot, lambda: "Torget" in on_screen(pilot))


async def test_a_palette_update_that_failed_in_part_starts_no_other(owning: Owning) -> None:
    await owning.store()
    async with opened(setup_with(owning)) as pilot:
        main = await live(pilot)
        await until(pilot, lambda: "Torget" in on_screen(pilot))
        owning.clock.advance(DAY)
        renamed = dump_of([station("NOR_00001", "NOR", "Brygga"), *stations("NOR", 2, first=2)])
        owning.service.answers.extend([body(renamed), *[hang_up] * 2])
        await main.commands.run("update-register")
        await pilot.pause()
        await until(pilot, lambda: "Sweden: 127.0.0.1" in on_screen(pilot))
        asked = len(owning.asked)
        await pilot.press("escape")
        await until(pilot, lambda: "Brygga" in on_screen(pilot))
        main.live_updates.check_register()
        await until(pilot, lambda: not [worker for worker in pilot.app.workers if worker.group == "register"])
        assert len(owning.asked) == asked
        owning.clock.advance(HOUR)
        main.live_updates.check_register()
        await until(pilot, lambda: len(owning.asked) > asked)
        assert owning.asked[asked:] == ["SWE"]
