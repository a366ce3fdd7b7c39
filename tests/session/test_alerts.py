"""Alerts of a program: saved in the config, shared with other instances, kept apart from
simulations."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from nobil_tui.alerts import hook as hook_module
from nobil_tui.alerts.firing import Firing
from nobil_tui.charging.events import HubState
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.config.operations import Operation
from nobil_tui.config.reading import load_config
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.session.alerts import SessionAlerts
from nobil_tui.session.options import SessionOptions
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from tests.conftest import FakeClock
from tests.tui.app_driver import HandSource


class Program:
    """One instance: settings, alerts, and a session that the test drives."""

    def __init__(self, clock: FakeClock, folder: Path, state_key: str = "enova") -> None:
        path = folder / "config.toml"
        self.shown: list[Firing] = []
        self.clock = clock
        self.settings = Settings(path, load_config(path))
        self.alerts = SessionAlerts(
            self.settings, os.environ, save=self._apply, show=self.shown.append, warn=pytest.fail
        )
        source = HandSource(clock)
        source.state_key = state_key
        self.session = Session(source, SessionOptions(clock=clock), Register())
        self.alerts.attach(self.session, folder, None)

    def _apply(self, operation: Operation) -> None:
        self.settings.apply(operation)

    async def report(self, *statuses: int) -> None:
        connectors = [Connector(status, 0, self.clock.now()) for status in statuses]
        station = Station("NOR_1", connectors)
        changes = self.session.board.apply_station(station, self.clock.now())
        (sink,) = self.session.sinks
        await sink.take(Batch(LinkState(), [*changes], {"NOR_1"}))

    async def close(self) -> None:
        (sink,) = self.session.sinks
        sink.finish(Batch(LinkState()))
        await self.alerts.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX processes there")
async def test_two_instances_share_alerts_and_run_the_hook_once(
    clock: FakeClock, tmp_path: Path
) -> None:
    runs, path = tmp_path / "runs", tmp_path / "config.toml"
    path.write_text(
        f"[alerts]\ncommand = ['/bin/sh', '-c', 'echo \"$1\" >> \"$0\"', '{runs}', '{{summary}}']\n"
    )
    one, other = Program(clock, tmp_path), Program(clock, tmp_path)
    for each in (one, other):
        await each.report(1)
    one.alerts.set(AlertRule("NOR_1"))
    assert await one.settings.save() == ""
    clock.advance(1)
    await other.settings.poll(lambda: None, pytest.fail)
    assert other.alerts.refresh()
    assert other.alerts.stations == {"NOR_1"}
    clock.advance(600)
    for each in (one, other):
        await each.report(0)
        await each.alerts.join()
        assert [firing.summary for firing in each.shown] == ["1/1 free."]
    assert runs.read_text() == "1/1 free.\n"
    # It was for once.
    assert one.alerts.rules == other.alerts.rules == []
    assert await one.settings.save() == ""
    assert load_config(path).alerts.rule == []
    for each in (one, other):
        await each.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX processes there")
async def test_what_the_hook_did_not_run_before_the_end_is_run_at_the_next_start(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the alert was for once, so that there is none any more."""
    monkeypatch.setattr(hook_module, "Hook", partial(hook_module.Hook, grace=0))
    runs, works = tmp_path / "runs", tmp_path / "works"
    script = f'test -e "{works}" || exec sleep 1000; echo "$1: $2" >> "$0"'
    (tmp_path / "config.toml").write_text(
        f"[alerts]\ncommand = ['/bin/sh', '-c', '{script}', '{runs}', '{{name}}', '{{summary}}']\n"
        "[[alerts.rule]]\nstation = 'NOR_1'\n[[alerts.rule]]\nstation = 'NOR_1'\nconnector = '1'\n"
    )
    program = Program(clock, tmp_path)
    await program.report(1)
    clock.advance(600)
    await program.report(0)
    assert [firing.first for firing in program.shown] == [True, True]
    assert await program.settings.save() == ""
    # One run hangs, the other waits for it.
    await program.close()
    assert not runs.exists()
    works.touch()
    clock.advance(60)
    later = Program(clock, tmp_path)
    assert later.alerts.rules == []
    await later.report(0)
    await later.alerts.join()
    assert runs.read_text() == "NOR_1: 1/1 free.\nNOR_1: Connector 1 is free.\n"
    await later.close()
    # Only once.
    last = Program(clock, tmp_path)
    await last.report(0)
    await last.alerts.join()
    assert len(runs.read_text().splitlines()) == 2
    await last.close()


