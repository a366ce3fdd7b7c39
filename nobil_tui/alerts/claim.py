"""Claims: changes of what alerts saw, stored together before any of them is delivered."""

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
    """When it saw that, in ms."""
    replaces: bool = False
    """Whether the user armed the alert just now, so that its stored state is void."""
    once: bool = False
    """Whether the alert is over when it fires."""
    due: DueRun | None = None
    """The run of the hook that is due if this instance delivers the alert."""


class Claim:
    """Changes to store together, which decide what this instance delivers.

    The state of ``removed`` alerts is deleted, and for ``disarmed`` ones only the time when they
    fired is kept; the values are when that happened, in ms.
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
        """Whether it must no longer be stored."""
        self.refused: set[AlertKey] = set()
        """New alerts that must begin again: they are over, and the config may be older; or another
        instance began them with another state."""
        self.undo: list[tuple[str, tuple[object, ...]]] = []
        """Statements that undo the claim."""
