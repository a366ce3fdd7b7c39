"""Changes of what alerts saw, to be stored together before any of them is delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nobil_tui.alerts.due import DueRun
from nobil_tui.alerts.rules import Seen
from nobil_tui.config.alert_rules import AlertKey


class Update(NamedTuple):
    """A change of what an alert saw."""

    key: AlertKey
    station: str
    """Empty for the sum of an area."""
    before: Seen | None
    """What this instance saw before; None for a new alert."""
    after: Seen
    fires: bool
    at: int
    """When, in ms."""
    replaces: bool = False
    """Whether the user armed the alert just now, so that what was stored of it is void."""
    once: bool = False
    """Whether the alert is over when it fires."""
    due: DueRun | None = None
    """The run of the hook that is due if this instance is the one to deliver it."""


class Claim:
    """Changes to be stored together, and what this instance gets to deliver by them.

    Nothing is kept of the ``removed`` alerts, and of the ``disarmed`` ones only when they fired;
    the values are when that happened, in ms.
    """

    def __init__(
        self,
        updates: Sequence[Update],
        removed: Mapping[AlertKey, int] | None = None,
        disarmed: Mapping[AlertKey, int] | None = None,
    ) -> None:
        self.updates = updates
        self.removed = removed or {}
        self.disarmed = disarmed or {}
        self.stored = False
        self.void = False
        """Whether it must not be stored any more."""
        self.refused: set[AlertKey] = set()
        """New alerts that must begin again: they are over, and the config may be older; or another
        instance began with something else."""
        self.undo: list[tuple[str, tuple[object, ...]]] = []
        """Statements that take back what was claimed."""
