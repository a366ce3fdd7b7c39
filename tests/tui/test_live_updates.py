"""Preparing the filter in the background, and what arrives meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from textual.pilot import Pilot

from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.events import Connected, ConnectorReport, Snapshot
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.search import index as finder_module
from nobil_tui.search.document import Document, make_document
from nobil_tui.tui import live_updates as live_module
from tests.conftest import GUARD, START, FakeClock
from tests.tui.app_driver import HandSource, live, main_of, opened, setup_of, until

T = TypeVar("T")

IDS = ["NOR_0", "NOR_1", "NOR_2"]


def facts(name: str) -> dict[str, Facts]:
    return {station: Facts(f"{name} {station}") for station in IDS}


def come(source: HandSource) -> None:
    source.feed.put(
        Connected(START), Snapshot([Station(i, [Connector(0, 0, START)]) for i in IDS], START)
    )


def is_preparing(pilot: Pilot[int]) -> bool:
    return any(worker.group == "prepare" and not worker.is_finished for worker in pilot.app.workers)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once the filter is prepared."""
    ended = threading.Event()

    async def watched(work: Callable[[], T]) -> T:
        result = await run_in_thread(work)
        ended.set()
        return result

    monkeypatch.setattr(live_module, "run_in_thread", watched)
    return ended


async def find(pilot: Pilot[int], *keys: str) -> list[str]:
    await pilot.press("slash", *keys)
    await pilot.pause()
    return main_of(pilot).workspace.station_list.ids


async def test_a_filter_typed_before_the_first_report_finds_later_stations(
    clock: FakeClock, prepared: threading.Event
) -> None:
    source = HandSource(clock, Register(facts("Oslo")))
    async with opened(setup_of(clock, source)) as pilot:
        await until(pilot, lambda: main_of(pilot).workspace.session.monitor)
        assert await find(pilot, *"oslo") == []
        await pilot.press("escape")
        come(source)
        await live(pilot)
        await until(pilot, prepared.is_set)
        await until(pilot, lambda: not is_preparing(pilot))
        assert await find(pilot, *"oslo") == IDS
        # A longer filter narrows it.
        await pilot.press("space", *"nor_1")
        await pilot.pause()
        assert main_of(pilot).workspace.station_list.ids == ["NOR_1"]


async def test_a_register_replaced_during_the_preparation_is_searched(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slowly(station: str, known: Facts) -> Document:
        if not begun.is_set():
            begun.set()
            assert goes_on.wait(GUARD)
        return make_document(station, known)

    async def watched(work: Callable[[], T]) -> T:
        first = not begun.is_set()

        def run() -> T:
            try:
                return work()
            finally:
                if first:
                    ended.set()

        return await run_in_thread(run)

    monkeypatch.setattr(finder_module, "make_document", slowly)
    monkeypatch.setattr(live_module, "run_in_thread", watched)
    register = Register(facts("Oslo"))
    source = HandSource(clock, register)
    async with opened(setup_of(clock, source)) as pilot:
        come(source)
        main = await live(pilot)
        await until(pilot, begun.is_set)
        register.replace(facts("Bergen"))
        main.live_updates.register_changed()
        await until(pilot, lambda: not is_preparing(pilot))
        goes_on.set()
        await until(pilot, ended.is_set)
        await until(pilot, lambda: not is_preparing(pilot))
        assert await find(pilot, *"bergen") == IDS
        await pilot.press("escape")
        assert await find(pilot, *"oslo") == []


async def test_ages_come_with_a_batch_and_else_by_the_second(clock: FakeClock) -> None:
    source = HandSource(clock)
    async with opened(setup_of(clock, source)) as pilot:
        come(source)
        main = await live(pilot)
        bar = main.workspace.link_bar
        clock.advance(5)
        await main.live_updates.tick()
        assert bar.state.now == clock.now()
        shown = clock.now()
        clock.advance(0.4)
        await main.live_updates.tick()
        # A batch has shown them just now: one paint is enough.
        assert bar.state.now == shown
        clock.advance(0.6)
        source.feed.put(ConnectorReport("NOR_0", "0", Connector(1, 0, clock.now()), clock.now()))
        await until(pilot, lambda: bar.state.now == clock.now())
