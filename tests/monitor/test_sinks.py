"""Tests of sinks: each holds the board's final state, however slow it is or when it is
cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Ended,
    Event,
    Lost,
    RawReport,
    Restarted,
    Snapshot,
)
from nobil_tui.charging.persisted import StoredStation
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.monitor import board_updater as updater_module
from nobil_tui.monitor import monitor as monitor_module
from nobil_tui.monitor.batch import MAX_ENTRIES, Batch, LinkPhase, LinkState, Note, NoteKind, merge
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.monitor.sinks import BatchOutlet, SinkRunner
from tests.conftest import FakeClock, guarded, settle
from tests.given_feed import GivenFeed
from tests.interleaving import ShuffledLoop, in_every_order, yield_after_each

T0 = 1_700_000_000_000
STATIONS = ("NOR_1", "NOR_2", "SWE_1")
WORDS = ("AVAILABLE", "CHARGING", "BLOCKED", "REMOVED")


class Mirror:
    """A sink that copies the board by what its batches name, slowly."""

    def __init__(self, board: Board, loop: ShuffledLoop | None = None) -> None:
        self.copy: dict[str, StoredStation] = {}
        self.batches = 0
        self.finished = 0
        self.busy = False
        self._board = board
        self._loop = loop

    async def take(self, batch: Batch) -> None:
        assert not self.busy
        self.busy = True
        if self._loop is not None:
            await self._loop.dawdle()
        self._copy(batch)
        self.busy = False

    def finish(self, batch: Batch) -> None:
        self.finished += 1
        self._copy(batch)

    def _copy(self, batch: Batch) -> None:
        self.batches += 1
        if batch.whole:
            self.copy.clear()
            names = set(self._board.stations)
        else:
            names = batch.touched | {report.station_id for report in batch.raw_reports}
        for name in names:
            stored = self._board.stored(name)
            if stored is None:
                self.copy.pop(name, None)
            else:
                self.copy[name] = stored


def state_of(board: Board) -> dict[str, StoredStation | None]:
    return {name: board.stored(name) for name in board.stations}


def random_events(loop: ShuffledLoop, count: int) -> list[Event]:
    order, events = loop.order, list[Event]([Connecting(), Connected(T0)])
    for at in range(T0 + 1, T0 + count):
        station = order.choice(STATIONS)
        match order.randrange(8):
            case 0:
                names = order.sample(STATIONS, 2)
                events.append(
                    Snapshot([Station(name, [Connector(order.randrange(2))]) for name in names], at)
                )
            case 1:
                events.append(RawReport(station, 0, Connector(order.randrange(2)), at))
            case 2:
                events += [Lost("gone", at, at), Connecting(), Connected(at)]
            case 3 if order.randrange(4) == 0:
                events.append(Restarted(at))
            case _:
                said = WordConnector(0, 0, word=order.choice(WORDS))
                events.append(ConnectorReport(station, order.choice("ab"), said, at))
    return events


@pytest.fixture(autouse=True)
def _slices(monkeypatch: pytest.MonkeyPatch) -> None:
    yield_after_each(monkeypatch, monitor_module, updater_module)


@pytest.mark.parametrize("cut_off", [False, True])
def test_every_sink_of_run_ends_with_state_of_board(cut_off: bool) -> None:
    async def run(loop: ShuffledLoop) -> None:
        board = Board()
        mirrors = [Mirror(board), Mirror(board, loop), Mirror(board, loop)]
        feed = GivenFeed(*random_events(loop, 30), Ended(T0 + 99), loop=loop)
        running = asyncio.create_task(Monitor(feed, board, tick=0.01, sinks=mirrors).run())
        if cut_off:
            # At any time after its first step.
            for _ in range(loop.order.randrange(1, 12)):
                await asyncio.sleep(0.001)
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert cut_off or not running.exception()
        assert [mirror.copy for mirror in mirrors] == [state_of(board)] * 3
        assert [mirror.finished for mirror in mirrors] == [1] * 3

    in_every_order(run, 100)


@pytest.mark.parametrize("cut_off", [False, True])
def test_every_sink_beside_batches_ends_with_state_of_board(cut_off: bool) -> None:
    async def run(loop: ShuffledLoop) -> None:
        board = Board()
        mirrors = [Mirror(board), Mirror(board, loop), Mirror(board, loop)]
        feed = GivenFeed(*random_events(loop, 30), Ended(T0 + 99), loop=loop)
        monitor = Monitor(feed, board, tick=0.01, sinks=mirrors)
        left = loop.order.randrange(1, 12)
        async with aclosing(monitor.batches()) as batches:
            async for _ in batches:
                await loop.dawdle()
                left -= 1
                if cut_off and not left:
                    break
        assert [mirror.copy for mirror in mirrors] == [state_of(board)] * 3
        assert [mirror.finished for mirror in mirrors] == [1] * 3

    in_every_order(run, 100)


async def test_stuck_sink_does_not_delay_others() -> None:
    board = Board()
    fast, stuck = Mirror(board), Mirror(board)

    async def take(batch: Batch) -> None:
        await asyncio.Event().wait()

    stuck.take = take  # type: ignore[method-assign]
    report = ConnectorReport("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0 + 1)
    monitor = Monitor(
        GivenFeed(Connected(T0), report, Ended(T0)), board, tick=0.0, sinks=[stuck, fast]
    )
    async with aclosing(monitor.batches()) as batches:
        assert [batch.link.phase async for batch in batches][-1] is LinkPhase.ENDED
        assert fast.copy == state_of(board)
    # ``finish`` gets the batch whose ``take`` was cancelled.
    assert stuck.copy == state_of(board)


async def test_failing_sink_is_logged_and_does_not_stop_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Mirror):
        async def take(self, batch: Batch) -> None:
            raise ValueError("no room")

    board = Board()
    broken, sound = Broken(board), Mirror(board)
    report = ConnectorReport("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0 + 1)
    monitor = Monitor(
        GivenFeed(Connected(T0), report, Ended(T0)), board, tick=0.0, sinks=[broken, sound]
    )
    await guarded(monitor.run())
    assert sound.copy == state_of(board)
    assert broken.finished == 0
    assert "Broken failed" in caplog.text


async def test_run_raises_error_of_feed_after_sinks_are_finished_in_order() -> None:
    class Failing(GivenFeed):
        async def events(self) -> AsyncGenerator[Event, None]:
            async for event in super().events():
                yield event
            raise ZeroDivisionError

    finished: list[str] = []

    class Noting(Mirror):
        def __init__(self, board: Board, name: str) -> None:
            super().__init__(board)
            self.name = name

        def finish(self, batch: Batch) -> None:
            super().finish(batch)
            finished.append(self.name)

    board = Board()
    sinks = [Noting(board, "first"), Noting(board, "second")]
    report = ConnectorReport("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0 + 1)
    with pytest.raises(ZeroDivisionError):
        await guarded(Monitor(Failing(Connected(T0), report), board, tick=0.0, sinks=sinks).run())
    assert finished == ["first", "second"]
    assert [sink.copy for sink in sinks] == [state_of(board)] * 2
    assert [*board.stations] == ["NOR_1"]


async def test_pause_of_sink_merges_batches_and_ends_by_itself() -> None:
    taken: list[set[str]] = []

    class Pausing(Mirror):
        async def take(self, batch: Batch) -> float | None:  # type: ignore[override]
            taken.append(batch.touched)
            return 3.0

    clock = FakeClock()
    runner = SinkRunner(Pausing(Board()), clock)
    running = asyncio.create_task(runner.run())
    runner.put(Batch(LIVE, touched={"NOR_1"}))
    await guarded(clock.asleep())
    assert clock.sleepers == [3.0]
    for name in ("NOR_2", "SWE_1"):
        runner.put(Batch(LIVE, touched={name}))
    await settle()
    assert taken == [{"NOR_1"}]
    clock.advance(3.0)
    await settle()
    assert taken == [{"NOR_1"}, {"NOR_2", "SWE_1"}]
    await cancel_and_wait(running)


LIVE = LinkState(LinkPhase.LIVE)
NAMES = st.sets(st.sampled_from(STATIONS))
BATCHES = st.builds(
    Batch,
    st.just(LIVE),
    st.lists(st.builds(Note, st.integers(0, 9), st.just(NoteKind.LOST), st.just("")), max_size=3),
    NAMES,
    NAMES,
    st.lists(
        st.builds(
            RawReport, st.sampled_from(STATIONS), st.just(0), st.just(Connector()), st.just(T0)
        ),
        max_size=3,
    ),
    whole=st.booleans(),
    restored=st.booleans(),
    alive_at=st.integers(0, 9),
)


@given(st.lists(BATCHES, min_size=1))
def test_merge_keeps_everything(batches: list[Batch]) -> None:
    outlet = BatchOutlet()
    for batch in batches:
        outlet.put(batch)
    merged = outlet.take()
    assert merged is not None
    assert outlet.take() is None
    assert merged.entries == [entry for batch in batches for entry in batch.entries]
    assert merged.raw_reports == [report for batch in batches for report in batch.raw_reports]
    assert merged.touched == set().union(*(batch.touched for batch in batches))
    assert merged.expired == set().union(*(batch.expired for batch in batches))
    assert merged.whole == any(batch.whole for batch in batches)
    # A sink may skip only a restored state.
    assert (merged.whole and not merged.restored) == any(
        b.whole and not b.restored for b in batches
    )
    assert merged.alive_at == batches[-1].alive_at


def test_merged_batch_is_bounded_and_names_every_station() -> None:
    reports = [RawReport(f"NOR_{n}", 0, Connector(), T0) for n in range(MAX_ENTRIES)]
    notes = [Note(n, NoteKind.LOST, "") for n in range(MAX_ENTRIES)]
    late = RawReport("SWE_1", 0, Connector(), T0)
    merged = merge(
        Batch(LIVE, [*notes], raw_reports=reports), Batch(LIVE, [notes[0]], raw_reports=[late])
    )
    assert len(merged.entries) == len(merged.raw_reports) == MAX_ENTRIES
    assert merged.touched == {"NOR_0"}
    unbounded = merge(Batch(LIVE, [*notes]), Batch(LIVE, [*notes]), bounded=False)
    assert len(unbounded.entries) == 2 * MAX_ENTRIES


async def test_wake_ends_wait_without_batch() -> None:
    outlet = BatchOutlet()
    outlet.wake()
    await guarded(outlet.wait())
    assert outlet.take() is None
