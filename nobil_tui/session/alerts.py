"""The alerts of a running program: their rules, their sink, and what every instance delivers
once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.base.text import short_hash
from nobil_tui.config.alert_rules import AlertKey, AlertRule, AlertsSection, rule_of_key
from nobil_tui.config.model import Config
from nobil_tui.config.operations import Operation, RemoveAlert, SetAlert, applied_to
from nobil_tui.session.alert_sink import AlertSinkOnDemand
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings

if TYPE_CHECKING:
    from nobil_tui.alerts.due import DueRun, DueRuns
    from nobil_tui.alerts.firing import Firing
    from nobil_tui.alerts.hook import Hook
    from nobil_tui.alerts.sink import AlertSink


MAX_FIRED_SHOWN = 20
"""Alerts that fired for once which are listed."""
DUE_INTERVAL = 60.0
"""Seconds between two looks for runs of the hook that the end of a program interrupted."""


class SessionAlerts:
    """The alerts of one program, over one session at a time.

    Alerts on real, live data are settings. Those on a simulation, also behind a hub, or a recording
    last as long as the session, and none of the config is evaluated there: it would fire for what
    did not happen.

    ``save`` applies an operation and saves it. ``show`` gets each alert that fires, and ``warn`` a
    failure of the hook.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        save: Callable[[Operation], None],
        show: Callable[[Firing], None],
        warn: Callable[[str], None],
    ) -> None:
        self.stations: set[str] = set()
        """The stations with an alert that is not paused. Always the same set, which lists share."""
        self.area_stations: set[str] = set()
        """The stations of areas with such an alert. Always the same set."""
        self._areas: object = None
        """What ``area_stations`` was made from."""
        self._settings = settings
        self._save = save
        self._show = show
        self._warn = warn
        self._environ = environ
        self._hook: Hook | None = None
        """Runs the user's command; None before its first run."""
        self._hook_closed = False
        self._looked_on: float | None = None
        """Monotonic time of the last look for interrupted runs; None before one."""
        self._session: Session | None = None
        self._zone: tzinfo | None = None
        self._sink: AlertSinkOnDemand | None = None
        self._own: list[AlertRule] = []
        """The alerts of a session that is not real."""
        self._state_is_kept = False
        """Whether what the alerts saw is kept on disk: of settings only."""

    @property
    def rules(self) -> list[AlertRule]:
        """The alerts, in the order in which they were set."""
        return self._settings.config.alerts.rule if self.lasting else self._own

    @property
    def lasting(self) -> bool:
        """Whether the alerts outlast the session. A hub says later that it serves a simulation."""
        session = self._session
        return session is not None and bool(session.source.state_key) and not session.simulated

    @property
    def notice(self) -> str:
        """What went wrong with the state of the alerts; empty if nothing did."""
        return self._sink.notice if self._sink is not None else ""

    def attach(self, session: Session, state_dir: Path | None, zone: tzinfo | None) -> None:
        """Evaluate the alerts on the batches of a session that does not run yet."""
        key, config_path = session.source.state_key, self._settings.path
        self._session = session
        self._own = []
        self._state_is_kept = self.lasting
        kept: Path | None = None
        if key and state_dir is not None:
            # Instances with another config have other alerts and another hook.
            config = short_hash(_real_path(config_path)) if config_path is not None else "none"
            kept = state_dir / f"{key}.{config}.alerts.sqlite"

        due: dict[Path | None, DueRuns] = {}

        def state_path() -> Path | None:
            return kept if self._state_is_kept else None

        def due_runs() -> DueRuns:
            from nobil_tui.alerts.due import DueRuns

            path = state_path()
            if path not in due:
                due[path] = DueRuns(path)
            return due[path]

        def are_others() -> bool:
            """Return whether the alerts are others than before: the hub said that it serves a
            simulation, or that it serves none any more."""
            if self._session is not session or self.lasting is self._state_is_kept:
                return False
            self._own, self._state_is_kept = [], self.lasting
            return True

        def rules() -> Sequence[AlertRule]:
            return self.rules if self._session is session else ()

        def create() -> AlertSink:
            from nobil_tui.alerts.sink import AlertSink
            from nobil_tui.alerts.state import AlertState

            return AlertSink(
                session.board,
                AlertState(state_path(), due_runs()),
                rules,
                lambda firing: self._fired(firing, due_runs()),
                register=lambda: session.register,
                home=lambda: self._settings.home,
                starred=lambda: self._settings.starred,
                now=lambda: session.clock.now(),
                due=self._due_run,
                zone=zone,
            )

        async def look_for_due() -> None:
            now = session.options_clock.monotonic()
            if self._looked_on is not None and now - self._looked_on < DUE_INTERVAL:
                return
            self._looked_on = now
            command, path = self._settings.config.alerts.command, state_path()
            if command and path is not None and await run_in_thread(partial(_is_file, path)):
                self._run_due(due_runs())

        self._zone, self._looked_on = zone, None
        self._sink = AlertSinkOnDemand(rules, create, are_others, look_for_due)
        session.sinks.append(self._sink)
        self._follow_stations()

    def refresh(self) -> bool:
        """Follow alerts that another program changed; return whether other stations have one
        now."""
        if self._sink is not None and self._sink.adopt():
            self._wake()
        return self._follow_stations()

    def _follow_stations(self) -> bool:
        stations = {rule.station for rule in self.rules if rule.station and not rule.paused}
        changed = _become(self.stations, stations)
        selections = self._sink.selections if self._sink is not None else 0
        keys = [rule.key for rule in self.rules if not rule.station and not rule.paused]
        areas = selections, keys
        if self._sink is not None and areas != self._areas:
            self._areas = areas
            changed |= _become(self.area_stations, self._sink.area_stations())
        return changed

    def on_station(self, station: str) -> list[AlertRule]:
        """Return the alerts of a station and its connectors."""
        return [rule for rule in self.rules if rule.station == station]

    def names_nothing(self, rule: AlertRule) -> bool:
        """Return whether an alert is for a station or connector that the whole stream lacks."""
        board = self._session.board if self._session is not None else None
        if not rule.station or board is None or not board.has_snapshot:
            return False
        from nobil_tui.alerts.rules import connector_index

        station = board.stations.get(rule.station)
        return station is None or (bool(rule.connector) and connector_index(rule, station) is None)

    def set(self, rule: AlertRule) -> None:
        """Add an alert, or change whether it repeats and is paused."""
        new = all(each.key != rule.key for each in self.rules)
        self._apply(SetAlert(rule))
        if new and self._sink is not None:
            self._sink.arm(rule)
            if not rule.station:
                self._wake()

    def remove(self, key: AlertKey) -> None:
        """Remove an alert."""
        self._apply(RemoveAlert(key))
        if self._sink is not None:
            self._sink.disarm(key)

    def fired_at(self, key: AlertKey) -> int:
        """Return when an alert last fired, in ms; zero if it never did."""
        return self._sink.fired.get(key, 0) if self._sink is not None else 0

    @property
    def fired_once(self) -> list[AlertRule]:
        """The alerts that fired and disarmed themselves, the latest first."""
        fired = self._sink.fired if self._sink is not None else {}
        armed = {rule.key for rule in self.rules}
        keys = sorted(fired.keys() - armed, key=lambda key: (-fired[key], key))
        return [rule_of_key(key) for key in keys[:MAX_FIRED_SHOWN]]

    async def read_fired(self) -> None:
        """Read when alerts last fired, in this or another program."""
        if self._sink is not None:
            await self._sink.read_fired()

    def forget_fired(self, key: AlertKey) -> None:
        """Remove one of ``fired_once``."""
        if self._sink is not None:
            self._sink.disarm(key)
            self._wake()

    async def join(self) -> None:
        """Wait until the hook has run for every alert that fired."""
        if self._hook is not None:
            await self._hook.join()

    async def close(self) -> None:
        """Stop the hook; what it has not run is run at the next start."""
        self._hook_closed = True
        if self._hook is not None:
            await self._hook.close()

    def _wake(self) -> None:
        """Have a batch soon: an alert of an area begins with one."""
        session = self._session
        if session is not None and session.monitor is not None:
            session.monitor.touch(list(session.board.stations)[:1])

    def _apply(self, operation: SetAlert | RemoveAlert) -> None:
        if self.lasting:
            self._save(operation)
        else:
            held = Config(alerts=AlertsSection(rule=self._own))
            self._own = applied_to(held, [operation]).alerts.rule
        self.refresh()

    def _fired(self, firing: Firing, due: DueRuns) -> None:
        if not firing.rule.repeat:
            self._apply(RemoveAlert(firing.rule.key))
            if self._sink is not None:
                self._sink.disarm(firing.rule.key, fired=True)
        if firing.first:
            self._run_due(due)
        self._show(self._labelled(firing))

    def _due_run(self, firing: Firing) -> DueRun | None:
        """Return the run of the hook for an alert that fires; None without a hook."""
        from nobil_tui.alerts.due import DueRun

        session = self._session
        if not self._settings.config.alerts.command or session is None:
            return None
        return DueRun(self._now(), self._labelled(firing).values, firing.line(session.register))

    def _labelled(self, firing: Firing) -> Firing:
        if self._session is not None and self._session.simulated:
            return firing._replace(summary=f"SIMULATED: {firing.summary}")
        return firing

    def _run_due(self, due: DueRuns) -> None:
        """Run the user's command for what is due, if there is one."""
        if not self._settings.config.alerts.command or self._hook_closed:
            return
        from nobil_tui.alerts.hook import Hook

        self._hook = self._hook or Hook(
            lambda: self._settings.config.alerts.command,
            self._warn,
            self._environ,
            self._now,
            zone=self._zone,
        )
        self._hook.drain(due)

    def _now(self) -> int:
        session = self._session
        return session.options_clock.now() if session is not None else 0


def _become(held: set[str], wanted: set[str]) -> bool:
    """Let a set that is shared hold other members; return whether it changed."""
    if held == wanted:
        return False
    held.clear()
    held.update(wanted)
    return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # Its folder cannot be read.
        return False


def _real_path(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except OSError:
        # The path is relative, and the working directory was deleted.
        return str(path)
