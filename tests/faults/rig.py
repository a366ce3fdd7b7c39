"""A session of the program, a real server, and the proxy between them, with a clock of ours."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve

from nobil_tui.base.clock import iso
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.register import Register
from nobil_tui.config.model import Config
from nobil_tui.feeds.finland.feed import FinlandFeed
from nobil_tui.feeds.finland.rest import FinlandRest
from nobil_tui.feeds.source import OpenSource, Source
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport import websocket
from nobil_tui.feeds.transport.enova_token import TokenClient
from nobil_tui.feeds.transport.link import Link
from nobil_tui.feeds.transport.mqtt import MqttSession
from nobil_tui.monitor import monitor
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState
from nobil_tui.session.session import Session
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.request import SourceOptions
from nobil_tui.wire.codecs import ENOVA_CODEC
from nobil_tui.wire.finland import TOPIC_FILTER
from tests.conftest import GUARD, FakeClock, guarded, settle
from tests.faults.network import Expect, OpeningFault, StreamFault
from tests.faults.proxy import FaultProxy
from tests.feeds import enova_service
from tests.feeds.dead_address import Address, found
from tests.feeds.enova_service import EnovaService
from tests.feeds.finland_service import Country, FinlandService, status_payload
from tests.feeds.mqtt_broker import Broker, NatsBroker
from tests.tui.app_driver import setup_of

HOST = "charger.test"
"""Resolves to this machine. Compression and proxies are used as for any host."""
SILENCE = 0.05
"""Seconds after which a silent server is given up, in place of the real timeout."""
MAX_TURN = 1.0
"""Seconds of the processor that the event loop may take for a few turns: 20 times what it takes."""
TRIES = 3
"""How often a fault is met that took more: the best counts."""

State = dict[str, object]
"""What the server last reported of each connector, as comparable values."""


class Resolver:
    """Replaces the look-up of host names that end in ``.test``."""

    def __init__(self) -> None:
        self.works = True
        self.first: Address | None = None
        """An address that is found before the one that works."""

    async def __call__(self, host: str, port: int, **_: object) -> list[object]:
        if not self.works:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        address = "127.0.0.1" if host.endswith(".test") else host
        return found(*([self.first] if self.first is not None else []), (address, port))


class V1Server:
    """A server of version 1 of the stream API."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._rng = random.Random(1)
        self._stations = {f"NOR_{number:05d}": self._connectors() for number in range(20)}
        self._open: set[ServerConnection] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Run; yields the port."""
        options: dict[str, Any] = {
            "close_timeout": 0.05,
            "compression": None,
            "ping_interval": None,
        }
        async with serve(self._talk, "127.0.0.1", 0, **options) as server:
            yield next(iter(server.sockets)).getsockname()[1]

    @property
    def state(self) -> State:
        """The oracle."""
        return {
            name: [(connector["status"], connector["error"]) for connector in connectors]
            for name, connectors in self._stations.items()
        }

    def change(self) -> None:
        """Change a station, and report it."""
        name = self._rng.choice([*self._stations])
        before = self.state[name]
        # Another time alone is no change: the next fault would come before the report arrived.
        while self.state[name] == before:
            self._stations[name] = self._connectors()
        data = {"uuid": name, "status": 0, "connectors": self._stations[name]}
        broadcast(self._open, json.dumps({"type": "status:update", "data": data}))

    def repeat(self) -> None:
        """Do nothing: a connection begins with all."""

    def _connectors(self) -> list[dict[str, int]]:
        return [
            {
                "status": self._rng.choice([-1, 0, 1]),
                "error": self._rng.choice([0, 0, 1]),
                "timestamp": self._clock.now(),
            }
            for _ in range(2)
        ]

    async def _talk(self, connection: ServerConnection) -> None:
        data = [{"uuid": name, "connectors": held} for name, held in self._stations.items()]
        # First: the client may have the snapshot before this task goes on.
        self._open.add(connection)
        try:
            await connection.send(json.dumps({"type": "snapshot:init", "data": data}))
            await connection.wait_closed()
        finally:
            self._open.discard(connection)


def v1_state(session: Session) -> State:
    """Return what the board of a session holds, to compare with that of a ``V1Server``."""
    return {
        name: [(connector.status, connector.error) for connector in station.connectors]
        for name, station in session.board.stations.items()
    }


class EnovaOracle:
    """What Enova's service last said of each connector; it says all again on request."""

    def __init__(self, service: EnovaService) -> None:
        self._service = service
        self._rng = random.Random(1)
        self._said: dict[str, str] = {f"NOR_{number:05d}": "AVAILABLE" for number in range(20)}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> State:
        """The oracle."""
        return {**self._said}

    def change(self) -> None:
        """Change a connector, and report it."""
        name = self._rng.choice([*self._said])
        words = {"AVAILABLE", "CHARGING", "OUTOFORDER"} - {self._said[name]}
        self._said[name] = self._rng.choice(sorted(words))
        self._say(name)

    def repeat(self) -> None:
        """Report every connector."""
        self._say(*self._said)

    def _say(self, *names: str) -> None:
        frames = [enova_service.frame(name, "1", self._said[name]) for name in names]
        task = asyncio.create_task(self._service.say(*frames))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def enova_state(session: Session) -> State:
    """Return what the board of a session holds, to compare with that of an ``EnovaOracle``."""
    stations = session.board.stations.items()
    return {name: station.connectors[0].word for name, station in stations}


