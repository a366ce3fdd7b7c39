"""A proxy between the program and a real server, which does to a connection what networks do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from nobil_tui.base.tasks import cancel_and_wait

Opening = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Treats one connection in place of the server. It is aborted at the end."""

_KEY = b"sec-websocket-key:"
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class FaultProxy:
    """Forward connections to ``port`` of this machine, and count them."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._target = port
        self.tls = tls
        """What new connections are encrypted with; None for plain ones."""
        self.accepted = 0
        """How many connections were accepted."""
        self.openings: deque[Opening] = deque()
        """How to treat the next connections; the others are forwarded."""
        self.change: Callable[[bytes], bytes | None] | None = None
        """What is done to the bytes of the server; None in place of bytes: forward no more."""
        self.chunk = 0
        """If not zero: how many bytes of the server are forwarded at a time."""
        self._clients: set[asyncio.StreamWriter] = set()
        self._held: dict[asyncio.StreamWriter, bytes] = {}
        """What is to be sent to clients that are just being sent bytes of the server."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self.tls is not None:
            self.tls.sni_callback = self._choose
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await cancel_and_wait(*self._tasks)

    def heal(self) -> None:
        """Forward everything again."""
        self.openings.clear()
        self.change = None
        self.chunk = 0

    def send(self, data: bytes) -> None:
        """Send bytes of our own to every client, but not into the middle of a frame."""
        for client in self._clients:
            if client in self._held:
                self._held[client] += data
            else:
                client.write(data)

    def reset(self) -> None:
        """Cut all connections with an RST."""
        for client in list(self._clients):
            reset(client)

    def finish(self) -> None:
        """Cut all connections with a FIN."""
        for client in list(self._clients):
            client.close()

    def _choose(self, connection: ssl.SSLObject, *_: object) -> None:
        """Use the present certificate for a new connection."""
        if self.tls is not None:
            connection.context = self.tls

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                if self.openings:
                    await self.openings.popleft()(reader, writer)
                else:
                    await self._forward(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        self._clients.add(writer)
        tasks = [
            asyncio.create_task(self._upwards(reader, to_server)),
            asyncio.create_task(self._downwards(from_server, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._clients.discard(writer)
            await cancel_and_wait(*tasks)
            to_server.transport.abort()

    async def _upwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)

    async def _downwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            changed = self.change(data) if self.change is not None else data
            if changed is None:
                await asyncio.Event().wait()
                return
            step = self.chunk or len(changed) or 1
            self._held[writer] = b""
            try:
                for begin in range(0, len(changed), step):
                    writer.write(changed[begin : begin + step])
                    await writer.drain()
                    if self.chunk:
                        await asyncio.sleep(0)
            finally:
                held = self._held.pop(writer)
            writer.write(held)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection with an RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def accept_websocket(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: str = ""
) -> None:
    """Accept a WebSocket's handshake."""
    writer.write(await handshake_answer(reader, headers))
    await writer.drain()


async def handshake_answer(reader: asyncio.StreamReader, headers: str = "") -> bytes:
    """Return the answer that accepts a WebSocket's handshake."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = next(
        line[len(_KEY) :].strip()
        for line in request.split(b"\r\n")
        if line.lower().startswith(_KEY)
    )
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())  # RFC 6455
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n" + headers.encode() + b"\r\n"
    )


def frame(data: bytes, opcode: int = 1, *, final: bool = True, reserved: int = 0) -> bytes:
    """Return a WebSocket frame of a server. ``reserved``: the bits RSV1 to RSV3."""
    first = (0x80 if final else 0) | reserved << 4 | opcode
    if len(data) < 126:
        return struct.pack("!BB", first, len(data)) + data
    if len(data) < 65_536:
        return struct.pack("!BBH", first, 126, len(data)) + data
    return struct.pack("!BBQ", first, 127, len(data)) + data


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """Return a close frame, whether the code may be sent or not."""
    return frame(struct.pack("!H", code) + reason, 8)
