"""A consumer that is behind, over a transport that accepts bytes only on request."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from nobil_tui.hub import consumer as consumer_module
from nobil_tui.hub.consumer import (
    MAX_LAG_BYTES,
    PIECE_BYTES,
    PING,
    PING_SWEEPS,
    Allowance,
    Consumer,
    Delivery,
)
from nobil_tui.hub.frames import SharedFrame, text_frame
from tests.hub.follower import messages_in


class HandTransport:
    """Take bytes only when ``take`` is called, then as many as asked for."""

    def __init__(self) -> None:
        self.taken = bytearray()
        self.open = True
        self.closing = False
        self.consumer: Consumer
        self._buffer = bytearray()

    def set_write_buffer_limits(self, *, high: int) -> None:
        assert high == 1

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def write(self, data: bytes) -> None:
        empty = not self._buffer
        self._buffer += data
        if empty:
            self.consumer.pause_writing()

    def take(self, count: int = 1 << 30) -> None:
        while self._buffer and count > 0:
            part = bytes(self._buffer[:count])
            count -= len(part)
            del self._buffer[: len(part)]
            self.taken += part
            if not self._buffer:
                self.consumer.resume_writing()

    def pause_reading(self) -> None:
        pass

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.open = False
        self.consumer.connection_lost(None)


class HandHub:
    """Give a snapshot and count who left."""

    def __init__(self) -> None:
        self.payload = b"first"
        self.gone = 0

    def snapshot(self) -> SharedFrame:
        return SharedFrame(self.payload)

    def left(self, consumer: Consumer) -> None:
        self.gone += 1


def opened(frames: int = 600) -> tuple[Consumer, HandTransport, HandHub]:
    """Return a consumer after its handshake."""
    protocol = ServerProtocol(max_size=4096)
    head = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    protocol.receive_data(head)
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.data_to_send()
    transport, hub = HandTransport(), HandHub()
    consumer = Consumer(
        *(cast("Any", transport), protocol, hub),
        Allowance(100_000, frames),
        name="key",
        address="here",
    )
    transport.consumer = consumer
    return consumer, transport, hub


def delivery(number: int, size: int = 10) -> Delivery:
    """Return a tick with one raw report and one update."""
    update = text_frame(b"%0*d" % (size, number))
    return Delivery(text_frame(b"raw") + update, update, 2)


def masked(opcode: Opcode, data: bytes = b"") -> bytes:
    return Frame(opcode, data).serialize(mask=True)


async def test_consumer_that_keeps_up_gets_everything_in_one_write_a_tick() -> None:
    consumer, transport, hub = opened()
    consumer.start(hub.snapshot())
    transport.take()
    for number in range(3):
        consumer.deliver(delivery(number, 1))
        transport.take()
    assert messages_in(bytes(transport.taken)) == [
        b"first",
        b"raw",
        b"0",
        b"raw",
        b"1",
        b"raw",
        b"2",
    ]
    assert consumer.sent_messages == 7


async def test_consumer_that_is_behind_first_loses_raw_reports() -> None:
    consumer, transport, hub = opened()
    consumer.start(hub.snapshot())
    for number in range(3):
        consumer.deliver(delivery(number, 1))
    transport.take()
    consumer.deliver(delivery(3, 1))
    transport.take()
    assert messages_in(bytes(transport.taken)) == [b"first", b"0", b"1", b"2", b"raw", b"3"]


async def test_then_it_gets_one_snapshot_in_place_of_what_waits() -> None:
    consumer, transport, hub = opened()
    consumer.start(hub.snapshot())
    transport.take(3)
    for number in range(5):
        consumer.deliver(delivery(number, MAX_LAG_BYTES // 2))
    hub.payload = b"latest"
    transport.take()
    consumer.deliver(delivery(9, 1))
    transport.take()
    assert messages_in(bytes(transport.taken)) == [b"first", b"latest", b"raw", b"9"]
    assert consumer.resynced == 1


async def test_updates_wait_for_the_end_of_a_large_snapshot() -> None:
    consumer, transport, _ = opened()
    large = b"x" * (10 * PIECE_BYTES)
    consumer.start(SharedFrame(large))
    transport.take(PIECE_BYTES + 1)
    # More than usual may wait: a snapshot would be no shorter.
    for number in range(3):
        consumer.deliver(delivery(number, MAX_LAG_BYTES - 100))
    transport.take()
    lengths = [len(each) for each in messages_in(bytes(transport.taken))]
    assert lengths == [len(large), *[MAX_LAG_BYTES - 100] * 3]
    assert consumer.resynced == 0


async def test_snapshot_to_all_replaces_what_waits_but_not_half_a_frame() -> None:
    consumer, transport, _ = opened()
    consumer.start(SharedFrame(b"x" * (3 * PIECE_BYTES)))
    transport.take(10)
    consumer.deliver(delivery(1))
    consumer.start(SharedFrame(b"second"))
    transport.take()
    assert [each[:6] for each in messages_in(bytes(transport.taken))] == [b"xxxxxx", b"second"]


async def test_pong_does_not_break_into_a_frame() -> None:
    consumer, transport, _ = opened()
    consumer.start(SharedFrame(b"x" * (3 * PIECE_BYTES)))
    consumer.data_received(masked(Opcode.PING, b"hello"))
    transport.take()
    frame = text_frame(b"x" * (3 * PIECE_BYTES))
    assert bytes(transport.taken) == frame + b"\x8a\x05hello"


async def test_stall_is_counted_in_sweeps_without_a_byte_taken() -> None:
    consumer, transport, _ = opened()
    consumer.start(SharedFrame(b"x" * (3 * PIECE_BYTES)))
    for sweeps in range(4):
        assert consumer.stalled == max(0, sweeps - 1)
        consumer.sweep()
    transport.take(1)
    consumer.sweep()
    assert consumer.stalled == 0
    transport.take()
    for _ in range(9):
        consumer.sweep()
    # It has read everything: nothing is sent, so nothing can be taken.
    assert consumer.stalled == 0


async def test_idle_connection_is_kept_open() -> None:
    consumer, transport, hub = opened()
    consumer.start(hub.snapshot())
    transport.take()
    for _ in range(PING_SWEEPS + 2):
        consumer.sweep()
        transport.take()
    assert bytes(transport.taken) == text_frame(b"first") + PING


async def test_close_waits_for_the_frame_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "CLOSING_SECONDS", 0.0)
    consumer, transport, hub = opened()
    consumer.start(SharedFrame(b"x" * (3 * PIECE_BYTES)))
    transport.take(10)
    consumer.deliver(delivery(1))
    consumer.close(1001, "bye")
    consumer.deliver(delivery(2))
    transport.take()
    frame = text_frame(b"x" * (3 * PIECE_BYTES))
    assert bytes(transport.taken) == frame + b"\x88\x05\x03\xe9bye"
    while transport.open:  # noqa: ASYNC110 - the timer runs by itself
        await asyncio.sleep(0)
    assert hub.gone == 1


async def test_closing_handshake_of_the_consumer_is_answered() -> None:
    consumer, transport, hub = opened()
    consumer.start(hub.snapshot())
    transport.take()
    consumer.data_received(masked(Opcode.CLOSE, b"\x03\xe8"))
    consumer.deliver(delivery(1))
    transport.take()
    assert bytes(transport.taken) == text_frame(b"first") + b"\x88\x02\x03\xe8"
    assert transport.closing
    transport.abort()


async def test_frames_beyond_the_allowance_are_not_even_parsed() -> None:
    consumer, transport, hub = opened(frames=10)
    parsed = 0
    receive = consumer._protocol.receive_data

    def counted(data: bytes | bytearray) -> None:
        nonlocal parsed
        parsed += len(data)
        receive(data)

    consumer._protocol.receive_data = counted  # type: ignore[method-assign]
    consumer.data_received(masked(Opcode.PING) * 20_000)
    assert parsed <= 2 * consumer_module.READ_SLICE
    assert (consumer.abusive, consumer.reason) == (True, "too many messages")
    transport.abort()
    assert hub.gone == 1


async def test_shared_frame_is_compressed_once_for_all() -> None:
    frame, done = SharedFrame(b"hello " * 10_000), asyncio.Event()
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            done.set()

    for _ in range(3):
        frame.deflate(call)
    await done.wait()
    assert frame.deflated is not None
    assert len(frame.deflated) < len(frame.plain) // 50
    assert frame.deflated[0] == 0xC1