async def test_a_simulation_leaves_the_alerts_of_the_config_alone(
    clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("[[alerts.rule]]\nstation = 'NOR_1'\n")
    program = Program(clock, tmp_path, state_key="")
    assert program.alerts.rules == []
    assert not program.alerts.lasting
    await program.report(1)
    clock.advance(600)
    await program.report(0)
    assert program.shown == []
    program.alerts.set(AlertRule("NOR_1"))
    clock.advance(600)
    await program.report(1)
    clock.advance(600)
    await program.report(0)
    assert len(program.shown) == 1
    assert program.settings.config.alerts.rule == [AlertRule("NOR_1")]
    await program.close()


async def test_a_hub_may_say_later_that_it_serves_a_simulation(
    clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("[[alerts.rule]]\nstation = 'NOR_1'\nrepeat = true\n")
    program = Program(clock, tmp_path)
    kept = program.alerts.rules

    async def change() -> None:
        for status in (1, 0):
            clock.advance(600)
            await program.report(status)

    await change()
    assert [firing.summary for firing in program.shown] == ["1/1 free."]
    program.session.board.hub = HubState(simulated=True)
    assert (program.alerts.rules, program.alerts.lasting) == ([], False)
    await change()
    assert len(program.shown) == 1
    program.alerts.set(AlertRule("NOR_1"))
    await change()
    assert [firing.summary for firing in program.shown[1:]] == ["SIMULATED: 1/1 free."]
    assert program.alerts.fired_once == [AlertRule("NOR_1")]
    assert program.settings.config.alerts.rule == kept
    # Now the hub has another source. What was seen of the simulation is not kept.
    program.session.board.hub = HubState()
    assert (program.alerts.rules, program.alerts.lasting) == (kept, True)
    await change()
    assert len(program.shown) == 3
    assert program.alerts.fired_once == []
    await program.close()


async def test_the_last_time_outlives_the_session(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[[alerts.rule]]\nstation = 'NOR_1'\nrepeat = true\n")
    program = Program(clock, tmp_path)
    await program.report(1)
    clock.advance(600)
    await program.report(0)
    at = clock.now()
    await program.close()
    clock.advance(600)
    later = Program(clock, tmp_path)
    await later.report(0)
    (rule,) = later.alerts.rules
    assert later.alerts.fired_at(rule.key) == at
    assert later.shown == []
    await later.close()


async def test_an_alert_for_once_is_listed_until_it_is_removed(
    clock: FakeClock, tmp_path: Path
) -> None:
    """With when it fired: in the other instances, and in later sessions."""
    rule = AlertRule("NOR_1", least=2)
    programs = [Program(clock, tmp_path), Program(clock, tmp_path)]
    for each in (programs[0], *programs):
        await each.report(1, 1)
    one, other = programs
    for again in range(2):
        one.alerts.set(rule)
        assert one.alerts.fired_once == []
        clock.advance(600)
        await one.report(0, 0)
        assert [each.rule for each in one.shown] == [rule] * (again + 1)
        assert (one.alerts.rules, one.alerts.fired_once) == ([], [rule])
        assert one.alerts.fired_at(rule.key) == clock.now()
        clock.advance(600)
        await one.report(1, 1)
    await other.alerts.read_fired()
    assert other.alerts.fired_once == [rule]
    await other.close()
    await one.close()
    later = Program(clock, tmp_path)
    await later.alerts.read_fired()
    assert later.alerts.fired_once == [rule]
    later.alerts.forget_fired(rule.key)
    assert later.alerts.fired_once == []
    await later.report(0, 0)
    await later.close()
    last = Program(clock, tmp_path)
    await last.alerts.read_fired()
    assert last.alerts.fired_once == []
    await last.close()


async def test_the_stations_of_an_area_are_known(clock: FakeClock, tmp_path: Path) -> None:
    program = Program(clock, tmp_path)
    await program.report(1)
    area = AlertRule(filter="nor_1")
    program.alerts.set(area)
    await program.report(1)
    assert program.alerts.refresh()
    assert (program.alerts.stations, program.alerts.area_stations) == (set(), {"NOR_1"})
    assert not program.alerts.refresh()
    program.alerts.set(replace(area, paused=True))
    assert program.alerts.area_stations == set()
    program.alerts.set(area)
    assert program.alerts.area_stations == {"NOR_1"}
    program.alerts.remove(area.key)
    assert program.alerts.area_stations == set()
    await program.close()
