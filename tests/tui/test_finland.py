"""The app with Finland: names, places and prices over live statuses, and each part of it
failing."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from nobil_tui.config.model import Config, FinlandSection
from nobil_tui.feeds.finland.rest import LOCATIONS, STATUSES
from nobil_tui.feeds.transport import connection
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session import register_updater
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from nobil_tui.tui.commands.view import about
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.wire.finland import FINLAND_CREDIT
from tests.conftest import FakeClock
from tests.feeds.finland_service import Country, FinlandService, status_payload
from tests.feeds.mqtt_broker import NatsBroker
from tests.tui.app_driver import WIDE, main_of, opened, setup_of, text_of, until


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[NatsBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    async with NatsBroker(folder) as broker:
        yield broker


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[FinlandService]:
    async with FinlandService(Country(500, 1_200, at=clock.now()), clock) as service:
        yield service


def setup_for(service: FinlandService, url: str, clock: FakeClock, folder: Path) -> AppOptions:
    config = Config(finland=FinlandSection(service.address, url))
    source = SourceFactory({}, SourceOptions(clock=clock))("finland", config).source
    return setup_of(
        clock,
        source,
        config=config,
        config_path=folder / "config.toml",
        register_path=folder / "register.msgpack",
    )


async def shown(pilot: Pilot[int], main: MainScreen, stations: int) -> None:
    await until(pilot, lambda: len(main.workspace.board.stations) == stations)
    await until(pilot, lambda: main.workspace.stations.count == stations)


async def test_names_places_and_live_changes(
    service: FinlandService, broker: NatsBroker, clock: FakeClock, tmp_path: Path
) -> None:
    """With a country of the real size."""
    service.country = Country(5_000, 12_000, at=clock.now())
    async with opened(setup_for(service, broker.url, clock, tmp_path), WIDE) as pilot:
        main = main_of(pilot)
        await shown(pilot, main, 5_000)
        workspace = main.workspace
        # The statuses come first, the names a moment later.
        await until(pilot, lambda: len(workspace.user_register) == 5_000)
        assert workspace.board.connectors == 12_000
        evse, topic = next(iter(service.country.topics.items()))
        station = topic.split("/")[3]
        assert workspace.user_register.facts(station).name in "\n".join(
            workspace.user_register.name(each) for each in workspace.board.stations
        )
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        held = workspace.board.stations[station]
        await until(pilot, lambda: held.connectors[held.evse_uids.index(evse)].word == "BLOCKED")
        await pilot.pause()
        text = "\n".join(text_of(pilot))
        assert "LIVE" in text
        # The snapshot was made before the stream was live.
        assert " being confirmed" in text
        assert FINLAND_CREDIT in text
    assert sorted(service.paths()) == sorted([STATUSES, "tariffs/all", LOCATIONS])


async def test_without_the_register_there_are_ids(
    service: FinlandService,
    broker: NatsBroker,
    clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A minute passes at once, in which no pong can come.
    monkeypatch.setattr(connection, "DEAD_AFTER", math.inf)
    # A wait that nothing else has.
    monkeypatch.setattr(register_updater, "FIRST_RETRY", 77.0)
    service.fail(LOCATIONS, 503)
    async with opened(setup_for(service, broker.url, clock, tmp_path)) as pilot:
        main = main_of(pilot)
        await shown(pilot, main, 1_200)
        text = "\n".join(text_of(pilot))
        assert "FI*" in text
        # The statuses need a credit as well.
        assert FINLAND_CREDIT in text
        assert FINLAND_CREDIT in about(main.workspace)
        await until(
            pilot, lambda: "The stations of Finland were not updated" in "\n".join(text_of(pilot))
        )
        # A moment later the service answers.
        await until(pilot, lambda: any(76 <= left <= 77 for left in clock.sleepers))
        clock.advance(77)
        await shown(pilot, main, 500)


async def test_polling_is_said_in_the_link_bar(
    service: FinlandService, clock: FakeClock, tmp_path: Path
) -> None:
    async with opened(setup_for(service, "ws://127.0.0.1:1/mqtt", clock, tmp_path)) as pilot:
        main = main_of(pilot)
        await shown(pilot, main, 500)
        await until(pilot, lambda: "up to 2 min old, fetched every minute" in text_of(pilot)[0])
        assert text_of(pilot)[0].split()[0] == "POLLING"
        assert main.workspace.session.link.phase is LinkPhase.LIVE


async def test_a_stream_without_a_snapshot_is_said_in_the_link_bar(
    service: FinlandService, broker: NatsBroker, clock: FakeClock, tmp_path: Path
) -> None:
    service.fail(STATUSES, 503)
    async with opened(setup_for(service, broker.url, clock, tmp_path)) as pilot:
        main = main_of(pilot)
        await until(pilot, lambda: "no snapshot: 127.0.0.1 answered HTTP 503" in text_of(pilot)[0])
        topic = next(iter(service.country.topics.values()))
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        await shown(pilot, main, 1)
