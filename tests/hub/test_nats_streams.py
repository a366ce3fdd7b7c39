"""A relay over streams that an administrator made, and a recording of what it publishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Lost
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.config.model import Config
from nobil_tui.feeds.nats.connection import nats_connection
from nobil_tui.feeds.nats.feed import NatsFeed
from nobil_tui.feeds.nats.register import REGISTER_BUCKET
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.nats_names import NamesPublisher
from nobil_tui.hub.nats_writer import Message, StreamWriter
from nobil_tui.monitor.board_updater import BoardUpdater
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.wire import v1
from nobil_tui.wire.nats import LINK_SUBJECT, STOPPED, STREAM, decode_link
from tests.conftest import GUARD, guarded
from tests.feeds.mqtt_broker import find_nats_server
from tests.feeds.nats_server import NatsProcess
from tests.hub.conftest import station
from tests.hub.follower import apply_event, shown
from tests.hub.relays import Hasty, Relay, World, consuming, patience, relaying, until, wipe

__all__ = ["patience"]

pytestmark = pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsProcess]:
    with NatsProcess(tmp_path_factory.mktemp("nats")) as process:
        yield process


@pytest.fixture
async def server(process: NatsProcess, patience: None) -> AsyncIterator[NatsServer]:
    await wipe(process.server)
    yield process.server
    await wipe(process.server)


async def make_stream(server: NatsServer, subjects: Sequence[str]) -> None:
    async with nats_connection(server, "administrator") as connection:
        context = connection.client.jetstream(timeout=GUARD)
        await context.add_stream(name=STREAM, subjects=[*subjects], max_msgs_per_subject=1)


async def test_a_station_leaves_a_stream_whose_messages_never_expire(server: NatsServer) -> None:
    await make_stream(server, ["nobil.v1.>"])
    world = World(station("NOR_1", 0), station("NOR_2", 1))
    relay = Relay(server, world.feed(), "one")
    async with relaying(relay), consuming(server) as reader:
        await until(lambda: reader.equals(relay.board))
        del world.stations["NOR_2"]
        world.say(world.snapshot())
        await until(lambda: [*reader.board.stations] == ["NOR_1"] and reader.equals(relay.board))
    assert not [line for line in relay.events if "WARNING" in line]


async def test_a_stream_of_other_subjects_is_said(server: NatsServer) -> None:
    await make_stream(server, ["nobil.v1.NOR.>"])
    relay = Relay(server, World(station("NOR_1", 0)).feed(), "one")
    async with relaying(relay):
        words = f"the stream {STREAM} there does not have the subject nobil.v1.>"
        await until(lambda: any(words in line for line in relay.events))


async def test_what_is_recorded_gives_the_same_board(server: NatsServer) -> None:
    frames: list[tuple[bytes, int]] = []
    world = World(station("NOR_1", 0, 1), station("SWE_å.", 1))
    async with relaying(Relay(server, world.feed(), "one")):
        feed = NatsFeed(server, tap=lambda data, at: frames.append((data, at)))
        recorded = Board()
        running = asyncio.create_task(Monitor(feed, recorded).run())
        await until(lambda: len(recorded.stations) == 2)
        world.report("NOR_1", 1, 1)
        world.report("NOR_3", 0)
        await until(lambda: len(recorded.stations) == 3)
        world.say(Lost("gone for a while", Clock().now(), 0))
        await until(lambda: not recorded.downtime.live)
        world.say(Connected(Clock().now()))
        del world.stations["SWE_å."]
        world.say(world.snapshot())
        await until(lambda: len(recorded.stations) == 2 and recorded.downtime.live)
        await cancel_and_wait(running)
    now, played = Clock().now(), BoardUpdater(Board(), Clock())
    apply_event(played, Connected(frames[0][1]))
    for data, at in frames:
        apply_event(played, v1.decode(data, at) if data else Lost("closed", at, at))
    assert played.counts.unreadable == played.counts.ignored == 0
    assert shown(played.board, now, heard=False) == shown(recorded, now, heard=False)
    assert played.board.downtime.past > 0


async def test_relay_that_ends_during_its_first_series_says_so(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, stored = StreamWriter.write, asyncio.Event()

    async def stuck(self: StreamWriter, series: list[Message]) -> None:
        await write(self, series)
        if not stored.is_set() and series and series[0][0] == LINK_SUBJECT:
            state = decode_link(series[0][1])
            if state is not None and state.ready:
                stored.set()
                await asyncio.Event().wait()

    monkeypatch.setattr(StreamWriter, "write", stuck)
    relay = Relay(server, World(station("NOR_1", 0)).feed(), "one")
    async with consuming(server) as reader:
        relay.start()
        await until(lambda: stored.is_set() and reader.equals(relay.board))
        await relay.stop()
        await until(lambda: reader.monitor.link.reason == STOPPED)


async def stored_messages(server: NatsServer) -> int:
    """Return the number of the last message of the store of names."""
    async with nats_connection(server, "test") as connection:
        info = await connection.client.jsm(timeout=GUARD).stream_info(f"OBJ_{REGISTER_BUCKET}")
        return info.state.last_seq


async def test_readers_get_the_names_of_the_relay(server: NatsServer, tmp_path: Path) -> None:
    lines: list[str] = []
    published = Register({"NOR_1": Facts("Slottet", plugs=(Plug("CCS", 150.0),))}, credit="NOBIL")
    clock = Hasty()
    names = NamesPublisher(lambda: published, clock=clock, events=HubLog(lines.append))
    address = server.urls[0]
    source = SourceFactory({})(address, Config()).source
    data = source.open().station_data
    assert data is not None
    path = tmp_path / "register.msgpack"

    async def update() -> bool:
        return await guarded(data.update(path, lambda _: None, statuses_first=False))

    data.use(register := Register())
    assert not await update()
    assert not data.has_names
    relay = Relay(server, World(station("NOR_1", 0)).feed(), "one", names=names)
    async with relaying(relay):
        await until(lambda: lines)
        assert await update()
        assert (register.name("NOR_1"), register.credit_of("NOR_1")) == ("Slottet", "NOBIL")
        assert register.facts("NOR_1").plugs == (Plug("CCS", 150.0),)
        assert not await update()
        published.replace({"NOR_1": Facts("Torget")})
        await until(lambda: len(lines) == 2)
        assert await update()
        assert register.name("NOR_1") == "Torget"
    written = await stored_messages(server)
    async with relaying(Relay(server, World(station("NOR_1", 0)).feed(), "two", names=names)):
        await until(lambda: len(lines) == 3)
    assert await stored_messages(server) == written
    assert all("names published" in line for line in lines)
