"""Relays and their readers, over one real NATS server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nobil_tui.feeds.nats.server import NatsServer
from tests.conftest import START
from tests.feeds.mqtt_broker import find_nats_server
from tests.feeds.nats_server import NatsProcess
from tests.hub.conftest import ScriptedFeed, station
from tests.hub.relays import Relay, consuming, relaying, until, wipe

pytestmark = pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsProcess]:
    with NatsProcess(tmp_path_factory.mktemp("nats")) as process:
        yield process


@pytest.fixture
async def server(process: NatsProcess) -> NatsServer:
    await wipe(process.server)
    return process.server


async def test_reader_has_the_snapshot_and_every_change(server: NatsServer) -> None:
    feed = ScriptedFeed(*(station(f"NOR_{number:05}", 0, 1) for number in range(300)))
    async with relaying(Relay(server, feed, "one")) as relay, consuming(server) as early:
        await until(lambda: early.equals(relay.board))
        async with consuming(server) as late:
            for turn in range(5):
                for number in range(300):
                    feed.report(f"NOR_{number:05}", turn % 2, number % 2, at=START + turn)
            feed.report("SWE_å.*> 1", 1)
            feed.hear("NOR_00001", 1, 1)
            await until(lambda: "SWE_å.*> 1" in relay.board.stations)
            await until(lambda: early.equals(relay.board) and late.equals(relay.board))
