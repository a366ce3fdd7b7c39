"""Clients of other makes: aiohttp's, Node's own WebSocket, and compression with two libraries."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import ssl
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from websockets.asyncio.client import connect

from nobil_tui.config.hub import HubSection
from tests.conftest import GUARD, guarded
from tests.hub.conftest import Joins, OpensHub, ScriptedFeed, station

A = "NOR_00001"

NODE = """
const types = [];
const socket = new WebSocket(process.argv[1], ["chat", "other"]);
socket.onmessage = (event) => {
  types.push(JSON.parse(event.data).type);
  if (types.length === 2) { console.log(types.join(" "), socket.protocol); socket.close(); }
};
socket.onerror = () => { console.log("error"); process.exit(1); };
"""


async def test_aiohttp(hub_over: OpensHub) -> None:
    feed = ScriptedFeed(station(A, 0))
    hub = await hub_over(feed)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(hub.url, protocols=("chat",)) as socket:
            assert socket.protocol == "chat"
            snapshot = json.loads(await guarded(socket.receive_str()))
            assert snapshot["data"][0]["uuid"] == A
            feed.report(A, 1)
            assert json.loads(await guarded(socket.receive_str()))["type"] == "status:update"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(hub.address + "?apikey=wrong")
        assert refused.value.status == 401


async def test_large_snapshot_is_compressed_where_both_sides_can(
    hub_over: OpensHub, join: Joins
) -> None:
    stations = [station(f"NOR_{n}", 0, 1) for n in range(500)]
    # A proxy in front is on this machine, its clients are not.
    feed = ScriptedFeed(*stations)
    hub = await hub_over(feed, limits=HubSection(behind_proxy=True))
    plain = await join(hub)
    async with (
        connect(hub.url, proxy=None) as ours,
        aiohttp.ClientSession() as session,
        session.ws_connect(hub.url, compress=15) as other,
        session.ws_connect(hub.url, compress=9) as small,
    ):
        assert ours.protocol.extensions
        texts = [
            await guarded(ours.recv(decode=False)),
            *[(await guarded(each.receive_str())).encode() for each in (other, small)],
        ]
        await plain.read()
        assert len(set(texts)) == 1
        feed.report("NOR_7", 1, 1)
        assert b"status:update" in await guarded(ours.recv(decode=False))
        await plain.until_station_is("NOR_7", 1, 1)
    # Those of two clients are compressed, with a window that the third one does not have.
    sizes = sorted(each.sent_bytes for each in hub._consumers)
    assert sizes[-1] > len(texts[0])
    assert hub.sent_bytes < 2.5 * len(texts[0]) + 2000


async def test_tls(hub_over: OpensHub) -> None:
    # A certificate of localhost for a hundred years, with its key.
    pem = Path(__file__).with_name("localhost.pem")
    server, client = (
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
        ssl.create_default_context(),
    )
    server.load_cert_chain(pem)
    client.load_verify_locations(pem)
    many = [station(f"NOR_{n}", *[0] * 100) for n in range(300)]
    feed = ScriptedFeed(*many)
    hub = await hub_over(feed, tls=server)
    assert hub.address.startswith("wss://127.0.0.1:")
    async with connect(hub.url, proxy=None, ssl=client, max_size=None) as connection:
        assert b"snapshot:init" in (await guarded(connection.recv(decode=False)))[:30]
        for turn in range(5):
            feed.report("NOR_7", turn % 2 + 1)
            assert b"status:update" in await guarded(connection.recv(decode=False))
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hub.address).port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    with suppress(ConnectionResetError):
        assert await guarded(reader.read()) == b""
    writer.close()
    assert hub.counts.joined == 1

    # A handshake that does not end takes up a connection, and is closed with the hub.
    only = ScriptedFeed(station(A, 0))
    few = await hub_over(only, tls=server, limits=HubSection(connections=2))
    place = "127.0.0.1", urlsplit(few.address).port
    waiting = [await asyncio.open_connection(*place) for _ in range(2)]
    reader, writer = await asyncio.open_connection(*place)
    with suppress(ConnectionResetError):
        assert await guarded(reader.read()) == b""
    assert few.counts.refused == {503: 1}
    waiting.pop()[1].close()
    while len(few._doors) > 1:  # noqa: ASYNC110  # a server has no event for it
        await asyncio.sleep(0)
    async with connect(few.url, proxy=None, ssl=client, max_size=None) as connection:
        assert await guarded(connection.recv(decode=False))
    await few.close()
    with suppress(ConnectionResetError):
        assert await guarded(waiting[0][0].read()) == b""
    for _, each in (*waiting, (reader, writer)):
        each.close()


@pytest.mark.slow
async def test_websocket_of_node(hub_over: OpensHub) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    flag = "--experimental-websocket"
    feed = ScriptedFeed(station(A, 0))
    hub = await hub_over(feed)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(node, flag, "-e", NODE, hub.url), stdout=pipe, stderr=pipe
    )
    running = asyncio.create_task(process.communicate())
    try:
        async with asyncio.timeout(GUARD):
            for number in itertools.count(1):
                feed.report(A, number % 2)
                await asyncio.wait([running], timeout=0.05)
                if running.done():
                    break
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    out, error = await running
    if b"bad option" in error or b"WebSocket is not defined" in error:
        pytest.skip("this Node has no WebSocket")
    assert out.decode().split() == ["snapshot:init", "status:update", "chat"]
