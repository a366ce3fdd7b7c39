"""The pictures of the README are the baselines: they always show the current program."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex
from textual.pilot import Pilot

from nobil_tui.alerts.claim import Claim, Update
from nobil_tui.alerts.rules import Seen
from nobil_tui.charging.events import Connected, Connecting, Ignored
from nobil_tui.charging.register import Register
from nobil_tui.config.alert_rules import AlertRule, AlertWhen
from nobil_tui.config.model import Config, HomeSection, InterfaceSection, WatchedSection
from nobil_tui.search.sorting import Sort
from nobil_tui.tui.dialogs.history import HistoryScreen
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.style.themes import LIGHT
from nobil_tui.wire import v1
from nobil_tui.wire.finland import decode_message, decode_statuses
from nobil_tui.wire.finland_merge import Merger
from nobil_tui.wire.finland_register import decode_locations, decode_tariffs
from tests.conftest import FakeClock
from tests.feeds.finland_service import Country, status_payload
from tests.tui.app_driver import (
    MIDDLE,
    NARROW,
    USUAL,
    HandSource,
    SteppedSource,
    live,
    main_of,
    opened,
    setup_of,
    step,
    until,
)
from tests.tui.dialogs.test_diagnostics import open_diagnostics

FOLDER = Path(__file__).parents[2] / "screenshots"


class Pictures(SingleFileSnapshotExtension):
    """One SVG for each picture, in the folder of the README's pictures."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(FOLDER)

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return str(index)


async def _nothing(pilot: Pilot[int]) -> None:
    await pilot.pause()


async def _filter(pilot: Pilot[int]) -> None:
    await pilot.press("slash", *"ccs >=150kw free")
    await pilot.pause()


async def _help(pilot: Pilot[int]) -> None:
    await pilot.press("question_mark")
    await pilot.pause()


def _shows_history(main: MainScreen) -> bool:
    history = main.workspace.connectors.history
    return history is not None and history.station == main.workspace.stations.selected


async def _history(pilot: Pilot[int]) -> None:
    main = await live(pilot)
    await pilot.press(*"jjjj")
    await until(pilot, lambda: _shows_history(main))
    await pilot.press("h")
    await until(
        pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.has_content
    )
    await pilot.pause()


async def _alerts(pilot: Pilot[int]) -> None:
    workspace = main_of(pilot).workspace
    alerts, (one, two, three) = workspace.alerts, workspace.station_list.ids[:3]
    area = AlertRule(filter="ccs >=150kw oslo", repeat=True)
    for rule in (
        AlertRule(one),
        AlertRule(one, connector="2", when=AlertWhen.WORKS),
        AlertRule(two, filter="ccs >=150kw", least=2, repeat=True),
        AlertRule(three, when=AlertWhen.FAULT, repeat=True, paused=True),
        area,
    ):
        alerts.set(rule)
    # As if the area and an alert for once had fired.
    now, off, on = workspace.session.clock.now(), Seen(on=False), Seen(on=True)
    fired = ((area.key, now - 25 * 60_000), (AlertRule(two).key, now - 3 * 3_600_000))
    updates = [Update(key, "", off, on, fires=True, at=at) for key, at in fired]
    assert alerts._sink is not None
    alerts._sink._open().state.store(Claim(updates))
    await pilot.press("N")
    await pilot.pause()


def _has_painted(main: MainScreen, frames: int) -> bool:
    """Return whether so many frames were received, and all changes and the connection are shown."""
    counts = main.workspace.session.counts
    return counts.frames == frames and main.live_updates.painted == counts.changes + 1


Steps = Callable[[Pilot[int]], Awaitable[None]]
_CASES: dict[str, tuple[tuple[int, int], Steps, dict[str, Any]]] = {
    "wide": ((132, 36), _nothing, {}),
    "narrow": (USUAL, _nothing, {}),
    "filter": ((120, 30), _filter, {}),
    "history": ((132, 36), _history, {}),
    "help": ((100, 40), _help, {}),
    "alerts": ((120, 30), _alerts, {}),
    "light": ((132, 36), _nothing, {"theme": LIGHT}),
    "ascii": (MIDDLE, _nothing, {"ascii": True}),
    "smallest": (NARROW, _nothing, {}),
}


