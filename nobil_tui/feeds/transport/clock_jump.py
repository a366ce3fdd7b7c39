"""Detect jumps of the wall clock against the monotonic one: the machine slept, or the time was set.

The monotonic clock stops while a machine sleeps (on Linux and macOS), so timers do not notice the
hours that passed.
"""

from __future__ import annotations

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_until_first

CHECK_EVERY = 1.0
"""Seconds between two comparisons of the clocks: a jump must be noticed at once."""
MIN_JUMP = 2000
"""Milliseconds: a smaller difference is an adjustment of the clock, or a busy machine."""


class JumpDetector:
    """Compares both clocks with their readings when it was created or last asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = clock.now()
        self._monotonic = clock.monotonic()

    def reason(self) -> str:
        """Return what happened to the clock since the last call, in words; empty if nothing did."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        ahead = (now - self._now) - (monotonic - self._monotonic) * 1000
        self._now, self._monotonic = now, monotonic
        if ahead > MIN_JUMP:
            return "this machine slept, or its clock was set"
        return "the clock of this machine was set back" if ahead < -MIN_JUMP else ""

    async def wait(self) -> str:
        """Wait for a jump; return its reason."""
        while not (reason := self.reason()):
            await self._clock.sleep(CHECK_EVERY)
        return reason


async def sleep_until_jump(clock: Clock, seconds: float) -> str:
    """Wait for some seconds, or until a jump; return the reason of the jump, empty without one."""
    return await run_until_first(JumpDetector(clock).wait(), clock.sleep(seconds)) or ""
