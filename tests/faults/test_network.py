"""Faults of networks between the program and real servers, alone and in sequences."""

from __future__ import annotations

import asyncio
import gc
import inspect
import random
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.transport import TcpTransport

from nobil_tui.charging.register import Register
from nobil_tui.config.reading import load_config
from nobil_tui.feeds.nats import nats_internals
from nobil_tui.feeds.nats.connection import nats_connection
from nobil_tui.feeds.nats.server import parse_server
from nobil_tui.feeds.transport import websocket
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session.session import Session
from tests.certificates import Certificates
from tests.conftest import FakeClock
from tests.faults.network import (
    BOMB,
    CORRUPT,
    HANDSHAKE_FAULTS,
    MQTT_FAULTS,
    OPENING_FAULTS,
    STREAM_FAULTS,
    Expect,
    OpeningFault,
    StreamFault,
    bomb,
)
from tests.faults.proxy import FaultProxy
from tests.faults.rig import (
    HOST,
    Resolver,
    Rig,
    V1Server,
    enova_rig,
    finland_rig,
    surroundings,
    v1_rig,
    v1_source,
    v1_state,
)
from tests.faults.table import RecordFault, State
from tests.feeds.dead_address import dead_address
from tests.feeds.mqtt_broker import find_nats_server
from tests.feeds.nats_server import NatsProcess
from tests.tui.app_driver import main_of, opened, setup_of, text_of, until


def state_after(fault: StreamFault | OpeningFault) -> State:
    survives = isinstance(fault, StreamFault) and fault.expect is Expect.SURVIVES
    return "exact" if survives else "marked"


async def test_version_1_meets_each_fault(faults_long: bool, record_fault: RecordFault) -> None:
    times = 20 if faults_long else 1
    faults: tuple[StreamFault | OpeningFault, ...] = (*STREAM_FAULTS, CORRUPT, *HANDSHAKE_FAULTS)
    async with v1_rig() as rig:
        for fault in faults:
            for _ in range(times):
                seen = await rig.meet(fault)
            record_fault(f"version 1: {fault.name}", times, seen, state_after(fault))


async def test_enova_meets_each_fault(faults_long: bool, record_fault: RecordFault) -> None:
    times = 20 if faults_long else 1
    faults: tuple[StreamFault | OpeningFault, ...] = (*STREAM_FAULTS, BOMB, *OPENING_FAULTS)
    async with enova_rig() as rig:
        for fault in faults:
            for _ in range(times):
                seen = await rig.meet(fault)
            record_fault(f"Enova: {fault.name}", times, seen, state_after(fault))


@pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")
async def test_finland_meets_each_fault(
    tmp_path: Path, faults_long: bool, record_fault: RecordFault
) -> None:
    times = 5 if faults_long else 1
    short = ("cut with RST", "corrupt payload")
    faults = [each for each in MQTT_FAULTS if faults_long or each.name in short]
    async with finland_rig(tmp_path) as rig:
        for fault in faults:
            for _ in range(times):
                seen = await rig.meet(fault)
            record_fault(f"Finland: {fault.name}", times, seen, state_after(fault))


# Sequences

ALL: tuple[StreamFault | OpeningFault, ...] = (*STREAM_FAULTS, CORRUPT, *HANDSHAKE_FAULTS)


def test_sequences_of_faults_end_exact(faults_long: bool, record_fault: RecordFault) -> None:
    count = 0

    @settings(max_examples=200 if faults_long else 5)
    @given(st.lists(st.sampled_from(ALL), min_size=2, max_size=5))
    def sequence(faults: list[StreamFault | OpeningFault]) -> None:
        nonlocal count
        count += 1

        async def meet_all() -> None:
            async with v1_rig() as rig:
                for fault in faults:
                    await rig.meet(fault)

        asyncio.run(meet_all())

    sequence()
    record_fault("version 1: random sequences", count, "as each fault", "marked")


async def test_the_app_answers_keys_and_keeps_stars_through_faults(
    tmp_path: Path, faults_long: bool, record_fault: RecordFault
) -> None:
    faults = ALL if faults_long else random.Random(4).sample(ALL, 3)
    clock = FakeClock()
    server = V1Server(clock)
    config = tmp_path / "config.toml"
    async with server.running() as port, FaultProxy(port) as proxy:
        setup = setup_of(clock, v1_source(proxy.port, clock), config_path=config)
        # Before the app connects, which is at once.
        with surroundings(resolver := Resolver()):
            async with opened(setup) as pilot:
                main = main_of(pilot)
                rig = Rig(main.workspace.session, clock, proxy, server, v1_state)
                rig.resolver = resolver

                async def press() -> None:
                    before = main.workspace.stations.selected
                    await pilot.press("j")
                    assert main.workspace.stations.selected != before
                    await pilot.press("k")
                    assert main.workspace.stations.selected == before
                    # Painted a moment later.
                    await until(
                        pilot,
                        lambda: ("LIVE" in text_of(pilot)[0]) == (rig.phase is LinkPhase.LIVE),
                    )

                await until(pilot, lambda: main.workspace.stations.count)
                await pilot.press("g", "s")
                await until(pilot, lambda: load_config(config).watched.stations)
                stars = load_config(config).watched.stations
                rig.check = press
                for fault in faults:
                    await rig.meet(fault)
                    await pilot.pause()
                assert load_config(config).watched.stations == stars
                assert main.workspace.settings.config.watched.stations == stars
    seen = "keys are answered, the star is there"
    record_fault("the app: faults of a server", len(faults), seen, "marked")


