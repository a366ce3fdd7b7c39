"""The demo server: it is read like any other, stops at once, and reports why it cannot start."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Ended, Event, RawReport, Snapshot, StationReport
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.demo_server import STOP_WITHIN, DemoServer, serve_country, serve_monitor
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.server import Hub
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire import v1
from nobil_tui.wire.codecs import V1_CODEC
from tests.conftest import GUARD, START, FakeClock, guarded, settle
from tests.hub.conftest import ScriptedFeed, station


def demo_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "demo"]


async def test_demo_is_read_like_any_server() -> None:
    demo = DemoServer.start(40, 1, 3600.0)

    async def dial() -> str:
        return demo.url

    monitor = Monitor(StreamFeed(Link(dial), V1_CODEC), Board())
    batches = monitor.batches()
    while not (monitor.counts.changes and any(s.track for s in monitor.board.stations.values())):
        await guarded(anext(batches))
    assert set(monitor.board.stations) == set(demo.register)
    assert monitor.counts.unreadable == monitor.counts.ignored == 0
    for each in monitor.board.stations.values():
        assert len(demo.register.facts(each.id).plugs) == len(each.connectors)
    await batches.aclose()
    demo.stop()


async def test_seed_determines_stations_and_key_is_random() -> None:
    one, other = DemoServer.start(20, 7, 1.0), DemoServer.start(20, 7, 1.0)
    assert [*one.register] == [*other.register]
    assert urlsplit(one.url).query != urlsplit(other.url).query
    one.stop()
    other.stop()


async def test_stop_is_immediate_and_can_be_repeated() -> None:
    demo = DemoServer.start(400, 1, 1.0)
    async with connect(demo.url, proxy=None, max_size=None, close_timeout=0.1) as connection:
        assert isinstance(v1.decode(await guarded(connection.recv(decode=False)), START), Snapshot)
        demo.stop()
    demo.stop()
    for thread in demo_threads():
        thread.join(GUARD)
    assert not demo_threads()


def test_stop_does_not_wait_for_hanging_thread() -> None:
    demo = DemoServer.start(1, 1, 1.0)
    assert demo.url
    let_go = threading.Event()
    assert demo._loop is not None
    demo._loop.call_soon_threadsafe(let_go.wait, 30)
    demo.stop()
    assert demo_threads()
    assert STOP_WITHIN <= 0.1
    let_go.set()
    for thread in demo_threads():
        thread.join(GUARD)
    assert not demo_threads()


def test_start_raises_for_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(HubError, match="is in use"):
            DemoServer.start(1, 1, 1.0, port=taken.getsockname()[1])
    for thread in demo_threads():
        thread.join(GUARD)
    assert not demo_threads()


@pytest.mark.parametrize(("stations", "speed"), [(0, 1.0), (1, 0.0)])
def test_start_raises_for_simulation_out_of_range(stations: int, speed: float) -> None:
    with pytest.raises(ValueError, match=r"stations|speed"):
        DemoServer.start(stations, 1, speed)
    assert not demo_threads()


QUITS = """
import logging
from contextlib import ExitStack
from websockets.sync.client import connect
from nobil_tui.hub.demo_server import DemoServer
# Ignore warnings of slow steps on a busy machine; an exception that is never retrieved is an error.
logging.getLogger("asyncio").setLevel(logging.ERROR)
demo = DemoServer.start(400, 1, 3600.0)
stack = ExitStack()
stack.enter_context(connect(demo.url, proxy=None, max_size=None)).recv()
{end}
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", ["", "demo.stop()"])
def test_program_exits_silently_without_stop(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", QUITS.format(end=end)],
        capture_output=True,
        text=True,
        timeout=GUARD,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_demo_is_imported_on_open_and_hub_without_textual() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, nobil_tui.sources.demo\n"
            "print([m for m in ('websockets', 'textual', 'nobil_tui.feeds.simulation.model') "
            "if m in sys.modules])\n"
            "import nobil_tui.hub.demo_server\n"
            "print('textual' in sys.modules or 'rich' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split("\n")[:2] == ["[]", "False"]


def country(stations: int, speed: float = 1.0) -> Simulation:
    return Simulation(stations, 5, start=START, speed=speed)


class Announcement:
    """Receives the announced URL."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._first = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._first.set()

    async def first(self) -> str:
        await guarded(self._first.wait())
        return self.lines[0]


async def test_announces_url_and_serves_until_cancelled(clock: FakeClock) -> None:
    announcement = Announcement()
    serving = asyncio.create_task(
        serve_country("127.0.0.1", 0, country(30, 10.0), announcement, clock=clock)
    )
    url = await announcement.first()
    async with connect(url, proxy=None, close_timeout=0.1) as consumer:
        message = v1.decode(await guarded(consumer.recv(decode=False)), START)
        assert isinstance(message, Snapshot)
        simulation = Simulation(30, 5, start=START, speed=10.0)
        assert message.stations == simulation.stations
        clock.advance(60)
        expected = simulation.advance(clock.now())
        assert expected
        told = v1.decode(await guarded(consumer.recv(decode=False)), START)
        assert isinstance(told, StationReport | RawReport)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(serving)
    assert announcement.lines == [url]
    with pytest.raises(OSError, match=r"."):
        await guarded(connect(url, proxy=None).__aenter__())


async def test_key_is_random(clock: FakeClock) -> None:
    urls = []
    for _ in range(2):
        announcement = Announcement()
        serving = asyncio.create_task(
            serve_country("127.0.0.1", 0, country(1), announcement, clock=clock)
        )
        urls.append(await announcement.first())
        await cancel_and_wait(serving)
    keys = [url.partition("?key=")[2] for url in urls]
    assert len(set(keys)) == 2
    assert all(keys)


async def test_bind_error_is_raised_without_announcement(clock: FakeClock) -> None:
    announcement = Announcement()
    with pytest.raises(HubError, match="does not exist"):
        await guarded(serve_country("127.0.0.1", 99_999, country(1), announcement, clock=clock))
    assert announcement.lines == []


async def test_error_of_feed_is_raised_and_hub_closed() -> None:
    class Broken(ScriptedFeed):
        async def events(self) -> AsyncGenerator[Event, None]:
            async for event in super().events():
                if isinstance(event, Ended):
                    raise ZeroDivisionError
                yield event

    feed, board, announcement = Broken(), Board(), Announcement()
    hub = Hub(board, keys=OneKey("mine"))
    serving = asyncio.create_task(
        serve_monitor(Monitor(feed, board, sinks=[hub]), hub, announcement)
    )
    url = await announcement.first()
    feed.say(Ended(START))
    with pytest.raises(ZeroDivisionError):
        await guarded(serving)
    with pytest.raises(OSError, match=r"."):
        await guarded(connect(url, proxy=None).__aenter__())


async def test_board_is_served_after_feed_has_ended() -> None:
    feed, board, announcement = ScriptedFeed(station("NOR_1", 1)), Board(), Announcement()
    hub = Hub(board, keys=OneKey("mine"))
    feed.say(None)
    monitor = Monitor(feed, board, tick=0.0, sinks=[hub])
    serving = asyncio.create_task(serve_monitor(monitor, hub, announcement))
    url = await announcement.first()
    await settle()
    async with connect(url, proxy=None, close_timeout=0.1) as consumer:
        message = v1.decode(await guarded(consumer.recv(decode=False)), START)
    assert isinstance(message, Snapshot)
    assert [s.id for s in message.stations] == ["NOR_1"]
    assert not serving.done()
    await cancel_and_wait(serving)
