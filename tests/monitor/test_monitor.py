"""Tests of the monitor over a scripted feed."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging import board as board_module
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Degraded,
    Ended,
    Event,
    HubReport,
    HubState,
    Ignored,
    Lost,
    RawReport,
    Refused,
    Restarted,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.freshness import EXPIRED
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.monitor import batch as batch_module
from nobil_tui.monitor import board_updater as updater_module
from nobil_tui.monitor import monitor as monitor_module
from nobil_tui.monitor.batch import (
    Batch,
    BatchEntry,
    LinkPhase,
    LinkState,
    Note,
    NoteKind,
    StreamCounts,
)
from nobil_tui.monitor.monitor import LINK_INTERVAL, Monitor
from nobil_tui.wire.status_words import connector_from
from tests.conftest import GUARD, FakeClock, guarded, settle

T0 = 1_700_000_000_000
FREE, OCCUPIED, FAULT = (0, 0), (1, 0), (0, 1)
LONG = 1e6
"""Seconds that exceed the duration of any test."""


class Script:
    """A feed that yields the events given to ``say``, and ends or fails on request."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self.started = 0
        self.closed = 0
        self.retries = 0

    def say(self, *events: Event) -> None:
        for event in events:
            self._events.put_nowait(event)

    def fail(self, error: Exception) -> None:
        self._events.put_nowait(error)

    def end(self) -> None:
        self._events.put_nowait(None)

    async def handled(self) -> None:
        """Wait until the monitor has handled all events."""
        await guarded(self._events.join())

    behind = 0
    alive_at = 0

    def retry(self) -> None:
        self.retries += 1

    async def events(self) -> AsyncGenerator[Event, None]:
        self.started += 1
        try:
            while (event := await self._events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
                self._events.task_done()
        finally:
            self.closed += 1


class ScriptedMonitor:
    """A monitor over a ``Script``, and its batches."""

    def __init__(self, **options: Any) -> None:
        self.script = Script()
        self.monitor = Monitor(self.script, **{"tick": 0.0, **options})
        self.batches = self.monitor.batches()

    async def take(self, *events: Event) -> Batch:
        """Yield events to the monitor; return the next batch."""
        self.script.say(*events)
        pending = asyncio.ensure_future(anext(self.batches))
        batch = await guarded(pending)
        await self.script.handled()
        return batch


@pytest.fixture(scope="module", autouse=True)
def _no_slices() -> Iterator[None]:
    """Read all pending events in one slice, also on a slow machine."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (monitor_module, updater_module):
            patch.setattr(module, "SLICE_SECONDS", LONG)
        yield


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedMonitor]:
    scripted = ScriptedMonitor()
    yield scripted
    await guarded(scripted.batches.aclose())


def station(name: str, *said: tuple[int, int]) -> Station:
    return Station(name, [Connector(status, error, T0 - 1000) for status, error in said])


def summaries(entries: list[BatchEntry]) -> list[tuple[object, ...]]:
    """Return the entries as short tuples."""
    return [
        (entry.kind, entry.text)
        if isinstance(entry, Note)
        else (entry.station, entry.number, entry.missed)
        for entry in entries
    ]


CONNECTED = (NoteKind.CONNECTED, "")


# Batches


async def test_events_before_first_batch_are_one_batch_in_order(scripted: ScriptedMonitor) -> None:
    batch = await scripted.take(
        Connecting(),
        Connected(T0),
        Snapshot([station("A", FREE, FREE), station("B", FREE)], T0 + 1),
        StationReport(station("B", OCCUPIED), T0 + 2),
        StationReport(station("A", FREE, FAULT), T0 + 3),
        RawReport("A", 0, Connector(0, 0), T0 + 4),
    )
    assert summaries(batch.entries) == [CONNECTED, ("B", 1, False), ("A", 2, False)]
    assert [entry.at for entry in batch.entries] == [T0, T0 + 2, T0 + 3]
    assert batch.touched >= {"A", "B"}
    assert [report.station_id for report in batch.raw_reports] == ["A"]
    assert batch.link == LinkState(LinkPhase.LIVE)
    assert batch.whole


async def test_snapshot_is_released_after_it_is_applied() -> None:
    stations = [station("A", FREE)]

    class Once(Script):
        async def events(self) -> AsyncGenerator[Event, None]:
            yield Snapshot(stations, T0)
            await asyncio.Event().wait()

    batches = Monitor(Once(), tick=0.0).batches()
    await guarded(anext(batches))
    await settle()
    holders = sys.getrefcount(stations)
    # The list of this test, and the argument of ``getrefcount``.
    assert holders == 2
    await guarded(batches.aclose())


async def test_batch_contains_only_new_entries(scripted: ScriptedMonitor) -> None:
    await scripted.take(
        Connected(T0),
        Snapshot([station("A", FREE), station("B", FREE)], T0),
        RawReport("A", 0, Connector(), T0),
    )
    batch = await scripted.take(StationReport(station("B", OCCUPIED), T0 + 1))
    assert summaries(batch.entries) == [("B", 1, False)]
    assert (batch.touched, batch.raw_reports, batch.whole) == ({"B"}, [], False)


async def test_change_has_before_and_after(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    (entry,) = (await scripted.take(StationReport(station("A", FAULT), T0 + 1))).entries
    assert entry == Change(T0 + 1, "A", 1, Connector(0, 0, T0 - 1000), Connector(0, 1, T0 - 1000))


async def test_connector_report_updates_one_connector(scripted: ScriptedMonitor) -> None:
    batch = await scripted.take(
        Connected(T0),
        ConnectorReport("A", "x", WordConnector(0, 0, word="AVAILABLE"), T0 + 1),
        ConnectorReport("A", "y", WordConnector(1, 0, word="CHARGING"), T0 + 2),
        ConnectorReport("A", "x", WordConnector(1, 0, word="BLOCKED"), T0 + 3),
    )
    assert summaries(batch.entries) == [
        CONNECTED,
        ("A", 1, False),
        ("A", 2, False),
        ("A", 1, False),
    ]
    assert [connector.word for connector in scripted.monitor.board.stations["A"].connectors] == [
        "BLOCKED",
        "CHARGING",
    ]


async def test_unchanged_report_touches_station_without_entry(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    batch = await scripted.take(StationReport(station("A", FREE), T0 + 1))
    assert (batch.entries, batch.touched) == ([], {"A"})


async def test_no_batch_without_events(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0))
    waiting = asyncio.ensure_future(anext(scripted.batches))
    await settle()
    assert not waiting.done()
    scripted.script.say(Connecting())
    assert (await guarded(waiting)).entries == []


async def test_at_most_one_batch_per_tick() -> None:
    scripted = ScriptedMonitor(tick=LONG)
    await scripted.take(Connected(T0))
    waiting = asyncio.ensure_future(anext(scripted.batches))
    scripted.script.say(
        Snapshot([station("A", FREE)], T0), StationReport(station("A", OCCUPIED), T0)
    )
    await scripted.script.handled()
    await settle()
    # The board has it; its batch waits for the next tick.
    assert scripted.monitor.counts.changes == 1
    assert not waiting.done()
    await cancel_and_wait(waiting)
    assert scripted.script.closed == 1


async def test_pending_batches_are_merged(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    for at in range(10):
        scripted.script.say(StationReport(station("A", FREE if at % 2 else OCCUPIED), T0 + at))
        await scripted.script.handled()
    batch = await guarded(anext(scripted.batches))
    assert [entry.at for entry in batch.entries] == [T0 + at for at in range(10)]


async def test_pending_entries_are_bounded_and_oldest_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_module, "MAX_ENTRIES", 50)
    scripted = ScriptedMonitor()
    await scripted.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    for at in range(500):
        scripted.script.say(StationReport(station("A", FREE if at % 2 else OCCUPIED), T0 + at))
        scripted.script.say(RawReport("A", 0, Connector(), T0 + at))
    await scripted.script.handled()
    batch = await guarded(anext(scripted.batches))
    assert [entry.at for entry in batch.entries] == [T0 + at for at in range(450, 500)]
    assert [heard.at for heard in batch.raw_reports] == [T0 + at for at in range(450, 500)]
    assert scripted.monitor.counts.changes == 500
    await guarded(scripted.batches.aclose())


class Flood(Script):
    """A feed that does not suspend before a batch is taken, like a socket with pending frames."""

    enough = False
    yielded = 0

    async def events(self) -> AsyncGenerator[Event, None]:
        yield Snapshot([station("A", FREE)], T0)
        while not self.enough and self.yielded < 3_000_000:
            self.yielded += 1
            yield RawReport("A", 0, Connector(0, 0), T0)


async def test_flood_yields_to_other_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (monitor_module, updater_module):
        monkeypatch.setattr(module, "SLICE_SECONDS", 0.0)
    flood = Flood()
    batches = Monitor(flood, tick=0.0).batches()
    await anext(batches)
    assert flood.yielded < 3_000_000
    flood.enough = True
    async for _ in batches:
        pass


# The link


LINK: list[tuple[Event, LinkState]] = [
    (Connected(T0), LinkState(LinkPhase.LIVE)),
    (Lost("gone", T0, T0 + 5000), LinkState(LinkPhase.RETRYING, "gone", T0 + 5000)),
    # The reason of the loss is kept while reconnecting.
    (Connecting(), LinkState(LinkPhase.CONNECTING, "gone")),
    (Refused("HTTP 401", T0), LinkState(LinkPhase.REFUSED, "HTTP 401")),
    (Connecting(), LinkState(LinkPhase.CONNECTING, "HTTP 401")),
    (
        Refused("nats says no", T0, login=True),
        LinkState(LinkPhase.REFUSED, "nats says no", login=True),
    ),
    (Connected(T0 + 9000), LinkState(LinkPhase.LIVE)),
    # A hub or a relay that does not hear from its source: the link to it is up.
    (HubReport(HubState(False, "no source"), T0), LinkState(LinkPhase.NOT_LIVE, "no source")),
    (HubReport(HubState(), T0 + 9100), LinkState(LinkPhase.LIVE)),
    (Lost("silent", T0 + 9200, 0), LinkState(LinkPhase.NOT_LIVE, "silent")),
    (Ended(T0 + 9500), LinkState(LinkPhase.ENDED)),
]


async def test_link_state(scripted: ScriptedMonitor) -> None:
    assert scripted.monitor.link == LinkState(LinkPhase.CONNECTING)
    for event, state in LINK:
        batch = await scripted.take(event)
        assert batch.link == scripted.monitor.link == state


async def test_hub_that_is_not_live_is_noted_once_with_its_return(
    scripted: ScriptedMonitor,
) -> None:
    def notes(batch: Batch) -> list[tuple[NoteKind, int]]:
        return [(each.kind, each.at) for each in batch.entries if isinstance(each, Note)]

    down = HubState(False, "no source", down_for=3000, downtime=3000)
    batch = await scripted.take(Connected(T0), Snapshot([], T0 + 5000, hub=down))
    assert notes(batch) == [(NoteKind.CONNECTED, T0), (NoteKind.NOT_LIVE, T0 + 2000)]
    assert not notes(await scripted.take(HubReport(down, T0 + 6000)))
    up = HubState(downtime=4000)
    assert notes(await scripted.take(HubReport(up, T0 + 6000))) == [(NoteKind.CONNECTED, T0 + 6000)]
    assert not notes(await scripted.take(HubReport(up, T0 + 7000)))


async def test_first_connecting_yields_no_batch(scripted: ScriptedMonitor) -> None:
    waiting = asyncio.ensure_future(anext(scripted.batches))
    scripted.script.say(Connecting())
    await scripted.script.handled()
    await settle()
    assert not waiting.done()
    scripted.script.say(Lost("gone", T0, T0 + 5000))
    assert (await guarded(waiting)).link.phase is LinkPhase.RETRYING
    # After a loss it does.
    assert (await scripted.take(Connecting())).link == LinkState(LinkPhase.CONNECTING, "gone")


async def test_snapshot_right_after_connection_is_in_same_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor_module, "SNAPSHOT_WAIT", LONG)
    scripted = ScriptedMonitor(tick=LONG)
    waiting = asyncio.ensure_future(anext(scripted.batches))
    scripted.script.say(Connected(T0))
    await scripted.script.handled()
    await settle()
    assert not waiting.done()
    scripted.script.say(Snapshot([station("A", FREE)], T0))
    batch = await guarded(waiting)
    assert (summaries(batch.entries), batch.whole) == ([CONNECTED], True)
    await guarded(scripted.batches.aclose())


async def test_loss_is_noted_once_per_reason(scripted: ScriptedMonitor) -> None:
    async def lost(reason: str) -> list[tuple[object, ...]]:
        return summaries((await scripted.take(Connecting(), Lost(reason, T0, T0 + 1000))).entries)

    assert await lost("away") == [(NoteKind.LOST, "away")]
    assert await lost("away") == []
    assert await lost("away") == []
    assert await lost("HTTP 503") == [(NoteKind.LOST, "HTTP 503")]
    assert await lost("HTTP 503") == []
    assert summaries((await scripted.take(Connecting(), Connected(T0))).entries) == [CONNECTED]
    assert await lost("HTTP 503") == [(NoteKind.LOST, "HTTP 503")]


async def test_each_refusal_is_noted(scripted: ScriptedMonitor) -> None:
    for _ in range(2):
        batch = await scripted.take(Connecting(), Refused("HTTP 401", T0))
        assert summaries(batch.entries) == [(NoteKind.REFUSED, "HTTP 401")]


async def test_refusals_that_are_retried_are_noted_once(scripted: ScriptedMonitor) -> None:
    refused = Refused("HTTP 401", T0, T0 + 300_000)
    batch = await scripted.take(Connecting(), refused)
    assert batch.link == LinkState(LinkPhase.REFUSED, "HTTP 401", T0 + 300_000)
    assert summaries(batch.entries) == [(NoteKind.REFUSED, "HTTP 401")]
    assert (await scripted.take(Connecting(), refused)).entries == []


async def test_loss_is_dated_at_last_frame(scripted: ScriptedMonitor) -> None:
    (entry,) = (await scripted.take(Lost("away", T0 - 45_000, T0 + 1000))).entries
    assert entry.at == T0 - 45_000


async def test_change_during_break_is_marked_missed(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0), Snapshot([station("A", FREE), station("B", FREE)], T0))
    await scripted.take(Lost("away", T0 + 10, T0 + 1000), Connecting())
    board = scripted.monitor.board
    assert not board.downtime.live
    batch = await scripted.take(
        Connected(T0 + 1010),
        Snapshot([station("A", OCCUPIED), station("B", FREE)], T0 + 1010),
        StationReport(station("B", OCCUPIED), T0 + 1020),
    )
    assert summaries(batch.entries) == [CONNECTED, ("A", 1, True), ("B", 1, False)]
    assert board.downtime.live
    assert board.downtime.total(T0 + 5000) == 1000


async def test_time_after_refusal_is_downtime(scripted: ScriptedMonitor) -> None:
    await scripted.take(
        Connected(T0), Snapshot([station("A", FREE)], T0), Refused("HTTP 401", T0 + 10)
    )
    assert scripted.monitor.board.downtime.total(T0 + 500) == 490


@pytest.mark.parametrize("event", [Refused("HTTP 401", T0 + 10), Lost("away", T0 + 10, T0 + 1000)])
async def test_connectors_expire_while_link_is_down(event: Event) -> None:
    clock = FakeClock(T0 + 10)
    scripted = ScriptedMonitor(clock=clock)
    await scripted.take(Connected(T0), Snapshot([station("A", FREE)], T0), event)
    await guarded(clock.asleep())
    assert clock.sleepers == [LINK_INTERVAL]
    clock.advance(EXPIRED / 1000)
    waiting = asyncio.ensure_future(anext(scripted.batches))
    await settle()
    assert scripted.monitor.board.stations["A"].summary.text == "1/1"
    assert not waiting.done()
    clock.advance(LINK_INTERVAL)
    batch = await guarded(waiting)
    assert (batch.entries, batch.touched, batch.expired) == ([], {"A"}, {"A"})
    assert scripted.monitor.board.stations["A"].summary.text == "?/1"
    await guarded(scripted.batches.aclose())


async def test_connectors_expire_on_reconnection(scripted: ScriptedMonitor) -> None:
    await scripted.take(
        Connected(T0), Snapshot([station("A", FREE)], T0), Lost("away", T0, T0 + 1000)
    )
    batch = await scripted.take(Connecting(), Connected(T0 + EXPIRED + 1))
    assert batch.touched == {"A"}
    assert scripted.monitor.board.stations["A"].summary.text == "?/1"


async def test_nothing_expires_while_link_is_live() -> None:
    clock = FakeClock(T0)
    scripted = ScriptedMonitor(clock=clock)
    await scripted.take(Connecting(), Connected(T0), Snapshot([station("A", FREE)], T0))
    clock.advance(2 * EXPIRED / 1000)
    await settle()
    await scripted.take(Lost("away", T0, T0 + 1000), Connecting(), Connected(T0 + 1000))
    clock.advance(LINK_INTERVAL)
    await settle()
    assert scripted.monitor.board.stations["A"].summary.text == "1/1"
    await guarded(scripted.batches.aclose())


async def test_retry_is_passed_to_feed(scripted: ScriptedMonitor) -> None:
    scripted.monitor.retry()
    assert scripted.script.retries == 1


# The stream as a whole


async def test_stations_that_left_are_one_note(scripted: ScriptedMonitor) -> None:
    await scripted.take(Snapshot([station(name, FREE) for name in "ABCD"], T0))
    batch = await scripted.take(
        Snapshot([station("A", OCCUPIED), station("B", FREE), station("C", FREE)], T0 + 1)
    )
    assert summaries(batch.entries) == [("A", 1, False), (NoteKind.LEFT, "D left the stream")]
    assert batch.whole
    batch = await scripted.take(Snapshot([station("A", OCCUPIED)], T0 + 2))
    assert summaries(batch.entries) == [(NoteKind.LEFT, "2 stations left the stream")]
    assert list(scripted.monitor.board.stations) == ["A"]


async def test_partial_snapshot_removes_no_station(
    scripted: ScriptedMonitor, caplog: pytest.LogCaptureFixture
) -> None:
    await scripted.take(Snapshot([station("A", FREE), station("B", FREE)], T0))
    caplog.clear()
    batch = await scripted.take(Snapshot([station("A", OCCUPIED)], T0 + 1, unreadable=3))
    assert set(scripted.monitor.board.stations) == {"A", "B"}
    assert scripted.monitor.counts.unreadable == 3
    assert [kind for kind, *_ in summaries(batch.entries)] == ["A", NoteKind.UNREADABLE]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_limit_that_drops_stations_is_noted_once(
    scripted: ScriptedMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "MAX_STATIONS", 2)
    named = [station(name, FREE) for name in "ABC"]
    batch = await scripted.take(Connected(T0), Snapshot(named, T0))
    notes = [entry for entry in batch.entries if isinstance(entry, Note)]
    assert [note.kind for note in notes] == [NoteKind.CONNECTED, NoteKind.FULL]
    batch = await scripted.take(StationReport(station("D", FREE), T0 + 1))
    assert batch.entries == []
    assert scripted.monitor.board.dropped == 2


async def test_unreadable_frames_are_counted_and_noted_once_per_batch(
    scripted: ScriptedMonitor, caplog: pytest.LogCaptureFixture
) -> None:
    batch = await scripted.take(*(Unreadable(f"bad {number}", T0 + number) for number in range(5)))
    (entry,) = batch.entries
    assert isinstance(entry, Note)
    assert entry.kind is NoteKind.UNREADABLE
    assert scripted.monitor.counts.unreadable == 5
    (record,) = caplog.records
    assert "5" in record.getMessage()
    assert (await scripted.take(Ignored("foo:bar", T0 + 9))).entries == []


async def test_counts(scripted: ScriptedMonitor) -> None:
    await scripted.take(
        Connected(T0),
        Snapshot([station("A", FREE)], T0 + 1),
        StationReport(station("A", OCCUPIED), T0 + 2),
        StationReport(station("A", OCCUPIED), T0 + 3),
        ConnectorReport("B", "x", Connector(0, 0), T0 + 4),
        RawReport("A", 0, Connector(1, 0), T0 + 5),
        Unreadable("bad", T0 + 6),
        Ignored("foo:bar", T0 + 7),
    )
    assert scripted.monitor.counts == StreamCounts(frames=7, changes=2, unreadable=1, ignored=1)
    assert scripted.monitor.frame_at == T0 + 7


async def test_undocumented_words_are_counted(scripted: ScriptedMonitor) -> None:
    words = ("AVAILABLE", "DANCING", "DANCING")
    await scripted.take(
        *(ConnectorReport("A", "x", connector_from(word), T0 + n) for n, word in enumerate(words))
    )
    assert scripted.monitor.counts.unknown_words.words == {"DANCING": 2}
    assert scripted.monitor.counts.unknown_words.reports == 2


async def test_link_events_are_not_counted_as_frames(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connecting(), Connected(T0), Lost("away", T0, T0))
    assert (scripted.monitor.counts, scripted.monitor.frame_at) == (StreamCounts(), 0)


async def test_raw_report_of_unknown_connector_is_dropped(scripted: ScriptedMonitor) -> None:
    batch = await scripted.take(
        Snapshot([station("A", FREE)], T0),
        *(RawReport(name, index, Connector(), T0) for name, index in [("B", 0), ("A", 1)]),
    )
    assert batch.raw_reports == []
    assert "B" not in scripted.monitor.board.stations


async def test_restart_of_source_clears_board(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    batch = await scripted.take(StationReport(station("A", OCCUPIED), T0 + 1), Restarted(T0))
    assert summaries(batch.entries) == [(NoteKind.RESTARTED, "")]
    assert batch.whole
    assert scripted.monitor.board.stations == {}


async def test_monitor_continues_given_board() -> None:
    board = Board()
    board.apply_snapshot([station("A", FREE)], T0)
    scripted = ScriptedMonitor(board=board)
    batch = await scripted.take(Connected(T0 + 1), StationReport(station("A", OCCUPIED), T0 + 2))
    assert scripted.monitor.board is board
    assert summaries(batch.entries) == [CONNECTED, ("A", 1, False)]
    await guarded(scripted.batches.aclose())


# The end


async def test_batches_end_with_feed(scripted: ScriptedMonitor) -> None:
    scripted.script.say(Connected(T0), Ended(T0 + 1))
    scripted.script.end()
    batches = [batch async for batch in scripted.batches]
    assert [entry for batch in batches for entry in batch.entries] == [
        Note(T0, NoteKind.CONNECTED, ""),
        Note(T0 + 1, NoteKind.ENDED, ""),
    ]
    assert batches[-1].link == LinkState(LinkPhase.ENDED)
    assert scripted.script.closed == 1


async def test_last_events_are_yielded_before_end(scripted: ScriptedMonitor) -> None:
    await scripted.take(Connected(T0))
    scripted.script.say(
        Snapshot([station("A", FREE)], T0), StationReport(station("A", OCCUPIED), T0 + 1)
    )
    scripted.script.end()
    await settle()
    batches = [batch async for batch in scripted.batches]
    assert [summaries(batch.entries) for batch in batches if batch.entries] == [[("A", 1, False)]]


async def test_closing_batches_closes_feed() -> None:
    scripted = ScriptedMonitor()
    await scripted.take(Connected(T0))
    assert (scripted.script.started, scripted.script.closed) == (1, 0)
    await guarded(scripted.batches.aclose())
    assert scripted.script.closed == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_feed_is_not_started_before_first_batch() -> None:
    scripted = ScriptedMonitor()
    await settle()
    assert scripted.script.started == 0


async def test_error_of_feed_is_raised_after_its_events() -> None:
    scripted = ScriptedMonitor()
    scripted.script.say(Connected(T0))
    scripted.script.fail(ValueError("a defect"))
    taken: list[Batch] = []
    with pytest.raises(ValueError, match="a defect"):
        async with asyncio.timeout(GUARD):
            async for batch in scripted.batches:
                taken.append(batch)  # noqa: PERF401 - what was taken before the error counts
    assert summaries(taken[0].entries) == [CONNECTED]
    assert scripted.script.closed == 1


# Property: batch boundaries do not change the result


def reports() -> st.SearchStrategy[Callable[[int], Event]]:
    """Factories of events: a board keeps the objects that it gets."""
    names = st.sampled_from("AB")
    said = st.lists(st.sampled_from([FREE, OCCUPIED, FAULT]), max_size=3)

    def snapshot(
        stations: dict[str, list[tuple[int, int]]], unreadable: int
    ) -> Callable[[int], Event]:
        return lambda at: Snapshot(
            [station(name, *each) for name, each in stations.items()], at, unreadable
        )

    def update(name: str, each: list[tuple[int, int]]) -> Callable[[int], Event]:
        return lambda at: StationReport(station(name, *each), at)

    def heard(name: str, index: int) -> Callable[[int], Event]:
        return lambda at: RawReport(name, index, Connector(0, 0), at)

    return (
        st.builds(snapshot, st.dictionaries(names, said), st.sampled_from([0, 0, 1]))
        | st.builds(update, names, said)
        | st.builds(heard, names, st.integers(-1, 3))
        | st.sampled_from(
            [Connected, lambda at: Lost("away", at - 1, at), lambda at: Refused("no", at)]
        )
    )


@given(st.lists(st.lists(reports(), min_size=1, max_size=4), max_size=4))
async def test_batch_boundaries_do_not_change_changes(
    chunks: list[list[Callable[[int], Event]]],
) -> None:
    scripted, alone = ScriptedMonitor(), ScriptedMonitor()
    cut: list[BatchEntry] = []
    at = T0
    for chunk in chunks:
        cut += (
            await scripted.take(*(make(at + number) for number, make in enumerate(chunk)))
        ).entries
        for number, make in enumerate(chunk):
            # The same events, applied one by one.
            await alone.take(make(at + number))
        at += 10_000
    assert scripted.monitor.counts == alone.monitor.counts
    assert (
        len([entry for entry in cut if isinstance(entry, Change)])
        == scripted.monitor.counts.changes
    )
    assert scripted.monitor.board.stations == alone.monitor.board.stations
    assert scripted.monitor.board.tally == alone.monitor.board.tally
    for each in (scripted, alone):
        await guarded(each.batches.aclose())


async def test_degraded_link_is_noted_once() -> None:
    script = Script()
    monitor = Monitor(script, tick=0)
    batches = monitor.batches()
    script.say(Connected(T0), Degraded("no snapshot", T0 + 1), Degraded("no snapshot", T0 + 2))
    batch = await guarded(anext(batches))
    assert batch.link == LinkState(LinkPhase.LIVE, "no snapshot")
    assert [entry for entry in batch.entries if isinstance(entry, Note)] == [
        Note(T0, NoteKind.CONNECTED, ""),
        Note(T0 + 1, NoteKind.DEGRADED, "no snapshot"),
    ]
    script.say(Degraded("", T0 + 3))
    batch = await guarded(anext(batches))
    assert (batch.link, batch.entries) == (LinkState(LinkPhase.LIVE), [])
    await batches.aclose()


async def test_no_batch_has_a_part_of_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each step of the snapshot is a slice of its own.
    for module in (monitor_module, updater_module):
        monkeypatch.setattr(module, "SLICE_SECONDS", 0.0)
    stations = [Station(f"NOR_{n}", [Connector(0)]) for n in range(3000)]
    sizes: list[int] = []

    class Counting:
        async def take(self, batch: Batch) -> None:
            sizes.append(len(board.stations))

        def finish(self, batch: Batch) -> None:
            pass

    scripted = ScriptedMonitor(sinks=[Counting()])
    board = scripted.monitor.board
    scripted.script.say(Connected(T0), Snapshot(stations, T0))
    scripted.script.end()
    await guarded(scripted.monitor.run())
    assert {*sizes} <= {0, 3000}


async def test_tells_once_a_minute_until_when_a_quiet_link_was_alive(clock: FakeClock) -> None:
    """Sinks store it: a crash, or a look at the history meanwhile, loses no quiet hour."""
    scripted = ScriptedMonitor(clock=clock)
    script, began = scripted.script, clock.now()
    await scripted.take(Connected(began))
    alive = []
    for pong in (0, 29, 55, 115, 115):
        script.alive_at = began + pong * 1000
        clock.advance(LINK_INTERVAL)
        await asyncio.sleep(0)
        if pong in (55, 115) and script.alive_at not in alive:
            batch = await guarded(anext(scripted.batches))
            assert (batch.entries, batch.touched) == ([], set())
            alive.append(batch.alive_at)
    # Neither for a link that is not quiet, nor again, nor for one that is down.
    assert alive == [began + 55_000, began + 115_000]
    lost = await scripted.take(Lost("gone", clock.now(), clock.now()))
    script.alive_at = clock.now() + 60_000
    clock.advance(LINK_INTERVAL)
    assert (await scripted.take(Connected(clock.now()))).alive_at == clock.now()
    assert lost.alive_at == began + 115_000
    await guarded(scripted.batches.aclose())
