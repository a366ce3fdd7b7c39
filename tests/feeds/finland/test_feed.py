"""Finland's feed against a complete service: a real broker, the REST API, and the failures of
both."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.clock import iso
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import NEXT_SNAPSHOT, Board
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Degraded,
    Event,
    Ignored,
    Lost,
    Snapshot,
    Unreadable,
)
from nobil_tui.feeds.finland import feed as feed_module
from nobil_tui.feeds.finland.feed import (
    BROKER_GRACE,
    MAX_CONFIRMING,
    MAX_HOLD,
    POLL_INTERVAL,
    POLLING,
    UNDATED_AGE,
    FinlandFeed,
)
from nobil_tui.feeds.transport import connection as connection_module
from nobil_tui.feeds.transport.clock_jump import CHECK_EVERY
from nobil_tui.feeds.transport.mqtt import MQTT_PING_INTERVAL
from nobil_tui.wire import mqtt
from nobil_tui.wire.finland import Statuses
from nobil_tui.wire.finland_merge import RecordedDecoder
from tests.conftest import GUARD, FakeClock, Serve, guarded
from tests.feeds.finland.conftest import MakeFeed
from tests.feeds.finland_service import FinlandService, status_payload
from tests.feeds.mqtt_broker import NatsBroker

T = TypeVar("T")
STATUSES = "locations/statuses/all"
REFUSED_PORT = "ws://127.0.0.1:1/mqtt"


class Reader:
    """Apply a feed's events to a board, and keep them."""

    def __init__(self, feed: FinlandFeed, clock: FakeClock) -> None:
        self.feed = feed
        self.board = Board()
        self.events: list[Event] = []
        self._clock = clock
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._read())

    async def until(self, found: Callable[[Event], T | bool | None]) -> Event:
        """Wait for a new event, and return it."""
        start = 0
        while True:
            for event in self.events[start:]:
                start += 1
                if found(event):
                    self.events = self.events[start:]
                    return event
            self._news.clear()
            await guarded(self._news.wait())

    async def kind(self, kind: type[T]) -> T:
        """Wait for a new event of a kind."""
        event = await self.until(lambda event: isinstance(event, kind))
        assert isinstance(event, kind)
        return event

    async def close(self) -> None:
        await cancel_and_wait(self.task)

    async def _read(self) -> None:
        events = self.feed.events()
        try:
            async for event in events:
                self._apply(event)
                self.events.append(event)
                self._news.set()
        finally:
            await events.aclose()

    def _apply(self, event: Event) -> None:
        match event:
            case Connected(at):
                self.board.downtime.start(at)
            case Lost():
                self.board.downtime.stop(event.heard_at)
            case Degraded(_, at, True):
                self.board.downtime.stop(at)
            case Snapshot():
                self.board.apply_snapshot(
                    event.stations, event.at, gap=event.gap, heard=event.heard
                )
            case ConnectorReport():
                self.board.apply_connector(
                    event.station_id, event.evse_uid, event.connector, event.at
                )

    def word(self, evse: str) -> str:
        for station in self.board.stations.values():
            if evse in station.evse_uids:
                return station.connectors[station.evse_uids.index(evse)].word
        return ""


@asynccontextmanager
async def reading(feed: FinlandFeed, clock: FakeClock) -> AsyncIterator[Reader]:
    reader = Reader(feed, clock)
    try:
        yield reader
    finally:
        await reader.close()


async def until(holds: Callable[[], bool]) -> None:
    """Run other tasks until a condition holds that no event reports."""
    async with asyncio.timeout(GUARD):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def pass_time(clock: FakeClock, seconds: float) -> None:
    """Advance the clock for a task that sleeps for that long, once it does."""
    await until(lambda: any(abs(left - seconds) <= 1 for left in clock.sleepers))
    clock.advance(seconds + 1)


