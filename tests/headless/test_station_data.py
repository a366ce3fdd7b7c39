"""The names that a source publishes: fetched while a command runs, or before it prints once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from nobil_tui.base.clock import Clock
from nobil_tui.charging.register import CREDIT, Facts, Register
from nobil_tui.feeds.source import OpenSource
from nobil_tui.headless.station_data import READ_INTERVAL, updating_station_data
from nobil_tui.register.cache import save_register
from nobil_tui.register.progress import UpdateError
from nobil_tui.session.options import SessionOptions
from nobil_tui.session.register_updater import RegisterUpdater
from nobil_tui.session.session import Session
from tests.conftest import FakeClock, guarded
from tests.headless.feeds import FeedSource, ScriptedFeed


class Published:
    """Fails some times, and then stores one station, a while after it is asked."""

    has_names = True

    def __init__(self, clock: Clock | None = None, *, failures: int = 0) -> None:
        self.stored = False
        self.asked_at: list[float] = []
        """When it was asked, in seconds."""
        self._clock = clock or Clock()
        self._failures = failures

    def use(self, register: Register) -> None:
        pass

    def settle(self) -> None:
        pass

    async def update(
        self, path: Path, on_progress: Callable[[str], None], *, statuses_first: bool
    ) -> bool:
        for _ in range(5):
            await asyncio.sleep(0)
        self.asked_at.append(self._clock.monotonic())
        if len(self.asked_at) <= self._failures:
            raise UpdateError("The stations were not updated: nothing answers.")
        save_register(path, {"FI_1": Facts(name="Kamppi")}, {})
        self.stored = True
        return True


class PublishingSource(FeedSource):
    """A source that publishes names."""

    def __init__(self, data: Published) -> None:
        super().__init__(ScriptedFeed())
        self._data = data

    def open(self) -> OpenSource:
        return replace(super().open(), station_data=self._data)


@pytest.mark.parametrize("one_shot", [True, False])
async def test_a_command_that_ends_waits_for_the_names(tmp_path: Path, one_shot: bool) -> None:
    data, register = Published(), Register(credit=CREDIT)
    options = SessionOptions(register_path=tmp_path / "register")
    session = Session(PublishingSource(data), options, register)
    session.open()
    updater = RegisterUpdater(tmp_path / "register", register, options)
    async with updating_station_data(session, updater, pytest.fail, one_shot=one_shot):
        assert data.stored is one_shot
        assert register.name("FI_1") == ("Kamppi" if one_shot else "FI_1")
    await guarded(asyncio.to_thread(session.close))


async def test_a_command_that_runs_on_follows_the_file(tmp_path: Path) -> None:
    path, clock, register = tmp_path / "register", FakeClock(), Register(credit=CREDIT)
    options = SessionOptions(register_path=path, clock=clock)
    session = Session(FeedSource(ScriptedFeed()), options, register)
    session.open()
    async with updating_station_data(
        session, RegisterUpdater(path, register, options), pytest.fail
    ):
        await guarded(clock.asleep())
        save_register(path, {"FI_1": Facts(name="Kamppi")}, {})
        clock.advance(READ_INTERVAL)
        while register.name("FI_1") != "Kamppi":  # a thread reads it
            await guarded(asyncio.sleep(0))
    await guarded(asyncio.to_thread(session.close))


async def test_what_failed_is_tried_again_and_said_once(tmp_path: Path) -> None:
    """Such as before the network is up: the stations are ids until then."""
    path, clock, register = tmp_path / "register", FakeClock(), Register(credit=CREDIT)
    data, said = Published(clock, failures=3), list[str]()
    options = SessionOptions(register_path=path, clock=clock)
    session = Session(PublishingSource(data), options, register)
    session.open()
    updater = RegisterUpdater(path, register, options)
    async with updating_station_data(session, updater, said.append):
        while register.name("FI_1") != "Kamppi":
            await guarded(clock.asleep())
            clock.advance(min(clock.sleepers))
            await asyncio.sleep(0)
    began = data.asked_at[0]
    assert [at - began for at in data.asked_at] == [0, 60, 60 + 120, 60 + 120 + 240]
    assert updater.retry_in == 0
    assert said == ["The stations were not updated: nothing answers."]
    await guarded(asyncio.to_thread(session.close))
