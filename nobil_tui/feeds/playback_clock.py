"""The clock of a playback: it can run at any speed, pause and jump."""

from __future__ import annotations

import asyncio
import math

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_until_first

SPEEDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1000.0, math.inf)
"""Speeds that faster and slower step through; infinity is as fast as possible."""
MIN_WAIT = 0.02
"""Seconds of the shortest wait: events that are due closer together come together."""
MAX_LAG = 1.0
"""The longest delay in seconds that playback catches up; a longer one is skipped."""


class PlaybackClock(Clock):
    """Position in a recording that starts at ``start`` (ms), played by the clock ``wall``.

    The player calls ``wait_for`` with the time of each recorded event, in order.
    """

    def __init__(self, wall: Clock, start: int, speed: float) -> None:
        self.speed = speed
        self.paused = False
        self._wall = wall
        self._start = start
        self._at = float(start)
        """Playback position (ms) at ``_since``."""
        self._since = wall.monotonic()
        """Monotonic time (s) of ``_at``."""
        self._next = start
        """Time of the next event, in ms: the clock does not run past it."""
        self._last = start
        """Time of the last event, in ms."""
        self._target: int | None = None
        """Target of a jump, in ms."""
        self._back = False
        self._changed = asyncio.Event()

    def now(self) -> int:
        """Return the playback position, in ms since the epoch."""
        if self.paused or self._target is not None or self.speed == math.inf:
            return round(self._at)
        return round(min(self._running(), max(self._at, self._next)))

    def monotonic(self) -> float:
        """Return the monotonic time of ``wall``, in seconds."""
        return self._wall.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep by the clock ``wall``."""
        await self._wall.sleep(seconds)

    # Controls

    def pause(self) -> None:
        """Pause, or resume."""
        self._set(self.now())
        self.paused = not self.paused
        self._changed.set()

    def set_speed(self, speed: float) -> None:
        """Play at another speed from now on."""
        self._set(self.now())
        self.speed = speed
        self._changed.set()

    def jump(self, seconds: float) -> None:
        """Jump ``seconds`` forward, or back if negative. A jump during another starts from its
        target."""
        if self._target is None:
            self._set(self.now())
        here = round(self._at) if self._target is None else self._target
        self._target = max(self._start, here + round(seconds * 1000))
        # A jump back that crosses no event needs no restart.
        self._back |= self._target < self._last
        self._changed.set()

    # For the player

    async def wait_for(self, at: int) -> bool:
        """Wait until ``at`` (ms) is due. Return False after a jump back: then call ``rewind``."""
        self._next = at
        while not self._back:
            if self._is_due(at):
                self._last = at
                return True
            ahead = None if self.paused else (at - self._running()) / 1000 / self.speed
            await self._pause(ahead)
        return False

    async def wait_for_back(self) -> None:
        """Wait at the end for a jump back."""
        while not self._back:
            # There is nothing ahead to jump to.
            self._target = None
            await self._pause(None)

    def rewind(self) -> int:
        """Restart, and return the position to play to at once, in ms."""
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
        """Wait ``seconds``, or until a control is used; None to wait for a control only."""
        self._changed.clear()
        if seconds is None:
            await self._changed.wait()
        else:
            await run_until_first(self._changed.wait(), self._wall.sleep(max(MIN_WAIT, seconds)))