class FinlandOracle:
    """What Finland's service says of each connector, by its REST API and its broker."""

    def __init__(self, service: FinlandService, broker: Broker, clock: FakeClock) -> None:
        self._service = service
        self._broker = broker
        self._clock = clock
        self._order = asyncio.Lock()
        self._rng = random.Random(1)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> State:
        """The oracle."""
        return {each["evseId"]: each["status"] for each in self._service.country.statuses}

    def change(self) -> None:
        """Change a connector, and publish it."""
        status = self._rng.choice(self._service.country.statuses)
        words = {"AVAILABLE", "CHARGING", "OUTOFORDER"} - {status["status"]}
        status["status"] = self._rng.choice(sorted(words))
        status["time"] = iso(self._clock.now())
        self._publish(status["evseId"])

    def repeat(self) -> None:
        """Publish every connector: a snapshot is a little older than the connection."""
        self._publish(*self.state)

    def _publish(self, *evses: str) -> None:
        state, topics, now = self.state, self._service.country.topics, self._clock.now()
        messages = [(topics[evse], status_payload(str(state[evse]), now)) for evse in evses]

        async def publish() -> None:
            # One after the other, each until the broker has it: they are all of the same time.
            async with self._order:
                await self._broker.publish(*messages, qos=1)

        task = asyncio.create_task(publish())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def finland_state(session: Session) -> State:
    """Return what the board of a session holds, to compare with that of a ``FinlandOracle``."""
    return {
        uid: connector.word
        for station in session.board.stations.values()
        for uid, connector in zip(station.evse_uids, station.connectors, strict=True)
    }


@contextmanager
def surroundings(resolver: Resolver) -> Iterator[None]:
    """Resolve our host, and let a silent server time out soon. Enter it before a session runs."""
    with (
        patch.object(asyncio.BaseEventLoop, "getaddrinfo", resolver),
        # A busy machine may take long.
        patch.object(websocket, "OPEN_TIMEOUT", GUARD),
        # Not to be taken for the wait of the link.
        patch.object(monitor, "LINK_INTERVAL", 1e6),
    ):
        yield


