"""The time, as a thing that can be given: tests hand in one that stands still until told."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The machine's own time."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
