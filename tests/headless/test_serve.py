"""A session that is served, and a second one that reads the hub: it shows the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.events import Connected, Event, Lost, Refused
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.headless import source_reader
from nobil_tui.headless.link_reporter import KeyRefusedError
from nobil_tui.headless.serve import HubService, about_source
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.event_log import HubLog, LogFormat
from nobil_tui.hub.server import Hub
from nobil_tui.hub.service_manager import ServiceManager
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.session.session import Session
from nobil_tui.wire.codecs import FINLAND_CODEC, V1_CODEC
from tests.conftest import GUARD, FakeClock, guarded
from tests.headless.feeds import T0, ScriptedFeed, report, session_of
from tests.hub.conftest import KEY, needs_ipv6
from tests.hub.follower import shown
from tests.sources.choices import choose


class Clock(FakeClock):
    """A clock at the time of the feeds' reports."""

    def now(self) -> int:
        return T0 + int(self.monotonic() * 1000)


class Manager(ServiceManager):
    """Note what the service manager learns."""

    def __init__(self) -> None:
        super().__init__({})
        self.said: list[str] = []

    def _send(self, text: str) -> None:
        self.said.append(text)


class Running:
    """A running service."""

    def __init__(self, session: Session, host: str = "127.0.0.1") -> None:
        self.session = session
        self.lines: list[str] = []
        events = HubLog(self.lines.append, LogFormat.JSON)
        self.hub = Hub(
            session.board,
            keys=OneKey(KEY),
            host=host,
            about=about_source(session),
            clock=session.clock,
            events=events,
        )
        self.manager = Manager()
        self.service = HubService(session, self.hub, events, self.manager)
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.urls: list[str] = []
        self.task = asyncio.create_task(self.service.run(self._announce))

    def _announce(self, url: str) -> None:
        self.urls.append(url)
        if not self.url.done():
            self.url.set_result(url)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    async def stop(self) -> None:
        await guarded(cancel_and_wait(self.task))
        self.session.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(GUARD):
        while not condition():  # noqa: ASYNC110 - a server has no event for it
            await asyncio.sleep(0)


def reader_of(url: str, clock: Clock) -> Monitor:
    async def dial() -> str:
        return url

    return Monitor(StreamFeed(Link(dial, clock=clock), V1_CODEC), tick=0.0, clock=clock)


