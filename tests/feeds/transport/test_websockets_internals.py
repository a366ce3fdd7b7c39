"""The workarounds for the websockets library: its behaviour with and without them."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
import weakref
import zlib

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.messages import Assembler
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, PayloadTooBig
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

from nobil_tui.base.decoding import most_unpacked
from nobil_tui.feeds.transport import websockets_internals as internals
from nobil_tui.feeds.transport.websocket import open_connection
from nobil_tui.feeds.transport.websockets_internals import (
    LARGE_FRAME,
    MAX_UNSENT,
    BoundedDeflateFactory,
    SlicedConnection,
)
from tests.conftest import Serve, ServeRaw, for_ever, guarded, settle, shake_hands

PINGS = b"\x89\x00" * 20_000


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a handshake, then do not read."""
    await shake_hands(reader, writer)
    await for_ever()


def pongs_written(connection: ClientConnection, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collect what a connection writes."""
    written: list[bytes] = []
    monkeypatch.setattr(connection.transport, "write", written.append)
    return written


# Floods of control frames


async def test_the_library_answers_a_flood_of_pings_in_one_go(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect(await serve(stay), proxy=None) as connection:
        written = pongs_written(connection, monkeypatch)
        # All of them would take it seconds.
        connection.data_received(PINGS[:8_000])
        assert len(written) == 4_000
        connection.transport.abort()


async def test_a_flood_of_pings_gives_way(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await guarded(open_connection(await serve(stay), 1000, 0.1))
    # Each look at the clock takes a millisecond, whatever the machine.
    milliseconds = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: next(milliseconds) / 1000)
    monkeypatch.setattr(internals, "_PAUSE", 0.0)
    written = pongs_written(connection, monkeypatch)
    turns = 0
    connection.data_received(PINGS)
    while not connection.transport.is_reading():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10
    # Not one for each ping.
    assert 0 < len(written) < 200
    connection.transport.abort()


async def test_pings_are_not_answered_to_a_server_that_does_not_read(
    serve_raw: ServeRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"ws://127.0.0.1:{await serve_raw(silent)}"
    connection = await guarded(open_connection(url, 1000, 0.1))
    monkeypatch.setattr(connection.transport, "get_write_buffer_size", lambda: MAX_UNSENT + 1)
    written = pongs_written(connection, monkeypatch)
    connection.data_received(b"\x89\x00")
    assert written == []
    # Anything else is sent.
    await connection.send(b"x")
    assert len(written) == 1
    connection.transport.abort()


async def test_frames_among_pings_are_received_in_order(serve_raw: ServeRaw) -> None:
    count = 50

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        for number in range(count):
            text = str(number).encode()
            writer.write(b"\x89\x00" * 200 + bytes((0x81, len(text))) + text)
        writer.write(b"\x88\x02\x03\xe9")
        await reader.read()

    url = f"ws://127.0.0.1:{await serve_raw(handler)}"
    connection = await guarded(open_connection(url, 1000, 0.1))
    received = [await guarded(connection.recv()) for _ in range(count)]
    assert received == [str(number) for number in range(count)]
    with pytest.raises(ConnectionClosed):
        await guarded(connection.recv())


# Closing


async def close_and_stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await shake_hands(reader, writer)
    writer.write(b"\x88\x02\x03\xe9")
    await for_ever()


async def test_the_library_waits_for_a_server_that_closes_only_in_words(
    serve_raw: ServeRaw,
) -> None:
    url = f"ws://127.0.0.1:{await serve_raw(close_and_stay)}"
    async with connect(url, proxy=None, close_timeout=0.01) as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connection.recv()


async def test_a_close_frame_ends_the_connection(serve_raw: ServeRaw) -> None:
    url = f"ws://127.0.0.1:{await serve_raw(close_and_stay)}"
    connection = await guarded(open_connection(url, 1000, 0.01))
    with pytest.raises(ConnectionClosed) as closed:
        await guarded(connection.recv())
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


# Large frames


def test_the_library_does_not_pause_for_a_large_frame() -> None:
    async def put() -> bool:
        frames = Assembler(4, 0)
        frames.put(Frame(Opcode.BINARY, bytes(LARGE_FRAME + 1)))
        return frames.paused

    assert asyncio.run(put()) is False


async def test_one_large_frame_pauses_reading_until_it_is_taken(serve: Serve) -> None:
    async def handler(connection: ServerConnection) -> None:
        for size in (LARGE_FRAME + 1, 10):
            await connection.send(bytes(size))
        await connection.wait_closed()

    connection = await guarded(open_connection(await serve(handler), 1 << 22, 0.1))

    async def paused() -> None:
        while connection.transport.is_reading():
            await settle()

    await guarded(paused())
    assert len(await guarded(connection.recv())) == LARGE_FRAME + 1
    assert len(await guarded(connection.recv())) == 10
    assert connection.transport.is_reading()
    connection.transport.abort()


# Compressed bombs


def compressed(size: int) -> Frame:
    packer = zlib.compressobj(9, wbits=-15)
    data = packer.compress(bytes(size)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return Frame(Opcode.BINARY, data[:-4], rsv1=True)


def test_the_library_unpacks_a_bomb() -> None:
    extension = ClientPerMessageDeflateFactory().process_response_params([], [])
    assert len(extension.decode(compressed(4 << 20), max_size=8 << 20).data) == 4 << 20


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = compressed(4 << 20)
    assert most_unpacked(len(bomb.data)) < 2 << 20
    extension = BoundedDeflateFactory().process_response_params([], [])
    with pytest.raises(PayloadTooBig):
        extension.decode(bomb, max_size=8 << 20)
    # In parts too.
    extension = BoundedDeflateFactory().process_response_params([], [])
    half = len(bomb.data) // 2
    first = Frame(Opcode.BINARY, bomb.data[:half], fin=False, rsv1=True)
    with pytest.raises(PayloadTooBig):
        extension.decode(first, max_size=8 << 20)


def test_real_frames_are_unpacked() -> None:
    extension = BoundedDeflateFactory().process_response_params([], [])
    assert len(extension.decode(compressed(1 << 20), max_size=8 << 20).data) == 1 << 20
    plain = Frame(Opcode.BINARY, b"x" * 100)
    assert extension.decode(plain, max_size=8 << 20) is plain


# Memory


async def fails_on_a_large_frame(connection: ClientConnection) -> None:
    with pytest.raises(ConnectionClosed):
        while True:
            await guarded(connection.recv())
    await guarded(connection.wait_closed())


async def send_two(connection: ServerConnection) -> None:
    await connection.send(bytes(500))
    await connection.send(bytes(2000))
    await connection.wait_closed()


async def test_the_library_keeps_a_connection_that_failed(serve: Serve) -> None:
    gc.collect()
    gc.disable()
    try:
        connection = await connect(await serve(send_two), proxy=None, max_size=1000)
        await fails_on_a_large_frame(connection)
        alive = weakref.ref(connection.protocol)
        connection.recv_messages.pause = connection.recv_messages.resume = lambda: None
        del connection
        await settle()
        assert alive() is not None
    finally:
        gc.enable()


async def test_a_connection_that_failed_is_freed_at_once(serve: Serve) -> None:
    gc.collect()
    gc.disable()
    try:
        connection: SlicedConnection = await open_connection(await serve(send_two), 1000, 0.1)
        await fails_on_a_large_frame(connection)
        alive = weakref.ref(connection.protocol)
        connection.release()
        del connection
        await settle()
        assert alive() is None
    finally:
        gc.enable()
