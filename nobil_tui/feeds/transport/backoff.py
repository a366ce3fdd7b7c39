"""Exponential backoff between attempts."""

from __future__ import annotations

import random

FIRST_WAIT = 1.0
"""Seconds before the first retry, plus or minus jitter."""
MAX_WAIT = 60.0
"""Maximum seconds between attempts."""
HEALTHY_AFTER = 30.0
"""Seconds that a connection must last to reset the delay: a server may accept it and close it at
once."""
REFUSED_WAIT = 300.0
"""Seconds before a retry with a key that worked before, plus or minus jitter: the server may be in
error, but it must not be asked often."""


class Backoff:
    """Delays that double, with jitter so that a thousand clients do not reconnect in the same
    second.
    """

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()
        self._next = FIRST_WAIT

    def lived(self, seconds: float) -> None:
        """Note how long the last connection lasted, in seconds."""
        if seconds >= HEALTHY_AFTER:
            self._next = FIRST_WAIT

    def wait(self) -> float:
        """Return the delay in seconds: 0.8 to 1.2 times the current step, at most ``MAX_WAIT``."""
        step = self._next
        self._next = min(MAX_WAIT, step * 2)
        return min(MAX_WAIT, step * self._rng.uniform(0.8, 1.2))

    def refused(self) -> float:
        """Return the delay after a refusal of a key that worked before, in seconds."""
        return REFUSED_WAIT * self._rng.uniform(0.8, 1.2)
