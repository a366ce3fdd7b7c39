"""A running hub over real sockets: keys, snapshots, updates, slow and hostile consumers."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Ended, RawReport, Refused, Snapshot, StationReport
from nobil_tui.charging.station import Station
from nobil_tui.config.hub import HubSection
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.hub import served_board
from nobil_tui.hub import server as server_module
from nobil_tui.hub.api_keys import KeyFile, OneKey
from nobil_tui.hub.door import MAX_MESSAGE
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.store.state_writer import StateWriter
from nobil_tui.wire import v1
from nobil_tui.wire.codecs import V1_CODEC
from tests.conftest import GUARD, START, FakeClock, guarded, settle
from tests.headless.feeds import session_of
from tests.hub.conftest import KEY, Joins, OpensHub, Reader, ScriptedFeed, run, station
from tests.monitor.test_sinks import Mirror
from tests.store.test_state_writer import RecordingStorage

QUOTED = quote(KEY, safe="")
A, B = "NOR_00001", "SWE_00002"


def board_of(*stations: Station) -> Board:
    board = Board()
    board.apply_snapshot([*stations], START)
    return board


def base(hub: Hub) -> str:
    return f"ws://{urlsplit(hub.address).netloc}"


async def refused(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as info:
        await guarded(connect(url, proxy=None, **options).__aenter__())
    return info.value.response.status_code


async def closed_with(consumer: Reader) -> tuple[int, str]:
    """Return with which code and reason the hub closes the connection."""
    with pytest.raises(ConnectionClosed) as info:
        await consumer.until(lambda: False)
    assert info.value.rcvd is not None
    return info.value.rcvd.code, info.value.rcvd.reason


async def until_there_are(hub: Hub, consumers: int) -> None:
    async with asyncio.timeout(GUARD):
        while hub.consumers != consumers:  # noqa: ASYNC110 - the hub has no event for it, and needs none
            await asyncio.sleep(0)


# Requests


@pytest.mark.parametrize(
    "path", ["/api/v1/stream/realtime", "/api/v1/stream", "/api/v1/stream/", "/api/v1/stream//"]
)
@pytest.mark.parametrize("name", ["key", "apikey"])
async def test_both_paths_and_key_names_are_accepted(
    hub_over: OpensHub, path: str, name: str
) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0, 1)))
    async with connect(f"{base(hub)}{path}?x=1&{name}={QUOTED}", proxy=None) as connection:
        message = v1.decode(await guarded(connection.recv(decode=False)), START)
    assert isinstance(message, Snapshot)
    assert [s.id for s in message.stations] == [A]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?key=",
        "?key=wrong",
        f"?key={QUOTED}x",
        f"?Key={QUOTED}",
        f"?other={QUOTED}",
        "?key=%ff%00ø",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/stream/realtime", "/api/v1/stream"])
async def test_wrong_or_missing_key_is_401(hub_over: OpensHub, path: str, query: str) -> None:
    hub = await hub_over(ScriptedFeed())
    assert await refused(f"{base(hub)}{path}{query}") == 401


@pytest.mark.parametrize("path", ["", "/", "/api/v1/stream/realtime/x", "/api/v2/stream", "//[x"])
async def test_other_paths_are_404(hub_over: OpensHub, path: str) -> None:
    hub = await hub_over(ScriptedFeed())
    assert await refused(f"{base(hub)}{path}?key={QUOTED}") == 404


async def test_url_contains_key_and_address_does_not(hub_over: OpensHub) -> None:
    hub = await hub_over(ScriptedFeed())
    assert hub.address.startswith("ws://127.0.0.1:")
    assert hub.url == f"{hub.address}?key={QUOTED}"
    assert "key" not in hub.address


async def test_key_in_a_header_is_accepted(hub_over: OpensHub) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0)))
    for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}):
        async with connect(hub.address, proxy=None, additional_headers=headers) as connection:
            assert b"snapshot:init" in await guarded(connection.recv(decode=False))


async def test_an_offered_subprotocol_is_chosen_and_none_is_needed(hub_over: OpensHub) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0)))
    offers = [Subprotocol("chat"), Subprotocol("other")]
    async with connect(hub.url, proxy=None, subprotocols=offers) as connection:
        assert connection.subprotocol == "chat"
    async with connect(hub.url, proxy=None) as connection:
        assert connection.subprotocol is None


# Frames


async def test_consumer_gets_snapshot_then_changes(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0, 1), station(B, 1))
    hub = await hub_over(feed)
    consumer = await join(hub)
    await consumer.read()
    feed.report(B, 0, at=START + 5)
    update = await consumer.read()
    feed.hear(A, 1, 1, at=START + 6)
    raw = await consumer.read()
    assert isinstance(consumer.seen[0], Snapshot)
    assert isinstance(update, StationReport)
    assert (update.station.id, update.station.status) == (B, 0)
    assert update.station.connectors[0].timestamp == START + 5
    assert isinstance(raw, RawReport)
    assert (raw.station_id, raw.index, raw.connector.timestamp) == (A, 1, START + 6)
    assert consumer.state == {A: [0, 1], B: [0]}


async def test_unchanged_report_is_sent_as_raw_report(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0, 1), station(B, 1))
    consumer = await join(await hub_over(feed))
    await consumer.read()
    feed.report(A, 0, 1)
    feed.report(B, 0)
    await consumer.until(lambda: len(consumer.seen) == 4)
    heard = [
        (each.index, each.connector.status) for each in consumer.seen if type(each) is RawReport
    ]
    assert heard == [(0, 0), (1, 1)]
    assert [each.station.id for each in consumer.seen if isinstance(each, StationReport)] == [B]


async def test_raw_reports_and_updates_keep_their_order(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0), station(B, 0))
    consumer = await join(await hub_over(feed))
    await consumer.read()
    feed.hear(A, 0, 0, at=START + 1)
    feed.report(A, 1, at=START + 2)
    feed.hear(A, 0, 1, at=START + 3)
    feed.hear(B, 0, 0, at=START + 4)
    feed.report(B, 1, at=START + 5)
    await consumer.until_station_is(B, 1)
    seen = [
        ("update", each.station.id, each.station.connectors[0].status)
        if isinstance(each, StationReport)
        else ("raw", each.station_id, each.connector.status)
        for each in consumer.seen[1:]
        if isinstance(each, StationReport | RawReport)
    ]
    assert seen == [
        ("raw", A, 0),
        ("update", A, 1),
        ("raw", A, 1),
        ("raw", B, 0),
        ("update", B, 1),
    ]


async def test_early_consumer_gets_snapshot_with_first_batch(join: Joins) -> None:
    board = Board()
    async with Hub(board, keys=OneKey(KEY)) as hub:
        consumer = await join(hub)
        await until_there_are(hub, 1)
        feed = ScriptedFeed(station(A, 0))
        async with run(Monitor(feed, board, tick=0.0, sinks=[hub])):
            await consumer.read()
            assert consumer.state == {A: [0]}
            feed.report(A, 1)
            await consumer.until_station_is(A, 1)
    assert isinstance(consumer.seen[0], Snapshot)


async def test_new_snapshot_is_sent_to_all_consumers(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0), station(B, 1))
    hub = await hub_over(feed)
    consumers = [await join(hub) for _ in range(3)]
    for consumer in consumers:
        await consumer.read()
    feed.say(Snapshot([station(B, 0, 0)], START + 9))
    for consumer in consumers:
        assert isinstance(await consumer.read(), Snapshot)
        assert consumer.state == {B: [0, 0]}


async def test_snapshot_with_few_changes_is_sent_as_updates(
    hub_over: OpensHub, join: Joins
) -> None:
    ids = [f"NOR_{number}" for number in range(20)]
    feed = ScriptedFeed(*(station(each, 0) for each in ids))
    consumer = await join(await hub_over(feed))
    await consumer.read()
    changed = {each: [0] for each in ids} | {"NOR_7": [1], "NOR_99": [1, 0]}
    feed.say(Snapshot([station(each, *statuses) for each, statuses in changed.items()], START + 9))
    await consumer.until_all_are(changed)
    assert [type(each) for each in consumer.seen] == [Snapshot, StationReport, StationReport]


@pytest.mark.slow
async def test_consumer_that_joins_during_changes_misses_none(
    hub_over: OpensHub, join: Joins
) -> None:
    ids = [f"NOR_{number:05}" for number in range(20)]
    feed = ScriptedFeed(*(station(id_, -1) for id_ in ids))
    hub = await hub_over(feed)
    consumers = []
    for round_ in range(40):
        for number, id_ in enumerate(ids):
            feed.report(id_, (round_ + number) % 2, at=START + round_)
        consumers.append(asyncio.ensure_future(join(hub)))
        await asyncio.sleep(0)
    for id_ in ids:
        feed.report(id_, 1, 1, at=START + 100)
    last = {id_: [1, 1] for id_ in ids}
    for consumer in [await joining for joining in consumers]:
        await consumer.until_all_are(last)
        assert isinstance(consumer.seen[0], Snapshot)
        assert not any(isinstance(message, Snapshot) for message in consumer.seen[1:])


async def test_own_feed_reads_hub(hub_over: OpensHub) -> None:
    feed = ScriptedFeed(station(A, 0, 1))
    hub = await hub_over(feed)

    async def dial() -> str:
        return hub.url

    monitor = Monitor(StreamFeed(Link(dial), V1_CODEC), tick=0.0)
    batches = monitor.batches()
    while A not in monitor.board.stations:
        await guarded(anext(batches))
    feed.report(A, 1, 1, 0, at=START + 7)
    while len(monitor.board.stations[A].connectors) < 3:
        await guarded(anext(batches))
    assert [c.status for c in monitor.board.stations[A].connectors] == [1, 1, 0]
    assert monitor.counts.unreadable == monitor.counts.ignored == 0
    await batches.aclose()


async def test_expired_stations_are_sent(hub_over: OpensHub, join: Joins, clock: FakeClock) -> None:
    feed = ScriptedFeed(station(A, 0))
    consumer = await join(await hub_over(feed, clock))
    await consumer.read()
    feed.say(Refused("HTTP 401", START))
    await guarded(clock.asleep())
    clock.advance(8 * 24 * 3600)
    await consumer.until(lambda: consumer.state == {A: [-1]})


async def test_flood_misses_no_station(
    hub_over: OpensHub, join: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("monitor.batch", "hub.served_board"):
        monkeypatch.setattr(f"nobil_tui.{room}.MAX_ENTRIES", 5)
    feed = ScriptedFeed(*(station(f"NOR_{n}", 0) for n in range(50)))
    consumer = await join(await hub_over(feed))
    await consumer.read()
    for n in range(50):
        feed.report(f"NOR_{n}", 1)
    await consumer.until(lambda: set(map(tuple, consumer.state.values())) == {(1,)})


async def test_board_is_served_after_feed_ends(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0))
    hub = await hub_over(feed)
    feed.say(Ended(START))
    feed.say(None)
    await settle()
    consumer = await join(hub)
    await consumer.read()
    assert consumer.state == {A: [0]}


# Beside other sinks


async def test_hub_state_writer_and_third_sink_end_with_state_of_board(join: Joins) -> None:
    board, storage = Board(), RecordingStorage()
    hub, writer, mirror = Hub(board, keys=OneKey(KEY)), StateWriter(board, storage), Mirror(board)
    feed = ScriptedFeed(station(A, 0, 1), station(B, 1))
    monitor = Monitor(feed, board, tick=0.0, sinks=[writer, hub, mirror])
    async with hub:
        consumer = await join(hub)
        running = asyncio.create_task(monitor.run())
        await consumer.read()
        for at in range(START, START + 50):
            feed.report(A, at % 2, 0, at=at)
            feed.hear(B, 0, at // 2 % 2, at=at)
        at = START + 60
        feed.say(Snapshot([station(A, 0, 0, at=at), station("NOR_9", 1, at=at)], at))
        feed.report("NOR_9", 0, 1, at=START + 61)
        feed.say(Ended(START + 62))
        feed.say(None)
        await guarded(running)
        state = {name: board.stored(name) for name in board.stations}
        shown = {name: [c.status for c in s.connectors] for name, s in board.stations.items()}
        assert shown == {A: [0, 0], "NOR_9": [0, 1]}
        await consumer.until_all_are(shown)
        assert mirror.copy == state
        assert storage.state == state


async def test_hub_serves_session_beside_its_consumer(join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0))
    session = session_of(feed, lossless=False)
    hub = Hub(session.board, keys=OneKey(KEY))
    session.sinks.append(hub)
    async with hub, aclosing(session.batches()) as batches:
        await guarded(anext(batches))
        consumer = await join(hub)
        await consumer.read()
        # The consumer of the session does not take this batch.
        feed.report(A, 1)
        await consumer.until_station_is(A, 1)
    session.close()


# Misbehaving consumers


async def stalled(hub: Hub) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect over a raw socket that is not read after the handshake."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    address = urlsplit(hub.address)
    await asyncio.get_running_loop().sock_connect(raw, (address.hostname, address.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    writer.write(
        f"GET {address.path}?key={QUOTED} HTTP/1.1\r\nHost: x\r\nUpgrade: "
        f"websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await guarded(reader.readuntil(b"\r\n\r\n"))
    return reader, writer


@pytest.mark.slow
async def test_consumer_that_does_not_read_is_closed_without_harm(
    hub_over: OpensHub, join: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SWEEP_SECONDS", 0.005)
    statuses = [0, 1] * 500
    feed = ScriptedFeed(station(A, *statuses), station(B, 0))
    # Sweeps: of more than these, none finds that a consumer which reads took no byte.
    hub = await hub_over(feed, limits=HubSection(stalled_seconds=20))
    good = await join(hub)
    _, writer = await stalled(hub)
    await good.read()
    await until_there_are(hub, 2)
    updates = 0
    async with asyncio.timeout(GUARD):
        while hub.consumers == 2:
            updates += 1
            # 50 kB each: the system buffers some megabytes first.
            feed.report(A, *(statuses if updates % 2 else statuses[::-1]), at=START + updates)
            feed.report(B, updates % 2, at=START + updates)
            await good.until_station_is(B, updates % 2)
    feed.report(B, 1, 1, 1)
    await good.until(lambda: good.state[B] == [1, 1, 1])
    assert hub.counts.dropped == {"does not read": 1}
    writer.transport.abort()


async def test_revoked_key_is_disconnected(
    hub_over: OpensHub, join: Joins, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server_module, "SWEEP_SECONDS", 0.005)
    keys = KeyFile(tmp_path / "keys.json")
    hub = await hub_over(ScriptedFeed(station(A, 0)), keys=keys)
    one, other = (keys.add(name, "2026-01-01") for name in ("one", "other"))
    assert await refused(hub.url) == 401
    stays = await join(hub, url=f"{hub.address}?key={other}")
    leaves = await join(hub, url=f"{hub.address}?key={one}")
    await leaves.read()
    KeyFile(keys.path).revoke("one")
    assert await closed_with(leaves) == (1008, "key revoked")
    assert await refused(f"{hub.address}?key={one}") == 401
    await stays.read()


async def test_messages_of_consumer_are_ignored(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0))
    consumer = await join(await hub_over(feed))
    for number in range(300):
        await consumer.connection.send(f"hello {number}")
        await consumer.connection.send(b"\x00\xff")
    feed.report(A, 1)
    await consumer.until(lambda: consumer.state == {A: [1]})
    assert [type(message) for message in consumer.seen] == [Snapshot, StationReport]


async def test_consumer_sending_large_message_is_closed(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0))
    hub = await hub_over(feed)
    loud, quiet = await join(hub), await join(hub)
    await loud.connection.send("x" * (MAX_MESSAGE + 1))
    assert (await closed_with(loud))[0] == 1009
    feed.report(A, 1)
    await quiet.until(lambda: quiet.state == {A: [1]})


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_forgiven")
async def test_flood_of_pings_is_cut_and_its_address_has_to_wait(
    hub_over: OpensHub, join: Joins
) -> None:
    limits = HubSection(received_frames=50, failed_tries=4)
    hub = await hub_over(ScriptedFeed(station(A, 0)), limits=limits)
    loud = await join(hub)
    await loud.read()
    for _ in range(40):
        await loud.connection.ping()
    # Its pongs come as long as it stays below the limit.
    await guarded(await loud.connection.ping())
    loud.connection.transport.write(b"\x89\x80\0\0\0\0" * 100)
    assert await closed_with(loud) == (1008, "too many messages")
    await until_there_are(hub, 0)
    assert await refused(hub.url) == 429


async def test_limits_of_connections(hub_over: OpensHub, join: Joins) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0)), limits=HubSection(connections_per_client=2))
    first, second = await join(hub), await join(hub)
    assert await refused(hub.url) == 503
    await first.connection.close()
    await until_there_are(hub, 1)
    third = await join(hub)
    for consumer in (second, third):
        assert isinstance(await consumer.read(), Snapshot)
    few = await hub_over(ScriptedFeed(station(A, 0)), limits=HubSection(connections=1))
    only = await join(few)
    assert await refused(few.url) == 503
    assert isinstance(await only.read(), Snapshot)


@pytest.mark.usefixtures("nothing_forgiven")
async def test_wrong_keys_are_limited_per_address(hub_over: OpensHub, join: Joins) -> None:
    limits = HubSection(failed_tries=3, behind_proxy=True)
    hub = await hub_over(ScriptedFeed(station(A, 0)), limits=limits)
    joined = await join(hub)
    here, there = ({"X-Forwarded-For": f"1.1.1.1, {last}"} for last in ("192.0.2.1", "192.0.2.2"))
    known = {"X-Forwarded-For": "192.0.2.1"}
    await (await join(hub, additional_headers=known)).read()
    for _ in range(5):
        # Without a key, nothing was guessed.
        assert await refused(hub.address, additional_headers=here) == 401
    for _ in range(3):
        assert await refused(f"{hub.address}?key=wrong", additional_headers=here) == 401
    assert await refused(f"{hub.address}?key=wrong", additional_headers=here) == 429
    # Another program at the same address, whose key was right before, is not kept out.
    await (await join(hub, additional_headers=known)).read()
    await (await join(hub, additional_headers=there)).read()
    assert isinstance(await joined.read(), Snapshot)


async def test_slow_handshake_is_cut(
    hub_over: OpensHub, join: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0)))
    monkeypatch.setattr(Hub, "handshake_seconds", 0.01)
    address = urlsplit(hub.address)
    for beginning in (b"", b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n"):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(beginning)
        with suppress(ConnectionResetError):
            assert await guarded(reader.read()) == b""
        writer.close()
    monkeypatch.undo()
    assert isinstance(await (await join(hub)).read(), Snapshot)


async def test_consumer_that_disconnects_is_removed(hub_over: OpensHub, join: Joins) -> None:
    feed = ScriptedFeed(station(A, 0))
    hub = await hub_over(feed)
    polite, rude, stays = await join(hub), await join(hub), await join(hub)
    await stays.read()
    await polite.connection.close()
    rude.connection.transport.abort()
    await until_there_are(hub, 1)
    feed.report(A, 1)
    await stays.until(lambda: stays.state == {A: [1]})


async def test_malformed_requests_are_answered_and_no_key_is_logged(
    hub_over: OpensHub, join: Joins, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    hub = await hub_over(ScriptedFeed(station(A, 0)), events=HubLog(lines.append))
    caplog.clear()
    address = urlsplit(hub.address)
    handshake = b"GET /api/v1/stream?key=%b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    handshake %= QUOTED.encode()
    for request, answer in (
        (b"\x16\x03\x01\x02\x00\x01", b""),
        (b"", b""),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 426 "),
        (b"A" * 40_000, b"HTTP/1.1 431 "),
        (handshake + b"\r\n", b"HTTP/1.1 426 "),
        (handshake + b"Connection: Upgrade\r\n\r\n", b"HTTP/1.1 400 "),
        (handshake + b"no header\r\n\r\n", b"HTTP/1.1 400 "),
        (
            b"GET /../api/v1/stream?key=" + QUOTED.encode() + handshake[34:] + b"\r\n",
            b"HTTP/1.1 404 ",
        ),
    ):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        writer.write_eof()
        assert (await guarded(reader.read())).startswith(answer)
        writer.close()
    with caplog.at_level(logging.CRITICAL, "websockets"):
        consumer = await join(hub)
        assert await refused(f"{hub.url}x") == 401
    await consumer.read()
    ours = [record for record in caplog.records if record.name.startswith("nobil_tui")]
    for record in ours:
        assert record.levelno < logging.WARNING, record
        assert record.exc_info is None
    assert "INFO consumer joined client=key address=127.0.0.1 consumers=1" in lines[-1]
    for text in [*lines, *(record.getMessage() for record in ours)]:
        assert KEY not in text
        assert QUOTED not in text


# Start and close


async def test_port_in_use(hub_over: OpensHub) -> None:
    port = urlsplit((await hub_over(ScriptedFeed())).address).port
    with pytest.raises(HubError, match=f"port {port} on 127.0.0.1 is in use"):
        await Hub(Board(), keys=OneKey(KEY), port=port or 0).start()


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 70_000, "port 70000 does not exist"),
        ("192.0.2.1", 0, "192.0.2.1 is not an address of this machine"),
        ("", 0, "no host"),
        ("a" * 80, 0, "is not a host"),
    ],
)
async def test_address_that_cannot_be_bound(host: str, port: int, words: str) -> None:
    hub = Hub(Board(), keys=OneKey(KEY), host=host, port=port)
    with pytest.raises(HubError, match=words):
        await guarded(hub.start())
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_wildcard_address_is_shown_as_loopback(hub_over: OpensHub, join: Joins) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0)), host="0.0.0.0")
    assert hub.address.startswith("ws://127.0.0.1:")
    await (await join(hub)).read()


async def test_close_sends_close_frame_and_leaves_no_tasks(join: Joins) -> None:
    hub = Hub(board_of(station(A, 0)), keys=OneKey(KEY))
    await hub.take(Batch(LinkState(), whole=True))
    await hub.start()
    waiting = asyncio.create_task(hub.wait())
    consumer = await join(hub)
    await consumer.read()
    await guarded(hub.close())
    with pytest.raises(ConnectionClosed) as info:
        await consumer.read()
    assert info.value.rcvd is not None
    assert info.value.rcvd.code == 1001
    await guarded(waiting)
    await hub.close()


async def test_close_does_not_wait_for_consumer_that_does_not_read(hub_over: OpensHub) -> None:
    hub = Hub(board_of(*(station(f"NOR_{n}", *[0] * 1000) for n in range(200))), keys=OneKey(KEY))
    await hub.take(Batch(LinkState(), whole=True))
    await hub.start()
    _, writer = await stalled(hub)
    await until_there_are(hub, 1)
    await guarded(hub.close())
    await until_there_are(hub, 0)
    writer.transport.abort()


async def test_failure_to_send_closes_hub(
    hub_over: OpensHub,
    join: Joins,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(served_board, "update_message", fails)
    feed = ScriptedFeed(station(A, 0))
    hub = await hub_over(feed)
    consumer = await join(hub)
    await consumer.read()
    feed.report(A, 1)
    with pytest.raises(ConnectionClosed) as info:
        await consumer.read()
    assert info.value.rcvd is not None
    assert info.value.rcvd.code == 1001
    with pytest.raises(ZeroDivisionError):
        await guarded(hub.wait())
    assert "Hub failed" in caplog.text


async def test_failure_of_a_task_closes_hub(
    hub_over: OpensHub, join: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consumers would wait forever for the task."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    hub = await hub_over(ScriptedFeed(station(A, 0)))
    first = await join(hub)
    await first.read()
    monkeypatch.setattr(Hub, "snapshot", fails)
    await join(hub)
    with pytest.raises(ZeroDivisionError):
        await guarded(hub.wait())
    with pytest.raises(ConnectionClosed):
        await first.read()


async def test_limits_that_change_hold_for_what_begins_then(
    hub_over: OpensHub, join: Joins
) -> None:
    hub = await hub_over(ScriptedFeed(station(A, 0)), limits=HubSection(failed_tries=1))
    first = await join(hub)
    await first.read()
    hub.use_limits(HubSection(connections_per_client=1, received_bytes=256, failed_tries=3))
    assert await refused(hub.url) == 503
    assert hub.allowance.bytes == 256
    # One wrong key was allowed before, and three are now.
    assert [await refused(f"{hub.url}x") for _ in range(4)] == [401, 401, 401, 429]
    hub.use_limits(HubSection(), connections=1)
    assert await refused(hub.url) == 503
    hub.use_limits(HubSection())
    await (await join(hub)).read()


async def test_wait_can_be_cancelled(hub_over: OpensHub) -> None:
    hub = await hub_over(ScriptedFeed())
    waiting = asyncio.create_task(hub.wait())
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(waiting)


async def test_no_address_before_start() -> None:
    hub = Hub(Board(), keys=OneKey(KEY))
    with pytest.raises(RuntimeError):
        _ = hub.url
    with pytest.raises(RuntimeError):
        await hub.wait()


def test_connection_that_comes_while_it_closes_is_closed() -> None:
    async def close_after(turns: int) -> socket.socket:
        hub = Hub(Board(), keys=OneKey(KEY))
        await hub.start()
        port = urlsplit(hub.address).port
        # Its acceptance takes a few turns of the loop.
        connection = socket.create_connection(("127.0.0.1", port))
        for _ in range(turns):
            await asyncio.sleep(0)
        await hub.close()
        return connection

    for turns in range(6):
        with asyncio.run(close_after(turns)) as connection:
            connection.settimeout(GUARD)
            # What is accepted and forgotten stays open until the collector warns.
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b"", turns
