"""The user's register while the app is open: read from disk, and updated when due."""

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
from nobil_tui.tui.options import AppOptions
from tests.conftest import START, FakeClock, guarded, settle
from tests.http_service import body
from tests.register.register_service import KEY, RegisterService, dump_of, station, stations
from tests.tui.app_driver import HandSource, live, main_of, opened, setup_of, text_of, until
from tests.tui.pilot_waits import no_sleeping, style_sheets_parsed_once

__all__ = ["no_sleeping", "style_sheets_parsed_once"]

HOUR = 3600.0
DAY = 24 * HOUR
"""Seconds."""


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer; aiohttp retries once."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class Held:
    """A service that answers once allowed, with Norway's stations unless others are given."""

    def __init__(self, dump: bytes = b"") -> None:
        self.dump = dump or dump_of(stations("NOR", 3))
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.reached.set()
        await self.go_on.wait()
        return web.Response(body=self.dump)


class Owning:
    """A register, its service and its file."""

    def __init__(self, path: Path, service: RegisterService) -> None:
        self.path = path
        self.service = service
        self.clock = FakeClock()
        self.key: Secret | None = Secret(KEY)
        self.countries = list(Country)
        self.register = Register()
        self.begin()

    def begin(self) -> None:
        """Start a session."""
        self.own = RegisterUpdater(
            self.path, self.register, setup_of(self.clock, HandSource(self.clock))
        )

    async def update_if_due(self) -> bool:
        """Update with the current settings."""
        section = RegisterSection(
            api_key=self.key, countries=self.countries, address=self.service.address
        )
        return await guarded(self.own.update_if_due(section))

    async def store(self) -> None:
        await guarded(
            update_register(
                self.path, self.countries, Secret(KEY), self.service.address, clock=self.clock
            )
        )
        self.service.asked.clear()

    @property
    def asked(self) -> list[str]:
        return [asked.query["countrycode"] for asked in self.service.asked]


@pytest.fixture
async def owning(tmp_path: Path) -> AsyncIterator[Owning]:
    async with RegisterService() as service:
        yield Owning(tmp_path / "cache" / "register.msgpack", service)


async def test_read_stored_register(owning: Owning) -> None:
    await owning.store()
    version = owning.register.version
    assert await guarded(owning.own.read()) == ""
    assert {*owning.register} == {"NOR_00001", "NOR_00002", "NOR_00003", "SWE_00001", "SWE_00002"}
    assert owning.register.facts("NOR_00001").name == "Torget"
    assert owning.register.version > version


async def test_read_without_a_file(owning: Owning) -> None:
    assert await guarded(owning.own.read()) == ""
    assert len(owning.register) == 0


async def test_read_error_is_returned(owning: Owning) -> None:
    owning.path.parent.mkdir()
    owning.path.write_bytes(b"no register")
    problem = await guarded(owning.own.read())
    assert str(owning.path) in problem
    assert "nobil-tui register update" in problem
    assert len(owning.register) == 0


async def test_update_if_there_is_none(owning: Owning) -> None:
    await guarded(owning.own.read())
    assert await owning.update_if_due()
    assert len(owning.register) == 5
    assert owning.asked == ["NOR", "SWE"]


async def test_update_once_a_day(owning: Owning) -> None:
    await owning.store()
    await guarded(owning.own.read())
    owning.clock.advance(DAY - 1)
    assert not await owning.update_if_due()
    assert owning.asked == []
    owning.clock.advance(1)
    owning.service.stations["SWE"] = stations("SWE", 4)
    assert await owning.update_if_due()
    assert len(owning.register) == 7


async def test_no_update_without_a_key(owning: Owning) -> None:
    owning.key = None
    assert not await owning.update_if_due()
    assert owning.asked == []


async def test_update_with_the_key_of_the_environment(owning: Owning) -> None:
    section = RegisterSection(address=owning.service.address)
    setup = setup_of(owning.clock, HandSource(owning.clock), environ={"NOBIL_REGISTER_KEY": KEY})
    own = RegisterUpdater(owning.path, owning.register, setup)
    assert await guarded(own.update_if_due(section))
    assert len(owning.register) == 5


async def test_partial_update_is_used(owning: Owning, caplog: pytest.LogCaptureFixture) -> None:
    owning.service.stations["SWE"] = []
    assert await owning.update_if_due()
    assert {*owning.register} == {"NOR_00001", "NOR_00002", "NOR_00003"}
    assert "register not updated" in caplog.text
    assert KEY not in caplog.text


async def test_failed_update_keeps_the_register_for_a_day(owning: Owning) -> None:
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


async def test_read_what_another_program_stored(owning: Owning) -> None:
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


async def test_damaged_file_is_reported_once(owning: Owning) -> None:
    owning.path.parent.mkdir()
    owning.path.write_bytes(b"no register")
    assert await guarded(owning.own.read())
    assert await guarded(owning.own.read()) == ""


