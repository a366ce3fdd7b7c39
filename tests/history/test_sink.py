"""The sink of a monitor: it stores what a replay of the same events stores, also when it is
late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from copy import deepcopy

import pytest

from nobil_tui.base.clock import Clock
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Ended,
    Event,
    HubReport,
    HubState,
    Lost,
    RawReport,
    Snapshot,
    StationReport,
)
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.station import Connector, Station
from nobil_tui.history import sink as sink_module
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.observation import Observation, Portion
from nobil_tui.history.replay import Replay
from nobil_tui.history.sink import HistorySink
from nobil_tui.history.statistics import StationHistory
from nobil_tui.history.tally import NOT_OBSERVED
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState, Note, NoteKind
from nobil_tui.monitor.monitor import Monitor
from tests.conftest import FakeClock
from tests.history.records import MINUTE, OSLO, at, report
from tests.interleaving import ShuffledLoop, in_every_order, yield_after_each

START = at("2026-03-28 22:10")
STATIONS = ("NOR_1", "NOR_2", "SWE_1")
WORDS = ("AVAILABLE", "CHARGING", "OUTOFORDER", "UNKNOWN")


class Storage:
    """Stores at once, in memory."""

    def __init__(self) -> None:
        self.writing = True
        self.database = HistoryDatabase.in_memory()

    def add(self, portion: Portion) -> None:
        self.database.write(portion)

    def histories(self) -> dict[str, StationHistory]:
        return {station: self.database.station(station) for station in self.database.stations}


class Feed:
    """Yields events; in ``pace`` seconds of the loop after each, every sink has handled it."""

    behind = 0
    alive_at = 0

    def __init__(self, events: Sequence[Event], pace: float, loop: ShuffledLoop) -> None:
        self.now = START
        self._events, self._pace, self._loop = events, pace, loop

    async def events(self) -> AsyncGenerator[Event, None]:
        for event in self._events:
            await (asyncio.sleep(self._pace) if self._pace else self._loop.dawdle())
            self.now = max(self.now, time_of(event))
            yield event

    def retry(self) -> None:
        pass


class FeedClock(Clock):
    """The time of a feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def now(self) -> int:
        return self._feed.now


def time_of(event: Event) -> int:
    return getattr(event, "at", 0) or getattr(event, "heard_at", 0)


def random_events(loop: ShuffledLoop, count: int) -> list[Event]:
    order, now = loop.order, START
    events: list[Event] = [Connecting(), Connected(START)]
    for _ in range(count):
        now += order.choice((0, 1, 7, 50)) * MINUTE + order.randrange(1, 60_000)
        station = order.choice(STATIONS)
        match order.randrange(8):
            case 0:
                names = order.sample(STATIONS, 2)
                events.append(
                    Snapshot([Station(name, [plain(order.randrange(2))]) for name in names], now)
                )
            case 1:
                events.append(RawReport(station, 0, plain(order.randrange(2)), now))
            case 2:
                back = now + order.choice((1, SLIGHT, SLIGHT + 60_000, 200 * MINUTE))
                events += [Lost("gone", now, back), Connecting(), Connected(back)]
                now = back
            case 3:
                events.append(
                    StationReport(Station(station, [plain(order.randrange(2)), plain(1)]), now)
                )
            case _:
                events.append(
                    ConnectorReport(station, order.choice("ab"), report(order.choice(WORDS)), now)
                )
    return [*events, Ended(now)]


def plain(status: int) -> Connector:
    return Connector(status, int(status == 2))


async def play(events: Sequence[Event], storage: Storage, loop: ShuffledLoop, pace: float) -> Board:
    board, feed = Board(), Feed(events, pace, loop)
    sink = HistorySink(board, storage, LocalHours(OSLO), lambda: None, lambda: feed.now)
    monitor = Monitor(feed, board, sinks=[sink], clock=FeedClock(feed))
    async with aclosing(monitor.batches()) as batches:
        async for batch in batches:
            if batch.link.phase is LinkPhase.ENDED:
                break
    return board


