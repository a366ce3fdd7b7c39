"""One session with alerts: which alerts it has, and where their state is kept."""

from __future__ import annotations

import os
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.text import short_hash
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.session.session import Session

if TYPE_CHECKING:
    from nobil_tui.alerts.due import DueRuns


class AlertedSession:
    """A session with the alerts of the config at ``config_path``, or with its own if it is not
    real."""

    def __init__(
        self,
        session: Session,
        state_dir: Path | None,
        config_path: Path | None,
        zone: tzinfo | None,
    ) -> None:
        self.session = session
        self.zone = zone
        self.own: list[AlertRule] = []
        """The alerts of a session that is not real."""
        self.looked_on: float | None = None
        """Monotonic time of the last check for interrupted runs; None before the first."""
        self._lasts = self.lasting
        self._kept_at: Path | None = None
        """Where the state of alerts of settings is kept; None for nowhere."""
        if session.source.state_key and state_dir is not None:
            # Instances with another config have other alerts and another hook.
            config = short_hash(_real_path(config_path)) if config_path is not None else "none"
            self._kept_at = state_dir / f"{session.source.state_key}.{config}.alerts.sqlite"
        self._due: dict[Path | None, DueRuns] = {}

    @property
    def lasting(self) -> bool:
        """Whether the alerts outlast the session. A hub says later that it serves a simulation."""
        return bool(self.session.source.state_key) and not self.session.simulated

    @property
    def state_path(self) -> Path | None:
        """The file with what the alerts saw; None if it is not kept: only alerts of the settings
        have one."""
        return self._kept_at if self._lasts else None

    @property
    def due(self) -> DueRuns:
        """The runs of the hook that are due."""
        from nobil_tui.alerts.due import DueRuns

        path = self.state_path
        if path not in self._due:
            self._due[path] = DueRuns(path)
        return self._due[path]

    def has_changed_kind(self) -> bool:
        """Return whether the alerts were replaced since the last call: the hub reported that it
        serves a simulation, or no longer does."""
        if self.lasting is self._lasts:
            return False
        self.own, self._lasts = [], self.lasting
        return True


def _real_path(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except OSError:
        # The path is relative, and the working directory was deleted.
        return str(path)
