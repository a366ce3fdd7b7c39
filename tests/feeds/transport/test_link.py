"""The link to real local servers, with a fake clock."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from nobil_tui.charging.events import Connected, Connecting, Lost, Refused, Unreadable
from nobil_tui.feeds.transport import link as link_module
from nobil_tui.feeds.transport.backoff import HEALTHY_AFTER, REFUSED_WAIT, Backoff
from nobil_tui.feeds.transport.clock_jump import CHECK_EVERY
from nobil_tui.feeds.transport.connection import CLOSE_TIMEOUT, DEAD_AFTER, PING_INTERVAL, Frame
from nobil_tui.feeds.transport.failures import MAX_RETRY_AFTER, RefusedError, UnreachableError
from nobil_tui.feeds.transport.link import MAX_FRAME, Link, LinkEvent, Tap
from tests.conftest import START, FakeClock, Serve, ServeRaw, for_ever, guarded, settle, shake_hands

KEY = "s3cret-k3y"
SEED = 7
E = TypeVar("E")


def waits() -> Backoff:
    """The same delays as those of the link under test."""
    return Backoff(random.Random(SEED))


class Reader:
    """Take a link's events one by one, and check that none comes."""

    def __init__(self, link: Link, clock: FakeClock) -> None:
        self.link = link
        self.clock = clock
        self._events = link.events()
        self._next: asyncio.Task[LinkEvent] | None = None

    async def next(self, kind: type[E]) -> E:
        """Wait for the next event, which must be a ``kind``."""
        event = await guarded(self._waiting())
        self._next = None
        assert isinstance(event, kind), event
        return event

    async def nothing(self) -> None:
        """Check that no event comes."""
        waiting = self._waiting()
        await settle()
        assert not waiting.done(), waiting.result()

    async def live(self) -> None:
        await self.next(Connecting)
        await self.next(Connected)

    async def passes(self, seconds: float) -> None:
        """Advance the clock for sleeping tasks."""
        self._waiting()
        # A woken or cancelled task leaves the list of sleepers only now.
        await settle()
        await guarded(self.clock.asleep())
        self.clock.advance(seconds)
        await settle()

    async def jump(self, hours: float) -> None:
        """Set the wall clock, and let a link notice it: by its watch, or by a pong before."""
        self.clock.step(hours * 3600)
        self.clock.advance(CHECK_EVERY)
        await settle()

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            with suppress(asyncio.CancelledError):
                await guarded(self._next)
            self._next = None
        await guarded(self._events.aclose())

    def _waiting(self) -> asyncio.Task[LinkEvent]:
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._events))
        return self._next


Follow = Callable[..., Reader]


@pytest.fixture
async def follow(clock: FakeClock) -> AsyncIterator[Follow]:
    """Return ``follow(url)``, which starts a reader of a link; closed at the end."""
    readers = []

    def start(
        url: str = "", *, tap: Tap | None = None, dial: Callable[[], Awaitable[str]] | None = None
    ) -> Reader:
        async def dial_url() -> str:
            return f"{url}/?apikey={KEY}"

        link = Link(
            dial or dial_url, clock=clock, backoff=waits(), tap=tap, expires=dial is not None
        )
        readers.append(Reader(link, clock))
        return readers[-1]

    yield start
    for reader in readers:
        await reader.close()


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def hang_up(connection: ServerConnection) -> None:
    await connection.close(1001, "maintenance")


class Answers:
    """Answer handshakes with HTTP statuses in turn, then accept."""

    def __init__(self, *statuses: int, **headers: str) -> None:
        self.statuses = list(statuses)
        self.headers = headers
        self.asked: list[str] = []

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        self.asked.append(request.path)
        if not self.statuses:
            return None
        response = connection.respond(self.statuses.pop(0), "no\n")
        for name, value in self.headers.items():
            response.headers[name.replace("_", "-")] = value
        return response


# Connected