# Names, addresses and certificates


async def test_a_name_that_stops_resolving(record_fault: RecordFault) -> None:
    async with v1_rig() as rig:
        for _ in range(3):
            rig.proxy.reset()
            await rig.lost()
            rig.resolver.works = False
            await rig.retry()
            await rig.lost()
            assert rig.session.link.reason == f"{HOST} is not found (is there a network?)"
            rig.resolver.works = True
            await rig.retry()
            await rig.exact()
    record_fault("a name that stops resolving", 3, f"RETRY: {HOST} is not found", "marked")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second address")
async def test_two_addresses_of_which_the_first_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_fault: RecordFault
) -> None:
    for module in (websocket, nats_internals):
        monkeypatch.setattr(module, "NEXT_ADDRESS_DELAY", 0.001)
    with dead_address() as dead:
        for name, rig_of in (("version 1", v1_rig), ("Enova", enova_rig)):
            async with rig_of() as rig:
                rig.resolver.first = dead
                rig.proxy.reset()
                await rig.lost()
                await rig.retry()
                await rig.exact()
            record_fault(f"{name}: two addresses, one is dead", 1, "LIVE", "exact")
        if find_nats_server() is None:
            return
        resolver = Resolver()
        resolver.first = dead
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolver)
        with NatsProcess(tmp_path) as process:
            server = parse_server(f"nats://{HOST}:{process.port}", {})
            async with nats_connection(server, "test") as connection:
                assert connection.client.is_connected
        # Without this, a newer release may not need ours.
        assert "happy_eyeballs" not in inspect.getsource(TcpTransport.connect)
    record_fault("NATS: two addresses, one is dead", 1, "LIVE", "exact")


async def test_a_certificate_that_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_fault: RecordFault
) -> None:
    certificates = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    good = certificates.server(f"DNS:{HOST}")
    clock = FakeClock()
    server = V1Server(clock)
    async with server.running() as port, FaultProxy(port, good) as proxy:
        source = v1_source(proxy.port, clock, "wss")
        rig = Rig(
            Session(source, setup_of(clock, source), Register()), clock, proxy, server, v1_state
        )
        async with rig.running():
            for bad, words in (
                (certificates.server(f"DNS:{HOST}", self_signed=True), "set SSL_CERT_FILE"),
                (certificates.server("DNS:other.test"), "is for another host"),
                (certificates.server(f"DNS:{HOST}", until="20210101000000Z"), "has expired"),
            ):
                proxy.tls = bad
                rig.proxy.finish()
                await rig.lost()
                await rig.retry()
                await rig.lost()
                assert words in rig.session.link.reason
                record_fault("a certificate that changes", 1, rig.session.link.reason, "marked")
                proxy.tls = good
                await rig.retry()
                await rig.exact()


# Rates and memory


async def test_a_server_that_never_comes_back_is_asked_ever_more_rarely(
    record_fault: RecordFault,
) -> None:
    """Ten minutes of failures: after 1, 2, 4 ... 60 seconds, then every minute."""
    async with v1_rig() as rig:
        rig.proxy.openings.extend([OPENING_FAULTS[0].opening] * 100)
        rig.proxy.reset()
        await rig.lost()
        before, began = rig.accepted, rig.clock.monotonic()
        while rig.clock.monotonic() - began < 600:
            await rig.retry()
            await rig.lost()
        tries = rig.accepted - before
        assert 12 <= tries <= 18
        record_fault("ten minutes without a server", tries, "RETRY IN n s", "marked")


async def test_connections_that_each_bring_a_bomb_do_not_grow_memory(
    faults_long: bool, record_fault: RecordFault
) -> None:
    times = 100 if faults_long else 8
    (fault,) = (each for each in HANDSHAKE_FAULTS if "bomb" in each.name)
    async with v1_rig() as rig:
        bomb()
        gc.collect()
        # Memory must not depend on when the collector runs.
        gc.disable()
        tracemalloc.start()
        try:
            held, tasks = [], len(asyncio.all_tasks())
            for _ in range(times):
                seen = await rig.meet(fault)
                # On a busy machine, several connections may still be closing.
                await rig.until(lambda: len(asyncio.all_tasks()) <= tasks)
                held.append(tracemalloc.get_traced_memory()[0])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            gc.enable()
        assert peak < 16 << 20
        # A compressor takes 300 kB, and a connection or two may be closing at each moment.
        # Each leaves 30 kB for the collector; one that keeps its compressor would leave 300.
        assert held[-1] - held[2] < 1_000_000 + 40_000 * times
        assert rig.session.counts.unreadable >= times
    record_fault("bombs, one a connection", times, f"{seen}; 1 not readable each", "marked")
