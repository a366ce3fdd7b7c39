"""Faults of networks and servers, and the expectations of each."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import NamedTuple

from tests.faults.proxy import (
    FaultProxy,
    Opening,
    accept_websocket,
    close_frame,
    frame,
    handshake_answer,
    reset,
)


class Expect(Enum):
    """What a fault in an open connection must lead to."""

    LOST = "lost"
    """The link is lost at once."""
    STALLS = "stalls"
    """Nothing can be noticed until the connection is found dead."""
    SURVIVES = "survives"
    """The link stays, and the state is exact."""
    UNREADABLE = "unreadable"
    """The link stays, and frames are counted as not readable."""


class StreamFault(NamedTuple):
    """A fault in an open connection."""

    name: str
    apply: Callable[[FaultProxy], None]
    expect: Expect
    during: bool = False
    """Whether it is applied while the server reports a change."""


class OpeningFault(NamedTuple):
    """A fault while a connection is opened."""

    name: str
    opening: Opening
    refuses: bool = False
    """Whether it says that the key is wrong."""
    silent: bool = False
    """Whether only a timeout ends it."""


def _flip(mask: int, place: Callable[[int], int]) -> Callable[[FaultProxy], None]:
    """Return a fault that changes one byte of what the server sends."""

    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[place(len(data))] ^= mask
        return bytes(changed)

    def apply(proxy: FaultProxy) -> None:
        proxy.change = change

    return apply


def _stall(proxy: FaultProxy) -> None:
    proxy.change = lambda data: None


def _truncate(proxy: FaultProxy) -> None:
    def change(data: bytes) -> bytes:
        asyncio.get_running_loop().call_later(0, proxy.finish)
        return data[: len(data) // 2]

    proxy.change = change


def _delay(proxy: FaultProxy) -> None:
    held = bytearray()

    def change(data: bytes) -> bytes:
        held.extend(data)
        asyncio.get_running_loop().call_later(0.002, release)
        return b""

    def release() -> None:
        proxy.send(bytes(held))
        held.clear()

    proxy.change = change


def _drip(proxy: FaultProxy) -> None:
    proxy.chunk = 1


def _inject(*parts: bytes) -> Callable[[FaultProxy], None]:
    data = b"".join(parts)
    return lambda proxy: proxy.send(data)


@cache
def bomb() -> bytes:
    """Return a compressed frame of 20 kB that unpacks to 20 MB."""
    packer = zlib.compressobj(9, wbits=-15)
    zeros = bytes(1 << 20)
    data = b"".join(packer.compress(zeros) for _ in range(20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return frame(data[:-4], reserved=4)


CORRUPT = StreamFault(
    "corrupt payload", _flip(0x80, lambda size: size - 8), Expect.UNREADABLE, during=True
)
"""For a stream that is not compressed: a bit of compressed data can change anything. In a number at
the end: a name would be one of those that are not known, which are skipped.
"""
BOMB = StreamFault("compressed bomb", _inject(bomb()), Expect.LOST)
"""For a stream that is compressed."""

TINY_VALUES = b'{"type":"snapshot:init","data":[' + b"1," * 700_000 + b"1]}"

STREAM_FAULTS = (
    StreamFault("cut with RST", FaultProxy.reset, Expect.LOST),
    StreamFault("cut with FIN", FaultProxy.finish, Expect.LOST),
    StreamFault("truncated frame, then FIN", _truncate, Expect.LOST, during=True),
    StreamFault("stall without closing", _stall, Expect.STALLS, during=True),
    StreamFault("delayed bytes", _delay, Expect.SURVIVES, during=True),
    StreamFault("byte by byte", _drip, Expect.SURVIVES, during=True),
    StreamFault("corrupt frame header", _flip(0x70, lambda n: 0), Expect.LOST, during=True),
    *(
        StreamFault(f"close frame {code}", _inject(close_frame(code, reason)), Expect.LOST)
        for code, reason in (
            (1000, b""),
            (1001, b"going away"),
            (1008, b"\x1b[2J\xe2\x80\xae[bold]"),
            (1011, b"x" * 123),
            (1012, b"restart"),
            (1013, b"try again later"),
            (4000, "på gjensyn".encode()),
        )
    ),
    StreamFault("close frame with a forbidden code", _inject(close_frame(1006)), Expect.LOST),
    StreamFault("close frame with no UTF-8", _inject(close_frame(1000, b"\xff")), Expect.LOST),
    StreamFault("close frame of one byte", _inject(frame(b"x", 8)), Expect.LOST),
    StreamFault("oversize frame", _inject(struct.pack("!BBQ", 0x81, 127, 1 << 40)), Expect.LOST),
    StreamFault("reserved opcode", _inject(frame(b"x", 3)), Expect.LOST),
    StreamFault("masked frame", _inject(b"\x81\x81abcdx"), Expect.LOST),
    StreamFault("continuation of nothing", _inject(frame(b"x", 0)), Expect.LOST),
    StreamFault(
        "endless fragments",
        _inject(frame(b"x", final=False), frame(b"x", 0, final=False) * 5000),
        Expect.LOST,
    ),
    StreamFault("large control frame", _inject(b"\x89\x7e\x01\x00" + bytes(256)), Expect.LOST),
    StreamFault("flood of pings", _inject(frame(b"", 9) * 10_000), Expect.SURVIVES),
    StreamFault("flood of pongs", _inject(frame(b"x" * 100, 10) * 5_000), Expect.SURVIVES),
    StreamFault("text that is no UTF-8", _inject(frame(b"\xff\xfe")), Expect.UNREADABLE),
    StreamFault("no JSON", _inject(frame(b"<html>")), Expect.UNREADABLE),
    StreamFault("deep JSON", _inject(frame(b"[" * 60_000)), Expect.UNREADABLE),
    StreamFault("binary frame", _inject(frame(bytes(range(256)), 2)), Expect.UNREADABLE),
    StreamFault("large frame of tiny values", _inject(frame(TINY_VALUES)), Expect.UNREADABLE),
)


MQTT_FAULTS = (
    *(
        # What is not MQTT, or is cut in another place, ends a connection.
        fault._replace(expect=Expect.LOST) if fault.expect is Expect.UNREADABLE else fault
        for fault in STREAM_FAULTS
    ),
    # The payload is the end of a message.
    StreamFault("corrupt payload", _flip(0x80, lambda size: size - 8), Expect.UNREADABLE, True),
    *(
        StreamFault(name, _inject(frame(packet, 2)), expect)
        for name, packet, expect in (
            ("empty packet", b"", Expect.SURVIVES),
            ("packet of a client", b"\x10\x00", Expect.LOST),
            ("packet that is too large", b"\x30\xff\xff\xff\x7f", Expect.LOST),
            ("packet whose end never comes", b"\x30\xff\xff\x3f", Expect.STALLS),
            ("length of five bytes", b"\x30\xff\xff\xff\xff\xff", Expect.LOST),
            ("topic that is no UTF-8", b"\x30\x05\x00\x01\xffxx", Expect.LOST),
            ("topic of another kind", b"\x30\x04\x00\x01x{", Expect.UNREADABLE),
        )
    ),
)
"""For an MQTT session over a WebSocket."""


def _answering(answer: bytes) -> Opening:
    async def opening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return opening


def _http(status: str, headers: str = "", body: str = "") -> Opening:
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return _answering((head + body).encode())


async def _close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def _reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def _stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answer = await handshake_answer(reader)
    writer.write(answer[: len(answer) // 2])
    await reader.read()


async def _accept_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await accept_websocket(reader, writer)
    writer.write(close_frame(1013, b"full"))
    await writer.drain()
    await reader.read(100)


async def _accept_a_bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await accept_websocket(reader, writer, "Sec-WebSocket-Extensions: permessage-deflate\r\n")
    writer.write(bomb())
    await writer.drain()
    await reader.read(100)


async def _endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
    for number in range(5_000):
        writer.write(b"X-%d: y\r\n" % number)
        await writer.drain()


OPENING_FAULTS = (
    OpeningFault("accept and close at once", _close_at_once),
    OpeningFault("accept and reset at once", _reset_at_once),
    OpeningFault("garbage", _answering(b"\x00\xff" * 3000)),
    OpeningFault("HTML", _http("200 OK", "Content-Type: text/html\r\n", "<html>Sign in</html>")),
    OpeningFault("redirect", _http("302 Found", "Location: http://portal.test/login\r\n")),
    OpeningFault("401 after a link that worked", _http("401 Unauthorized"), refuses=True),
    OpeningFault("403 after a link that worked", _http("403 Forbidden"), refuses=True),
    OpeningFault("403 with Retry-After", _http("403 Forbidden", "Retry-After: 90\r\n")),
    OpeningFault("429", _http("429 Too Many Requests", "Retry-After: 30\r\n")),
    OpeningFault("503", _http("503 Service Unavailable")),
    OpeningFault("silence", _stay_silent, silent=True),
)
"""For a WebSocket and an HTTP request alike."""
HANDSHAKE_FAULTS = (
    *OPENING_FAULTS,
    OpeningFault("slow handshake", _half_an_answer, silent=True),
    OpeningFault("handshake, then close", _accept_and_close),
    OpeningFault("handshake, then a compressed bomb", _accept_a_bomb),
    OpeningFault("endless headers", _endless_headers),
    OpeningFault("answer of another protocol", _answering(b"SSH-2.0-OpenSSH_9.6\r\n")),
    OpeningFault(
        "wrong accept key",
        _answering(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
        ),
    ),
)
