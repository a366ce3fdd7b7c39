"""A hub behind a reverse proxy with a path of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Facts, Register
from nobil_tui.config.hub import HubSection
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.http_api import HttpApi
from nobil_tui.hub.metrics import Health
from nobil_tui.hub.requests import parse_target
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.sources.address import parse_address
from nobil_tui.sources.hub_stations import HubStations, fetch_over_http, register_url
from tests.conftest import START, FakeClock, guarded
from tests.for_each import for_each
from tests.hub.conftest import Joins, station
from tests.hub.reverse_proxy import ReverseProxy

KEY = "k3y-of-a-client"
A = "NOR_01523"
LIVE = Health(True, "live", "", 1.5, 1, 0, 10, 5)


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "passed on"])
async def test_every_path_works_below_a_prefix(join: Joins, tmp_path: Path, strips: bool) -> None:
    board, clock, lines = Board(), FakeClock(), list[str]()
    board.apply_snapshot([station(A, 0, 1)], START)
    facts = {A: Facts("Slottet", "Oslo", position=(59.9, 10.7))}
    limits = HubSection(path_prefix="" if strips else "/nobil", behind_proxy=True)
    hub = Hub(board, keys=OneKey(KEY), limits=limits, clock=clock, events=HubLog(lines.append))
    api = HttpApi(hub, board, lambda: Register(facts), lambda: LIVE, clock)
    hub.make_http = api.connection
    await hub.take(Batch(LinkState(), whole=True))
    async with hub, aiohttp.ClientSession() as client:
        base = hub.address.partition("/api/")[0].replace("ws://", "http://")
        async with ReverseProxy(base, "/nobil", strips=strips) as proxy:
            front = f"127.0.0.1:{proxy.port}/nobil"
            headers = {"Authorization": f"Bearer {KEY}"}

            async def get(path: str) -> tuple[int, bytes]:
                async with client.get(f"http://{front}{path}", headers=headers) as answer:
                    return answer.status, await guarded(answer.read())

            for path in (
                "/healthz",
                "/metrics",
                "/register.json",
                "/stations.geojson?filter=oslo",
                f"/api/v1/rest/charger/{A}",
                f"/api/v1/rest/connector/{A}_01",
                "/api/v1/rest/chargers",
                "/api/v1/rest/chargers/NOR",
            ):
                status, content = await get(path)
                assert (status, bool(content)) == (200, True), path
            assert (await get("/nope"))[0] == 404
            assert (await get(""))[0] == 404
            [feature] = json.loads((await get("/stations.geojson"))[1])["features"]
            assert feature["properties"]["name"] == "Slottet"
            # The stream, as programs for version 1 read it.
            stream = f"ws://{front}/api/v1/stream?apikey={KEY}"
            consumer = await join(hub, url=stream)
            assert A in str(await consumer.read())
            # Another nobil-tui asks for names below the prefix too.
            names, register = register_url(parse_address(stream)), Register()
            data = HubStations(fetch_over_http(names, KEY), "v1-x", clock=clock)
            data.use(register)
            kept = tmp_path / "register.msgpack"
            assert await guarded(data.update(kept, lambda _: None, statuses_first=False))
            assert register.name(A) == "Slottet"
        # Not the address of the proxy.
        assert "address=192.0.2.7" in next(line for line in lines if "consumer joined" in line)


async def test_a_wrong_path_is_answered_with_the_right_one() -> None:
    hub = Hub(Board(), keys=OneKey(KEY), limits=HubSection(path_prefix="/nobil/"))
    async with hub:
        where = urlsplit(hub.address)
        for extra in ("", "Upgrade: websocket\r\nConnection: Upgrade\r\n"):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(f"GET /nobil/x HTTP/1.1\r\nHost: x\r\n{extra}\r\n".encode())
            answer = await guarded(reader.read())
            assert b"The stream is at /nobil/api/v1/stream/realtime" in answer
            writer.close()


@for_each(
    ("text", "prefix", "path"),
    [
        ("/nobil/healthz?a=1", "/nobil", "/healthz"),
        ("/nobil/healthz/", "/nobil/", "/healthz"),
        ("/nobil", "/nobil", "/"),
        ("/nobil/", "/nobil", "/"),
        ("/healthz", "/nobil", "/healthz"),
        ("/nobilx/healthz", "/nobil", "/nobilx/healthz"),
        ("/healthz", "/", "/healthz"),
    ],
)
def test_a_prefix_is_removed(text: str, prefix: str, path: str) -> None:
    assert parse_target(text, prefix).path == path
