"""The simulation as a feed: reports come when they are due, whatever the clock does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import Connected, Event, RawReport, Snapshot, StationReport
from nobil_tui.feeds.simulation.feed import CATCH_UP_STEP, SimulationFeed
from nobil_tui.feeds.simulation.model import Simulation
from tests.conftest import START, FakeClock, guarded


def feed_of(clock: FakeClock, stations: int = 50) -> AsyncGenerator[Event, None]:
    return SimulationFeed(Simulation(stations, start=clock.now()), clock).events()


async def due(events: AsyncGenerator[Event, None], clock: FakeClock, seconds: float) -> list[Event]:
    """Advance the clock in small steps, and collect the events."""
    came: list[Event] = []

    async def gather() -> None:
        async for event in events:
            came.append(event)  # noqa: PERF401 - the events must be there when this is cancelled

    gathering = asyncio.create_task(gather())
    for _ in range(int(seconds)):
        await guarded(clock.asleep())
        clock.advance(1.0)
        await asyncio.sleep(0)
    await guarded(clock.asleep())
    await cancel_and_wait(gathering)
    return came


async def test_starts_with_a_snapshot_of_the_country(clock: FakeClock) -> None:
    events = feed_of(clock)
    assert await anext(events) == Connected(START)
    snapshot = await anext(events)
    assert isinstance(snapshot, Snapshot)
    assert len(snapshot.stations) == 50
    assert snapshot.at == START
    await events.aclose()


async def test_catches_up_if_read_long_after_the_start(clock: FakeClock) -> None:
    simulation = Simulation(50, start=clock.now())
    clock.advance(3600)
    events = SimulationFeed(simulation, clock).events()
    await anext(events)
    snapshot = await anext(events)
    assert isinstance(snapshot, Snapshot)
    expected = Simulation(50, start=START)
    expected.advance(START + 3_600_000)
    assert snapshot.stations == expected.stations
    await events.aclose()


async def test_reports_come_when_due_and_complete(clock: FakeClock) -> None:
    came = await due(feed_of(clock), clock, 600)
    reports = [event for event in came if isinstance(event, StationReport | RawReport)]
    assert reports == Simulation(50, start=START).advance(START + 600_000)
    assert reports


async def test_missed_events_come_in_order_after_a_suspend(clock: FakeClock) -> None:
    events = feed_of(clock)
    await anext(events)
    await anext(events)
    coming = asyncio.ensure_future(anext(events))
    await guarded(clock.asleep())
    clock.advance(8 * 3600)
    expected = Simulation(50, start=START).advance(clock.now())
    came: list[Event] = [await guarded(coming)]
    while len(came) < len(expected):
        came.append(await guarded(anext(events)))
    assert came == expected
    assert len(expected) > 8 * 3600 * 1000 / CATCH_UP_STEP / 100
    await events.aclose()


async def test_continues_after_the_clock_is_set_back(clock: FakeClock) -> None:
    events = feed_of(clock)
    await anext(events)
    await anext(events)
    coming = asyncio.ensure_future(anext(events))
    await guarded(clock.asleep())
    clock.step(-60)
    for _ in range(200):
        clock.advance(5)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if coming.done():
            break
    assert isinstance(await guarded(coming), StationReport | RawReport)
    await events.aclose()


async def test_reports_match_the_simulations_state(clock: FakeClock) -> None:
    simulation = Simulation(50, start=START)
    events = SimulationFeed(simulation, clock).events()
    board = Board()
    for event in await due(events, clock, 1200):
        if isinstance(event, Snapshot):
            board.apply_snapshot(event.stations, event.at)
        elif isinstance(event, StationReport):
            board.apply_station(event.station, event.at)
    assert [(s.id, s.connectors) for s in simulation.stations] == [
        (s.id, s.connectors) for s in board.stations.values()
    ]


async def test_goes_on_when_the_clock_is_set_back(clock: FakeClock) -> None:
    events = feed_of(clock)
    assert len(await due(events, clock, 60)) > 5
    events = feed_of(clock)
    await anext(events)
    await anext(events)
    clock.step(-7200)
    assert len(await due(events, clock, 60)) > 5
