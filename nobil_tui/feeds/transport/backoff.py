"""How long to wait before the next try."""

from __future__ import annotations

import random

FIRST_WAIT = 1.0
"""Seconds before the first new try, more or less."""
MAX_WAIT = 60.0
"""Seconds between tries at the most."""
HEALTHY_AFTER = 30.0
"""Seconds that a link must live before the next wait is short again: a server may accept and close at once."""


class Backoff:
    """Waits that double, with jitter, so that a thousand clients do not come back in the same second."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()
        self._next = FIRST_WAIT

    def lived(self, seconds: float) -> None:
        """Note how long the last link lived."""
        if seconds >= HEALTHY_AFTER:
            self._next = FIRST_WAIT

    def wait(self) -> float:
        """Return the seconds to wait now: between 0.8 and 1.2 of the step, and never more than ``MAX_WAIT``."""
        step = self._next
        self._next = min(MAX_WAIT, step * 2)
        return min(MAX_WAIT, step * self._rng.uniform(0.8, 1.2))