async def test_snapshot_then_stream(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    async with reading(make_feed(broker.url), clock) as reader:
        assert [type(await reader.until(lambda _: True)) for _ in range(3)] == [
            Connecting,
            Connected,
            Degraded,
        ]
        snapshot = await reader.kind(Snapshot)
        assert snapshot.gap == service.made_ago
        assert {evse["evseId"]: evse["status"] for evse in service.country.statuses} == {
            uid: reader.word(uid)
            for station in reader.board.stations.values()
            for uid in station.evse_uids
        }
        evse, topic = next(iter(service.country.topics.items()))
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        report = await reader.kind(ConnectorReport)
        assert (report.evse_uid, report.connector.word) == (evse, "BLOCKED")
        assert reader.word(evse) == "BLOCKED"
    assert service.paths() == [STATUSES]
    headers = service.requests[0][1]
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["Digitraffic-User"].startswith("nobil-tui/")


async def test_an_unexpected_error_ends_the_feed(
    broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_answer: bytes) -> Statuses:
        raise ZeroDivisionError

    monkeypatch.setattr(feed_module, "decode_statuses", fail)
    async with reading(make_feed(broker.url), clock) as reader:
        with pytest.raises(ZeroDivisionError):
            await guarded(reader.task)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let minutes pass at once, in which no pong can come."""
    monkeypatch.setattr(connection_module, "DEAD_AFTER", math.inf)


@pytest.mark.usefixtures("patient")
async def test_a_later_snapshot_confirms_what_an_early_one_cannot(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    """A snapshot is made once a minute, so mostly before the subscription: what changed between the
    two was missed."""
    missed, reported = list(service.country.topics.items())[:2]
    async with reading(make_feed(broker.url), clock) as reader:
        assert (await reader.kind(Snapshot)).gap == service.made_ago
        board = reader.board
        assert board.unconfirmed(clock.now()) == board.connectors
        assert board.confirms_soon(clock.now())
        await broker.publish((reported[1], status_payload("BLOCKED", clock.now())))
        await reader.kind(ConnectorReport)
        assert board.unconfirmed(clock.now()) == board.connectors - 1
        # A failure says nothing: the stream and the early snapshot are there.
        service.fail(STATUSES, 503)
        await pass_time(clock, POLL_INTERVAL)
        service.country.statuses[0] |= {"status": "RESERVED", "time": iso(clock.now() - 10_000)}
        await pass_time(clock, 2 * POLL_INTERVAL)
        # The answer is still the early one, but for the message.
        assert (await reader.until(lambda _: True)) == Degraded("", clock.now())
        assert (await reader.kind(Snapshot)).gap == 0
        assert board.unconfirmed(clock.now()) == 0
        assert not board.confirms_soon(clock.now())
        assert (reader.word(missed[0]), reader.word(reported[0])) == ("RESERVED", "BLOCKED")
        # That is all: the stream goes on from here.
        await until(lambda: feed_is_idle(reader.feed))
    assert service.paths() == [STATUSES] * 3


def feed_is_idle(feed: FinlandFeed) -> bool:
    return feed._fetching is not None and feed._fetching.done()


@pytest.mark.usefixtures("patient")
async def test_a_service_that_makes_its_snapshots_rarely_is_asked_a_few_times_only(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    async with reading(make_feed(broker.url), clock) as reader:
        await reader.kind(Snapshot)
        for number in range(MAX_CONFIRMING):
            seconds = POLL_INTERVAL * 2**number
            service.made_ago += round(seconds + 1) * 1000
            # It is expected until it is due.
            assert reader.board.confirms_soon(clock.now() + round(seconds * 1000))
            await pass_time(clock, seconds)
            assert (await reader.kind(Snapshot)).gap == 30_000
        await until(lambda: feed_is_idle(reader.feed))
        clock.advance(NEXT_SNAPSHOT / 1000)
        assert not reader.board.confirms_soon(clock.now())
    assert service.paths() == [STATUSES] * (1 + MAX_CONFIRMING)


@pytest.mark.usefixtures("patient")
async def test_a_snapshot_without_a_date_is_up_to_a_minute_old(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    service.dated = False
    async with reading(make_feed(broker.url), clock) as reader:
        assert (await reader.kind(Snapshot)).gap == UNDATED_AGE
        await pass_time(clock, POLL_INTERVAL)
        assert (await reader.kind(Snapshot)).gap == 0


@pytest.mark.usefixtures("patient")
async def test_a_snapshot_dated_in_the_future_is_taken_as_undated(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    """Such as by a local time without its zone: it says nothing of what was missed."""
    service.made_ago = -2 * 3_600_000
    async with reading(make_feed(broker.url), clock) as reader:
        assert (await reader.kind(Snapshot)).gap == UNDATED_AGE


async def test_tells_until_when_a_quiet_stream_was_alive(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    feed = make_feed(broker.url)
    assert feed.alive_at == 0
    async with reading(feed, clock) as reader:
        connected = await reader.kind(Connected)

        def alive_later() -> bool:
            clock.advance(1)
            return feed.alive_at > connected.at + 20_000

        await until(alive_later)


async def test_applies_messages_received_before_the_snapshot_after_it(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    (evse, topic), (other, other_topic) = list(service.country.topics.items())[:2]
    answered = asyncio.Event()

    async def late(request: object) -> object:
        await answered.wait()
        service.country.statuses[0] |= {"status": "UNKNOWN"}
        return await service.respond(request)  # type: ignore[arg-type]

    service.answers[STATUSES].append(late)  # type: ignore[arg-type]
    feed = make_feed(broker.url)
    async with reading(feed, clock) as reader:
        await reader.kind(Connected)
        await broker.publish(
            (topic, status_payload("BLOCKED", clock.now())),
            (other_topic, status_payload("BLOCKED", clock.now() - 86_400_000)),
        )
        await until(lambda: len(feed._held or ()) == 2)
        answered.set()
        await reader.kind(Snapshot)
        assert (await reader.kind(ConnectorReport)).evse_uid == evse
        # The older message does not replace the newer snapshot.
        assert isinstance(await reader.until(lambda _: True), Ignored)
        assert reader.word(evse) == "BLOCKED"
        assert reader.word(other) == service.country.statuses[1]["status"]


async def test_reads_and_acknowledges_retained_messages_at_qos_1(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    evse, topic = next(iter(service.country.topics.items()))
    await broker.publish((topic, status_payload("BLOCKED", clock.now())), qos=1, retain=True)
    async with reading(make_feed(broker.url), clock) as reader:
        await reader.kind(Snapshot)
        assert (await reader.kind(ConnectorReport)).evse_uid == evse


async def test_reconnects_and_fetches_the_snapshot_again(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    feed = make_feed(broker.url)
    async with reading(feed, clock) as reader:
        await reader.kind(Snapshot)
        connection = feed._session._connection
        assert connection is not None
        connection.fail("the connection broke")
        assert (await reader.kind(Lost)).reason == "the connection broke"
        service.country.statuses[0] |= {"status": "BLOCKED", "time": None}
        await pass_time(clock, 1.0)
        await reader.kind(Connected)
        await reader.kind(Snapshot)
        assert reader.word(service.country.statuses[0]["evseId"]) == "BLOCKED"
    assert service.paths() == [STATUSES] * 2


async def test_yields_messages_without_a_snapshot_while_rest_fails(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    service.fail(STATUSES, 503)
    evse, topic = next(iter(service.country.topics.items()))
    async with reading(make_feed(broker.url), clock) as reader:
        await reader.kind(Connected)
        assert (await reader.kind(Degraded)).reason == "no snapshot: 127.0.0.1 answered HTTP 503"
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        await reader.kind(ConnectorReport)
        assert reader.word(evse) == "BLOCKED"
        await pass_time(clock, 1.0)
        assert (await reader.kind(Degraded)).reason == ""
        await reader.kind(Snapshot)
        assert len(reader.board.stations) == 12
        assert reader.word(evse) == "BLOCKED"


async def test_a_retry_ends_the_wait_for_the_snapshot(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    """Beside the stream, and in its place: without time passing."""
    service.fail(STATUSES, 503)
    feed = make_feed(broker.url)
    async with reading(feed, clock) as reader:
        assert "HTTP 503" in (await reader.kind(Degraded)).reason
        feed.retry()
        await reader.kind(Snapshot)
    service.fail(STATUSES, 503)
    feed = make_feed(REFUSED_PORT)
    async with reading(feed, clock) as reader:
        await reader.kind(Lost)
        feed.retry()
        assert POLLING in (await reader.kind(Degraded)).reason
        await reader.kind(Snapshot)
    assert service.paths() == [STATUSES] * 4


async def test_waits_for_retry_after(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    service.fail(STATUSES, 429, Retry_After="40")
    async with reading(make_feed(broker.url), clock) as reader:
        assert "429 (too many requests)" in (await reader.kind(Degraded)).reason
        await pass_time(clock, 40.0)
        await reader.kind(Snapshot)
    assert service.paths() == [STATUSES] * 2


async def test_polls_while_the_broker_is_unreachable(
    service: FinlandService, make_feed: MakeFeed, clock: FakeClock
) -> None:
    async with reading(make_feed(REFUSED_PORT), clock) as reader:
        assert isinstance(await reader.until(lambda _: True), Connecting)
        assert await reader.until(lambda _: True) == Degraded(
            f"{POLLING} (nothing listens at 127.0.0.1:1)", clock.now(), polled=True
        )
        snapshot = await reader.kind(Snapshot)
        assert snapshot.gap == service.made_ago
        evse = service.country.statuses[0]["evseId"]
        service.country.statuses[0] |= {"status": "BLOCKED", "time": None}
        await pass_time(clock, POLL_INTERVAL)
        await reader.kind(Snapshot)
        assert reader.word(evse) == "BLOCKED"
        # Up to two minutes old, and marked so.
        station = next(each for each in reader.board.stations.values() if evse in each.evse_uids)
        assert 0 < reader.board.unconfirmed_for(station, 0, clock.now()) <= 120_000
    assert not any(isinstance(event, Lost | Connecting) for event in reader.events)
    assert service.paths() == [STATUSES] * 2


async def test_polls_while_the_broker_does_not_answer(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    feed = make_feed("")
    answers = asyncio.Event()

    async def dial() -> str:
        await answers.wait()
        return broker.url

    feed._link._dial = dial
    async with reading(feed, clock) as reader:
        await pass_time(clock, BROKER_GRACE)
        reason = (await reader.kind(Degraded)).reason
        assert reason == f"{POLLING} (the broker does not answer)"
        await reader.kind(Snapshot)
        answers.set()
        await reader.kind(Connected)
        assert (await reader.kind(Degraded)).reason == ""
        await reader.kind(Snapshot)


async def test_an_answer_without_statuses_removes_no_station(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    statuses, service.country.statuses = service.country.statuses, []
    async with reading(make_feed(broker.url), clock) as reader:
        assert "lists no connector" in (await reader.kind(Degraded)).reason
        service.country.statuses = statuses
        await pass_time(clock, 1.0)
        await reader.kind(Snapshot)
        assert len(reader.board.stations) == 12


async def test_stops_polling_after_the_broker_is_back(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    urls = iter([REFUSED_PORT])
    feed = make_feed("")

    async def dial() -> str:
        return next(urls, broker.url)

    feed._link._dial = dial
    async with reading(feed, clock) as reader:
        await reader.until(lambda event: isinstance(event, Degraded) and event.reason)
        await reader.kind(Snapshot)
        clock.advance(1.3)
        await reader.kind(Connected)
        assert (await reader.kind(Degraded)).reason == ""
        await reader.kind(Snapshot)


async def test_reports_that_nothing_is_reachable(
    service: FinlandService, make_feed: MakeFeed, clock: FakeClock
) -> None:
    async with reading(make_feed(REFUSED_PORT), clock) as reader:
        await reader.kind(Snapshot)
        service.fail(STATUSES, 502)
        await pass_time(clock, POLL_INTERVAL)
        assert (await reader.kind(Lost)).reason == "127.0.0.1 answered HTTP 502"
        await pass_time(clock, POLL_INTERVAL)
        assert POLLING in (await reader.kind(Degraded)).reason


async def test_reports_that_nothing_is_reachable_at_the_start(
    service: FinlandService, make_feed: MakeFeed, clock: FakeClock
) -> None:
    service.fail(STATUSES, 502)
    async with reading(make_feed(REFUSED_PORT), clock) as reader:
        assert "nothing listens at 127.0.0.1:" in (await reader.kind(Lost)).reason
        await pass_time(clock, POLL_INTERVAL)
        assert POLLING in (await reader.kind(Degraded)).reason


async def test_ignores_a_wrong_server_clock(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    service.skew = 3_600_000
    for status in service.country.statuses:
        status["time"] = "2023-11-14T23:10:00Z"
    async with reading(make_feed(broker.url), clock) as reader:
        assert (await reader.kind(Snapshot)).gap == service.made_ago
        now = clock.now()
        for station in reader.board.stations.values():
            assert reader.board.since(station, 0, now).at == 1_700_003_400_000 - 3_600_000


async def test_a_bad_message_is_skipped(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    topic = next(iter(service.country.topics.values()))
    async with reading(make_feed(broker.url), clock) as reader:
        await reader.kind(Snapshot)
        await broker.publish(
            ("status-v1/odd", b"{}"),
            (topic, b"not JSON"),
            (topic, status_payload("BLOCKED", clock.now())),
        )
        assert [await reader.kind(Unreadable) for _ in range(2)]
        await reader.kind(ConnectorReport)


async def test_a_recording_of_the_feed_plays_the_same_events(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    lines: list[tuple[bytes, int]] = []
    topic = next(iter(service.country.topics.values()))
    feed = make_feed(broker.url, tap=lambda data, at: lines.append((data, at)))
    feed.use_places({evse: topic.split("/")[3] for evse, topic in service.country.topics.items()})
    async with reading(feed, clock) as reader:
        await reader.kind(Snapshot)
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        await reader.kind(ConnectorReport)
    decoder, played = RecordedDecoder(), Board()
    for data, at in lines:
        json.loads(data)
        event = decoder(data, at)
        if isinstance(event, Snapshot):
            played.apply_snapshot(event.stations, event.at, gap=event.gap)
        elif isinstance(event, ConnectorReport):
            played.apply_connector(event.station_id, event.evse_uid, event.connector, event.at)
    assert {name: (each.evse_uids, each.connectors) for name, each in played.stations.items()} == {
        name: (each.evse_uids, each.connectors) for name, each in reader.board.stations.items()
    }


async def test_regroups_stations_when_locations_arrive_late(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    feed = make_feed(broker.url)
    async with reading(feed, clock) as reader:
        await reader.kind(Snapshot)
        assert len(reader.board.stations) == 12
        evse, topic = next(iter(service.country.topics.items()))
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        await reader.kind(ConnectorReport)
        clock.advance(1)
        feed.use_places(
            {evse: topic.split("/")[3] for evse, topic in service.country.topics.items()}
        )
        snapshot = await reader.kind(Snapshot)
        board, now = reader.board, clock.now()
        assert len(board.stations) == 5
        assert snapshot.gap == service.made_ago
        # None of them has left the stream.
        assert snapshot.regrouped == {*service.country.topics}
        # What the stream reported is known, the rest as of the snapshot's making.
        station = board.stations[topic.split("/")[3]]
        index = station.evse_uids.index(evse)
        assert board.unconfirmed_for(station, index, now) == 0
        assert board.heard(station, index) == now - 1000
        assert board.unconfirmed(now) == board.connectors - 1


async def test_late_locations_confirm_nothing_while_the_stream_is_down(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    feed = make_feed(broker.url)
    places = {evse: topic.split("/")[3] for evse, topic in service.country.topics.items()}
    async with reading(feed, clock) as reader:
        await reader.kind(Snapshot)
        connection = feed._session._connection
        assert connection is not None
        service.fail(STATUSES, 503)
        connection.fail("the connection broke")
        await reader.kind(Lost)
        feed.use_places(places)
        await pass_time(clock, 1.0)
        await reader.kind(Connected)
        # The snapshot of the connection before does not cover the time between the two.
        feed.use_places(places)
        event = await reader.until(lambda event: isinstance(event, Degraded | Snapshot))
        assert isinstance(event, Degraded)
        feed.use_places(places)
        await until(lambda: feed._inputs.empty())
        assert len(reader.board.stations) == 12
        await pass_time(clock, 1.0)
        await reader.kind(Snapshot)
        assert len(reader.board.stations) == 5


async def test_late_locations_confirm_nothing_between_two_polls(
    service: FinlandService, make_feed: MakeFeed, clock: FakeClock
) -> None:
    feed = make_feed(REFUSED_PORT)
    async with reading(feed, clock) as reader:
        await reader.kind(Snapshot)
        clock.advance(20)
        feed.use_places(
            {evse: topic.split("/")[3] for evse, topic in service.country.topics.items()}
        )
        snapshot = await reader.kind(Snapshot)
        assert len(reader.board.stations) == 5
        assert snapshot.gap == service.made_ago + 20_000


# Brokers that refuse


async def refusal(
    serve: Serve, make_feed: MakeFeed, clock: FakeClock, service: FinlandService, *answers: bytes
) -> str:
    service.fail(STATUSES, 500)

    async def handle(connection: ServerConnection) -> None:
        for answer in answers:
            await connection.recv()
            await connection.send(answer)
        await connection.wait_closed()

    url = await serve(handle, subprotocols=["mqtt"])
    async with reading(make_feed(url), clock) as reader:
        return (await reader.kind(Lost)).reason


async def test_reports_why_a_broker_refuses(
    serve: Serve, make_feed: MakeFeed, clock: FakeClock, service: FinlandService
) -> None:
    reason = await refusal(serve, make_feed, clock, service, b"\x20\x02\x00\x05")
    assert reason == "the broker refused the connection: not authorized"


async def test_reports_a_failed_subscription(
    serve: Serve, make_feed: MakeFeed, clock: FakeClock, service: FinlandService
) -> None:
    reason = await refusal(
        serve, make_feed, clock, service, b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x80"
    )
    assert reason == "the broker refused the subscription"


async def test_reports_that_a_server_does_not_speak_mqtt(
    serve: Serve, make_feed: MakeFeed, clock: FakeClock, service: FinlandService
) -> None:
    assert "type 15" in await refusal(serve, make_feed, clock, service, b"\xff\x00")
    assert "type 15" in await refusal(
        serve, make_feed, clock, service, b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00\xff\x00"
    )


async def test_leaves_the_broker_as_intended(
    serve: Serve, make_feed: MakeFeed, clock: FakeClock
) -> None:
    """A broker logs a connection that ends without a DISCONNECT as lost."""
    last = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(b"\x20\x02\x00\x00")
        await connection.recv()
        await connection.send(b"\x90\x03\x00\x01\x00")
        last.set_result(await connection.recv())

    async with reading(make_feed(await serve(handle, subprotocols=["mqtt"])), clock) as reader:
        await reader.kind(Connected)
    assert await guarded(last) == mqtt.DISCONNECT


async def test_pings_the_broker(serve: Serve, make_feed: MakeFeed, clock: FakeClock) -> None:
    pinged = asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(b"\x20\x02\x00\x00")
        await connection.recv()
        # A retained message and the acknowledgement in one frame.
        await connection.send(b"\x30\x05\x00\x01t{}\x90\x03\x00\x01\x00")
        if await connection.recv() == b"\xc0\x00":
            pinged.set()
        await connection.send(b"\xd0\x00")
        await connection.wait_closed()

    async with reading(make_feed(await serve(handle, subprotocols=["mqtt"])), clock) as reader:
        await reader.kind(Snapshot)
        await pass_time(clock, 30.0)
        await guarded(pinged.wait())


async def test_a_broker_that_answers_no_ping_is_lost(
    serve: Serve, make_feed: MakeFeed, clock: FakeClock
) -> None:
    """Although the WebSocket is alive, as after a packet whose end never comes."""
    pinged = asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(b"\x20\x02\x00\x00")
        await connection.recv()
        await connection.send(b"\x90\x03\x00\x01\x00\x30\xff\xff\x3f")
        await connection.recv()
        await connection.send(b"\xd0\x00")
        pinged.set()
        await connection.wait_closed()

    async with reading(make_feed(await serve(handle, subprotocols=["mqtt"])), clock) as reader:
        await reader.kind(Snapshot)
        await pass_time(clock, MQTT_PING_INTERVAL)
        await guarded(pinged.wait())
        async with asyncio.timeout(GUARD):
            # In steps, so that the WebSocket's own pings are answered in between.
            while not any(isinstance(event, Lost) for event in reader.events):
                clock.advance(1)
                await asyncio.sleep(0.001)
        assert (await reader.kind(Lost)).reason == "the broker does not answer"


async def test_a_jump_of_the_clock_ends_the_wait_for_the_next_poll(
    service: FinlandService, make_feed: MakeFeed, clock: FakeClock
) -> None:
    """After the machine slept, the last snapshot is hours old, and not up to two minutes."""
    async with reading(make_feed(REFUSED_PORT), clock) as reader:
        await reader.kind(Snapshot)
        polled_at = clock.now()
        await until(lambda: any(abs(left - POLL_INTERVAL) <= 1 for left in clock.sleepers))
        clock.step(8 * 3600)
        clock.advance(CHECK_EVERY)
        lost = await reader.kind(Lost)
        assert (lost.reason, lost.heard_at) == (
            "this machine slept, or its clock was set",
            polled_at,
        )
        # Without a wait for the rest of the interval.
        assert POLLING in (await reader.kind(Degraded)).reason
        await reader.kind(Snapshot)
    assert service.paths() == [STATUSES] * 2


async def test_a_snapshot_that_takes_long_does_not_hold_messages(
    service: FinlandService, broker: NatsBroker, make_feed: MakeFeed, clock: FakeClock
) -> None:
    evse, topic = next(iter(service.country.topics.items()))
    answered = asyncio.Event()

    async def late(request: object) -> object:
        await answered.wait()
        return await service.respond(request)  # type: ignore[arg-type]

    service.answers[STATUSES].append(late)  # type: ignore[arg-type]
    feed = make_feed(broker.url)
    async with reading(feed, clock) as reader:
        await reader.kind(Connected)
        await broker.publish((topic, status_payload("BLOCKED", clock.now())))
        await until(lambda: len(feed._held or ()) == 1)
        await pass_time(clock, MAX_HOLD)
        assert (await reader.kind(Degraded)).reason == "no snapshot: it has not arrived yet"
        await reader.kind(ConnectorReport)
        assert reader.word(evse) == "BLOCKED"
        answered.set()
        assert (await reader.kind(Degraded)).reason == ""
        await reader.kind(Snapshot)
        assert len(reader.board.stations) == 12
        assert reader.word(evse) == "BLOCKED"