async def pass_time(clock: Clock, reader: Monitor, seconds: int) -> None:
    """Advance the clock in steps, after each of which the reader's link is found alive: it would be
    lost after one long one."""
    for _ in range(seconds // 10):
        clock.advance(10)
        await until(lambda: reader._feed.alive_at == clock.now())


async def test_second_client_shows_what_the_first_one_knows(tmp_path: Path) -> None:
    clock = Clock()
    before = session_of(
        ScriptedFeed(Connected(T0), report("a", "AVAILABLE"), report("b", "CHARGING")),
        state_dir=tmp_path,
        options_clock=clock,
    )
    batches = before.batches()
    while before.board.connectors < 2:
        await guarded(anext(batches))
    await batches.aclose()
    before.close()
    clock.advance(600)
    # Restarted: it serves the last known state before its source is there.
    feed = ScriptedFeed()
    first = Running(session_of(feed, state_dir=tmp_path, options_clock=clock, lossless=False))
    second = reader_of(await guarded(first.url), clock)
    running = asyncio.create_task(second.run())
    await until(lambda: second.board.connectors == 2)

    def same() -> bool:
        return shown(second.board, clock.now()) == shown(first.session.board, clock.now())

    await until(same)
    assert second.board.unconfirmed(clock.now()) == 2
    assert second.link.phase is LinkPhase.NOT_LIVE
    assert second.link.reason == "the hub's source: connecting"
    health = first.service.health()
    assert (health.live, health.age_seconds) == (False, 600.0)
    at = clock.now() - T0
    feed.say(Connected(clock.now()), report("a", "AVAILABLE", at))
    await until(lambda: second.board.unconfirmed(clock.now()) == 1 and same())
    assert second.link.reason == ""
    assert first.service.health().live
    feed.say(report("c", "CHARGING", at), report("b", "AVAILABLE", at))
    await until(lambda: second.board.connectors == 3 and same())
    assert second.board.unconfirmed(clock.now()) == 0
    await pass_time(clock, second, 60)
    feed.say(Lost("the server closed the link", clock.now(), clock.now() + 5000))
    await until(lambda: not second.board.downtime.live and same())
    await pass_time(clock, second, 100)
    assert same()
    assert second.board.unconfirmed(clock.now()) == 3
    await cancel_and_wait(running)
    await first.stop()
    assert first.manager.said[0] == "READY=1"
    assert first.manager.said[1].startswith("WATCHDOG=1\nSTATUS=")
    assert first.manager.said[-1] == "STOPPING=1"
    names = [each["event"] for each in first.events]
    assert names[0] == "started"
    assert names[-1] == "stopped"
    phases = [each["phase"] for each in first.events if each["event"] == "link"]
    assert phases == ["connecting", "live", "retrying"]


async def test_second_client_gets_the_names_of_the_hub(tmp_path: Path) -> None:
    session = session_of(ScriptedFeed(Connected(T0), report("a", "AVAILABLE")))
    facts = Facts("Slottet", "Oslo", plugs=(Plug("CCS", 150.0),))
    session.register.replace({"NOR_00001": facts})
    first = Running(session)
    data = choose(await guarded(first.url)).open().station_data
    assert data is not None
    data.use(register := Register())
    path = tmp_path / "register.msgpack"
    assert await guarded(data.update(path, lambda _: None, statuses_first=False))
    assert register.facts("NOR_00001").plugs == (Plug("CCS", 150.0),)
    assert register.name("NOR_00001") == "Slottet"
    await first.stop()


async def test_connections_are_closed_with_a_handshake_when_the_service_stops() -> None:
    running = Running(session_of(ScriptedFeed(Connected(T0), report("a", "AVAILABLE"))))
    async with connect(await guarded(running.url), proxy=None) as consumer:
        assert b'"word":"AVAILABLE"' in await guarded(consumer.recv(decode=False))
        stopping = asyncio.create_task(running.stop())
        await guarded(consumer.wait_closed())
        assert consumer.close_code == 1001
        await guarded(stopping)


@pytest.mark.parametrize("events", [(), (Connected(T0), report("a", "AVAILABLE"))])
async def test_refused_key_ends_the_service_only_if_it_has_nothing(
    events: tuple[Event, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_reader, "REFUSED_RETRY", 0.01)
    feed = ScriptedFeed(*events, Refused("HTTP 401", T0))
    running = Running(session_of(feed))
    await guarded(running.url)
    if not events:
        with pytest.raises(KeyRefusedError):
            await guarded(running.task)
        running.session.close()
        return
    await until(lambda: feed.asked)
    assert not running.service.health().live
    assert running.service.health().stations == 1
    await running.stop()


async def test_last_state_is_served_after_the_source_has_ended() -> None:
    feed = ScriptedFeed(Connected(T0), report("a", "AVAILABLE"))
    feed.end()
    running = Running(session_of(feed))
    async with connect(await guarded(running.url), proxy=None) as consumer:
        assert b'"word":"AVAILABLE"' in await guarded(consumer.recv(decode=False))
    assert not running.task.done()
    await running.stop()


async def test_client_of_a_hub_learns_that_its_data_are_simulated(tmp_path: Path) -> None:
    served = session_of(ScriptedFeed(Connected(T0), report("a", "AVAILABLE")))
    served.source.simulated = True  # type: ignore[misc]
    running = Running(served)
    url = await guarded(running.url)

    async def dial() -> str:
        return url

    client = session_of(StreamFeed(Link(dial), V1_CODEC), state_dir=tmp_path)
    batches = client.batches()
    assert not client.simulated
    while not client.board.stations:
        await guarded(anext(batches))
    assert client.simulated
    await batches.aclose()
    client.close()
    await running.stop()
    # Started again, without the hub, it shows their last known state.
    again = session_of(ScriptedFeed(), state_dir=tmp_path)
    await guarded(again.restore())
    assert again.board.stations
    assert again.simulated
    again.close()


def test_consumers_learn_the_credit_of_the_source() -> None:
    own = session_of(ScriptedFeed(), register=Register(credit="x"))
    assert about_source(own).source == "a source"
    assert "NOBIL by Enova" in about_source(session_of(ScriptedFeed())).credit
    finland = session_of(ScriptedFeed())
    finland.codec = FINLAND_CODEC.name
    assert about_source(finland).credit == "Fintraffic / digitraffic.fi, CC BY 4.0"


@needs_ipv6
async def test_every_address_is_announced() -> None:
    running = Running(session_of(ScriptedFeed(Connected(T0))), host="::")
    await guarded(running.url)
    await running.stop()
    assert [url.rpartition(":")[0] for url in running.urls] == ["ws://127.0.0.1", "ws://[::1]"]
    [started] = [each for each in running.events if each["event"] == "started"]
    assert started["address"].split() == [url.partition("?")[0] for url in running.urls]
