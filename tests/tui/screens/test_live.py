"""A version 1 server written with ``websockets`` only: the screen shows exactly its state."""

from __future__ import annotations

import asyncio
import json
import random
import re
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from websockets.asyncio.server import ServerConnection

from nobil_tui.config.model import Config
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import START, FakeClock, Serve, guarded
from tests.tui.app_driver import live, main_of, opened, saved, setup_of, text_of, until

STATIONS = 24
SIGNS = {(0, 0): "●", (1, 0): "■", (-1, 0): "·"}


class Server:
    """Holds the true state and sends it."""

    def __init__(self) -> None:
        # The protocol's example of a connector, and its rule that an error goes before the status.
        self.stations: dict[str, list[dict[str, int]]] = {
            f"NOR_{number:05}": [
                {"status": 0, "error": 0, "timestamp": 1362520099000} for _ in range(1 + number % 6)
            ]
            for number in range(1, STATIONS + 1)
        }
        self.stations["NOR_00002"][0]["error"] = 1
        self.stations["NOR_00003"][1]["status"] = -1
        self.more: asyncio.Queue[list[str]] = asyncio.Queue()
        self.heard: list[Any] = []

    async def __call__(self, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "snapshot:init", "data": self.snapshot()}))
        closed = asyncio.ensure_future(connection.wait_closed())
        while not closed.done():
            news = asyncio.ensure_future(self.more.get())
            await asyncio.wait([news, closed], return_when=asyncio.FIRST_COMPLETED)
            if not news.done():
                news.cancel()
                return
            for frame in news.result():
                await connection.send(frame)

    def snapshot(self) -> list[dict[str, Any]]:
        return [
            {"uuid": id_, "connectors": connectors} for id_, connectors in self.stations.items()
        ]

    def update(self, id_: str) -> str:
        return json.dumps(
            {
                "type": "status:update",
                "data": {"uuid": id_, "status": 0, "connectors": self.stations[id_]},
            }
        )

    def change(self, rng: random.Random, at: int) -> str:
        id_ = rng.choice(list(self.stations))
        connector = rng.choice(self.stations[id_])
        connector.update(status=rng.choice([-1, 0, 1]), error=int(rng.random() < 0.1), timestamp=at)
        return self.update(id_)

    def signs(self, id_: str) -> str:
        return "".join("✗" if c["error"] else SIGNS[c["status"], 0] for c in self.stations[id_])

    def counts(self, id_: str) -> str:
        connectors = self.stations[id_]
        free = sum(c["status"] == 0 and not c["error"] for c in connectors)
        unknown = any(c["status"] == -1 and not c["error"] for c in connectors)
        return f"{'?' if unknown and not free else free}/{len(connectors)}"


def shown(pilot: Pilot[int]) -> dict[str, tuple[str, str]]:
    """Return the counts and the symbols of each station in the list."""
    found = {}
    for line in text_of(pilot):
        if match := re.match(r"│.{4}\s*([\d?]+/\d+)\s+(\S+)\s+(NOR_\d+) ", line):
            found[match[3]] = match[1], match[2]
    return found


async def caught_up(pilot: Pilot[int], main: MainScreen, frames: int) -> None:
    await until(pilot, lambda: main.workspace.session.monitor)
    monitor = main.workspace.session.monitor
    assert monitor is not None
    await until(pilot, lambda: monitor.counts.frames == frames)
    await until(pilot, lambda: main.live_updates.painted >= monitor.counts.changes)
    main.live_updates.show_time()
    await pilot.pause()


async def test_the_screen_shows_exactly_the_servers_state(serve: Serve) -> None:
    server, clock, rng = Server(), FakeClock(), random.Random(1)
    url = await serve(server)
    source = SourceFactory({}, SourceOptions(clock=clock))(
        f"{url}/api/v1/stream?apikey=abc", Config()
    ).source
    async with opened(setup_of(clock, source), (120, 40)) as pilot:
        main = await live(pilot)
        await caught_up(pilot, main, 1)
        assert shown(pilot) == {
            id_: (server.counts(id_), server.signs(id_)) for id_ in server.stations
        }
        frames = 1
        for _ in range(6):
            sent = [server.change(rng, START + n) for n in range(100)]
            frames += len(sent)
            server.more.put_nowait(sent)
            await caught_up(pilot, main, frames)
            assert shown(pilot) == {
                id_: (server.counts(id_), server.signs(id_)) for id_ in server.stations
            }


