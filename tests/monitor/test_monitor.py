"""The hall over a feed that says what a test tells it to."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Degraded,
    Ended,
    Event,
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
from nobil_tui.monitor import monitor as monitor_module
from nobil_tui.monitor.batch import Batch, BatchEntry, LinkPhase, LinkState, Note, NoteKind, StreamCounts
from nobil_tui.monitor.monitor import EXPIRY_INTERVAL, Monitor
from nobil_tui.wire.enova import connector_from
from tests.conftest import FakeClock, guarded, settle

T0 = 1_700_000_000_000
FREE, OCCUPIED, FAULT = (0, 0), (1, 0), (0, 1)
LONG = 1e6
"""Seconds that never end."""


class Script:
    """A feed that says what it is told to, and ends or fails when it is told to."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self.began = 0
        self.closed = 0
        self.retries = 0

    def say(self, *events: Event) -> None:
        for event in events:
            self._events.put_nowait(event)

    def fail(self, error: Exception) -> None:
        self._events.put_nowait(error)

    def end(self) -> None:
        self._events.put_nowait(None)

    async def heard_out(self) -> None:
        """Wait until everything said was taken in."""
        await guarded(self._events.join())

    behind = 0

    def retry(self) -> None:
        self.retries += 1

    async def events(self) -> AsyncGenerator[Event, None]:
        self.began += 1
        try:
            while (event := await self._events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
                self._events.task_done()
        finally:
            self.closed += 1


class Hall:
    """A monitor over a script, and what it hands out."""

    def __init__(self, **options: Any) -> None:
        self.script = Script()
        self.monitor = Monitor(self.script, **{"tick": 0.0, **options})
        self.batches = self.monitor.batches()

    async def take(self, *events: Event) -> Batch:
        """Say something; the batch of what came of it."""
        self.script.say(*events)
        pending = asyncio.ensure_future(anext(self.batches))
        batch = await guarded(pending)
        await self.script.heard_out()
        return batch


@pytest.fixture(scope="module", autouse=True)
def _no_slices() -> Iterator[None]:
    """What is said at a stretch is read at a stretch, on a slow machine too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor_module, "SLICE_SECONDS", LONG)
        yield


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    hall = Hall()
    yield hall
    await guarded(hall.batches.aclose())


def station(name: str, *said: tuple[int, int]) -> Station:
    return Station(name, [Connector(status, error, T0 - 1000) for status, error in said])


def told(entries: list[BatchEntry]) -> list[tuple[object, ...]]:
    """The entries in short."""
    return [
        (entry.kind, entry.text) if isinstance(entry, Note) else (entry.station, entry.number, entry.missed)
        for entry in entries
    ]


CONNECTED = (NoteKind.CONNECTED, "")


# Batches


async def test_what_came_before_the_first_look_is_one_batch_in_its_order(hall: Hall) -> None:
    batch = await hall.take(
        Connecting(),
        Connected(T0),
        Snapshot([station("A", FREE, FREE), station("B", FREE)], T0 + 1),
        StationReport(station("B", OCCUPIED), T0 + 2),
        StationReport(station("A", FREE, FAULT), T0 + 3),
        RawReport("A", 0, Connector(0, 0), T0 + 4),
    )
    assert told(batch.entries) == [CONNECTED, ("B", 1, False), ("A", 2, False)]
    assert [entry.at for entry in batch.entries] == [T0, T0 + 2, T0 + 3]
    assert batch.touched >= {"A", "B"}
    assert [report.station_id for report in batch.raw_reports] == ["A"]
    assert batch.link == LinkState(LinkPhase.LIVE)
    assert batch.whole


async def test_a_snapshot_is_let_go_of_once_it_was_applied() -> None:
    stations = [station("A", FREE)]

    class Once(Script):
        async def events(self) -> AsyncGenerator[Event, None]:
            yield Snapshot(stations, T0)
            await asyncio.Event().wait()

    batches = Monitor(Once(), tick=0.0).batches()
    await guarded(anext(batches))
    await settle()
    holders = sys.getrefcount(stations)
    # The list here, and the call that counts.
    assert holders == 2
    await guarded(batches.aclose())


async def test_a_batch_holds_only_what_is_new(hall: Hall) -> None:
    await hall.take(
        Connected(T0), Snapshot([station("A", FREE), station("B", FREE)], T0), RawReport("A", 0, Connector(), T0)
    )
    batch = await hall.take(StationReport(station("B", OCCUPIED), T0 + 1))
    assert told(batch.entries) == [("B", 1, False)]
    assert (batch.touched, batch.raw_reports, batch.whole) == ({"B"}, [], False)


async def test_a_change_tells_before_and_after(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    (entry,) = (await hall.take(StationReport(station("A", FAULT), T0 + 1))).entries
    assert entry == Change(T0 + 1, "A", 1, Connector(0, 0, T0 - 1000), Connector(0, 1, T0 - 1000))


async def test_a_report_of_one_connector_is_merged(hall: Hall) -> None:
    batch = await hall.take(
        Connected(T0),
        ConnectorReport("A", "x", WordConnector(0, 0, said="AVAILABLE"), T0 + 1),
        ConnectorReport("A", "y", WordConnector(1, 0, said="CHARGING"), T0 + 2),
        ConnectorReport("A", "x", WordConnector(1, 0, said="BLOCKED"), T0 + 3),
    )
    assert told(batch.entries) == [CONNECTED, ("A", 1, False), ("A", 2, False), ("A", 1, False)]
    assert [connector.word for connector in hall.monitor.board.stations["A"].connectors] == ["BLOCKED", "CHARGING"]


async def test_a_report_that_says_the_same_touches_and_is_no_entry(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    batch = await hall.take(StationReport(station("A", FREE), T0 + 1))
    assert (batch.entries, batch.touched) == ([], {"A"})


async def test_nothing_new_is_no_batch(hall: Hall) -> None:
    await hall.take(Connected(T0))
    waiting = asyncio.ensure_future(anext(hall.batches))
    await settle()
    assert not waiting.done()
    hall.script.say(Connecting())
    assert (await guarded(waiting)).entries == []


async def test_there_is_one_batch_a_tick() -> None:
    hall = Hall(tick=LONG)
    await hall.take(Connected(T0))
    waiting = asyncio.ensure_future(anext(hall.batches))
    hall.script.say(Snapshot([station("A", FREE)], T0), StationReport(station("A", OCCUPIED), T0))
    await hall.script.heard_out()
    await settle()
    # It is on the board, and waits for the tick to be told.
    assert hall.monitor.counts.changes == 1
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert hall.script.closed == 1


async def test_what_nobody_takes_is_gathered(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    for at in range(10):
        hall.script.say(StationReport(station("A", FREE if at % 2 else OCCUPIED), T0 + at))
        await hall.script.heard_out()
    batch = await guarded(anext(hall.batches))
    assert [entry.at for entry in batch.entries] == [T0 + at for at in range(10)]


async def test_what_nobody_takes_is_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "MAX_ENTRIES", 50)
    hall = Hall()
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    for at in range(500):
        hall.script.say(StationReport(station("A", FREE if at % 2 else OCCUPIED), T0 + at))
        hall.script.say(RawReport("A", 0, Connector(), T0 + at))
    await hall.script.heard_out()
    batch = await guarded(anext(hall.batches))
    assert [entry.at for entry in batch.entries] == [T0 + at for at in range(450, 500)]
    assert [heard.at for heard in batch.raw_reports] == [T0 + at for at in range(450, 500)]
    assert hall.monitor.counts.changes == 500
    await guarded(hall.batches.aclose())


class Flood(Script):
    """Never suspends until somebody has taken a batch, as a socket on which frames wait."""

    enough = False
    said = 0

    async def events(self) -> AsyncGenerator[Event, None]:
        yield Snapshot([station("A", FREE)], T0)
        while not self.enough and self.said < 3_000_000:
            self.said += 1
            yield RawReport("A", 0, Connector(0, 0), T0)


async def test_a_flood_leaves_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "SLICE_SECONDS", 0.0)
    flood = Flood()
    batches = Monitor(flood, tick=0.0).batches()
    await anext(batches)
    assert flood.said < 3_000_000
    flood.enough = True
    async for _ in batches:
        pass


# The link


LINK: list[tuple[Event, LinkState]] = [
    (Connected(T0), LinkState(LinkPhase.LIVE)),
    (Lost("gone", T0, T0 + 5000), LinkState(LinkPhase.RETRYING, "gone", T0 + 5000)),
    # While it tries again, what was wrong is still told.
    (Connecting(), LinkState(LinkPhase.CONNECTING, "gone")),
    (Refused("HTTP 401", T0), LinkState(LinkPhase.REFUSED, "HTTP 401")),
    (Connecting(), LinkState(LinkPhase.CONNECTING, "HTTP 401")),
    (Connected(T0 + 9000), LinkState(LinkPhase.LIVE)),
    (Ended(T0 + 9500), LinkState(LinkPhase.ENDED)),
]


async def test_what_the_link_is_at(hall: Hall) -> None:
    assert hall.monitor.link == LinkState(LinkPhase.CONNECTING)
    for event, state in LINK:
        batch = await hall.take(event)
        assert batch.link == hall.monitor.link == state


async def test_that_it_connects_is_no_news_at_the_start(hall: Hall) -> None:
    waiting = asyncio.ensure_future(anext(hall.batches))
    hall.script.say(Connecting())
    await hall.script.heard_out()
    await settle()
    assert not waiting.done()
    hall.script.say(Lost("gone", T0, T0 + 5000))
    assert (await guarded(waiting)).link.phase is LinkPhase.RETRYING
    # Later it is.
    assert (await hall.take(Connecting())).link == LinkState(LinkPhase.CONNECTING, "gone")


async def test_a_snapshot_that_follows_hard_on_the_connection_is_told_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "SNAPSHOT_WAIT", LONG)
    hall = Hall(tick=LONG)
    waiting = asyncio.ensure_future(anext(hall.batches))
    hall.script.say(Connected(T0))
    await hall.script.heard_out()
    await settle()
    assert not waiting.done()
    hall.script.say(Snapshot([station("A", FREE)], T0))
    batch = await guarded(waiting)
    assert (told(batch.entries), batch.whole) == ([CONNECTED], True)
    await guarded(hall.batches.aclose())


async def test_a_loss_is_noted_once_while_its_reason_stays(hall: Hall) -> None:
    async def lost(reason: str) -> list[tuple[object, ...]]:
        return told((await hall.take(Connecting(), Lost(reason, T0, T0 + 1000))).entries)

    assert await lost("away") == [(NoteKind.LOST, "away")]
    assert await lost("away") == []
    assert await lost("away") == []
    assert await lost("HTTP 503") == [(NoteKind.LOST, "HTTP 503")]
    assert await lost("HTTP 503") == []
    assert told((await hall.take(Connecting(), Connected(T0))).entries) == [CONNECTED]
    assert await lost("HTTP 503") == [(NoteKind.LOST, "HTTP 503")]


async def test_every_refusal_is_noted(hall: Hall) -> None:
    for _ in range(2):
        batch = await hall.take(Connecting(), Refused("HTTP 401", T0))
        assert told(batch.entries) == [(NoteKind.REFUSED, "HTTP 401")]


async def test_a_loss_is_dated_when_something_was_heard_last(hall: Hall) -> None:
    (entry,) = (await hall.take(Lost("away", T0 - 45_000, T0 + 1000))).entries
    assert entry.at == T0 - 45_000


async def test_what_changed_during_a_break_was_missed(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE), station("B", FREE)], T0))
    await hall.take(Lost("away", T0 + 10, T0 + 1000), Connecting())
    board = hall.monitor.board
    assert not board.downtime.live
    batch = await hall.take(
        Connected(T0 + 1010),
        Snapshot([station("A", OCCUPIED), station("B", FREE)], T0 + 1010),
        StationReport(station("B", OCCUPIED), T0 + 1020),
    )
    assert told(batch.entries) == [CONNECTED, ("A", 1, True), ("B", 1, False)]
    assert board.downtime.live
    assert board.downtime.total(T0 + 5000) == 1000


async def test_a_refused_key_is_time_not_listened_too(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0), Refused("HTTP 401", T0 + 10))
    assert hall.monitor.board.downtime.total(T0 + 500) == 490


@pytest.mark.parametrize("event", [Refused("HTTP 401", T0 + 10), Lost("away", T0 + 10, T0 + 1000)])
async def test_what_grows_too_old_while_the_link_is_down_is_unknown(event: Event) -> None:
    clock = FakeClock(T0 + 10)
    hall = Hall(clock=clock)
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0), event)
    await guarded(clock.asleep())
    assert clock.sleepers == [EXPIRY_INTERVAL]
    clock.advance(EXPIRED / 1000)
    waiting = asyncio.ensure_future(anext(hall.batches))
    await settle()
    assert hall.monitor.board.stations["A"].summary.text == "1/1"
    assert not waiting.done()
    clock.advance(EXPIRY_INTERVAL)
    batch = await guarded(waiting)
    assert (batch.entries, batch.touched, batch.expired) == ([], {"A"}, {"A"})
    assert hall.monitor.board.stations["A"].summary.text == "?/1"
    await guarded(hall.batches.aclose())


async def test_what_grew_too_old_while_nobody_looked_is_unknown_when_the_link_is_back(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0), Lost("away", T0, T0 + 1000))
    batch = await hall.take(Connecting(), Connected(T0 + EXPIRED + 1))
    assert batch.touched == {"A"}
    assert hall.monitor.board.stations["A"].summary.text == "?/1"


async def test_while_something_is_listened_to_nothing_can_grow_old() -> None:
    clock = FakeClock(T0)
    hall = Hall(clock=clock)
    await hall.take(Connecting(), Connected(T0), Snapshot([station("A", FREE)], T0))
    await settle()
    assert clock.sleepers == []
    await hall.take(Lost("away", T0, T0 + 1000), Connecting(), Connected(T0 + 1000))
    clock.advance(EXPIRY_INTERVAL)
    await settle()
    assert clock.sleepers == []
    await guarded(hall.batches.aclose())


async def test_a_user_can_ask_for_a_try(hall: Hall) -> None:
    hall.monitor.retry()
    assert hall.script.retries == 1


# The stream as a whole


async def test_what_left_the_stream_is_one_note(hall: Hall) -> None:
    await hall.take(Snapshot([station(name, FREE) for name in "ABCD"], T0))
    batch = await hall.take(Snapshot([station("A", OCCUPIED), station("B", FREE), station("C", FREE)], T0 + 1))
    assert told(batch.entries) == [("A", 1, False), (NoteKind.LEFT, "D left the stream")]
    assert batch.whole
    batch = await hall.take(Snapshot([station("A", OCCUPIED)], T0 + 2))
    assert told(batch.entries) == [(NoteKind.LEFT, "2 stations left the stream")]
    assert list(hall.monitor.board.stations) == ["A"]


async def test_a_snapshot_of_which_some_could_not_be_read_sends_nobody_away(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    await hall.take(Snapshot([station("A", FREE), station("B", FREE)], T0))
    caplog.clear()
    batch = await hall.take(Snapshot([station("A", OCCUPIED)], T0 + 1, unreadable=3))
    assert set(hall.monitor.board.stations) == {"A", "B"}
    assert hall.monitor.counts.unreadable == 3
    assert [kind for kind, *_ in told(batch.entries)] == ["A", NoteKind.UNREADABLE]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_unreadable_frames_are_counted_and_noted_once_a_batch(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    batch = await hall.take(*(Unreadable(f"bad {number}", T0 + number) for number in range(5)))
    (entry,) = batch.entries
    assert isinstance(entry, Note)
    assert entry.kind is NoteKind.UNREADABLE
    assert hall.monitor.counts.unreadable == 5
    (record,) = caplog.records
    assert "5" in record.getMessage()
    assert (await hall.take(Ignored("foo:bar", T0 + 9))).entries == []


async def test_everything_is_counted(hall: Hall) -> None:
    await hall.take(
        Connected(T0),
        Snapshot([station("A", FREE)], T0 + 1),
        StationReport(station("A", OCCUPIED), T0 + 2),
        StationReport(station("A", OCCUPIED), T0 + 3),
        ConnectorReport("B", "x", Connector(0, 0), T0 + 4),
        RawReport("A", 0, Connector(1, 0), T0 + 5),
        Unreadable("bad", T0 + 6),
        Ignored("foo:bar", T0 + 7),
    )
    assert hall.monitor.counts == StreamCounts(frames=7, changes=2, unreadable=1, ignored=1)
    assert hall.monitor.frame_at == T0 + 7


async def test_words_that_nobody_has_documented_are_counted(hall: Hall) -> None:
    words = ("AVAILABLE", "DANCING", "DANCING")
    await hall.take(*(ConnectorReport("A", "x", connector_from(word), T0 + n) for n, word in enumerate(words)))
    assert hall.monitor.counts.unknown_words.words == {"DANCING": 2}
    assert hall.monitor.counts.unknown_words.reports == 2


async def test_what_the_link_does_is_no_frame(hall: Hall) -> None:
    await hall.take(Connecting(), Connected(T0), Lost("away", T0, T0))
    assert (hall.monitor.counts, hall.monitor.frame_at) == (StreamCounts(), 0)


async def test_a_report_of_a_connector_that_nobody_knows_is_heard_of_by_nobody(hall: Hall) -> None:
    batch = await hall.take(
        Snapshot([station("A", FREE)], T0),
        *(RawReport(name, index, Connector(), T0) for name, index in [("B", 0), ("A", 1)]),
    )
    assert batch.raw_reports == []
    assert "B" not in hall.monitor.board.stations


async def test_a_source_that_begins_anew(hall: Hall) -> None:
    await hall.take(Connected(T0), Snapshot([station("A", FREE)], T0))
    batch = await hall.take(StationReport(station("A", OCCUPIED), T0 + 1), Restarted(T0))
    assert told(batch.entries) == [(NoteKind.RESTARTED, "")]
    assert batch.whole
    assert hall.monitor.board.stations == {}


async def test_it_goes_on_with_a_board_that_is_given() -> None:
    board = Board()
    board.apply_snapshot([station("A", FREE)], T0)
    hall = Hall(board=board)
    batch = await hall.take(Connected(T0 + 1), StationReport(station("A", OCCUPIED), T0 + 2))
    assert hall.monitor.board is board
    assert told(batch.entries) == [CONNECTED, ("A", 1, False)]
    await guarded(hall.batches.aclose())


# The end


async def test_it_ends_when_the_feed_ends(hall: Hall) -> None:
    hall.script.say(Connected(T0), Ended(T0 + 1))
    hall.script.end()
    batches = [batch async for batch in hall.batches]
    assert [entry for batch in batches for entry in batch.entries] == [
        Note(T0, NoteKind.CONNECTED, ""),
        Note(T0 + 1, NoteKind.ENDED, ""),
    ]
    assert batches[-1].link == LinkState(LinkPhase.ENDED)
    assert hall.script.closed == 1


async def test_what_was_said_last_is_handed_out_before_it_ends(hall: Hall) -> None:
    await hall.take(Connected(T0))
    hall.script.say(Snapshot([station("A", FREE)], T0), StationReport(station("A", OCCUPIED), T0 + 1))
    hall.script.end()
    await settle()
    batches = [batch async for batch in hall.batches]
    assert [told(batch.entries) for batch in batches if batch.entries] == [[("A", 1, False)]]


async def test_leaving_stops_the_feed() -> None:
    hall = Hall()
    await hall.take(Connected(T0))
    assert (hall.script.began, hall.script.closed) == (1, 0)
    await guarded(hall.batches.aclose())
    assert hall.script.closed == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_nothing_begins_before_somebody_takes() -> None:
    hall = Hall()
    await settle()
    assert hall.script.began == 0


async def test_an_error_of_the_feed_surfaces_after_what_it_said() -> None:
    hall = Hall()
    hall.script.say(Connected(T0))
    hall.script.fail(ValueError("a defect"))
    taken: list[Batch] = []
    with pytest.raises(ValueError, match="a defect"):
        async with asyncio.timeout(10):
            async for batch in hall.batches:
                taken.append(batch)  # noqa: PERF401 - what was taken before the error counts
    assert told(taken[0].entries) == [CONNECTED]
    assert hall.script.closed == 1


# A law: how it is cut into batches changes nothing


def reports() -> st.SearchStrategy[Callable[[int], Event]]:
    """Makers of events, since a board keeps what it is given."""
    names = st.sampled_from("AB")
    said = st.lists(st.sampled_from([FREE, OCCUPIED, FAULT]), max_size=3)

    def snapshot(stations: dict[str, list[tuple[int, int]]], unreadable: int) -> Callable[[int], Event]:
        return lambda at: Snapshot([station(name, *each) for name, each in stations.items()], at, unreadable)

    def update(name: str, each: list[tuple[int, int]]) -> Callable[[int], Event]:
        return lambda at: StationReport(station(name, *each), at)

    def heard(name: str, index: int) -> Callable[[int], Event]:
        return lambda at: RawReport(name, index, Connector(0, 0), at)

    return (
        st.builds(snapshot, st.dictionaries(names, said), st.sampled_from([0, 0, 1]))
        | st.builds(update, names, said)
        | st.builds(heard, names, st.integers(-1, 3))
        | st.sampled_from([Connected, lambda at: Lost("away", at - 1, at), lambda at: Refused("no", at)])
    )


@given(st.lists(st.lists(reports(), min_size=1, max_size=4), max_size=4))
async def test_however_it_is_cut_the_changes_are_those_of_the_board(
    chunks: list[list[Callable[[int], Event]]],
) -> None:
    hall, alone = Hall(), Hall()
    cut: list[BatchEntry] = []
    at = T0
    for chunk in chunks:
        cut += (await hall.take(*(make(at + number) for number, make in enumerate(chunk)))).entries
        for number, make in enumerate(chunk):
            # The same, one by one.
            await alone.take(make(at + number))
        at += 10_000
    assert hall.monitor.counts == alone.monitor.counts
    assert len([entry for entry in cut if isinstance(entry, Change)]) == hall.monitor.counts.changes
    assert hall.monitor.board.stations == alone.monitor.board.stations
    assert hall.monitor.board.tally == alone.monitor.board.tally
    for each in (hall, alone):
        await guarded(each.batches.aclose())


async def test_says_once_that_only_a_part_works() -> None:
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
