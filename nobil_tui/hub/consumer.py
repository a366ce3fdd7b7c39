"""One consumer of the stream: its queue of frames to send. Its messages are read and dropped."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

MAX_QUEUED_FRAMES = 4096
"""Frames that may be queued; a consumer that lets more queue up does not read and is closed."""
SEND_BURST = 64
"""Frames sent before yielding to the loop: sending does not suspend while the network keeps up."""
RECEIVE_INTERVAL = 0.001
"""Seconds between two messages read from a consumer; further ones wait on its side."""
CONSUMER_CLOSE_TIMEOUT = 1.0
"""Seconds to wait for the closing handshake before the connection is aborted."""
TRY_AGAIN_LATER = 1013
"""The close code for a consumer that does not read."""

logger = logging.getLogger(__name__)


class Consumer:
    """A connected consumer. Frames are shared by all consumers and never copied."""

    def __init__(
        self, connection: ServerConnection, max_queued_frames: int = MAX_QUEUED_FRAMES
    ) -> None:
        self._connection = connection
        self._most = max_queued_frames
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None

    def put(self, frame: bytes) -> None:
        """Queue a frame. Close the connection if too many are queued."""
        if self._closing is not None:
            return
        if len(self._waiting) >= self._most:
            logger.warning("a consumer does not read: closed")
            self._waiting.clear()
            self._closing = asyncio.create_task(self._close_slow())
            return
        self._waiting.append(frame)
        self._news.set()

    def restart(self, snapshot: bytes) -> None:
        """Replace all queued frames by a snapshot, which covers them."""
        self._waiting.clear()
        self.put(snapshot)

    def abort(self) -> None:
        """Abort the connection."""
        self._connection.transport.abort()

    async def run(self) -> None:
        """Send queued frames until either side closes the connection."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._drop_messages())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            if self._closing is not None:
                await self._closing
        for result in ended:
            if isinstance(result, Exception):
                raise result

    async def _close_slow(self) -> None:
        try:
            # The close frame queues behind unread data, and the library does not limit that wait.
            async with asyncio.timeout(CONSUMER_CLOSE_TIMEOUT):
                await self._connection.close(TRY_AGAIN_LATER, "too slow")
        except TimeoutError:
            self.abort()

    async def _send(self) -> None:
        from websockets.exceptions import ConnectionClosed

        send, waiting = self._connection.send, self._waiting
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                count = 0
                while waiting:
                    await send(waiting.popleft(), text=True)
                    count += 1
                    if count % SEND_BURST == 0:
                        await asyncio.sleep(0)
        except ConnectionClosed:
            return

    async def _drop_messages(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._connection.recv(decode=False)
                await asyncio.sleep(RECEIVE_INTERVAL)
        except ConnectionClosed:
            return