class Rig:
    """A session over a proxy to a server."""

    def __init__(
        self,
        session: Session,
        clock: FakeClock,
        proxy: FaultProxy,
        server: V1Server | EnovaOracle | FinlandOracle,
        state_of: Callable[[Session], State],
        entrance: FaultProxy | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.proxy = proxy
        self.server = server
        self.resolver = Resolver()
        self.limit = _limit_handshakes
        """Sets the timeout of a new connection, in seconds."""
        self.check = _nothing
        """What is checked after each fault, before it is healed."""
        self.entrance = entrance or proxy
        """The proxy that each new connection passes first."""
        self.met: list[str] = []
        """The faults so far, for the message of a failure."""
        self.longest_turn = 0.0
        """Seconds of the processor that the event loop took at most before it gave way."""
        self._state_of = state_of
        self._failure: LinkState | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the session until it is live and exact, and to the end of the block."""

        async def take(batch: Batch) -> None:
            pass

        with surroundings(self.resolver):
            tasks = [
                asyncio.create_task(self.session.run(lambda: None, take)),
                asyncio.create_task(self._beat()),
            ]
            try:
                await self.exact()
                yield
            finally:
                await guarded(cancel_and_wait(*tasks))

    # What must hold

    async def exact(self) -> None:
        """Wait until the link is live and the board equals the oracle, confirmed."""
        await self.until(lambda: self.phase is LinkPhase.LIVE)
        self.server.repeat()
        await self.until(lambda: self.is_exact and not self.unconfirmed)

    @property
    def phase(self) -> LinkPhase:
        """The phase of the link."""
        return self.session.link.phase

    @property
    def is_exact(self) -> bool:
        """Whether the board equals the oracle."""
        return self._state_of(self.session) == self.server.state

    @property
    def unconfirmed(self) -> int:
        """How many connectors are marked as not confirmed."""
        return self.session.board.unconfirmed(self.clock.now())

    @property
    def accepted(self) -> int:
        """How many connections were made: to the entrance."""
        return self.entrance.accepted

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until a condition is true, in real time."""

        async def look() -> None:
            while not holds():  # noqa: ASYNC110 - bytes are on their way
                await asyncio.sleep(0.0005)

        await guarded(look())

    async def lost(self, phase: LinkPhase = LinkPhase.RETRYING) -> None:
        """Wait for the next failure: a state of the link that was not there before."""
        before = self._failure
        await self.until(lambda: self.phase is phase and self.session.link is not before)
        self._failure = self.session.link

    # What happens

    async def meet(self, fault: StreamFault | OpeningFault) -> str:
        """Let a fault happen, check what it leads to, and heal; return what the user sees."""
        try:
            for _ in range(TRIES):
                self.longest_turn = 0.0
                seen = await self._meet(fault)
                if self.longest_turn < MAX_TURN:
                    break
            else:
                raise AssertionError(f"it blocks the event loop for {self.longest_turn:.1f} s")
        except Exception as error:
            error.add_note(f"after {self.met}: {fault.name}: {self.session.link}")
            error.add_note(f"{self.session.counts}, sleeping {self.clock.sleepers}")
            raise
        self.met.append(fault.name)
        return seen

    async def _meet(self, fault: StreamFault | OpeningFault) -> str:
        before = self.accepted
        if isinstance(fault, StreamFault):
            seen = await self._meet_in_stream(fault)
            tries = 1 if self.phase is not LinkPhase.LIVE else 0
        else:
            seen = await self._meet_at_opening(fault)
            tries = 2
        await self.check()
        self.proxy.heal()
        self.entrance.heal()
        if fault_leaves_doubt(fault):
            # Live, and something could not be read: the next connection is exact again.
            self.proxy.reset()
            await self.lost()
            tries = 1
        if self.phase is not LinkPhase.LIVE:
            await self.retry()
        await self.exact()
        assert self.accepted == before + tries, "reconnects come at the rate of the backoff"
        return seen

    async def _meet_in_stream(self, fault: StreamFault) -> str:
        unreadable = self.session.counts.unreadable
        fault.apply(self.proxy)
        if fault.during or fault.expect is Expect.SURVIVES:
            # What is reported after a flood arrives behind all of it.
            self.server.change()
        match fault.expect:
            case Expect.SURVIVES:
                await self.until(lambda: self.is_exact)
                assert self.phase is LinkPhase.LIVE
                return "LIVE"
            case Expect.UNREADABLE:
                await self.until(lambda: self.session.counts.unreadable > unreadable)
                assert self.phase is LinkPhase.LIVE
                return "LIVE, 1 not readable"
            case Expect.STALLS:
                async with asyncio.timeout(GUARD):
                    while self.phase is LinkPhase.LIVE:
                        self.clock.advance(1)
                        # What still answers, such as a WebSocket, has the time to, and a link
                        # that gives up begins its wait before the clock goes on.
                        await settle()
                        await asyncio.sleep(0.001)
        await self.lost()
        self._check_marked()
        return f"RETRY: {self.session.link.reason}"

    async def _meet_at_opening(self, fault: OpeningFault) -> str:
        self.proxy.reset()
        await self.lost()
        self.entrance.openings.append(fault.opening)
        if fault.silent:
            self.limit(SILENCE)
        await self.retry()
        await self.lost(LinkPhase.REFUSED if fault.refuses else LinkPhase.RETRYING)
        self.limit(GUARD)
        self._check_marked()
        return f"{'KEY REFUSED' if fault.refuses else 'RETRY'}: {self.session.link.reason}"

    async def retry(self) -> None:
        """Let the time of the next attempt come."""
        seconds = await self.waiting()
        # It may have begun to wait a little later.
        self.clock.advance(seconds + 0.1)

    async def waiting(self) -> float:
        """Wait until the link waits for its next attempt; return the seconds that are left."""
        seconds = (self.session.link.retry_at - self.clock.now()) / 1000
        assert 0.5 < seconds < 400, "the next attempt is planned, and not at once"
        await self.until(lambda: any(abs(left - seconds) < 0.1 for left in self.clock.sleepers))
        return seconds

    def _check_marked(self) -> None:
        self.clock.advance(0.01)
        assert self.session.link.reason.isprintable()
        assert self.unconfirmed == self.session.board.connectors > 0

    async def _beat(self) -> None:
        # Of this thread, so that a busy machine does not count.
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            self.longest_turn, before = max(self.longest_turn, now - before), now


async def _nothing() -> None:
    pass


def _limit_handshakes(seconds: float) -> None:
    websocket.OPEN_TIMEOUT = seconds


def fault_leaves_doubt(fault: StreamFault | OpeningFault) -> bool:
    """Return whether the link stays live although a frame could not be read."""
    return isinstance(fault, StreamFault) and fault.expect is Expect.UNREADABLE


@asynccontextmanager
async def v1_rig() -> AsyncIterator[Rig]:
    """Yield a running session over a proxy to a server of version 1."""
    clock = FakeClock()
    server = V1Server(clock)
    async with server.running() as port, FaultProxy(port) as proxy:
        source = v1_source(proxy.port, clock)
        session = Session(source, setup_of(clock, source), Register())
        rig = Rig(session, clock, proxy, server, v1_state)
        async with rig.running():
            yield rig


def v1_source(port: int, clock: FakeClock, scheme: str = "ws") -> Source:
    """Return the source that connects to a port of this machine, as a user names it."""
    url = f"{scheme}://{HOST}:{port}/api/v1/stream?apikey=no-real-key-7"
    return SourceFactory({}, SourceOptions(clock=clock))(url, Config()).source


class _EnovaSource:
    name = "NOBIL Real-time"
    simulated = False
    state_key = ""

    def __init__(self, address: str, clock: FakeClock) -> None:
        self._tokens = TokenClient(enova_service.KEY, address, clock=clock, timeout=GUARD)
        self._clock = clock

    def open(self) -> OpenSource:
        link = Link(self._tokens.dial, clock=self._clock, expires=True)
        return OpenSource(StreamFeed(link, ENOVA_CODEC), codec="enova")

    def close(self) -> None:
        pass

    def limit(self, seconds: float) -> None:
        """Set the timeout of the token request."""
        self._tokens._timeout = seconds


@asynccontextmanager
async def enova_rig() -> AsyncIterator[Rig]:
    """Yield a running session over proxies to Enova's token endpoint and stream.

    Opening faults happen at the token endpoint.
    """
    clock = FakeClock()
    async with EnovaService(clock) as service:
        ports: Any = service
        async with (
            FaultProxy(ports._port) as tokens,
            FaultProxy(ports._socket_port) as proxy,
        ):
            ports._socket_port = proxy.port
            service.host = HOST
            address = f"http://{HOST}:{tokens.port}/nobil/real-time/v1/Realtime"
            source = _EnovaSource(address, clock)
            rig = Rig(
                Session(source, setup_of(clock, source), Register()),
                clock,
                proxy,
                EnovaOracle(service),
                enova_state,
                tokens,
            )
            rig.limit = source.limit
            async with rig.running():
                yield rig


class _FinlandSource:
    name = "Finland"
    simulated = False
    state_key = ""

    def __init__(self, service: FinlandService, url: str, clock: FakeClock) -> None:
        self._rest = FinlandRest(service.address, clock=clock)
        self._url = url
        self._clock = clock

    def open(self) -> OpenSource:
        async def dial() -> str:
            return self._url

        session = MqttSession(TOPIC_FILTER, self._clock)
        link = Link(dial, clock=self._clock, session=session)
        feed = FinlandFeed(link, session, self._rest, clock=self._clock)
        feed.settle_places()
        return OpenSource(feed, codec="finland", sends_snapshot=True)

    def close(self) -> None:
        pass


@asynccontextmanager
async def finland_rig(folder: Path) -> AsyncIterator[Rig]:
    """Yield a running session over a proxy to a real MQTT broker, and Finland's REST API."""
    clock = FakeClock()
    country = Country(3, 6, at=clock.now())
    async with NatsBroker(folder) as broker, FinlandService(country, clock) as service:
        port = urlsplit(broker.url).port
        assert port is not None
        async with FaultProxy(port) as proxy:
            source = _FinlandSource(service, f"ws://{HOST}:{proxy.port}/mqtt", clock)
            session = Session(source, setup_of(clock, source), Register())
            server = FinlandOracle(service, broker, clock)
            rig = Rig(session, clock, proxy, server, finland_state)
            async with rig.running():
                yield rig
