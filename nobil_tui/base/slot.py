"""A holder of a resource that one thread opens while another may close it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Slot(Generic[_T]):
    """Hold one resource at a time, and call ``release`` once for each.

    Opening takes time: call ``start`` before and ``put`` after it. If ``close`` or another
    ``start`` came in between, ``put`` releases the new resource, since nothing else refers to it.
    """

    def __init__(self, release: Callable[[_T], None]) -> None:
        self._release = release
        self._lock = threading.Lock()
        self._held: _T | None = None
        self._turn = 0

    @property
    def held(self) -> _T | None:
        """The resource; None while there is none."""
        return self._held

    def start(self) -> int:
        """Release the resource that is held, and return the turn to pass to ``put``."""
        with self._lock:
            self._turn += 1
            turn = self._turn
            before, self._held = self._held, None
        if before is not None:
            self._release(before)
        return turn

    def put(self, turn: int, resource: _T) -> bool:
        """Hold ``resource``. If ``turn`` is over, release it and return False."""
        with self._lock:
            current = turn == self._turn
            if current:
                self._held = resource
        if not current:
            self._release(resource)
        return current

    def close(self) -> None:
        """Release the resource, and one that is being opened as soon as it is put."""
        self.start()
