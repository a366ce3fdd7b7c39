"""One consumer of the stream: what waits to be sent to it, and what it says, which nobody listens to."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

MOST_WAITING = 4096
"""Frames that may wait for a consumer; one that lets more gather does not read."""
AT_A_STRETCH = 64
"""Frames sent before others have their turn: sending does not suspend while the network takes all."""
LISTEN_EVERY = 0.001
"""Seconds between two messages of a consumer that talks: what it says more must wait on its own side."""
CLOSE_WITHIN = 1.0
"""Seconds that a consumer has to answer the closing handshake before it is cut."""
TRY_AGAIN_LATER = 1013
"""The closing code for a consumer that does not read."""

logger = logging.getLogger(__name__)


class Consumer:
    """Somebody connected. Frames are shared by all consumers and never copied."""

    def __init__(self, connection: ServerConnection, most_waiting: int = MOST_WAITING) -> None:
        self._connection = connection
        self._most = most_waiting
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None

    def put(self, frame: bytes) -> None:
        """Have a frame sent after those that wait. Closes the connection if too many do."""
        if self._closing is not None:
            return
        if len(self._waiting) >= self._most:
            logger.warning("a consumer does not read: closed")
            self._waiting.clear()
            self._closing = asyncio.create_task(self._turn_out())
            return
        self._waiting.append(frame)
        self._news.set()

    def start_anew(self, snapshot: bytes) -> None:
        """Have a snapshot sent instead of all that waits: it holds it all."""
        self._waiting.clear()
        self.put(snapshot)

    def abort(self) -> None:
        """Cut the connection."""
        self._connection.transport.abort()

    async def run(self) -> None:
        """Send what is put until the connection is closed, by either side."""
        tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._ignore())]
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

    async def _turn_out(self) -> None:
        try:
            # The closing frame waits behind what is not read: the library has no bound for that.
            async with asyncio.timeout(CLOSE_WITHIN):
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
                    if count % AT_A_STRETCH == 0:
                        await asyncio.sleep(0)
        except ConnectionClosed:
            return

    async def _ignore(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._connection.recv(decode=False)
                await asyncio.sleep(LISTEN_EVERY)
        except ConnectionClosed:
            return
