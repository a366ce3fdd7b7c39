"""Standard output for a program that must not stand still while nobody reads it."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress

from nobil_tui.base.tasks import run_in_thread


class Out:
    """Writes to a file descriptor, past the buffers: what is written is written, and nothing is left for the end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def write(self, data: bytes) -> None:
        """Write all of it, however long the reader takes. Raises ``OSError``."""
        # A reader who never reads must not keep the program from ending.
        await run_in_thread(lambda: self._write(data))

    async def reader_gone(self) -> None:
        """Wait until a pipe has no reader any more; for anything else, for ever."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        watched = False
        # The end of a pipe that is written to is never readable: it wakes us when the other end is closed.
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
            view = view[os.write(self._descriptor, view) :]
