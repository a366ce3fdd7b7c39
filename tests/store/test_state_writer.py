"""Tests of the state writer as a sink of a monitor: saving, and restoring in the next session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from nobil_tui.base import tasks
from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Ended,
    Event,
    Feed,
    HubState,
    Lost,
    RawReport,
    Refused,
    Restarted,
    Snapshot,
)
from nobil_tui.charging.freshness import EXPIRED, Staleness, staleness_of
from nobil_tui.charging.persisted import StoredBoard, StoredStation
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.monitor.batch import Batch, LinkState, Note, NoteKind
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.monitor.sinks import SinkRunner
from nobil_tui.store import state_writer as writer_module
from nobil_tui.store.state_store import StateStore
from nobil_tui.store.state_writer import Packed, StateStorage, StateWriter, unpack
from tests.conftest import FakeClock, for_ever, guarded, settle

T0 = 1_700_000_000_000


class Script:
    """A feed that yields the given events, and then waits unless the last one is ``Ended``."""

    def __init__(self, *events: Event) -> None:
        self._script = events
        self.never = asyncio.Event()

    async def events(self) -> AsyncGenerator[Event, None]:
        for event in self._script:
            yield event
        if not isinstance(self._script[-1], Ended):
            await self.never.wait()

    behind = 0
    alive_at = 0

    def retry(self) -> None:
        pass


decode = msgspec.json.Decoder(StoredStation).decode


class RecordingStorage:
    """A storage that records every ``save``."""

    def __init__(self, stored: StoredBoard | None = None) -> None:
        self.writing = True
        self.wants_all = False
        self.stored = stored or StoredBoard()
        self.saved: list[tuple[dict[str, StoredStation | None], int, int, bool]] = []

    def load(self) -> StoredBoard:
        return self.stored

    def save(
        self,
        stations: Packed,
        downtime: int,
        alive_at: int,
        *,
        whole: bool = False,
        hub: HubState | None = None,
    ) -> None:
        unpacked = {
            name: None if saved is None else decode(saved) for name, saved in unpack(stations)
        }
        self.saved.append((unpacked, downtime, alive_at, whole))

    @property
    def state(self) -> dict[str, StoredStation]:
        """What a storage would hold after all that was saved."""
        held: dict[str, StoredStation] = {}
        for stations, _, _, whole in self.saved:
            if whole:
                held.clear()
            for name, station in stations.items():
                held.pop(name, None)
                if station is not None:
                    held[name] = station
        return held


def report_of(station: str, word: str, at: int, key: str = "a") -> ConnectorReport:
    return ConnectorReport(station, key, WordConnector(0, 0, word=word), at)


def monitor_with(
    storage: StateStorage, feed: Feed, board: Board | None = None, clock: Clock | None = None
) -> Monitor:
    board = board or Board()
    writer = StateWriter(board, storage)
    return Monitor(feed, board, tick=0, sinks=[writer], restore=writer.restore, clock=clock)


async def play(
    *events: Event,
    storage: RecordingStorage | StateStore,
    board: Board | None = None,
    now: int = T0,
) -> tuple[Monitor, list[Batch]]:
    monitor = monitor_with(storage, Script(*events, Ended(T0)), board, FakeClock(now))
    async with aclosing(monitor.batches()) as batches:
        return monitor, await guarded(_all(batches))


async def _all(batches: AsyncGenerator[Batch, None]) -> list[Batch]:
    return [batch async for batch in batches]


async def test_next_session_starts_from_saved_state(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    store = await asyncio.to_thread(StateStore.open, path)
    await play(
        Connected(T0),
        report_of("NOR_1", "AVAILABLE", T0 + 1),
        report_of("NOR_2", "CHARGING", T0 + 2),
        storage=store,
    )
    await asyncio.to_thread(store.close)

    store = await asyncio.to_thread(StateStore.open, path)
    monitor, (first, *_) = await play(
        Connected(T0 + 9000), report_of("NOR_1", "AVAILABLE", T0 + 9001), storage=store
    )
    assert first.whole
    assert monitor.counts.changes == 0
    board = monitor.board
    grades = [
        staleness_of(board.unconfirmed_for(board.stations[i], 0, T0 + 9002))
        for i in ("NOR_1", "NOR_2")
    ]
    assert grades == [Staleness.CONFIRMED, Staleness.STALE]
    assert board.heard(board.stations["NOR_2"], 0) == T0 + 2
    await asyncio.to_thread(store.close)


async def test_only_reported_stations_are_saved() -> None:
    storage = RecordingStorage()
    board = Board()
    board.apply_snapshot([Station(f"NOR_{n}", [Connector(0, 0)]) for n in range(9)], T0)
    report = RawReport("NOR_2", 0, Connector(0, 0), T0 + 3)
    feed = Script(Connected(T0 + 1), report_of("NOR_1", "CHARGING", T0 + 2, "0"), report)
    monitor = monitor_with(storage, feed, board)
    async with aclosing(monitor.batches()) as batches:
        await guarded(anext(batches))
        await settle()
    (stations, downtime, alive_at, whole), *rest = storage.saved
    assert not any(stations for stations, *_ in rest)
    assert stations == {"NOR_1": board.stored("NOR_1"), "NOR_2": board.stored("NOR_2")}
    assert (downtime, alive_at, whole) == (0, T0 + 3, False)


async def test_closing_saves_pending_stations() -> None:
    storage = RecordingStorage()
    monitor = monitor_with(storage, Script(Connected(T0), report_of("NOR_1", "CHARGING", T0 + 2)))
    async with aclosing(monitor.batches()) as batches:
        await guarded(anext(batches))
        monitor._updater.apply(report_of("NOR_2", "CHARGING", T0 + 3))
    assert {name for stations, *_ in storage.saved for name in stations} == {"NOR_1", "NOR_2"}
    assert storage.saved[-1][2] == T0 + 3


async def test_a_flood_of_new_stations_does_not_delay_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer_module, "MAX_STORED_AT_END", 3)
    for count, saved in ((3, 3), (4, 0)):
        storage = RecordingStorage()
        board = Board()
        stations = {str(number) for number in range(count)}
        for station in stations:
            board.apply_connector(station, "a", Connector(), T0)
        StateWriter(board, storage).finish(Batch(LinkState(), touched=stations, alive_at=T0))
        assert len(storage.state) == saved


async def test_downtime_and_start_of_break_are_saved() -> None:
    storage = RecordingStorage()
    await play(
        Connected(T0),
        report_of("NOR_1", "CHARGING", T0 + 2),
        Lost("gone", T0 + 5, T0 + 9),
        Connecting(),
        Connected(T0 + 25),
        Lost("gone", T0 + 30, T0 + 90),
        storage=storage,
    )
    assert storage.saved[-1][1:3] == (20, T0 + 30)


async def test_nothing_is_saved_before_first_connection() -> None:
    storage = RecordingStorage()
    storage.wants_all = True
    await play(
        Connecting(), Lost("gone", T0 + 5, T0 + 9), Refused("HTTP 401", T0 + 10), storage=storage
    )
    assert storage.saved == []


async def test_restored_stations_are_not_saved_again() -> None:
    earlier = Board()
    earlier.apply_connector("NOR_1", "a", Connector(0, 0), T0)
    storage = RecordingStorage(StoredBoard(dict(earlier.stations), 0, T0))
    await play(Connected(T0 + 1), report_of("NOR_2", "CHARGING", T0 + 2), storage=storage)
    assert [(set(stations), whole) for stations, _, _, whole in storage.saved] == [
        ({"NOR_2"}, False)
    ]


async def test_snapshot_saves_all_stations_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(writer_module, "PORTION", 2)
    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 0.0)
    storage = RecordingStorage()
    stations = [Station(f"NOR_{n}", [Connector(0, 0)]) for n in range(9)]
    monitor, _ = await play(Connected(T0), Snapshot(stations, T0 + 1), storage=storage)
    (saved, _, _, whole) = storage.saved[0]
    assert whole
    assert saved == {name: monitor.board.stored(name) for name in monitor.board.stations}


async def test_cancelling_between_slices_loses_no_station(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(writer_module, "PORTION", 2)
    monkeypatch.setattr(writer_module, "yield_to_loop", for_ever)
    storage, board = RecordingStorage(), Board()
    board.apply_snapshot([Station(f"NOR_{n}", [Connector(0, 0)]) for n in range(9)], T0)
    writer = StateWriter(board, storage)
    handing = asyncio.create_task(writer.take(Batch(LinkState(), whole=True, alive_at=T0)))
    await settle()
    await cancel_and_wait(handing)
    assert storage.saved == []
    writer.finish(Batch(LinkState(), alive_at=T0))
    ((saved, _, _, whole),) = storage.saved
    assert (len(saved), whole) == (9, True)


async def test_state_after_flood_is_saved_without_another_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0

    class Slow(Board):
        def stored(self, station_id: str) -> StoredStation | None:
            nonlocal now
            now += tasks.SLICE_SECONDS
            return super().stored(station_id)

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    storage, board = RecordingStorage(), Slow()
    board.apply_snapshot([Station(f"NOR_{n}", [Connector(0, 0)]) for n in range(9)], T0)
    clock = FakeClock()
    runner = SinkRunner(StateWriter(board, storage), clock)
    running = asyncio.create_task(runner.run())
    runner.put(Batch(LinkState(), touched={"NOR_1", "NOR_3"}, alive_at=T0))
    await guarded(clock.asleep())
    assert clock.sleepers == [pytest.approx(2 * tasks.SLICE_SECONDS * writer_module.PAUSE_FACTOR)]
    for station in ("NOR_2", "NOR_3"):
        runner.put(Batch(LinkState(), touched={station}, alive_at=T0))
    await settle()
    assert [set(stations) for stations, *_ in storage.saved] == [{"NOR_1", "NOR_3"}]
    clock.advance(clock.sleepers[0])
    await settle()
    assert [set(stations) for stations, *_ in storage.saved[1:]] == [{"NOR_2", "NOR_3"}]
    await cancel_and_wait(running)


async def test_storage_that_wants_all_gets_all_stations() -> None:
    storage, board = RecordingStorage(), Board()
    board.apply_snapshot([Station(f"NOR_{n}", [Connector(0, 0)]) for n in range(9)], T0)
    storage.wants_all = True
    await play(
        Connected(T0), report_of("NOR_1", "CHARGING", T0 + 2, "0"), storage=storage, board=board
    )
    (saved, _, _, whole) = storage.saved[0]
    assert (len(saved), whole) == (9, True)


async def test_storage_that_does_not_write_gets_nothing() -> None:
    storage = RecordingStorage()
    storage.writing = False
    await play(Connected(T0), report_of("NOR_1", "CHARGING", T0 + 2), storage=storage)
    assert storage.saved == []


async def test_nonempty_board_is_not_restored() -> None:
    earlier = Board()
    earlier.apply_connector("NOR_1", "a", Connector(0, 0), T0)
    rows = StoredBoard(dict(earlier.stations), 0, T0)
    board = Board()
    board.apply_connector("NOR_2", "a", Connector(0, 0), T0)
    monitor, _ = await play(Connected(T0 + 1), storage=RecordingStorage(rows), board=board)
    assert set(monitor.board.stations) == {"NOR_2"}


def earlier_session() -> RecordingStorage:
    """Return a storage with one connector, free at T0, when the link was last alive."""
    earlier = Board()
    earlier.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0)
    return RecordingStorage(StoredBoard(dict(earlier.stations), 0, T0))


async def test_expired_state_is_unknown_in_first_batch() -> None:
    for now, text in ((T0 + EXPIRED, "1/1"), (T0 + EXPIRED + 9, "?/1")):
        # The source sends no event, not even that it is unreachable.
        monitor = monitor_with(earlier_session(), Script(Connecting()), clock=FakeClock(now))
        async with aclosing(monitor.batches()) as batches:
            first = await guarded(anext(batches))
            assert first.whole
            assert monitor.board.stations["NOR_1"].summary.text == text


async def test_state_expires_without_events() -> None:
    for event in (Connecting(), Refused("HTTP 401", T0 + 9)):
        clock = FakeClock(T0 + 9)
        monitor = monitor_with(earlier_session(), Script(event), clock=clock)
        async with aclosing(monitor.batches()) as batches:
            await guarded(anext(batches))
            assert monitor.board.stations["NOR_1"].summary.text == "1/1"
            await guarded(clock.asleep())
            clock.advance(EXPIRED / 1000)
            batch = await guarded(anext(batches))
            assert batch.touched == {"NOR_1"}
            assert monitor.board.stations["NOR_1"].summary.text == "?/1"


async def test_expired_state_is_saved_as_unknown() -> None:
    late = T0 + EXPIRED + 9
    storage = earlier_session()
    await play(Connected(late), storage=storage, now=late)
    saved = storage.saved[-1][0]["NOR_1"]
    assert saved is not None
    assert (saved.connectors[0].word, saved.connectors[0].since, saved.connectors[0].at_least) == (
        "",
        T0 + EXPIRED,
        True,
    )


async def test_restart_of_source_drops_earlier_events() -> None:
    monitor = Monitor(
        Script(
            Connected(T0),
            report_of("NOR_1", "CHARGING", T0 + 1),
            Restarted(T0),
            Connected(T0),
            report_of("NOR_2", "CHARGING", T0 + 1),
            Ended(T0 + 1),
        ),
        tick=0,
    )
    async with aclosing(monitor.batches()) as batches:
        (batch,) = await guarded(_all(batches))
    assert set(monitor.board.stations) == {"NOR_2"}
    assert batch.whole
    assert [
        entry.kind if isinstance(entry, Note) else entry.station for entry in batch.entries
    ] == [
        NoteKind.RESTARTED,
        NoteKind.CONNECTED,
        "NOR_2",
        NoteKind.ENDED,
    ]
    assert batch.touched == {"NOR_2"}