def replayed(events: list[Event]) -> Storage:
    storage, board = Storage(), Board()
    observation = Observation(board, LocalHours(OSLO))
    replay = Replay(board, observation)
    for event in events:
        replay.apply(event)
    observation.finish(time_of(events[-1]))
    storage.add(observation.take_portion())
    return storage


@pytest.fixture(autouse=True)
def _slices(monkeypatch: pytest.MonkeyPatch) -> None:
    yield_after_each(monkeypatch, sink_module)


@pytest.mark.slow
def test_it_stores_what_a_replay_of_the_events_stores() -> None:
    async def test(loop: ShuffledLoop) -> None:
        events, storage = random_events(loop, 60), Storage()
        expected = replayed(deepcopy(events))

        await play(events, storage, loop, pace=5.0)

        assert list(storage.database.listening()) == list(expected.database.listening())
        assert storage.histories().keys() == expected.histories().keys()
        for station, history in expected.histories().items():
            assert storage.histories()[station].connectors == history.connectors
            assert storage.histories()[station].profile == history.profile

    in_every_order(test, 25)


def test_it_does_not_listen_while_the_hub_is_not_live() -> None:
    async def test(loop: ShuffledLoop) -> None:
        storage = Storage()
        down = HubReport(HubState(False, "no source"), START + 10 * MINUTE)
        up = HubReport(HubState(), START + 60 * MINUTE)
        events: list[Event] = [Connected(START), down, up, Ended(START + 70 * MINUTE)]
        await play(events, storage, loop, pace=5.0)
        assert [
            (each.began * 1000 - START, each.ended * 1000 - START)
            for each in storage.database.listening()
        ] == [(0, 10 * MINUTE), (60 * MINUTE, 70 * MINUTE)]

    in_every_order(test, 5)


def test_a_late_sink_ends_with_the_conditions_of_the_board() -> None:
    async def test(loop: ShuffledLoop) -> None:
        # By one stream whose connectors have ids: these stay the same.
        by_id = (Connecting, Connected, Lost, ConnectorReport)
        events = [event for event in random_events(loop, 60) if isinstance(event, by_id)]
        storage = Storage()

        board = await play(events, storage, loop, pace=0.0)

        now = max(map(time_of, events))
        for station in board.stations.values():
            connectors = {
                each.uid: each for each in storage.database.station(station.id).connectors
            }
            for index, (uid, held) in enumerate(
                zip(station.evse_uids, station.connectors, strict=True)
            ):
                if board.unconfirmed_for(station, index, now) <= 0:
                    assert connectors[uid].rows[-1].code == held.condition.code

    in_every_order(test, 25)


def test_a_program_that_becomes_the_writer_begins_with_what_the_board_knows() -> None:
    async def test(loop: ShuffledLoop) -> None:
        storage = Storage()
        storage.writing = False
        events: list[Event] = [
            *(
                Connecting(),
                Connected(START),
                ConnectorReport("NOR_1", "a", report("AVAILABLE"), START),
            ),
            ConnectorReport("NOR_2", "b", report("CHARGING"), START + MINUTE),
        ]
        board, feed = Board(), Feed(events, 1.0, loop)
        sink = HistorySink(board, storage, LocalHours(OSLO), lambda: None, lambda: feed.now)
        async with aclosing(
            Monitor(feed, board, sinks=[sink], clock=FeedClock(feed)).batches()
        ) as batches:
            async for _ in batches:
                storage.writing = "NOR_1" in board.stations

        assert [row.code for row in storage.database.station("NOR_1").connectors[0].rows] == [0]
        assert len(storage.database.station("NOR_2").connectors) == 1

    in_every_order(test, 10)


