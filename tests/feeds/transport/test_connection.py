"""An open WebSocket: frames, close reasons, and pings, with real local servers and a fake clock."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection

from nobil_tui.feeds.transport.connection import (
    DEAD_AFTER,
    MIN_PROGRESS,
    PING_INTERVAL,
    PONG_GRACE,
    ClosedError,
    Connection,
    Frame,
)
from nobil_tui.feeds.transport.websocket import open_connection
from tests.conftest import (
    GUARD,
    START,
    FakeClock,
    Serve,
    ServeRaw,
    for_ever,
    guarded,
    settle,
    shake_hands,
)

SECRET = "s3cret-k3y"


async def connect(url: str, clock: FakeClock) -> Connection:
    return Connection(await open_connection(url, 1024, 0.2), [SECRET], clock)


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a handshake, then neither read nor write."""
    await shake_hands(reader, writer)
    await for_ever()


async def test_receives_frames_with_their_time(serve: Serve, clock: FakeClock) -> None:
    async def handler(websocket: ServerConnection) -> None:
        await websocket.send(await websocket.recv())
        await websocket.wait_closed()

    async with await connect(await serve(handler), clock) as connection:
        clock.advance(3)
        await connection.send(b"\x01\x02")
        assert await guarded(connection.receive()) == Frame(b"\x01\x02", START + 3000)
        assert connection.alive_at == START + 3000


async def test_close_reason_of_the_server_has_no_secret(serve: Serve, clock: FakeClock) -> None:
    async def handler(websocket: ServerConnection) -> None:
        await websocket.close(1008, f"bad key {SECRET}")

    async with await connect(await serve(handler), clock) as connection:
        with pytest.raises(ClosedError) as raised:
            await guarded(connection.receive())
        assert str(raised.value) == "the server closed: bad key …"
        with pytest.raises(ClosedError):
            await guarded(connection.send(b""))


async def test_fail_ends_receive_with_its_reason(serve_raw: ServeRaw, clock: FakeClock) -> None:
    async with await connect(f"ws://127.0.0.1:{await serve_raw(half_open)}", clock) as connection:
        receiving = asyncio.ensure_future(connection.receive())
        await settle()
        connection.fail("the frame is not MQTT")
        with pytest.raises(ClosedError, match=r"^the frame is not MQTT$"):
            await guarded(receiving)


async def test_aborts_a_connection_without_pongs(serve_raw: ServeRaw, clock: FakeClock) -> None:
    async with await connect(f"ws://127.0.0.1:{await serve_raw(half_open)}", clock) as connection:
        receiving = asyncio.ensure_future(connection.receive())
        await settle()
        await guarded(clock.asleep())
        clock.advance(DEAD_AFTER)
        with pytest.raises(ClosedError, match=r"^nothing was received any more$"):
            await guarded(receiving)


async def test_a_frame_on_a_slow_line_keeps_the_connection_alive(
    serve_raw: ServeRaw, clock: FakeClock
) -> None:
    """No pong can come between its parts. A server that drips is dead all the same."""
    parts: asyncio.Queue[int] = asyncio.Queue()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(b"\x82\x7f" + (1 << 20).to_bytes(8))
        while True:
            writer.write(bytes(await parts.get()))

    url = f"ws://127.0.0.1:{await serve_raw(slow)}"
    async with Connection(await open_connection(url, 1 << 20, 0.2), [], clock) as connection:
        receiving = asyncio.ensure_future(connection.receive())
        for _ in range(4):
            at = connection._websocket.received
            parts.put_nowait(MIN_PROGRESS)
            async with asyncio.timeout(GUARD):
                while connection._websocket.received < at + MIN_PROGRESS:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            for _ in range(round(DEAD_AFTER * 0.8)):
                clock.advance(1)
                await settle()
            assert not receiving.done()
        assert connection.behind > DEAD_AFTER * 1000
        for _ in range(4):
            parts.put_nowait(10)
            for _ in range(round(DEAD_AFTER / 3)):
                clock.advance(1)
                await settle()
        with pytest.raises(ClosedError, match=r"^nothing was received any more$"):
            await guarded(receiving)


async def test_nothing_counts_after_a_jump_of_the_clock(
    serve_raw: ServeRaw, clock: FakeClock
) -> None:
    """Nor what had come before the connection was closed."""

    async def two_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        await reader.read(1)
        writer.write(b"\x82\x01a\x82\x01b")
        await for_ever()

    async with await connect(f"ws://127.0.0.1:{await serve_raw(two_frames)}", clock) as connection:
        clock.step(8 * 3600)
        await connection.send(b"now")
        for _ in range(2):
            with pytest.raises(ClosedError, match="slept"):
                await guarded(connection.receive())
        assert connection.alive_at == START


async def test_behind_is_the_wait_for_a_pong(serve_raw: ServeRaw, clock: FakeClock) -> None:
    async with await connect(f"ws://127.0.0.1:{await serve_raw(half_open)}", clock) as connection:
        assert connection.behind == 0
        receiving = asyncio.ensure_future(connection.receive())
        await settle()
        await guarded(clock.asleep())
        clock.advance(PONG_GRACE / 1000)
        assert connection.behind == 0
        clock.advance(PING_INTERVAL)
        assert connection.behind == PONG_GRACE + PING_INTERVAL * 1000
        receiving.cancel()
