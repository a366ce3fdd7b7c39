"""Watch for alerts without a screen: ``nobil-tui watch``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from datetime import datetime

from nobil_tui.alerts.due import DueRun, DueRuns
from nobil_tui.alerts.firing import Firing
from nobil_tui.alerts.hook import Hook
from nobil_tui.base.tasks import run_until_first
from nobil_tui.base.text import quoted
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.config.operations import Operation
from nobil_tui.headless.link_reporter import LinkReporter, Print
from nobil_tui.headless.settings import CONFIG_POLL_INTERVAL
from nobil_tui.headless.stdout import StdoutWriter
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.places import Places
from nobil_tui.search.station_ids import StationIds
from nobil_tui.session.alerts import SessionAlerts
from nobil_tui.session.options import SessionOptions
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings

SETTLED_AFTER = 30.0
"""Seconds to wait for the places that filters name: places unknown by then stay unknown."""

Encode = Callable[[Firing], bytes]
"""Returns the line to print for an alert."""


class Watch:
    """Evaluate the alerts of ``settings`` on an open session that does not run yet.

    The caller keeps the settings up to date. Each alert that fires runs the user's command, is
    passed to ``notify``, and written to ``out``.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        options: SessionOptions,
        out: StdoutWriter,
        encode: Encode,
        notify: Callable[[Firing], None],
        print_message: Print,
    ) -> None:
        self._session = session
        self._settings = settings
        self._out = out
        self._encode = encode
        self._notify = notify
        self._print = print_message
        self._fired = asyncio.Queue[Firing]()
        self._saving: set[asyncio.Task[None]] = set()
        self._checked: object = None
        """The rules and the register that were last checked."""
        self._doubted: set[str] = set()
        """The messages printed about alerts that cannot fire."""
        self.alerts = SessionAlerts(
            settings, options.environ, save=self._save, show=self._show, warn=print_message
        )
        self.alerts.attach(session, options.state_dir, options.zone)

    async def run(self) -> None:
        """Run until the source ends or the output has no reader.

        Raises ``KeyRefusedError``, and ``OSError`` if the output cannot be written.
        """
        work = (self._read(), self._follow_rules(), self._write(), self._out.wait_reader_gone())
        try:
            with suppress(BrokenPipeError):
                await run_until_first(*work)
        finally:
            await self.alerts.close()
            await asyncio.gather(*self._saving)

    async def _read(self) -> None:
        reporter = LinkReporter(self._session.source.name, self._print)
        async with aclosing(self._session.batches()) as batches:
            async for batch in batches:
                reporter.report(batch, self._session.counts)
                self._follow_simulation()
                reporter.raise_if_refused(batch.link)
                if batch.link.phase is LinkPhase.ENDED:
                    break
        await self._fired.join()

    def _follow_simulation(self) -> None:
        """Say that no alert fires while a hub serves a simulation, which it says itself."""
        session, settings = self._session, self._settings
        if session.simulated is settings.simulated:
            return
        settings.use_simulated(session.simulated)
        if session.simulated:
            self._print(
                f"SIMULATED: {session.source.name} serves a simulation, and alerts of the config "
                "are only for live data. None fires meanwhile."
            )

    async def _write(self) -> None:
        while True:
            await self._out.write(self._encode(await self._fired.get()))
            self._fired.task_done()

    async def _follow_rules(self) -> None:
        """Follow alerts that other programs change, and print what goes wrong with their state."""
        notice, clock = "", self._session.options_clock
        began = clock.monotonic()
        while True:
            self.alerts.refresh()
            self._check_rules(settled=clock.monotonic() - began >= SETTLED_AFTER)
            if self.alerts.notice != notice:
                notice = self.alerts.notice
                self._print(notice)
            await clock.sleep(CONFIG_POLL_INTERVAL)

    def _check_rules(self, *, settled: bool) -> None:
        """Print once why an alert cannot fire. Without a screen, that would not be noticed."""
        board, register = self._session.board, self._session.register
        rules = [rule for rule in self.alerts.rules if not rule.paused]
        now = rules, board.has_snapshot, settled and (register.version, self._settings.home)
        if now == self._checked:
            return
        self._checked = now
        places = Places(register)
        for rule in rules:
            problem = ""
            if self.alerts.names_nothing(rule):
                problem = _no_station(rule, board, register)
            elif settled and rule.filter:
                problems = parse_query(rule.filter, self._settings.home, places).problems
                problem = f"{problems[0].message}.".replace("?.", "?") if problems else ""
            if problem and problem not in self._doubted:
                self._doubted.add(problem)
                what = quoted(rule.station or rule.filter)
                self._print(f"The alert for {what} cannot fire: {problem}")

    def _show(self, firing: Firing) -> None:
        self._notify(firing)
        self._fired.put_nowait(firing)

    def _save(self, operation: Operation) -> None:
        self._settings.apply(operation)

        async def save() -> None:
            if problem := await self._settings.save():
                self._print(problem)

        task = asyncio.create_task(save())
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)


def _no_station(rule: AlertRule, board: Board, register: Register) -> str:
    if rule.station in board.stations:
        return f"the station has no connector {quoted(rule.connector)}."
    if rule.station in register:
        return "it is not in the stream."
    ids = StationIds([*register, *board.stations])
    if (meant := ids.find(rule.station)) is not None:
        return f"the id is written {quoted(meant)}."
    problem = ids.problem(rule.station)
    return problem[0].lower() + problem[1:]


def example_firing(now: int) -> Firing:
    """Return an example of an alert, marked as a test, at ``now`` (ms)."""
    station, summary = "NOR_00000", "This is a test of the alerts."
    change = Change(now, station, 1, Connector(1, 0, now), Connector(0, 0, now))
    return Firing(AlertRule(station), now, station, "Test", summary, change)


async def run_command_once(
    command: list[str], firing: Firing, line: bytes, environ: Mapping[str, str] = os.environ
) -> str:
    """Run the user's command for an alert; return what went wrong, or an empty string."""
    problems: list[str] = []
    runs = DueRuns(None)
    runs.remember(DueRun(firing.at, firing.values, line))
    hook = Hook(lambda: command, problems.append, environ, lambda: firing.at)
    hook.drain(runs)
    await hook.join()
    return "".join(problems)


def firing_text(firing: Firing) -> str:
    """Return an alert as a line for a terminal."""
    when = datetime.fromtimestamp(firing.at / 1000).astimezone()
    return f"{when:%H:%M}  {firing.title}: {firing.summary}"