@pytest.mark.slow
# Its own rule wants the test's name in each file's; these are named for the README.
@pytest.mark.filterwarnings("ignore:\\s*Can not relate snapshot")
@pytest.mark.parametrize("name", _CASES)
async def test_picture(
    name: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    size, steps, settings = _CASES[name]
    if name == "ascii":
        monkeypatch.setenv("NO_COLOR", "1")
    clock = FakeClock()
    source = SteppedSource(clock, stations=400, speed=12)
    starred = [station.id for station in source.simulation.stations][20:380:60]
    config = Config(
        watched=WatchedSection(simulated=starred), interface=InterfaceSection(**settings)
    )
    history_path = tmp_path / "history.sqlite" if name == "history" else None
    async with opened(
        setup_of(clock, source, config=config, history_path=history_path), size
    ) as pilot:
        main = await live(pilot)
        for _ in range(8):
            await step(pilot, clock, 5.0)
        main.live_updates.show_time()
        await steps(pilot)
        picture = pilot.app.export_screenshot(title="nobil-tui")
    assert picture == snapshot(name=name, extension_class=Pictures)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:\\s*Can not relate snapshot")
async def test_picture_of_finland(snapshot: SnapshotAssertion) -> None:
    """Show the country of the fake service, without its network, whose timing would show."""
    clock = FakeClock()
    country, merger = Country(600, 1_500, at=clock.now()), Merger()
    tariffs = decode_tariffs(json.dumps({"tariffs": country.tariffs}).encode())
    facts = decode_locations(json.dumps({"features": country.features}).encode(), tariffs).facts
    merger.use_places({evse: topic.split("/")[3] for evse, topic in country.topics.items()})
    source = HandSource(clock, Register(facts), name="Finland")
    config = Config(
        home=HomeSection((60.17, 24.94)), interface=InterfaceSection(sort=Sort.DISTANCE)
    )
    async with opened(setup_of(clock, source, config=config), (132, 36)) as pilot:
        statuses = decode_statuses(json.dumps({"statuses": country.statuses}).encode())
        source.feed.put(Connected(clock.now()), merger.snapshot(statuses, clock.now()))
        main = await live(pilot)
        near = [
            evse
            for station in main.workspace.station_list.ids[:7]
            for evse in facts[station].evse_uids[:1]
        ]
        for number, evse in enumerate(near):
            word = ("AVAILABLE", "CHARGING")[number % 2]
            topic, payload = country.topics[evse], status_payload(word, clock.now())
            before = main.workspace.session.counts.frames
            source.feed.put(merger.report(decode_message(topic, payload), clock.now()))
            await until(pilot, partial(_has_painted, main, before + 1))
            clock.advance(1.0)
        main.live_updates.show_time()
        await pilot.pause()
        picture = pilot.app.export_screenshot(title="nobil-tui --source finland")
    assert picture == snapshot(name="finland", extension_class=Pictures)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:\\s*Can not relate snapshot")
async def test_picture_of_diagnostics(snapshot: SnapshotAssertion) -> None:
    """Show the part of the dialog that does not depend on the machine."""
    clock = FakeClock()
    source = HandSource(clock)
    async with opened(setup_of(clock, source), (100, 27)) as pilot:
        main = main_of(pilot)
        source.feed.put(Connecting(), Connected(clock.now()))
        for frame in (b'{"type":"status:update","data":{"uuid":"\x1b[2J"}}', b"\xff\xfe<html>"):
            source.feed.put(v1.decode(frame, clock.now()))
        source.feed.put(Ignored("heartbeat", clock.now()))
        await until(pilot, lambda: main.workspace.session.counts.frames == 3)
        await open_diagnostics(pilot)
        picture = pilot.app.export_screenshot(title="nobil-tui")
    assert picture == snapshot(name="diagnostics", extension_class=Pictures)


def test_every_picture_has_a_test() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*_CASES, "finland", "diagnostics"}
