"""Relays and their readers, over one real NATS server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing

import pytest

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Lost, RawReport, Snapshot
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.nats.connection import nats_connection
from nobil_tui.feeds.nats.feed import SILENT, NatsFeed
from nobil_tui.feeds.nats.reader import StreamReader
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.feeds.transport.link import Link
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.nats_lease import Lease
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.codecs import V1_CODEC
from nobil_tui.wire.nats import STOPPED, station_subject
from tests.conftest import GUARD, FakeClock, guarded
from tests.feeds.mqtt_broker import find_nats_server
from tests.feeds.nats_server import NatsProcess
from tests.hub.conftest import KEY, station
from tests.hub.follower import shown
from tests.hub.relays import (
    LEASE,
    SILENCE,
    Quick,
    Relay,
    World,
    consuming,
    expire_lease,
    patience,
    relaying,
    until,
    wipe,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server"),
]


KILLS = 50

__all__ = ["patience"]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsProcess]:
    with NatsProcess(tmp_path_factory.mktemp("nats")) as process:
        yield process


@pytest.fixture
async def server(process: NatsProcess, patience: None) -> NatsServer:
    await wipe(process.server)
    return process.server


def world_of(count: int) -> World:
    return World(*(station(f"NOR_{number:05}", 0, 1) for number in range(count)))


def flood(world: World, count: int, turns: int = 5) -> None:
    for turn in range(turns):
        for number in range(count):
            world.report(f"NOR_{number:05}", turn % 2, number % 2)


async def test_readers_have_the_snapshot_and_every_change(server: NatsServer) -> None:
    world = world_of(100)
    relay = Relay(server, world.feed(), "one")
    async with relaying(relay), consuming(server) as early:
        await until(lambda: early.equals(relay.board))
        async with consuming(server) as late:
            flood(world, 100)
            world.report("SWE_å.*> 1", 1)
            now = Clock().now()
            world.say(RawReport("NOR_00001", 1, Connector(1, 0, now), now))
            await until(lambda: "SWE_å.*> 1" in relay.board.stations)
            await until(lambda: early.equals(relay.board) and late.equals(relay.board))

            # A break upstream, and what a later snapshot lacks.
            world.say(Lost("gone for a while", now, 0))
            await until(lambda: "gone for a while" in early.monitor.link.reason)
            assert not early.live
            for gone in ("NOR_00000", "SWE_å.*> 1"):
                del world.stations[gone]
            world.say(Connected(Clock().now()))
            world.say(world.snapshot())
            await until(lambda: set(relay.board.stations) == set(world.stations))
            await until(lambda: early.equals(relay.board) and late.equals(relay.board))
            assert set(early.board.stations) == set(world.stations)
            assert early.board.downtime.past > 0
    assert world.served == 1


async def test_missing_message_makes_a_reader_start_over(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(20)
    relay = Relay(server, world.feed(), "one")
    async with relaying(relay), consuming(server) as reader:
        await until(lambda: reader.equals(relay.board))
        put = StreamReader._put
        dropped: list[object] = []

        def lossy(self: StreamReader, message: object) -> None:
            if not dropped and "NOR_00003" in message.subject:  # type: ignore[attr-defined]
                dropped.append(message)
            else:
                put(self, message)  # type: ignore[arg-type]

        monkeypatch.setattr(StreamReader, "_put", lossy)
        world.report("NOR_00003", 1, 1)
        await until(lambda: dropped)
        await until(lambda: reader.equals(relay.board))
        assert [each.status for each in reader.board.stations["NOR_00003"].connectors] == [1, 1]


class Jumping(Clock):
    """A clock whose time can be set, as after a sleep of the machine."""

    ahead = 0
    pause = 0.02

    def now(self) -> int:
        return super().now() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, self.pause))


async def test_jump_of_the_clock_ends_the_link_at_once(server: NatsServer) -> None:
    """Whether the clocks are looked at first, or a sign of life arrives that was sent before."""
    world = world_of(3)
    relay = Relay(server, world.feed(), "one")
    async with relaying(relay):
        for pause in (0.02, 3600.0):
            clock = Jumping()
            clock.pause = pause
            feed = NatsFeed(server, clock=clock, silent_after=GUARD, backoff=Quick())
            async with asyncio.timeout(GUARD), aclosing(feed.events()) as events:
                while not isinstance(await anext(events), Snapshot):
                    pass
                before = clock.now()
                clock.ahead = 8 * 3_600_000
                while not isinstance(lost := await anext(events), Lost):
                    pass
                assert lost.reason == "this machine slept, or its clock was set"
                assert lost.heard_at < before + GUARD * 1000
                clock.pause = 0.02
                while not isinstance(await anext(events), Snapshot):
                    pass


async def test_relay_corrects_what_another_program_writes(server: NatsServer) -> None:
    world = world_of(3)
    relay = Relay(server, world.feed(), "one")
    async with relaying(relay), consuming(server) as reader:
        await until(lambda: reader.equals(relay.board))
        async with nats_connection(server, "another") as connection:
            data = b'{"type":"status:update","data":{"uuid":"NOR_00001","connectors":[]}}'
            await connection.client.publish(station_subject("NOR_00001"), data)
            await connection.client.flush()
        await until(lambda: any("other messages" in line for line in relay.events))
        await until(lambda: reader.equals(relay.board))


async def test_second_relay_takes_over(server: NatsServer) -> None:
    world = world_of(50)
    first, second = Relay(server, world.feed(), "one"), Relay(server, world.feed(), "two")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(relaying(first))
        reader = await stack.enter_async_context(consuming(server, silent_after=SILENCE))
        await until(lambda: reader.equals(first.board))
        await stack.enter_async_context(relaying(second))
        # The one in waiting has the same state, from NATS.
        await until(lambda: second.board.downtime.live and len(second.board.stations) == 50)
        world.report("NOR_00001", 1, 1)
        await first.crash()
        world.report("NOR_00002", 1, 1)
        await until(lambda: reader.monitor.link.reason == SILENT)
        assert not reader.live
        assert not second.lease.leads
        await expire_lease(server, first)
        await until(lambda: second.lease.leads and world.sessions == 1)
        await until(lambda: statuses(reader.board)["NOR_00002"] == [1, 1])
        await until(lambda: reader.equals(second.board))
        assert (world.served, world.most) == (2, 1)

        # The lease is given up in an orderly end: the third one need not wait for its time.
        third = await stack.enter_async_context(relaying(Relay(server, world.feed(), "three")))
        await second.stop()
        await until(lambda: third.lease.leads and world.sessions == 1)
        world.report("NOR_00003", 1, 1)
        await until(lambda: statuses(reader.board)["NOR_00003"] == [1, 1])
        await until(lambda: reader.equals(third.board))
        await third.stop()
        await until(lambda: reader.monitor.link.reason == STOPPED)
        assert not reader.live
        # And in the end it is as good as gone.
        await until(lambda: reader.monitor.link.phase is LinkPhase.NOT_LIVE)
        assert reader.monitor.link.reason == STOPPED
        assert (world.served, world.most) == (3, 1)


async def test_lease_that_is_not_renewed_expires(server: NatsServer) -> None:
    # The first one sets the time for both. On a busy machine it may lose the lease for a moment.
    first, second = (
        Relay(server, world_of(1).feed(), name, lease=seconds)
        for name, seconds in (("one", 0.5), ("two", LEASE))
    )
    async with relaying(first):
        await until(lambda: first.lease.leads)
        await first.crash()
        async with relaying(second):
            await until(lambda: second.lease.leads)


async def test_relay_does_not_lead_after_its_machine_slept(server: NatsServer) -> None:
    clock = FakeClock()
    lease = Lease("one", 60, clock=clock)
    async with nats_connection(server, "one") as connection:
        keeping = asyncio.create_task(lease.keep(connection))
        await until(lambda: lease.leads)
        await clock.asleep()
        # Only the time of day goes on while a machine sleeps.
        clock.step(50)
        assert not lease.leads
        # Nor does it begin to, again and again, without a pause for anything else.
        leading = asyncio.create_task(lease.wait_held())
        await guarded(lease.wait_lapsed())
        assert not leading.done()
        clock.advance(12)
        await until(lambda: lease.leads)
        await guarded(leading)
        await cancel_and_wait(keeping)


async def test_relay_of_another_source_starts_afresh(server: NatsServer) -> None:
    first = Relay(server, world_of(5).feed(), "one")
    second = Relay(server, World(station("FIN_1", 0)).feed(), "two", "Finland")
    async with consuming(server) as reader:
        async with relaying(first):
            await until(lambda: reader.equals(first.board))
        async with relaying(second):
            # Before it leads, it has what the first one published.
            await until(lambda: set(second.board.stations) == {"FIN_1"})
            await until(lambda: reader.equals(second.board))
            assert set(reader.board.stations) == {"FIN_1"}


async def test_server_that_is_killed_and_started_again(
    process: NatsProcess, server: NatsServer
) -> None:
    world = world_of(200)
    relay = Relay(server, world.feed(), "one")
    async with relaying(relay), consuming(server) as reader:
        await until(lambda: reader.equals(relay.board))
        for turn in range(2):
            flood(world, 200, turns=1 + turn)
            process.kill()
            flood(world, 200, turns=2 + turn)
            await until(lambda: not reader.live)
            process.start()
            flood(world, 200, turns=2 - turn)
            await until(lambda: reader.equals(relay.board) and relay.lease.leads)
    assert world.most == 1


async def test_kills_at_random_under_load(process: NatsProcess, server: NatsServer) -> None:
    rng = random.Random(7)
    world = world_of(100)

    def relay(number: int) -> Relay:
        started = Relay(server, world.feed(), f"relay {number}")
        started.start()
        return started

    relays, crashed = [relay(0), relay(1)], list[Relay]()
    await until(lambda: any(each.lease.leads for each in relays))
    async with AsyncExitStack() as stack:
        readers = AsyncExitStack()
        stack.push_async_callback(lambda: readers.aclose())
        reader = await readers.enter_async_context(consuming(server))
        for turn in range(12):
            for _ in range(50):
                world.report(f"NOR_{rng.randrange(100):05}", rng.randrange(2), rng.randrange(2))
                await asyncio.sleep(0)
            await asyncio.sleep(rng.random() * 0.1)
            match rng.randrange(3):
                case 0:
                    at = rng.randrange(2)
                    crashed.append(relays[at])
                    await relays[at].crash()
                    relays[at] = relay(2 + turn)
                    await expire_lease(server, *crashed)
                case 1:
                    process.kill()
                    process.start()
                case _:
                    await readers.aclose()
                    readers = AsyncExitStack()
                    reader = await readers.enter_async_context(consuming(server))

        def exact() -> bool:
            leading = [each for each in relays if each.lease.leads]
            state = statuses(reader.board)
            return (
                len(leading) == 1
                and reader.equals(leading[0].board)
                and state == {id_: as_numbers(each) for id_, each in world.stations.items()}
            )

        await until(exact)
        assert world.most == 1
    for each in relays:
        await each.stop()


class HubBehindNats:
    """A hub that reads a relay's stream, in this process."""

    def __init__(self, server: NatsServer) -> None:
        self.hub = Hub(Board(), keys=OneKey(KEY))
        self._feed = NatsFeed(server, silent_after=SILENCE, backoff=Quick())
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await guarded(self.hub.start())
        board = self.hub.served._board
        self._serving = asyncio.create_task(Monitor(self._feed, board, sinks=[self.hub]).run())

    async def kill(self) -> None:
        """Close everything without a closing handshake, like a process that is killed."""
        assert self._serving is not None
        self._serving.cancel()
        for consumer in [*self.hub._consumers]:
            consumer.abort()
        await self.hub.close()
        await asyncio.gather(self._serving, return_exceptions=True)