def test_time_on_a_quiet_link_is_stored_without_a_report(clock: FakeClock) -> None:
    async def test() -> None:
        storage, board = Storage(), Board()
        sink = HistorySink(board, storage, LocalHours(OSLO), lambda: None, clock.now)
        began, live = clock.now(), LinkState(LinkPhase.LIVE)
        board.apply_snapshot([Station("NOR_1", [Connector(0)])], began)
        await sink.take(Batch(live, whole=True, alive_at=began))
        for _ in range(2 * 60):
            clock.advance(60)
            await sink.take(Batch(live, alive_at=clock.now()))
        # As another program reads it meanwhile: what the stream said, and an hour of the profile.
        history = storage.database.station("NOR_1")
        (listened,) = history.listening
        assert listened.ended - listened.began == 7200
        assert sum(hour.observed for hour in history.profile) >= 3600

    asyncio.run(test())


def test_time_counts_after_the_clock_was_set_back(clock: FakeClock) -> None:
    async def test() -> None:
        storage, board = Storage(), Board()
        sink = HistorySink(board, storage, LocalHours(OSLO), lambda: None, clock.now)
        live = LinkState(LinkPhase.LIVE)

        async def connect() -> None:
            note = Note(clock.now(), NoteKind.CONNECTED, "")
            board.apply_snapshot([Station("NOR_1", [Connector(0)])], clock.now())
            await sink.take(Batch(live, [note], whole=True, alive_at=clock.now()))
            for _ in range(2 * 60):
                clock.advance(60)
                await sink.take(Batch(live, alive_at=clock.now()))

        await connect()
        clock.step(-3 * 3600)
        await connect()
        sink.finish(Batch(live, alive_at=clock.now()))
        history = storage.database.station("NOR_1")
        # Two hours each, of which one has both names.
        assert [each.ended - each.began for each in history.listening] == [7200, 3600]
        assert sum(hour.observed for hour in history.profile) == 4 * 3600

    asyncio.run(test())


def test_stars_decide_whose_changes_are_stored_and_every_station_has_a_profile() -> None:
    async def test(loop: ShuffledLoop) -> None:
        storage, starred = Storage(), {"NOR_1"}
        reports = [
            ConnectorReport(station, "a", report(WORDS[minute % 2]), START + minute * MINUTE)
            for minute, station in enumerate(("NOR_1", "NOR_2", "NOR_2", "NOR_1", "NOR_2", "NOR_1"))
        ]
        board, feed = Board(), Feed([Connecting(), Connected(START), *reports], 1.0, loop)
        sink = HistorySink(board, storage, LocalHours(OSLO), lambda: starred, lambda: feed.now)
        async with aclosing(
            Monitor(feed, board, sinks=[sink], clock=FeedClock(feed)).batches()
        ) as batches:
            async for _ in batches:
                if feed.now >= START + 2 * MINUTE:
                    starred = {"NOR_2"}

        first, second = (storage.database.station(station) for station in ("NOR_1", "NOR_2"))
        # Unstarred: from then on not observed. Starred: from then on as it is.
        assert [row.code for row in first.connectors[0].rows] == [0, NOT_OBSERVED]
        assert [row.code for row in second.connectors[0].rows][-1] == 0
        assert first.connectors[0].rows[-1].at == second.connectors[0].rows[0].at
        assert sum(hour.observed for hour in first.profile) == 300
        assert sum(hour.observed for hour in second.profile) == 240

    in_every_order(test, 10)


def test_a_flood_of_new_stations_does_not_delay_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "MAX_RECORDED_AT_END", 1)
    for stations, recorded in ((STATIONS[:1], True), (STATIONS, False)):
        storage, board = Storage(), Board()
        sink = HistorySink(board, storage, LocalHours(OSLO), lambda: None, lambda: START + MINUTE)
        for station in stations:
            board.apply_connector(station, "a", Connector(), START)
        link = LinkState(LinkPhase.LIVE)
        sink.finish(Batch(link, touched=set(stations), whole=True, alive_at=START + MINUTE))
        assert bool(storage.histories()) is recorded
