"""Alerts without a screen: printed, delivered by the command, and disarmed in the config."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from nobil_tui.alerts.firing import AlertLine, Firing
from nobil_tui.charging.events import Connected, HubState, Snapshot, StationReport
from nobil_tui.charging.register import CREDIT, Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertRule, AlertsSection
from nobil_tui.config.model import Config
from nobil_tui.config.reading import load_config
from nobil_tui.headless.settings import CONFIG_POLL_INTERVAL
from nobil_tui.headless.watch import (
    SETTLED_AFTER,
    Watch,
    example_firing,
    firing_text,
    run_command_once,
)
from nobil_tui.session.options import SessionOptions
from nobil_tui.session.session import Session
from nobil_tui.session.settings import Settings
from tests.conftest import START, FakeClock, guarded
from tests.headless.feeds import FeedSource, ScriptedFeed, until
from tests.headless.test_tail import Paper

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no POSIX processes there")


def said(status: int, at: int) -> Station:
    return Station("NOR_1", [Connector(status, 0, at)])


def seen_by(watch: Watch) -> object:
    """Return whether the alerts have seen anything."""
    sink = watch.alerts._sink._sink if watch.alerts._sink is not None else None
    return sink is not None and sink._evaluator.seen


async def test_an_alert_is_delivered_and_disarmed(clock: FakeClock, tmp_path: Path) -> None:
    path, hook = tmp_path / "config.toml", tmp_path / "hook"
    path.write_text(
        f"[alerts]\ncommand = ['/bin/sh', '-c', 'cat > \"$0\"', '{hook}']\n"
        "[[alerts.rule]]\nstation = 'NOR_1'\n"
    )
    feed = ScriptedFeed(Connected(START), Snapshot([said(1, START)], START))
    register = Register({"NOR_1": Facts("Torget")}, credit=CREDIT)
    options = SessionOptions(clock=clock, state_dir=tmp_path, environ=os.environ)
    source = FeedSource(feed, register=register, clock=clock, state_key="state")
    session = Session(source, options, Register())
    session.open()
    settings, paper = Settings(path, load_config(path)), Paper()
    notified, messages = list[Firing](), list[str]()
    watch = Watch(
        session,
        settings,
        options,
        paper,
        lambda firing: firing.alert_line(register),
        notified.append,
        messages.append,
    )
    running = asyncio.create_task(watch.run())
    await until(lambda: seen_by(watch))
    clock.advance(600)
    feed.say(StationReport(said(0, clock.now()), clock.now()))
    (line,) = await paper.until(1)
    await watch.alerts.join()
    feed.end()
    await guarded(running)
    await asyncio.to_thread(session.close)

    assert line.keys() == set(AlertLine.__struct_fields__)
    assert (line["station"], line["before"], line["after"]) == ("NOR_1", "occupied", "free")
    assert (line["alert"], line["when"], line["summary"]) == ("Torget", "free", "1/1 free.")
    assert (line["name"], line["credit"]) == ("Torget", CREDIT)
    assert [firing_text(each)[5:] for each in notified] == ["  Torget: 1/1 free."]
    extra = {"alert", "when", "summary"}
    assert json.loads(hook.read_bytes()) == {
        key: value for key, value in line.items() if key not in extra
    }
    # It was for once.
    assert load_config(path).alerts.rule == []
    assert messages == ["Connected to a source."]


async def test_alerts_that_another_program_adds_are_followed(
    clock: FakeClock, tmp_path: Path
) -> None:
    feed = ScriptedFeed(Connected(START), Snapshot([said(1, START)], START))
    options = SessionOptions(clock=clock, environ={})
    session = Session(FeedSource(feed, clock=clock, state_key="state"), options, Register())
    session.open()
    path, paper = tmp_path / "config.toml", Paper()
    settings = Settings(path, load_config(path))
    watch = Watch(
        session, settings, options, paper, lambda firing: b"1\n", lambda _: None, lambda _: None
    )
    running = asyncio.create_task(watch.run())
    await until(lambda: watch.alerts._sink and watch.alerts._sink._has_batch)
    path.write_text("[[alerts.rule]]\nstation = 'NOR_1'\n")
    await settings.poll(lambda: None, pytest.fail)
    clock.advance(CONFIG_POLL_INTERVAL)
    await until(lambda: watch.alerts.stations == {"NOR_1"})
    clock.advance(600)
    feed.say(StationReport(said(0, clock.now()), clock.now()))
    assert await paper.until(1) == [1]
    # A reader that is gone ends it.
    paper.gone.set()
    await guarded(running)
    await asyncio.to_thread(session.close)


async def test_an_alert_that_cannot_fire_is_said(clock: FakeClock) -> None:
    feed = ScriptedFeed(Connected(START), Snapshot([said(1, START)], START))
    options = SessionOptions(clock=clock, environ={})
    source = FeedSource(feed, register=Register({"NOR_2": Facts()}), state_key="state")
    session = Session(source, options, Register())
    session.open()
    rules = [
        AlertRule("NOR_01"),
        AlertRule("NOR_2"),
        AlertRule("NOR_1X"),
        AlertRule("NOR_1", "2"),
        AlertRule("NOR_1", "1"),
        AlertRule("SWE_4", paused=True),
        AlertRule(filter="within:5km"),
        AlertRule(filter="oslo"),
    ]
    settings, messages = Settings(None, Config(alerts=AlertsSection(rule=rules))), list[str]()
    watch = Watch(
        session, settings, options, Paper(), lambda _: b"", lambda _: None, messages.append
    )
    running = asyncio.create_task(watch.run())
    await until(lambda: session.board.has_snapshot)
    clock.advance(SETTLED_AFTER)
    about = "The alert for "

    def doubts() -> list[str]:
        return [each.removeprefix(about) for each in messages if each.startswith(about)]

    await until(lambda: len(doubts()) == 5)
    feed.end()
    await guarded(running)
    await asyncio.to_thread(session.close)
    assert doubts() == [
        '"NOR_01" cannot fire: the id is written "NOR_1".',
        '"NOR_2" cannot fire: it is not in the stream.',
        '"NOR_1X" cannot fire: no station has the id "NOR_1X". Did you mean "NOR_1"?',
        '"NOR_1" cannot fire: the station has no connector "2".',
        '"within:5km" cannot fire: within of what? – press H on a station, or name a place: '
        "near:oslo.",
    ]


async def test_the_command_can_be_tried() -> None:
    firing = example_firing(START)
    assert firing.rule == AlertRule("NOR_00000")
    command = ["/bin/sh", "-c", 'test "$0: $1" = "Test: This is a test of the alerts."']
    values = ["{name}", "{summary}"]
    assert await run_command_once([*command, *values], firing, b"", {}) == ""
    problem = await run_command_once(["/bin/sh", "-c", "echo no >&2; exit 3"], firing, b"", {})
    assert problem == "The alert command /bin/sh failed: it ended with exit code 3: no."


async def test_a_simulation_behind_a_hub_fires_no_alert(clock: FakeClock) -> None:
    feed = ScriptedFeed(Connected(START), Snapshot([], START, hub=HubState(simulated=True)))
    options = SessionOptions(clock=clock)
    session = Session(FeedSource(feed, clock=clock, state_key="state"), options, Register())
    session.open()
    settings = Settings(None, Config(alerts=AlertsSection(rule=[AlertRule("NOR_1")])))
    messages = list[str]()
    watch = Watch(session, settings, options, Paper(), lambda _: b"", print, messages.append)
    running = asyncio.create_task(watch.run())
    await until(lambda: any("SIMULATED" in each for each in messages))
    [said] = [each for each in messages if "SIMULATED" in each]
    assert said.endswith(
        " serves a simulation, and alerts of the config are only for live data. None fires "
        "meanwhile."
    )
    assert settings.simulated
    feed.end()
    await guarded(running)
    await asyncio.to_thread(session.close)
