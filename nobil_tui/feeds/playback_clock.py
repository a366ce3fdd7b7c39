"""Playing: the clock of something that was recorded. It runs at any speed, stands still, and jumps."""

from __future__ import annotations

import asyncio
import math

from nobil_tui.base.clock import Clock

SPEEDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1000.0, math.inf)
"""The speeds that faster and slower step through; infinity is as fast as it can."""
MIN_WAIT = 0.02
"""Seconds: what falls due closer together comes together."""
MAX_LAG = 1.0
"""Seconds that playing may fall behind and still make up for; what it is further behind by is given up."""


class PlaybackClock(Clock):
    """Tells the time of what is played, which begins at ``start`` (ms); ``wall`` is the clock that it is played by.

    Whoever plays calls ``wait_for`` with the time of each thing that was recorded, in their order.
    """

    def __init__(self, wall: Clock, start: int, speed: float) -> None:
        self.speed = speed
        self.paused = False
        self._wall = wall
        self._start = start
        self._at = float(start)
        """Where it was, in ms, ..."""
        self._since = wall.monotonic()
        """... when the clock on the wall stood here, in seconds."""
        self._next = start
        """What is waited for, in ms: the clock does not run past it."""
        self._last = start
        """What came last, in ms."""
        self._target: int | None = None
        """Where to go at one stroke, in ms."""
        self._back = False
        self._changed = asyncio.Event()

    def now(self) -> int:
        """Milliseconds since the epoch, when what is played happened."""
        if self.paused or self._target is not None or self.speed == math.inf:
            return round(self._at)
        return round(min(self._running(), max(self._at, self._next)))

    def monotonic(self) -> float:
        """Seconds of the clock on the wall."""
        return self._wall.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait, by the clock on the wall."""
        await self._wall.sleep(seconds)

    # What is done with it

    def pause(self) -> None:
        """Stand still, or go on."""
        self._set(self.now())
        self.paused = not self.paused
        self._changed.set()

    def set_speed(self, speed: float) -> None:
        """Play at another speed from now on."""
        self._set(self.now())
        self.speed = speed
        self._changed.set()

    def jump(self, seconds: float) -> None:
        """Go forward, or back if ``seconds`` is less than zero. A jump during another goes on from its target."""
        if self._target is None:
            self._set(self.now())
        here = round(self._at) if self._target is None else self._target
        self._target = max(self._start, here + round(seconds * 1000))
        # Going back over nothing that came is no beginning anew.
        self._back |= self._target < self._last
        self._changed.set()

    # For whoever plays

    async def wait_for(self, at: int) -> bool:
        """Wait until ``at`` (ms) is due. False where somebody goes back instead: then ``rewind``."""
        self._next = at
        while not self._back:
            if self._is_due(at):
                self._last = at
                return True
            ahead = None if self.paused else (at - self._running()) / 1000 / self.speed
            await self._pause(ahead)
        return False

    async def wait_for_back(self) -> None:
        """Wait at the end until somebody goes back."""
        while not self._back:
            # There is nothing to go forward to.
            self._target = None
            await self._pause(None)

    def rewind(self) -> int:
        """Begin anew, and return where to play to at one stroke, in ms."""
        self._back = False
        self._last = self._next = self._start
        self._set(self._start)
        return self._start if self._target is None else self._target

    # Inside

    def _running(self) -> float:
        return self._at + (self._wall.monotonic() - self._since) * 1000 * self.speed

    def _set(self, at: float) -> None:
        self._at, self._since = at, self._wall.monotonic()

    def _is_due(self, at: int) -> bool:
        if self._target is not None:
            if at <= self._target:
                self._set(at)
                return True
            self._set(self._target)
            self._target = None
        if self.paused:
            return False
        if self.speed == math.inf:
            self._set(at)
            return True
        behind = self._running() - at
        if behind > MAX_LAG * 1000 * self.speed:
            self._set(at)
        return behind >= 0

    async def _pause(self, seconds: float | None) -> None:
        """Wait until so much time has passed, or something is changed; None for the latter alone."""
        self._changed.clear()
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._changed.wait())]
        if seconds is not None:
            waits.append(asyncio.create_task(self._wall.sleep(max(MIN_WAIT, seconds))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
