"""A weighted choice with one random number per draw, fast enough to build a whole country."""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate
from typing import Generic, TypeVar

_T = TypeVar("_T")


class WeightedChoice(Generic[_T]):
    """Draw from options, each with its weight."""

    def __init__(self, *options: tuple[_T, float]) -> None:
        self._options = tuple(option for option, _ in options)
        self._bounds = list(accumulate(weight for _, weight in options))
        self._total = self._bounds.pop()

    def __call__(self, rng: random.Random) -> _T:
        """Draw one option."""
        return self._options[bisect(self._bounds, rng.random() * self._total)]
