"""Faults of clocks: jumps both ways, sleep, daylight saving, and impossible times."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot

from nobil_tui.charging.board import Since
from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.register import Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.transport.clock_jump import CHECK_EVERY
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session.session import Session
from nobil_tui.wire import v1
from tests.conftest import START, FakeClock, guarded
from tests.faults.rig import Rig, v1_rig
from tests.faults.table import RecordFault
from tests.tui.app_driver import HandSource, live, main_of, opened, setup_of, text_of

HOUR = 3_600_000


class Jump(NamedTuple):
    """The wall clock jumps while the monotonic one does not."""

    name: str
    seconds: float


JUMPS = (
    Jump("slept for 3 s", 3),
    Jump("slept for 8 h", 8 * 3600),
    Jump("slept for 10 days", 10 * 86_400),
    Jump("set 50 years ahead, from 1970", 50 * 365 * 86_400),
    Jump("set back by 3 s", -3),
    Jump("set back by 2 h", -2 * 3600),
    Jump("set back by 10 years", -10 * 365 * 86_400),
)


async def jump(rig: Rig, seconds: float) -> None:
    rig.clock.step(seconds)
    rig.clock.advance(CHECK_EVERY)


@pytest.mark.parametrize("while_live", [True, False], ids=["live", "retrying"])
async def test_a_jump_of_the_clock_marks_everything_at_once(
    while_live: bool, record_fault: RecordFault
) -> None:
    async with v1_rig() as rig:
        for each in JUMPS:
            if not while_live:
                rig.proxy.reset()
                await rig.lost()
                await rig.waiting()
                rig.clock.advance(0.5)
            before = rig.accepted
            await jump(rig, each.seconds)
            if while_live:
                # Within the second in which the clocks are compared.
                await rig.lost()
                rig.clock.advance(0.01)
                assert rig.unconfirmed == rig.session.board.connectors
                assert 0 <= rig.session.link.retry_at - rig.clock.now() < 100_000
                seen = f"RETRY: {rig.session.link.reason}"
                await rig.retry()
            else:
                # The wait for the next attempt, which was announced by the wrong clock, is over.
                assert rig.unconfirmed == rig.session.board.connectors
                seen = "connects at once"
            await rig.exact()
            assert rig.accepted == before + 1
            # What is shown of the time since a report is never in the future.
            assert rig.session.monitor is not None
            assert rig.session.monitor.frame_at <= rig.clock.now()
            where = "while live" if while_live else "while retrying"
            record_fault(f"clock, {where}: {each.name}", 1, seen, "marked")


async def test_a_clock_set_back_between_two_sessions_leaves_the_state_marked(
    tmp_path: Path, record_fault: RecordFault
) -> None:
    """The last known state is from the future then."""
    for hours in (-2, 24 * 365):
        state = tmp_path / str(hours)
        await _save_a_state(state)
        clock = FakeClock(START + hours * HOUR)
        source = HandSource(clock)
        source.state_key = "x"
        later = Session(source, setup_of(clock, source, state_dir=state), Register())
        later.open()
        await later.restore()
        clock.advance(60)
        assert later.board.unconfirmed(clock.now()) == later.board.connectors == 1
        later.close()
    record_fault("clock between two sessions", 2, "all is unconfirmed", "marked")


async def _save_a_state(folder: Path) -> None:
    clock = FakeClock()
    source = HandSource(clock)
    source.state_key = "x"
    session = Session(source, setup_of(clock, source, state_dir=folder), Register())
    session.open()
    station = Station("NOR_1", [Connector(0, 0, START)])
    source.feed.put(Connected(START), Snapshot([station], START))
    async with aclosing(session.batches()) as batches:
        async for _ in batches:
            if session.board.stations:
                break
    session.close()
    assert session._store is not None
    session._store._writer._thread.join()


async def _report(pilot: Pilot[int], source: HandSource, at: int, *timestamps: int) -> None:
    """Let a server report a station with each of the timestamps."""
    data = [
        {"uuid": f"NOR_{number}", "connectors": [{"status": 0, "error": 0, "timestamp": each}]}
        for number, each in enumerate(timestamps)
    ]
    frame = json.dumps({"type": "snapshot:init", "data": data}).encode()
    source.feed.put(Connected(at), v1.decode(frame, at))
    await live(pilot)
    await pilot.pause()


TIMES: tuple[tuple[str, Callable[[int], int], Since], ...] = (
    ("in seconds", lambda now: now // 1000 - 7200, Since(START - 2 * HOUR, False)),
    ("in microseconds", lambda now: now * 1000, Since(START, True)),
    ("at zero", lambda now: 0, Since(START, True)),
    ("negative", lambda now: -5, Since(START, True)),
    ("a little in the future", lambda now: now + HOUR, Since(START + HOUR, False)),
    ("two days in the future", lambda now: now + 48 * HOUR, Since(START, True)),
    ("the largest", lambda now: 2**53, Since(START, True)),
)


async def test_times_of_a_server_that_cannot_be_right(record_fault: RecordFault) -> None:
    clock = FakeClock()
    source = HandSource(clock)
    async with opened(setup_of(clock, source), (80, 24)) as pilot:
        await _report(pilot, source, START, *(timestamp(START) for _, timestamp, _ in TIMES))
        workspace = main_of(pilot).workspace
        board, shown = workspace.board, set()
        await pilot.press("g")
        for _ in TIMES:
            text = "\n".join(text_of(pilot))
            assert "1970" not in text
            assert "long" not in text
            shown.add(workspace.stations.selected)
            await pilot.press("j")
        assert len(shown) == len(TIMES)
    for number, (name, _, since) in enumerate(TIMES):
        assert board.since(board.stations[f"NOR_{number}"], 0, START) == since, name
        record_fault(f"server's time {name}", 1, "≥ now" if since.at_least else "its age", "exact")


async def test_daylight_saving_changes_no_age(record_fault: RecordFault) -> None:
    """The zone's offset changes by an hour, and nothing else does."""
    oslo = ZoneInfo("Europe/Oslo")
    for day in (
        datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC),
    ):
        at = round(day.timestamp() * 1000)
        clock = FakeClock(at)
        source = HandSource(clock)
        async with opened(setup_of(clock, source, zone=oslo)) as pilot:
            await _report(pilot, source, at, at - 10_000)
            main = main_of(pilot)
            for _ in range(3):
                clock.advance(20)
                await guarded(main.live_updates.tick())
                await pilot.pause()
                assert main.workspace.session.link.phase is LinkPhase.LIVE
            assert main.workspace.board.unconfirmed(clock.now()) == 0
            assert "1 min" in "\n".join(text_of(pilot))
    record_fault("daylight saving begins and ends", 2, "LIVE, ages go on", "exact")
