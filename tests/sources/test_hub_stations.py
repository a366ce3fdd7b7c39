"""The names that a hub has for its stream: asked at its host, kept for the next start."""

from __future__ import annotations

import json
from pathlib import Path

from aiohttp import web

from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.sources.address import parse_address
from nobil_tui.sources.hub_stations import HubStations, fetch_over_http, register_url
from tests.conftest import guarded
from tests.http_service import Answer, HttpService, body, status
from tests.sources.choices import choose

KEY = "k3y-of-the-hub"
FACTS = {"name": "Slottet", "place": "Oslo", "plugs": [{"name": "CCS", "kw": 150}]}
NAMES = json.dumps(
    {"format": "nobil-tui register", "stations": {"NOR_1": {**FACTS, "credit": "NOBIL"}}}
).encode()


class Server(HttpService):
    """Answers as ``answer`` does, and notes what it is asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[tuple[str, str, str]] = []

    async def respond(self, request: web.Request) -> web.StreamResponse:
        headers = request.headers
        tag = headers.get("If-None-Match", "")
        self.asked.append((request.path_qs, headers.get("X-API-Key", ""), tag))
        return web.Response(status=304) if tag else await self.answer(request)


def stations_of(server: Server, prefix: str = "") -> HubStations:
    place = server.origin.replace("http:", "ws:")
    source = choose(f"{place}{prefix}/api/v1/stream?apikey={KEY}")
    data = source.open().station_data
    assert isinstance(data, HubStations)
    return data


async def updated(data: HubStations, path: Path) -> bool:
    return await guarded(data.update(path, lambda _: None, statuses_first=False))


async def test_names_are_used_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "register.msgpack"
    async with Server(body(NAMES, headers={"ETag": '"7"'})) as server:
        register = Register({"NOR_1": Facts("Old name"), "NOR_2": Facts("Own")}, credit="Mine")
        data = stations_of(server, "/behind/proxy")
        data.use(register)
        assert await updated(data, path)
        assert register.facts("NOR_1").plugs == (Plug("CCS", 150.0),)
        assert [register.name(each) for each in ("NOR_1", "NOR_2")] == ["Slottet", "Own"]
        assert [register.credit_of(each) for each in ("NOR_1", "NOR_2")] == ["NOBIL", "Mine"]
        assert not await updated(data, path)
        url = "/behind/proxy/register.json"
        assert server.asked == [(url, KEY, ""), (url, KEY, '"7"')]
        # The user's own register is another file, and may be replaced at any time.
        assert not path.exists()
        register.replace({"NOR_1": Facts("Old name")})
        assert (register.name("NOR_1"), register.name("NOR_2")) == ("Slottet", "NOR_2")
        again, register = stations_of(server, "/behind/proxy"), Register()
        again.use(register)
        assert await updated(again, path)
        assert register.name("NOR_1") == "Slottet"
        assert server.asked[-1] == (url, KEY, '"7"')
        place = server.origin
    # Without the hub, its names are those of the last time.
    data = HubStations(
        fetch_over_http(f"{place}{url}", KEY),
        choose(
            f"{place.replace('http:', 'ws:')}/behind/proxy/api/v1/stream?apikey={KEY}"
        ).state_key,
    )
    register = Register()
    data.use(register)
    assert await updated(data, path)
    assert (register.name("NOR_1"), data.has_names) == ("Slottet", True)


async def test_another_server_of_version_1_is_asked_once(tmp_path: Path) -> None:
    away = status(302, {"Location": "/elsewhere"})
    for answer in (status(404), away, body(b"<html>"), body(b"{}")):
        async with Server(answer) as server:
            register = Register()
            data = stations_of(server)
            data.use(register)
            for _ in range(2):
                assert not await updated(data, tmp_path / "register.msgpack")
            assert [path for path, *_ in server.asked] == ["/register.json"]
            assert (data.has_names, len(register)) == (False, 0)


async def test_refused_or_unreachable_hub_is_asked_again(tmp_path: Path) -> None:
    async with Server(status(401)) as server:
        data = stations_of(server)
        data.use(register := Register())
        assert not await updated(data, tmp_path / "register.msgpack")
        server.answer = body(NAMES)
        assert await updated(data, tmp_path / "register.msgpack")
        assert register.name("NOR_1") == "Slottet"


def test_only_streams_of_a_hub_have_a_register() -> None:
    for address, url in (
        ("ws://[::1]:8080/api/v1/stream/realtime?key=x", "http://[::1]:8080/register.json"),
        ("wss://hub.example.org/api/v1/stream/", "https://hub.example.org:443/register.json"),
        ("wss://example.org/other?key=x", ""),
    ):
        assert register_url(parse_address(address)) == url
