"""Write to standard output without blocking the program while the reader is slow."""

from __future__ import annotations

import asyncio
import os
import select
import stat
from contextlib import suppress

from nobil_tui.base.tasks import run_in_thread


class StdoutWriter:
    """Write to a file descriptor, unbuffered: nothing is left to flush at exit."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def write(self, data: bytes) -> None:
        """Write all of ``data``, however long the reader takes. Raises ``OSError``."""
        # Use a daemon thread: a reader that never reads must not keep the program from exiting.
        await run_in_thread(lambda: self._write(data))

    async def wait_reader_gone(self) -> None:
        """Return once the pipe has no reader; never return if the descriptor is not a pipe."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        watched = False
        # The write end of a pipe is never readable: the loop reports it when the read end is
        # closed.
        with suppress(OSError, NotImplementedError):
            if stat.S_ISFIFO(os.fstat(self._descriptor).st_mode):
                loop.add_reader(self._descriptor, gone.set)
                watched = True
        try:
            await gone.wait()
        finally:
            if watched:
                loop.remove_reader(self._descriptor)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                # Another program that shares the pipe or terminal made it non-blocking.
                select.select([], [self._descriptor], [])
