"""The alerts of a running program: their rules, their sink, and their delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.config.alert_rules import AlertKey, AlertRule, AlertsSection, rule_of_key
from nobil_tui.config.model import Config
from nobil_tui.config.operations import Operation, RemoveAlert, SetAlert, applied_to
from nobil_tui.session.alert_sink import AlertSinkOnDemand
from nobil_tui.session.alerted_session import AlertedSession
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings

if TYPE_CHECKING:
    from nobil_tui.alerts.due import DueRun, DueRuns
    from nobil_tui.alerts.firing import Firing
    from nobil_tui.alerts.hook import Hook
    from nobil_tui.alerts.sink import AlertSink


MAX_FIRED_SHOWN = 20
"""The most one-time alerts that are listed after they fired."""
DUE_INTERVAL = 60.0
"""Seconds between two checks for runs of the hook that the end of a program interrupted."""


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
        self._attached: AlertedSession | None = None
        self._sink: AlertSinkOnDemand | None = None

    @property
    def rules(self) -> list[AlertRule]:
        """The alerts, in the order in which they were set."""
        if self._attached is None:
            return []
        return self._settings.config.alerts.rule if self.lasting else self._attached.own

    @property
    def lasting(self) -> bool:
        """Whether the alerts outlast the session. A hub says later that it serves a simulation."""
        return self._attached is not None and self._attached.lasting

    @property
    def _session(self) -> Session | None:
        return self._attached.session if self._attached is not None else None

    @property
    def notice(self) -> str:
        """What went wrong with the state of the alerts; empty if nothing did."""
        return self._sink.notice if self._sink is not None else ""

    def attach(self, session: Session, state_dir: Path | None, zone: tzinfo | None) -> None:
        """Evaluate the alerts on the batches of a session that does not run yet."""
        attached = AlertedSession(session, state_dir, self._settings.path, zone)
        self._attached = attached
        self._sink = AlertSinkOnDemand(
            # The sink of an earlier session may still get its last batch.
            lambda: self.rules if self._attached is attached else (),
            lambda: self._create_sink(attached),
            lambda: self._attached is attached and attached.has_changed_kind(),
            lambda: self._look_for_due(attached),
        )
        session.sinks.append(self._sink)
        self._follow_stations()

    def _create_sink(self, attached: AlertedSession) -> AlertSink:
        from nobil_tui.alerts.sink import AlertSink
        from nobil_tui.alerts.state import AlertState

        session = attached.session
        return AlertSink(
            session.board,
            AlertState(attached.state_path, attached.due),
            lambda: self.rules if self._attached is attached else (),
            lambda firing: self._fired(firing, attached.due),
            register=lambda: session.register,
            home=lambda: self._settings.home,
            starred=lambda: self._settings.starred,
            now=lambda: session.clock.now(),
            due=self._due_run,
            zone=attached.zone,
        )

    async def _look_for_due(self, attached: AlertedSession) -> None:
        """Carry out runs of the hook that an earlier program left, at intervals."""
        now = attached.session.options_clock.monotonic()
        if attached.looked_on is not None and now - attached.looked_on < DUE_INTERVAL:
            return
        attached.looked_on = now
        command, path = self._settings.config.alerts.command, attached.state_path
        if command and path is not None and await run_in_thread(partial(_is_file, path)):
            self._run_due(attached.due)

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
        """Stop the hook; the next start carries out the runs that are left."""
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
        elif (attached := self._attached) is not None:
            held = Config(alerts=AlertsSection(rule=attached.own))
            attached.own = applied_to(held, [operation]).alerts.rule
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
        """Run the user's command for each due run, if there is a command."""
        if not self._settings.config.alerts.command or self._hook_closed:
            return
        from nobil_tui.alerts.hook import Hook

        self._hook = self._hook or Hook(
            lambda: self._settings.config.alerts.command,
            self._warn,
            self._environ,
            self._now,
            zone=self._attached.zone if self._attached is not None else None,
        )
        self._hook.drain(due)

    def _now(self) -> int:
        session = self._session
        return session.options_clock.now() if session is not None else 0


def _become(held: set[str], wanted: set[str]) -> bool:
    """Replace the members of a shared set; return whether it changed."""
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
