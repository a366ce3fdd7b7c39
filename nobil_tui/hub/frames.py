"""Frames of a WebSocket server, encoded once for all consumers.

A server does not mask its frames, so all consumers get the same bytes. A large frame is also
compressed once: without context takeover, a compressed message does not depend on others.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable

from nobil_tui.base.tasks import run_in_thread

WINDOW_BITS = 12
"""The window of the compression (RFC 7692): every client that accepts this or more can read it."""
_TEXT, _COMPRESSED = 0x81, 0xC1
_LEVEL = 6


def text_frame(payload: bytes, first: int = _TEXT) -> bytes:
    """Return a whole text message as one frame."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def _deflated(payload: memoryview) -> bytes:
    """Return a whole text message as one compressed frame."""
    encoder = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS)
    data = encoder.compress(payload) + encoder.flush(zlib.Z_SYNC_FLUSH)
    # RFC 7692, section 7.2.1: without the tail of the last, empty block.
    return text_frame(data[:-4], _COMPRESSED)


class SharedFrame:
    """A large message that many consumers send, each at its own pace."""

    def __init__(self, payload: bytes) -> None:
        self.plain = text_frame(payload)
        self.deflated: bytes | None = None
        """Set once ``deflate`` is done."""
        self._waiting: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def deflate(self, done: Callable[[], None]) -> None:
        """Compress it in a thread, once, and call ``done`` then."""
        self._waiting.append(done)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._deflate())

    async def _deflate(self) -> None:
        plain = self.plain
        header = 2 if plain[1] < 126 else 4 if plain[1] == 126 else 10
        self.deflated = await run_in_thread(lambda: _deflated(memoryview(plain)[header:]))
        for call in self._waiting:
            call()
        self._waiting.clear()
