"""The app with NOBIL Real-time: it survives every failure of the service and restores the last
known state."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from nobil_tui.base.redaction import Secret
from nobil_tui.config.model import Config, EnovaSection
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from nobil_tui.tui.options import AppOptions
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import FakeClock, guarded
from tests.feeds.enova_service import KEY, EnovaService, breaking, closing, frame, refusal
from tests.http_service import body, status
from tests.tui.app_driver import main_of, opened, saved, setup_of, text_of, until


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[EnovaService]:
    async with EnovaService(clock) as service:
        yield service


def setup_for(service: EnovaService, clock: FakeClock, folder: Path, key: str = KEY) -> AppOptions:
    config = Config(enova=EnovaSection(Secret(key), service.address))
    source = SourceFactory({}, SourceOptions(clock=clock))("enova", config).source
    return setup_of(
        clock, source, config=config, config_path=folder / "config.toml", state_dir=folder / "state"
    )


async def phase(pilot: Pilot[int], main: MainScreen, wanted: LinkPhase) -> None:
    await until(pilot, lambda: main.workspace.session.link.phase is wanted)


async def heard(pilot: Pilot[int], main: MainScreen, station: str) -> None:
    await until(
        pilot, lambda: station in main.workspace.board.stations and main.workspace.stations.count
    )


def screen_text(pilot: Pilot[int]) -> str:
    return "\n".join(text_of(pilot))


async def test_failures_of_the_service_lose_no_star_and_cause_no_request_storm(
    service: EnovaService, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bad = (
        status(500),
        status(429, {"Retry-After": "90"}),
        body(b"<html>garbage</html>"),
        body(b'{"accessToken": 7}'),
    )
    service.talks += (closing(frame("NOR_71098", "1252", "AVAILABLE"), "no JSON"), breaking)
    async with opened(setup_for(service, clock, tmp_path)) as pilot:
        main = main_of(pilot)
        await phase(pilot, main, LinkPhase.RETRYING)
        await heard(pilot, main, "NOR_71098")
        await pilot.press("s")
        path = tmp_path / "config.toml"
        await saved(pilot, path, lambda config: config.watched.stations == ["NOR_71098"])
        service.answers += bad
        steps = 0
        calls = len(service.calls)
        while service.answers or service.talks:
            assert len(service.calls) - calls <= steps
            before = len(service.calls)
            steps += 1
            clock.advance(120)

            def called(before: int = before) -> bool:
                return len(service.calls) > before

            await until(pilot, called)
            await phase(pilot, main, LinkPhase.RETRYING)
        clock.advance(120)
        await phase(pilot, main, LinkPhase.LIVE)
        await guarded(
            service.say(frame("NOR_71098", "1252", "CHARGING"), frame("NOR_71098", "b", "SINGING"))
        )
        await until(
            pilot,
            lambda: (
                main.workspace.session.monitor and "NOR_71098" in main.workspace.settings.starred
            ),
        )
        await until(
            pilot, lambda: "SINGING" in str(main.workspace.board.stations["NOR_71098"].connectors)
        )
        main.live_updates.show_time()
        await pilot.pause()
        text = screen_text(pilot)
        assert "★" in text
        assert "unknown (singing)" in text
    said = caplog.text + text
    assert not [secret for secret in service.secrets if secret in said]
    assert [
        record for record in caplog.records if "undocumented status word" in record.getMessage()
    ]


async def test_a_refused_key_waits_for_the_user(
    service: EnovaService, clock: FakeClock, tmp_path: Path
) -> None:
    service.answers += (refusal(401, "Access denied due to invalid subscription key."),)
    async with opened(setup_for(service, clock, tmp_path)) as pilot:
        main = main_of(pilot)
        await phase(pilot, main, LinkPhase.REFUSED)
        clock.advance(3600)
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert "KEY REFUSED" in screen_text(pilot)
        assert "Access denied" in screen_text(pilot)
        assert len(service.calls) == 1
        await pilot.press("r")
        await phase(pilot, main, LinkPhase.LIVE)


async def test_the_last_known_state_is_restored(
    service: EnovaService, clock: FakeClock, tmp_path: Path
) -> None:
    frames = [
        frame("NOR_71098", "1252", "AVAILABLE"),
        frame("SWE_1", "1252", "CHARGING"),
        frame("SWE_1", "x", "BLOCKED"),
    ]
    async with opened(setup_for(service, clock, tmp_path)) as pilot:
        main = main_of(pilot)
        await phase(pilot, main, LinkPhase.LIVE)
        await guarded(service.say(*frames))
        await until(pilot, lambda: main.workspace.board.connectors == 3)
    clock.advance(30)
    async with opened(setup_for(service, clock, tmp_path), (120, 40)) as pilot:
        main = main_of(pilot)
        await phase(pilot, main, LinkPhase.LIVE)
        await heard(pilot, main, "SWE_1")
        assert main.workspace.board.connectors == 3
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert "3 unconfirmed" in screen_text(pilot)
        await guarded(service.say(frame("SWE_1", "x", "AVAILABLE")))
        await until(pilot, lambda: main.live_updates.painted == 2)
        main.workspace.refresh_link_bar()
        await pilot.pause()
        text = screen_text(pilot)
        assert "2 unconfirmed" in text
        # The number was assigned in the session before.
        assert "#2   blocked → free" in text
