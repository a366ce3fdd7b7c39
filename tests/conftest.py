"""What every test stands on: an environment of its own, a clock that stands still, and servers on this machine."""

from __future__ import annotations

# ruff: noqa: E402 - the environment comes before the imports, on purpose.
import os

# Before anything of Textual is imported: it reads these once, and each changes what is drawn or where files are.
# Where recorded data is stays: without it the tests over real data skip.
for name in {*os.environ} - {"NOBIL_CAPTURES"}:
    if name.startswith(("TEXTUAL_", "NOBIL_", "XDG_")) or name in {"NO_COLOR", "FORCE_COLOR"}:
        del os.environ[name]

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.utils import accept_key

from nobil_tui.base.clock import Clock

# No law may depend on how fast a machine is. "--hypothesis-profile=thorough" looks longer.
for profile, examples in (("nobil", 50), ("thorough", 1000)):
    settings.register_profile(
        profile, deadline=None, max_examples=examples, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("nobil")

START = 1_700_000_000_000
"""When a ``FakeClock`` begins, in ms."""

T = TypeVar("T")

GUARD = 60.0
"""Real seconds after which a test that hangs is ended; nothing that passes comes near it."""


class FakeClock(Clock):
    """Stands still until ``advance`` is called."""

    def __init__(self, start: int = START) -> None:
        self._start = start
        self._passed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._somebody = asyncio.Event()

    def now(self) -> int:
        return self._start + round(self._passed * 1000)

    def monotonic(self) -> float:
        return self._passed

    def step(self, seconds: float) -> None:
        """Set the wall clock, as a time server does: nobody is woken, and ``monotonic`` does not notice."""
        self._start += round(seconds * 1000)

    @property
    def sleepers(self) -> list[float]:
        """For how many seconds more each sleeper sleeps."""
        return [until - self._passed for until, _ in self._sleepers]

    async def sleep(self, seconds: float) -> None:
        waker = asyncio.get_running_loop().create_future()
        sleeper = (self._passed + seconds, waker)
        self._sleepers.append(sleeper)
        self._somebody.set()
        try:
            await waker
        finally:
            self._sleepers.remove(sleeper)
            if not self._sleepers:
                self._somebody.clear()

    def advance(self, seconds: float) -> None:
        """Let time pass at one stroke, and wake whose time has come; who sleeps again then sleeps from now."""
        self._passed += seconds
        for until, waker in self._sleepers:
            if until <= self._passed and not waker.done():
                waker.set_result(None)

    async def asleep(self) -> None:
        """Wait until somebody sleeps."""
        await self._somebody.wait()


async def settle() -> None:
    """Let everything run that can run without news from a socket."""
    for _ in range(30):
        await asyncio.sleep(0)


async def guarded(awaitable: Awaitable[T]) -> T:
    """Wait, but not for ever: a test that hangs must fail."""
    async with asyncio.timeout(GUARD):
        return await awaitable


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Tell syrupy that no workers report to it where pytest-xdist starts none."""
    if config.option.collectonly:
        config.option.numprocesses = None


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test may touch the config or the logs of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


Handler = Callable[[ServerConnection], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[RawHandler], Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return ``serve(handler, **options)``: a bare WebSocket server on a free port, scripted by a handler; its URL."""
    servers = []

    async def start(handler: Handler, **options: Any) -> str:
        server = await serve_websockets(handler, "127.0.0.1", 0, **{"close_timeout": 0.1, **options})
        servers.append(server)
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for server in servers:
        await guarded(server.wait_closed())


@pytest.fixture
async def serve_raw() -> AsyncIterator[ServeRaw]:
    """Return ``serve_raw(handler)``: a bare TCP server on a free port, scripted by ``handler``; its port."""
    servers = []
    running: set[asyncio.Task[None]] = set()

    async def start(handler: RawHandler) -> int:
        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            running.add(task)
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await handler(reader, writer)
            finally:
                running.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(run, "127.0.0.1", 0)
        servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()
    for task in list(running):
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await settle()


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a WebSocket's opening handshake by hand, for servers that are to misbehave after it."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = next(line.split(b":")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key.strip().decode()).encode() + b"\r\n\r\n"
    )
    await writer.drain()


async def for_ever() -> None:
    """Do nothing until cancelled."""
    await asyncio.Event().wait()


def pytest_collection_finish() -> None:
    """Leave what the imports and the collection made out of every garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