async def test_unknown_values_are_no_errors(serve: Serve) -> None:
    server, clock = Server(), FakeClock()
    url = await serve(server)
    source = SourceFactory({}, SourceOptions(clock=clock))(url, Config()).source
    async with opened(setup_of(clock, source), (120, 40)) as pilot:
        main = await live(pilot)
        new, grown = "SWE_00001", "NOR_00001"
        server.stations[grown].append({"status": 1, "error": 0, "timestamp": START})
        server.stations["NOR_00011"].pop()
        odd = {
            "uuid": new,
            "status": 7,
            "colour": "red",
            "connectors": [{"status": 9, "error": 0, "speed": 3}],
        }
        server.more.put_nowait(
            [
                json.dumps({"type": "weather:update", "data": {"wind": 3}}),
                json.dumps({"type": "status:update", "data": odd, "extra": None}),
                "no JSON at all",
                server.update(grown),
                server.update("NOR_00011"),
                json.dumps(
                    {
                        "type": "status:raw",
                        "code": 5,
                        "data": {"uuid": grown, "connector": 1, "status": 1},
                    }
                ),
            ]
        )
        await caught_up(pilot, main, 7)
        text = "\n".join(text_of(pilot))
        assert "1 not readable" in text
        assert shown(pilot)["NOR_00001"] == ("2/3", "●●■")
        assert shown(pilot)["NOR_00011"] == (server.counts("NOR_00011"), server.signs("NOR_00011"))
        assert new in text
        assert "→ unknown (status 9)" in text
        assert "gone" in text
        # Another snapshot on the same socket: missing stations have left.
        del server.stations["NOR_00004"]
        server.more.put_nowait([json.dumps({"type": "snapshot:init", "data": server.snapshot()})])
        await caught_up(pilot, main, 8)
        await until(pilot, lambda: "2 stations left the stream" in "\n".join(text_of(pilot)))
        assert "NOR_00004" not in shown(pilot)


async def test_a_starred_station_that_left_is_listed(serve: Serve, tmp_path: Path) -> None:
    server, clock = Server(), FakeClock()
    url = await serve(server)
    config = tmp_path / "config.toml"
    source = SourceFactory({}, SourceOptions(clock=clock))(url, Config()).source
    async with opened(setup_of(clock, source, config_path=config), (120, 40)) as pilot:
        main = await live(pilot)
        first = main.workspace.stations.selected
        await pilot.press("s")
        await saved(pilot, config, lambda config: config.watched.stations == [first])
        del server.stations[first]
        server.more.put_nowait([json.dumps({"type": "snapshot:init", "data": server.snapshot()})])
        await caught_up(pilot, main, 2)
        assert any(first in line and "not streamed" in line for line in text_of(pilot))


def hints_of(pilot: Pilot[int]) -> set[str]:
    """Return the hints in the footer, the last line."""
    return set(re.split(r"  +", text_of(pilot)[-1].strip()))


async def test_a_refused_key_is_retried_on_request_only(serve: Serve) -> None:
    asked = 0
    allowed = False

    def admit(connection: ServerConnection, request: object) -> Any:
        nonlocal asked
        asked += 1
        return None if allowed else connection.respond(401, "no\n")

    server, clock = Server(), FakeClock()
    url = await serve(server, process_request=admit)
    source = SourceFactory({}, SourceOptions(clock=clock))(url, Config()).source
    async with opened(setup_of(clock, source)) as pilot:
        main = main_of(pilot)
        await until(pilot, lambda: main.workspace.session.link.phase is LinkPhase.REFUSED)
        clock.advance(600)
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert asked == 1
        text = "\n".join(text_of(pilot))
        assert "KEY REFUSED" in text
        assert "Press c to enter another" in text
        assert {"c Connect", "r Retry"} <= hints_of(pilot)
        allowed = True
        await pilot.press("r")
        await live(pilot)
        assert asked == 2
        await until(pilot, lambda: not {"c Connect", "r Retry"} & hints_of(pilot))


async def test_changes_while_disconnected_are_marked(serve: Serve) -> None:
    server, clock = Server(), FakeClock()
    connections: list[ServerConnection] = []

    async def handle(connection: ServerConnection) -> None:
        connections.append(connection)
        await server(connection)

    url = await serve(handle)
    source = SourceFactory({}, SourceOptions(clock=clock))(url, Config()).source
    async with opened(setup_of(clock, source), (120, 40)) as pilot:
        main = await live(pilot)
        await guarded(connections[0].close())
        await until(pilot, lambda: main.workspace.session.link.phase is LinkPhase.RETRYING)
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert re.search(r"RETRY IN \d+ s", "\n".join(text_of(pilot)))
        assert {"c Connect", "r Retry"} <= hints_of(pilot)
        clock.advance(0.5)
        server.stations["NOR_00005"][0].update(status=1, timestamp=clock.now())
        await pilot.press("r")
        await until(pilot, lambda: len(connections) == 2)
        await caught_up(pilot, main, 2)
        line = r"NOR_00005 .*#1 .*free → occupied  while disconnected"
        await until(pilot, lambda: re.search(line, "\n".join(text_of(pilot))))