async def test_updates_do_not_overlap(owning: Owning) -> None:
    owning.countries = [Country.NOR]
    owning.service.answers.append(held := Held())
    section = RegisterSection(countries=owning.countries, address=owning.service.address)
    first = asyncio.create_task(owning.update_if_due())
    await guarded(held.reached.wait())
    assert owning.own.updating
    second = asyncio.create_task(owning.update_if_due())
    third = asyncio.create_task(
        owning.own.update(section, Secret(KEY), lambda _: None, force=False)
    )
    await settle()
    assert owning.asked == ["NOR"]
    held.go_on.set()
    assert await guarded(first)
    assert not await guarded(second)
    # The dialog says that it is recent and offers to fetch it anyway.
    assert (await guarded(third)).recent
    assert owning.asked == ["NOR"]
    assert not owning.own.updating


async def test_unreachable_server_is_not_retried_at_once(owning: Owning) -> None:
    owning.countries = [Country.NOR]
    owning.service.answers.extend([hang_up] * 2)
    assert not await owning.update_if_due()
    asked = len(owning.asked)
    assert not await owning.update_if_due()
    assert len(owning.asked) == asked
    # There was no error answer, so the next attempt is not a day later.
    owning.clock.advance(HOUR)
    assert await owning.update_if_due()


# In the app


def setup_with(owning: Owning, source: HandSource | None = None, **more: Any) -> AppOptions:
    section = RegisterSection(
        api_key=owning.key, countries=owning.countries, address=owning.service.address
    )
    source = source or listed(HandSource(owning.clock))
    return setup_of(
        owning.clock, source, config=Config(register=section), register_path=owning.path, **more
    )


def listed(source: HandSource) -> HandSource:
    source.feed.put(
        Connected(START), Snapshot([Station("NOR_00001", [Connector(0, 0, START)])], START)
    )
    return source


def on_screen(pilot: Pilot[int]) -> str:
    return "\n".join(text_of(pilot))


async def check(pilot: Pilot[int]) -> None:
    """Let the app check once whether an update is due, as it does every hour."""
    main_of(pilot).live_updates.check_register()
    await checked(pilot)


async def checked(pilot: Pilot[int]) -> None:
    """Wait for the checks that were started."""
    await until(
        pilot, lambda: not [worker for worker in pilot.app.workers if worker.group == "register"]
    )


async def test_open_app_updates_each_day(owning: Owning) -> None:
    async with opened(setup_with(owning)) as pilot:
        await until(pilot, lambda: "Torget" in on_screen(pilot))
        await checked(pilot)
        assert owning.asked == ["NOR", "SWE"]
        owning.clock.advance(DAY - HOUR)
        await check(pilot)
        assert owning.asked == ["NOR", "SWE"]
        owning.service.stations["NOR"] = [
            station("NOR_00001", "NOR", "Brygga"),
            *stations("NOR", 2, first=2),
        ]
        owning.clock.advance(HOUR)
        await check(pilot)
        await until(pilot, lambda: "Brygga" in on_screen(pilot))
        assert owning.asked == ["NOR", "SWE"] * 2


async def test_checks_overlap_an_update(owning: Owning) -> None:
    async with opened(setup_with(owning)) as pilot:
        await live(pilot)
        await checked(pilot)
        owning.clock.advance(DAY)
        renamed = dump_of([station("NOR_00001", "NOR", "Brygga"), *stations("NOR", 2, first=2)])
        owning.service.answers.extend([body(renamed), held := Held(dump_of(stations("SWE", 2)))])
        main_of(pilot).live_updates.check_register()
        await until(pilot, held.reached.is_set)
        # Norway is stored already, but the register is replaced as a whole.
        main_of(pilot).live_updates.check_register()
        await pilot.pause()
        assert "Torget" in on_screen(pilot)
        held.go_on.set()
        await checked(pilot)
        await until(pilot, lambda: "Brygga" in on_screen(pilot))


async def test_simulation_does_not_update_but_the_next_source_does(owning: Owning) -> None:
    demo = listed(HandSource(owning.clock))
    demo.simulated = True
    async with opened(setup_with(owning, demo)) as pilot:
        main = await live(pilot)
        main.live_updates.check_register()
        await pilot.pause()
        assert owning.asked == []
        main.live_updates.switch(
            listed(HandSource(owning.clock, name="real.example")), "wss://real.example"
        )
        await until(pilot, lambda: "Torget" in on_screen(pilot))
        assert owning.asked == ["NOR", "SWE"]


async def test_palette_update_waits_for_the_automatic_one(owning: Owning) -> None:
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


async def test_partial_palette_update_starts_no_automatic_one(owning: Owning) -> None:
    await owning.store()
    async with opened(setup_with(owning)) as pilot:
        main = await live(pilot)
        await until(pilot, lambda: "Torget" in on_screen(pilot))
        owning.clock.advance(DAY)
        renamed = dump_of([station("NOR_00001", "NOR", "Brygga"), *stations("NOR", 2, first=2)])
        owning.service.answers.extend([body(renamed), *[hang_up] * 2])
        await main.commands.run("update-register")
        await pilot.pause()
        await until(pilot, lambda: "Sweden: the connection" in on_screen(pilot))
        asked = len(owning.asked)
        await pilot.press("escape")
        await until(pilot, lambda: "Brygga" in on_screen(pilot))
        main.live_updates.check_register()
        await checked(pilot)
        assert len(owning.asked) == asked
        owning.clock.advance(HOUR)
        main.live_updates.check_register()
        await until(pilot, lambda: len(owning.asked) > asked)
        assert owning.asked[asked:] == ["SWE"]
