"""Opening each source, with real local servers."""

from __future__ import annotations

import asyncio
import threading

import pytest
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, Feed, Refused, Snapshot, StationReport
from nobil_tui.config.model import Config, EnovaSection
from nobil_tui.feeds.source import SourceError
from nobil_tui.hub.demo_server import DemoServer
from nobil_tui.hub.errors import HubError
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from tests.conftest import Serve, ServeRaw, guarded
from tests.sources.choices import demo_source

SNAPSHOT = (
    '{"type":"snapshot:init","data":[{"uuid":"NOR_00001",'
    '"connectors":[{"status":0,"error":0,"timestamp":-1}]}]}'
)


async def first(feed: Feed, kind: type[Event]) -> Event:
    events = feed.events()
    try:
        while True:
            event = await guarded(anext(events))
            if isinstance(event, kind):
                return event
    finally:
        await events.aclose()


async def test_v1_sends_the_key_and_calls_the_tap_with_each_frame(serve: Serve) -> None:
    asked: list[str] = []
    tapped: list[bytes] = []

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(connection.request.path)
        await connection.send(SNAPSHOT)
        await connection.wait_closed()

    url = await serve(handler)
    choose = SourceFactory(
        {"NOBIL_API_KEY": "a&b"}, SourceOptions(tap=lambda data, at: tapped.append(data))
    )
    source = choose(f"{url}/api/v1/stream?apikey={{private_apikey}}", Config()).source
    opened = await asyncio.to_thread(source.open)
    assert (opened.register, opened.clock, opened.player) == (None, None, None)
    snapshot = await first(opened.feed, Snapshot)
    assert isinstance(snapshot, Snapshot)
    assert [station.id for station in snapshot.stations] == ["NOR_00001"]
    source.close()
    assert asked == ["/api/v1/stream?apikey=a%26b"]
    assert tapped[0] == SNAPSHOT.encode()


async def test_demo_is_served_by_a_hub_and_has_a_register() -> None:
    source = SourceFactory({}, SourceOptions(stations=30, seed=4, speed=3600.0))(
        "demo", Config()
    ).source
    opened = await asyncio.to_thread(source.open)
    assert opened.register is not None
    board = Board()
    snapshot = await first(opened.feed, Snapshot)
    assert isinstance(snapshot, Snapshot)
    board.apply_snapshot(snapshot.stations, snapshot.at)
    assert set(board.stations) == set(opened.register)
    assert len(board.stations) == 30
    assert isinstance(await first(opened.feed, StationReport), StationReport)
    source.close()


async def test_seed_and_number_of_stations_determine_the_country() -> None:
    async def ids(stations: int, seed: int) -> set[str]:
        source = SourceFactory({}, SourceOptions(stations=stations, seed=seed))("", Config()).source
        opened = await asyncio.to_thread(source.open)
        source.close()
        assert opened.register is not None
        return set(opened.register)

    assert await ids(20, 1) == await ids(20, 1)
    assert await ids(20, 1) != await ids(20, 2)
    assert len(await ids(21, 1)) == 21


def demo_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "demo"]


async def ended() -> None:
    for thread in demo_threads():
        await asyncio.to_thread(thread.join, 5)
    assert demo_threads() == []


async def test_a_closed_source_can_be_reopened() -> None:
    source = demo_source(5, 0, 1.0)
    source.close()
    await asyncio.to_thread(source.open)
    assert len(demo_threads()) == 1
    source.close()
    source.close()
    await ended()
    opened = await asyncio.to_thread(source.open)
    assert isinstance(await first(opened.feed, Connected), Connected)
    # Opened again without closing: the previous one must be stopped.
    opened = await asyncio.to_thread(source.open)
    assert isinstance(await first(opened.feed, Connected), Connected)
    source.close()
    await ended()


async def test_closing_during_the_start_stops_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    source = demo_source(5, 0, 1.0)
    start = DemoServer.start

    def closed_meanwhile(*args: object, **kwargs: object) -> DemoServer:
        demo = start(5, 0, 1.0)
        source.close()
        return demo

    monkeypatch.setattr(DemoServer, "start", closed_meanwhile)
    with pytest.raises(SourceError, match="closed while it started"):
        await asyncio.to_thread(source.open)
    await ended()


@pytest.mark.parametrize(("stations", "speed"), [(0, 1.0), (200_000, 1.0), (1, 0.0), (1, 1e9)])
def test_reports_options_out_of_range(stations: int, speed: float) -> None:
    with pytest.raises(SourceError, match=r"The simulation cannot start: (stations|speed): "):
        demo_source(stations, 0, speed).open()


def test_reports_a_hub_that_cannot_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> DemoServer:
        raise HubError("no port is free")

    monkeypatch.setattr(DemoServer, "start", refused)
    with pytest.raises(SourceError, match=r"^The simulation cannot start: no port is free\.$"):
        demo_source(1, 0, 1.0).open()


async def test_enova_sends_its_key_to_the_configured_address(serve_raw: ServeRaw) -> None:
    requests: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    port = await serve_raw(refuse)
    config = Config(
        enova=EnovaSection(api_key=Secret("the-key"), address=f"http://127.0.0.1:{port}/token")
    )
    source = SourceFactory({})("enova", config).source
    opened = await asyncio.to_thread(source.open)
    refused = await first(opened.feed, Refused)
    assert isinstance(refused, Refused)
    assert "401" in refused.reason
    source.close()
    [request] = requests
    assert request.startswith(b"POST /token ")
    assert b"x-api-key: the-key" in request
