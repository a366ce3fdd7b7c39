"""The undo stack: stars, the home position, alerts and deleted filters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

MAX_UNDO = 100
"""Actions that can be undone."""


class UndoStep(Struct, frozen=True):
    """One action of the user."""

    done: str
    """The action as a sentence without a period: ``Unstarred Torget``."""
    reverse: Callable[[], None]
    """Undoes the action. Changes that another program made meanwhile are kept."""
    station: str = ""
    """The station of the action; empty if it has none."""


class UndoStack:
    """The last actions of the user, the latest last."""

    def __init__(self) -> None:
        self._steps: deque[UndoStep] = deque(maxlen=MAX_UNDO)

    def __len__(self) -> int:
        return len(self._steps)

    def push(self, step: UndoStep) -> None:
        """Remember an action."""
        self._steps.append(step)

    def undo(self) -> UndoStep | None:
        """Undo the last action that was not undone yet; return it, or None."""
        if not self._steps:
            return None
        step = self._steps.pop()
        step.reverse()
        return step

    def clear(self) -> None:
        """Forget all actions."""
        self._steps.clear()