async def test_reader_of_a_hub_behind_nats_survives_kills_of_all_three(
    process: NatsProcess, server: NatsServer, faults_long: bool
) -> None:
    rng = random.Random(11)
    world = world_of(40)
    relay, behind = Relay(server, world.feed(), "relay"), HubBehindNats(server)
    relay.start()
    await behind.start()

    async def dial() -> str:
        if not behind.hub._listener.is_started:
            raise UnreachableError("the hub starts again")
        return behind.hub.url

    link = Link(dial, backoff=Quick())
    client = Monitor(StreamFeed(link, V1_CODEC), Board())
    running = asyncio.create_task(client.run())
    still, flooding = asyncio.Event(), asyncio.create_task(asyncio.sleep(0))

    def live() -> bool:
        return client.link.phase is LinkPhase.LIVE and client.board.downtime.live

    def exact() -> bool:
        expected = {id_: as_numbers(each) for id_, each in world.stations.items()}
        return live() and statuses(client.board) == expected

    def same() -> bool:
        now, boards = Clock().now(), (client.board, relay.board)
        # Each has its own time at which a station was heard.
        mine, its = (shown(board, now, heard=False) for board in boards)
        return mine == its

    async def flood_until_still() -> None:
        while not still.is_set():
            for _ in range(rng.randrange(1, 8)):
                world.report(f"NOR_{rng.randrange(40):05}", rng.randrange(2), rng.randrange(2))
            await asyncio.sleep(0.002)

    await until(exact)
    killed = ["hub", "server", "relay", "all"]
    for turn in range(KILLS if faults_long else 6):
        flooding = asyncio.create_task(flood_until_still())
        await asyncio.sleep(rng.random() * 0.05)
        what = killed[turn % 4] if turn < 4 else rng.choice(["hub", "hub", *killed])
        if what in ("relay", "all"):
            await relay.crash()
        if what in ("server", "all"):
            process.kill()
        if what in ("hub", "all"):
            await behind.kill()
        # It does not take for live what is cut off from its source.
        await until(lambda: not live())
        if what in ("server", "all"):
            process.start()
        if what in ("hub", "all"):
            behind = HubBehindNats(server)
            await behind.start()
        if what in ("relay", "all"):
            await expire_lease(server, relay)
            relay = Relay(server, world.feed(), f"relay {turn}")
            relay.start()
        await asyncio.sleep(rng.random() * 0.05)
        still.set()
        await flooding
        still.clear()
        await until(exact)
        await until(same)
    assert world.most == 1
    assert client.counts.unreadable == 0
    await cancel_and_wait(running)
    await behind.kill()
    await relay.stop()


def as_numbers(station: Station) -> list[int]:
    return [each.status for each in station.connectors]


def statuses(board: Board) -> dict[str, list[int]]:
    return {id_: as_numbers(each) for id_, each in board.stations.items()}
