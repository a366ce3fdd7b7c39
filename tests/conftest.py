"""Shared by all tests: an isolated environment, a fake clock, and local servers."""

from __future__ import annotations

# ruff: noqa: E402 - the environment must be set before the imports
import os
import sys

# Before Textual is imported: it reads these once, and they change what is drawn, where files are,
# or what is connected to. NOBIL_CAPTURES is kept: tests with recorded data are skipped without it.
for name in {*os.environ} - {"NOBIL_CAPTURES"}:
    if (
        name.startswith(("TEXTUAL_", "NOBIL_", "XDG_"))
        or name.lower().endswith("_proxy")
        or name in {"NO_COLOR", "FORCE_COLOR"}
    ):
        del os.environ[name]

# Without bytecode, each worker compiles all tests and each process that a test starts all modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.utils import accept_key

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from tests.faults.table import print_table

# A shell starts what runs in its background with Ctrl+C ignored, and nohup ignores SIGHUP. The
# programs of tests inherit it: they would wait forever for the signal.
for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (getattr(signal, "SIGHUP", signal.SIGTERM), signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# No property may depend on the machine's speed. The examples are the same in each run: a change
# must not fail because of what chance finds in code that it has nothing to do with.
# "--hypothesis-profile=thorough" runs more examples, and others each time.
for profile, examples in (("nobil", 30), ("thorough", 1000)):
    settings.register_profile(
        profile,
        deadline=None,
        derandomize=profile == "nobil",
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("nobil")

pytest_plugins = ["tests.slow_threads"]

START = 1_700_000_000_000
"""The initial time of a ``FakeClock``, in ms."""

T = TypeVar("T")

GUARD = 60.0
"""Real seconds after which a hanging test fails; passing tests are far below."""


class FakeClock(Clock):
    """A clock that only ``advance`` moves."""

    def __init__(self, start: int = START) -> None:
        self._start = start
        self._passed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._sleeping = asyncio.Event()

    def now(self) -> int:
        return self._start + round(self._passed * 1000)

    def monotonic(self) -> float:
        return self._passed

    def step(self, seconds: float) -> None:
        """Set the wall clock like a time server does: without waking sleepers or changing
        ``monotonic``."""
        self._start += round(seconds * 1000)

    @property
    def sleepers(self) -> list[float]:
        """The remaining seconds of each sleeper."""
        return [until - self._passed for until, _ in self._sleepers]

    async def sleep(self, seconds: float) -> None:
        waker = asyncio.get_running_loop().create_future()
        sleeper = (self._passed + seconds, waker)
        self._sleepers.append(sleeper)
        self._sleeping.set()
        try:
            await waker
        finally:
            self._sleepers.remove(sleeper)
            if not self._sleepers:
                self._sleeping.clear()

    def advance(self, seconds: float) -> None:
        """Advance the time in one step and wake sleepers that are due; new sleeps start from the
        new time."""
        self._passed += seconds
        for until, waker in self._sleepers:
            if until <= self._passed and not waker.done():
                waker.set_result(None)

    async def asleep(self) -> None:
        """Wait until a task sleeps."""
        await self._sleeping.wait()


async def settle() -> None:
    """Run all tasks until they wait for I/O or time."""
    for _ in range(30):
        await asyncio.sleep(0)


async def guarded(awaitable: Awaitable[T]) -> T:
    """Await, but fail after ``GUARD`` seconds instead of hanging."""
    async with asyncio.timeout(GUARD):
        return await awaitable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults-long",
        action="store_true",
        help="run the long form of the bench of faults (tests/faults), and print its table",
    )


@pytest.fixture
def faults_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form was asked for, with ``--faults-long``."""
    return bool(request.config.getoption("--faults-long"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--faults-long"):
        print_table(terminalreporter)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Unset the number of workers if pytest-xdist starts none: syrupy would wait for their
    reports."""
    if config.option.collectonly:
        config.option.numprocesses = None


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests away from the developer's config and logs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """Wait for what is written at the end however slow the machine is: the program gives it up
    after a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nobil_tui.store.single_writer.WRITER_CLOSE_TIMEOUT", GUARD)
        patch.setattr("nobil_tui.store.recorder.FLUSH_TIMEOUT", GUARD)
        yield


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Restore what ``start_logging`` changes in this process, and close its file."""
    logger = logging.getLogger()
    before = [*logger.handlers], logger.level, logging.raiseExceptions
    hooks = threading.excepthook, sys.unraisablehook
    yield
    for handler in [each for each in logger.handlers if each not in before[0]]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(before[1])
    logging.captureWarnings(False)
    logging.raiseExceptions = before[2]
    threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


Handler = Callable[[ServerConnection], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[RawHandler], Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return ``serve(handler, **options)``, which starts a WebSocket server and returns its URL."""
    servers = []

    async def start(handler: Handler, **options: Any) -> str:
        server = await serve_websockets(
            handler, "127.0.0.1", 0, **{"close_timeout": 0.1, **options}
        )
        servers.append(server)
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for server in servers:
        await guarded(server.wait_closed())


@pytest.fixture
async def serve_raw() -> AsyncIterator[ServeRaw]:
    """Return ``serve_raw(handler)``, which starts a TCP server and returns its port."""
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
    await cancel_and_wait(*running)
    await settle()


async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a WebSocket's opening handshake, for servers that misbehave after it."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = next(
        line.split(b":")[1]
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key")
    )
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key.strip().decode()).encode() + b"\r\n\r\n"
    )
    await writer.drain()


async def for_ever() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()


def pytest_collection_finish() -> None:
    """Exclude the objects of imports and collection from garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
