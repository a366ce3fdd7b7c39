"""An event loop that shuffles ready callbacks, so that a test can run in many orders."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any

import pytest


class StuckError(AssertionError):
    """All tasks wait, and nothing can wake them."""


class ShuffledLoop(asyncio.SelectorEventLoop):
    """Shuffle the ready callbacks of each iteration by a seed. Time passes only while none is
    ready.

    For tasks that wake each other, without sockets or threads: a deadlock raises an error at once.
    """

    def __init__(self, seed: int) -> None:
        self.order = random.Random(seed)
        self._passed = 0.0
        super().__init__()

    def time(self) -> float:
        return self._passed

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready:
            if not scheduled:
                raise StuckError("every task waits for another one")
            self._passed = max(self._passed, scheduled[0]._when)
        turn = list(ready)
        self.order.shuffle(turn)
        ready.clear()
        ready.extend(turn)
        super()._run_once()  # type: ignore[misc]

    async def dawdle(self) -> None:
        """Let other tasks run for some iterations, or for some time."""
        for _ in range(self.order.randrange(4)):
            await asyncio.sleep(self.order.choice((0, 0, 0, 0.001, 0.06)))


def in_every_order(
    test: Callable[[ShuffledLoop], Coroutine[Any, Any, None]], orders: int = 100
) -> None:
    """Run ``test`` in that many orders. An exception that it raises gets a note with the seed."""
    for seed in range(orders):
        loop = ShuffledLoop(seed)
        try:
            loop.run_until_complete(test(loop))
        except Exception as error:
            error.add_note(f"in the order of seed {seed}")
            raise
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
                # Do not warn of pending tasks of a deadlock.
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            for _ in range(20):
                loop.call_soon(loop.stop)
                loop.run_forever()
            loop.close()


async def _pause() -> None:
    await asyncio.sleep(0)


def yield_after_each(
    monkeypatch: pytest.MonkeyPatch,
    *modules: ModuleType,
    pause: Callable[[], Coroutine[Any, Any, None]] = _pause,
) -> None:
    """Let modules that work in time slices pause after each step, whatever the machine's speed."""
    for module in modules:
        monkeypatch.setattr(module, "yield_to_loop", pause)
        monkeypatch.setattr(module, "SLICE_SECONDS", -1.0)