async def test_connects_and_yields_frames_in_order(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    more = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.send('{"å": 1}')
        await connection.send(b"\x00\xff")
        await more.wait()
        await connection.send("")
        await stay(connection)

    reader = follow(await serve(handler))
    await reader.next(Connecting)
    assert await reader.next(Connected) == Connected(START)
    assert await reader.next(Frame) == Frame('{"å": 1}'.encode(), START)
    assert await reader.next(Frame) == Frame(b"\x00\xff", START)
    clock.advance(2.5)
    more.set()
    assert await reader.next(Frame) == Frame(b"", START + 2500)
    await reader.nothing()


async def test_joins_the_fragments_of_a_frame(follow: Follow, serve: Serve) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.send(["one ", "and ", "all"])
        await stay(connection)

    reader = follow(await serve(handler))
    await reader.live()
    assert (await reader.next(Frame)).data == b"one and all"


def test_a_national_snapshot_fits() -> None:
    assert MAX_FRAME == 64 * 1024 * 1024


async def test_receives_a_large_frame(follow: Follow, serve: Serve) -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.send("x" * 3_000_000)
        await stay(connection)

    reader = follow(await serve(handler))
    await reader.live()
    assert len((await reader.next(Frame)).data) == 3_000_000


async def test_a_frame_that_is_too_large_closes_the_link(
    follow: Follow, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "MAX_FRAME", 1000)

    async def handler(connection: ServerConnection) -> None:
        await connection.send("x" * 1000)
        await connection.send("x" * 1001)
        await stay(connection)

    reader = follow(await serve(handler))
    await reader.live()
    assert len((await reader.next(Frame)).data) == 1000
    assert (await reader.next(Unreadable)).reason.startswith("too large")
    assert (await reader.next(Lost)).reason == "the server sent a frame that is too large"


async def test_a_protocol_error_closes_the_link(follow: Follow, serve_raw: ServeRaw) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(b"\xff\xff no frame")
        await reader.read()

    reader = follow(f"ws://127.0.0.1:{await serve_raw(handler)}")
    await reader.live()
    assert (await reader.next(Lost)).reason == "the connection broke"


# Lost connections


async def test_reconnects_after_a_close_with_backoff(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    go = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.send("last")
        await go.wait()
        await connection.close(1001, "maintenance \x1b")

    reader = follow(await serve(handler))
    await reader.live()
    clock.advance(1)
    await reader.next(Frame)
    clock.advance(4)
    go.set()
    wait = waits().wait()
    lost = await reader.next(Lost)
    assert lost == Lost(
        "the server closed: maintenance ·", START + 1000, START + 5000 + round(wait * 1000)
    )
    await reader.passes(wait - 0.001)
    await reader.nothing()
    await reader.passes(0.001)
    await reader.live()


async def test_reconnects_after_an_aborted_connection(follow: Follow, serve: Serve) -> None:
    async def handler(connection: ServerConnection) -> None:
        connection.transport.abort()

    reader = follow(await serve(handler))
    await reader.live()
    assert (await reader.next(Lost)).reason == "the connection broke"


async def test_backs_off_from_a_server_that_closes_at_once(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    expected = waits()
    reader = follow(await serve(hang_up))
    for _ in range(8):
        await reader.live()
        lost = await reader.next(Lost)
        wait = expected.wait()
        assert lost.retry_at == clock.now() + round(wait * 1000)
        await reader.passes(wait)
    assert wait > 45


@pytest.mark.parametrize(("life", "short"), [(HEALTHY_AFTER - 1, False), (HEALTHY_AFTER, True)])
async def test_only_a_healthy_connection_resets_the_backoff(
    follow: Follow, serve: Serve, clock: FakeClock, life: float, short: bool
) -> None:
    connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handler(connection: ServerConnection) -> None:
        connections.put_nowait(connection)
        await stay(connection)

    reader = follow(await serve(handler))
    expected = waits()
    for _ in range(4):
        await reader.live()
        await (await guarded(connections.get())).close()
        await reader.next(Lost)
        await reader.passes(expected.wait())
    await reader.live()
    await reader.passes(life)
    await (await guarded(connections.get())).close()
    wait = (await reader.next(Lost)).retry_at - clock.now()
    assert (wait <= 1200) is short


async def test_retries_after_a_refused_connection(follow: Follow, clock: FakeClock) -> None:
    expected = waits()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        reader = follow(f"ws://127.0.0.1:{port}")
        for _ in range(3):
            await reader.next(Connecting)
            wait = expected.wait()
            now = clock.now()
            assert await reader.next(Lost) == Lost(
                f"nothing listens at 127.0.0.1:{port}", now, now + round(wait * 1000)
            )
            await reader.passes(wait)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_retries_after_other_http_errors(follow: Follow, serve: Serve, status: int) -> None:
    reader = follow(await serve(stay, process_request=Answers(status)))
    await reader.next(Connecting)
    assert (await reader.next(Lost)).reason == f"the server answered HTTP {status}"
    await reader.passes(2)
    await reader.live()


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("7", 7.0), ("0", waits().wait()), ("soon", waits().wait()), ("999999", MAX_RETRY_AFTER)],
)
async def test_waits_for_retry_after(
    follow: Follow, serve: Serve, clock: FakeClock, asked: str, seconds: float
) -> None:
    reader = follow(await serve(stay, process_request=Answers(503, Retry_After=asked)))
    await reader.next(Connecting)
    assert (await reader.next(Lost)).retry_at == START + round(seconds * 1000)
    await reader.nothing()
    assert [round(each, 6) for each in clock.sleepers] == [round(seconds, 6), CHECK_EVERY]
    await reader.passes(seconds)
    await reader.live()


async def test_retry_ends_the_wait(follow: Follow, serve: Serve) -> None:
    reader = follow(await serve(stay, process_request=Answers(503, Retry_After="3600")))
    await reader.next(Connecting)
    await reader.next(Lost)
    await reader.nothing()
    reader.link.retry()
    await reader.live()


async def test_retry_while_connected_has_no_effect(follow: Follow, serve: Serve) -> None:
    go = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await go.wait()

    reader = follow(await serve(handler))
    await reader.live()
    reader.link.retry()
    go.set()
    await reader.next(Lost)
    await reader.nothing()
    reader.link.retry()
    await reader.next(Connecting)


# Rejected keys


@pytest.mark.parametrize("status", [401, 403])
async def test_a_rejected_key_is_not_retried_until_requested(
    follow: Follow, serve: Serve, clock: FakeClock, status: int
) -> None:
    answers = Answers(status, status)
    reader = follow(await serve(stay, process_request=answers))
    for tries in (1, 2):
        await reader.next(Connecting)
        assert await reader.next(Refused) == Refused(f"HTTP {status}", clock.now())
        await reader.nothing()
        clock.advance(10 * MAX_RETRY_AFTER)
        await reader.nothing()
        assert clock.sleepers == []
        assert answers.asked == [f"/?apikey={KEY}"] * tries
        reader.link.retry()
    await reader.live()


async def test_a_403_with_retry_after_is_a_wait(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    reader = follow(await serve(stay, process_request=Answers(403, Retry_After="60")))
    await reader.next(Connecting)
    lost = await reader.next(Lost)
    assert (lost.reason, lost.retry_at) == ("the server answered HTTP 403", START + 60_000)
    await reader.passes(60)
    await reader.live()


async def test_a_refusal_after_a_link_that_worked_is_retried_slowly(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    answers = Answers()
    reader = follow(await serve(hang_up, process_request=answers))
    await reader.live()
    await reader.next(Lost)
    answers.statuses = [401, 403]
    await reader.passes(2)
    for _ in range(2):
        await reader.next(Connecting)
        refused = await reader.next(Refused)
        wait = (refused.retry_at - clock.now()) / 1000
        assert 0.8 * REFUSED_WAIT <= wait <= 1.2 * REFUSED_WAIT
        await reader.passes(wait - 1)
        await reader.nothing()
        await reader.passes(1.001)
    await reader.live()
    assert len(answers.asked) == 4


async def test_retry_while_connecting_has_no_effect_after_a_rejection(
    follow: Follow, serve: Serve
) -> None:
    reader = follow(await serve(stay, process_request=Answers(401)))
    await reader.next(Connecting)
    reader.link.retry()
    await reader.next(Refused)
    await reader.nothing()


# A new URL for each handshake


async def test_dials_for_each_attempt(follow: Follow, serve: Serve) -> None:
    url = await serve(hang_up)
    asked = 0

    async def dial() -> str:
        nonlocal asked
        asked += 1
        return f"{url}/{asked}"

    reader = follow(dial=dial)
    for tries in (1, 2, 3):
        await reader.live()
        await reader.next(Lost)
        assert asked == tries
        reader.link.retry()


async def test_an_expired_url_is_not_a_rejected_key(follow: Follow, serve: Serve) -> None:
    url = await serve(stay, process_request=Answers(401))

    async def dial() -> str:
        return url

    reader = follow(dial=dial)
    await reader.next(Connecting)
    assert (
        await reader.next(Lost)
    ).reason == "the server no longer accepts the URL it issued (HTTP 401)"
    await reader.passes(2)
    await reader.live()


async def test_failures_of_dial(follow: Follow, clock: FakeClock) -> None:
    async def dial() -> str:
        if clock.now() == START:
            raise UnreachableError("away", 90.0)
        raise RefusedError("HTTP 401: no such key")

    reader = follow(dial=dial)
    await reader.next(Connecting)
    assert await reader.next(Lost) == Lost("away", START, START + 90_000)
    await reader.passes(90)
    await reader.next(Connecting)
    assert await reader.next(Refused) == Refused("HTTP 401: no such key", START + 90_000)


# Dead connections


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a handshake, then neither read nor write."""
    await shake_hands(reader, writer)
    await for_ever()


def test_a_dead_connection_is_noticed_within_a_minute() -> None:
    assert DEAD_AFTER + PING_INTERVAL <= 60


async def test_a_silent_connection_is_aborted(
    follow: Follow, serve_raw: ServeRaw, clock: FakeClock
) -> None:
    reader = follow(f"ws://127.0.0.1:{await serve_raw(half_open)}")
    await reader.live()
    while clock.monotonic() + PING_INTERVAL < DEAD_AFTER:
        await reader.passes(PING_INTERVAL)
        await reader.nothing()
    await reader.passes(PING_INTERVAL)
    lost = await reader.next(Lost)
    assert (lost.reason, lost.heard_at) == ("nothing was received any more", START)
    assert lost.retry_at == clock.now() + round(waits().wait() * 1000)


# Jumps of the clock


SLEPT = "this machine slept, or its clock was set"
SET_BACK = "the clock of this machine was set back"


async def test_a_link_is_lost_at_once_after_the_machine_slept(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    """Otherwise the bar would say LIVE over yesterday's picture, until the link is found dead."""
    reader = follow(await serve(stay))
    await reader.live()
    await reader.passes(10)
    heard_at = clock.now()
    await reader.jump(8)
    lost = await reader.next(Lost)
    assert lost.reason == SLEPT
    assert START <= lost.heard_at <= heard_at
    assert lost.retry_at - clock.now() < 2000


async def test_a_frame_after_the_machine_slept_confirms_nothing(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    wake = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await wake.wait()
        await connection.send("old")
        await stay(connection)

    reader = follow(await serve(handler))
    await reader.live()
    clock.step(8 * 3600)
    wake.set()
    lost = await reader.next(Lost)
    assert (lost.reason, lost.heard_at) == (SLEPT, START)


async def test_no_loss_is_in_the_future_after_the_clock_was_set_back(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    reader = follow(await serve(stay))
    await reader.live()
    await reader.nothing()
    await reader.jump(-2)
    lost = await reader.next(Lost)
    assert (lost.reason, lost.heard_at) == (SET_BACK, clock.now())
    await reader.passes(2)
    await reader.live()


async def test_adjustments_of_the_clock_are_no_jumps(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    reader = follow(await serve(stay))
    await reader.live()
    for step in (0.9, -0.9, 1.9, -1.9):
        clock.step(step)
        await reader.passes(CHECK_EVERY)
    await reader.nothing()


@pytest.mark.parametrize("hours", [8, -8])
async def test_a_jump_ends_the_wait_for_the_next_try(
    follow: Follow, serve: Serve, clock: FakeClock, hours: float
) -> None:
    reader = follow(await serve(stay, process_request=Answers(503, Retry_After="3600")))
    await reader.next(Connecting)
    await reader.next(Lost)
    await reader.nothing()
    await reader.jump(hours)
    await reader.live()


async def test_pongs_keep_a_quiet_connection_alive(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handler(connection: ServerConnection) -> None:
        connections.put_nowait(connection)
        await stay(connection)

    reader = follow(await serve(handler, ping_interval=None))
    await reader.live()
    connection = await guarded(connections.get())
    for _ in range(10):
        await reader.nothing()
        # Two round trips: earlier pings of the link have been answered and received.
        for _ in range(2):
            await guarded(await connection.ping())
        await reader.passes(PING_INTERVAL)
    await reader.nothing()
    heard_at = clock.now() - round(PING_INTERVAL * 1000)
    await connection.close()
    assert (await reader.next(Lost)).heard_at >= heard_at


async def test_frames_keep_a_connection_without_pongs_alive(
    follow: Follow, serve_raw: ServeRaw, clock: FakeClock
) -> None:
    send = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        while await send.wait():
            send.clear()
            writer.write(b"\x81\x02ok")

    reader = follow(f"ws://127.0.0.1:{await serve_raw(handler)}")
    await reader.live()
    for _ in range(5):
        await reader.passes(2 * PING_INTERVAL)
        send.set()
        assert await reader.next(Frame) == Frame(b"ok", clock.now())


# Slow readers


async def flood(connection: ServerConnection) -> None:
    """Send more than all buffers on the way can hold."""
    with suppress(OSError):
        while True:
            await connection.send("x" * 100_000)


async def idle(clock: FakeClock, seconds: float) -> None:
    """Advance the clock for the watchdog, without taking an event."""
    while seconds > 0:
        await guarded(clock.asleep())
        clock.advance(PING_INTERVAL)
        seconds -= PING_INTERVAL
        await settle()


async def test_a_connection_with_a_slow_reader_is_not_aborted(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    """The pongs wait behind unread frames, so their absence says nothing about the server."""
    reader = follow(await serve(flood, ping_interval=None))
    await reader.live()
    await reader.next(Frame)
    await idle(clock, 3 * DEAD_AFTER)
    for _ in range(50):
        await reader.next(Frame)
    await reader.close()


async def test_a_dead_connection_is_noticed_within_a_minute_of_reading_again(
    follow: Follow, serve_raw: ServeRaw, clock: FakeClock
) -> None:
    async def one_frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(b"\x81\x02ok")
        await for_ever()

    reader = follow(f"ws://127.0.0.1:{await serve_raw(one_frame)}")
    await reader.live()
    await reader.next(Frame)
    await idle(clock, 3 * DEAD_AFTER)
    resumed = clock.monotonic()
    await reader.nothing()
    while clock.monotonic() - resumed < DEAD_AFTER:
        await reader.passes(PING_INTERVAL)
    assert (await reader.next(Lost)).reason == "nothing was received any more"
    assert clock.monotonic() - resumed <= 60


# The tap


async def test_tap_receives_frames_and_breaks(
    follow: Follow, serve: Serve, clock: FakeClock
) -> None:
    seen: list[tuple[bytes, int]] = []

    async def handler(connection: ServerConnection) -> None:
        for frame in ("one", "", "two"):
            await connection.send(frame)

    reader = follow(await serve(handler), tap=lambda data, at: seen.append((data, at)))
    await reader.live()
    for data in (b"one", b"", b"two"):
        assert (await reader.next(Frame)).data == data
    clock.advance(3)
    await reader.next(Lost)
    assert seen == [(b"one", START), (b"two", START), (b"", START)]


async def test_tap_receives_no_break_when_closed_by_the_client(
    follow: Follow, serve: Serve
) -> None:
    seen: list[bytes] = []
    reader = follow(await serve(stay), tap=lambda data, at: seen.append(data))
    await reader.live()
    await reader.close()
    assert seen == []


# Secrets


async def test_reasons_and_logs_do_not_contain_the_key(
    follow: Follow, serve: Serve, serve_raw: ServeRaw, caplog: pytest.LogCaptureFixture
) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/9 {KEY}\r\n\r\n".encode())

    caplog.set_level(logging.DEBUG)
    for name in (
        "websockets",
        "websockets.client",
        "asyncio",
        "nobil_tui",
        "nobil_tui.feeds",
        "nobil_tui.feeds.transport.link",
    ):
        caplog.set_level(logging.DEBUG, logger=name)
    urls = [
        await serve(hang_up),
        await serve(stay, process_request=Answers(401)),
        await serve(stay, process_request=Answers(503)),
        await serve(stay, process_request=Answers(302, Location=f"http://127.0.0.1/{KEY}")),
        f"ws://127.0.0.1:{await serve_raw(garbage)}",
        "ws://127.0.0.1:1",
        "http://127.0.0.1",
        "ws://[::1",
        "ws://" + "x" * 70,
    ]
    # Log records of the test's own servers do not count.
    logging.getLogger("websockets.server").setLevel(logging.ERROR)
    for url in urls:
        reader = follow(url)
        await reader.next(Connecting)
        event = await reader.next(object)
        if isinstance(event, Connected):
            event = await reader.next(Lost)
        assert isinstance(event, Lost | Refused)
        assert KEY not in event.reason
    assert any("lost" in record.getMessage() for record in caplog.records)
    for record in caplog.records:
        assert KEY not in f"{record.getMessage()} {record.args} {record.exc_text} {record.exc_info}"


TOKEN = "eyJhbGciOiJIUzI1NiJ9.PAYLOADPAYLOAD.SIGSIG"


async def test_a_key_quoted_by_the_server_is_removed(
    follow: Follow, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Complete or truncated, from the query or from the path."""
    caplog.set_level(logging.INFO, logger="nobil_tui.feeds.transport.link")

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        _, part, query = connection.request.path.split("/", 2)
        await connection.close(1008, f"bye {KEY} and {part} and {query.rpartition('=')[2]}"[:120])

    url = await serve(handler)

    async def dial() -> str:
        return f"{url}/path-part-k3y/?apikey={KEY}&access_token={TOKEN}"

    reader = follow(dial=dial)
    await reader.live()
    lost = await reader.next(Lost)
    assert lost.reason == "the server closed: bye … and … and …"
    assert "lost: the server closed" in caplog.text
    for secret in (KEY, "path-part-k3y", "eyJhbG", "PAYLOAD", "SIGSIG"):
        assert secret not in caplog.text


async def test_secrets_of_a_url_are_added_before_it_is_used(serve: Serve) -> None:
    hushed: list[str] = []

    async def dial() -> str:
        return f"ws://127.0.0.1:1/api/v1?apikey={KEY}&access_token={TOKEN}&country=NOR"

    events = Link(dial, clock=FakeClock(), add_secret=hushed.append).events()
    assert isinstance(await guarded(anext(events)), Connecting)
    assert hushed == []
    assert isinstance(await guarded(anext(events)), Lost)
    assert hushed == [KEY, TOKEN]
    await guarded(events.aclose())


# Closing


async def test_closing_disconnects(follow: Follow, serve: Serve) -> None:
    closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()
        closed.set_result(connection.close_code)

    reader = follow(await serve(handler))
    await reader.live()
    await reader.nothing()
    await reader.close()
    assert await guarded(closed) == 1000
    assert reader.clock.sleepers == []


async def test_closing_during_a_flood_of_frames(follow: Follow, serve: Serve) -> None:
    """Frames still to come are not waited for."""

    async def handler(connection: ServerConnection) -> None:
        with suppress(OSError):
            while True:
                await connection.send("x" * 10_000)

    reader = follow(await serve(handler))
    await reader.live()
    for _ in range(20):
        await reader.next(Frame)
    await reader.close()


async def test_closing_a_half_open_connection(follow: Follow, serve_raw: ServeRaw) -> None:
    """The closing handshake is cut short if it is not answered; ``close`` is guarded, as the
    library waits longer.
    """
    assert CLOSE_TIMEOUT < 0.3
    reader = follow(f"ws://127.0.0.1:{await serve_raw(half_open)}")
    await reader.live()
    await reader.nothing()
    await reader.close()
    assert reader.clock.sleepers == []


async def test_closing_while_connecting(follow: Follow, serve_raw: ServeRaw) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await for_ever()

    reader = follow(f"ws://127.0.0.1:{await serve_raw(silent)}")
    await reader.next(Connecting)
    await reader.nothing()
    await reader.close()


@pytest.mark.parametrize("answers", [Answers(401), Answers(503)], ids=["refused", "waiting"])
async def test_closing_while_waiting_to_reconnect(
    follow: Follow, serve: Serve, answers: Answers
) -> None:
    reader = follow(await serve(stay, process_request=answers))
    await reader.next(Connecting)
    await reader.next(object)
    await reader.nothing()
    await reader.close()
    await settle()
    assert reader.clock.sleepers == []


class CancelsReader(FakeClock):
    """Cancel a task at the moment when the watchdog of a connection is cancelled."""

    victim: asyncio.Task[None] | None = None

    async def sleep(self, seconds: float) -> None:
        try:
            await super().sleep(seconds)
        except asyncio.CancelledError:
            if self.victim is not None:
                self.victim.cancel()
            raise


async def test_cancellation_while_the_watchdog_is_cancelled(serve: Serve) -> None:
    """Suppressing the watchdog's cancellation must not suppress that of the reader, which would
    never end.
    """
    clock = CancelsReader()
    go = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await go.wait()

    url = await serve(handler)

    async def dial() -> str:
        return url

    async def read() -> None:
        async for event in Link(dial, clock=clock).events():
            assert not isinstance(event, Lost)

    clock.victim = asyncio.create_task(read())
    await guarded(clock.asleep())
    go.set()
    await guarded(asyncio.wait([clock.victim]))
    assert clock.victim.cancelled()


async def test_no_proxy_is_used_for_this_machine(
    follow: Follow, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    reader = follow(await serve(stay))
    await reader.live()
