"""The link to NOBIL Real-time: it recovers from every failure of the service, and never floods it
with requests.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Event,
    Ignored,
    Lost,
    Refused,
    Unreadable,
)
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.backoff import HEALTHY_AFTER, MAX_WAIT, Backoff
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.codecs import ENOVA_CODEC
from tests.conftest import START, FakeClock, guarded, settle
from tests.feeds.enova_service import (
    KEY,
    EnovaService,
    Talk,
    breaking,
    closing,
    enova_link,
    frame,
    refusal,
)
from tests.http_service import Answer, body, status

FREE = frame("NOR_71098", "1252", "AVAILABLE")
BUSY = frame("NOR_71098", "1252", "CHARGING")


class CountedBackoff(Backoff):
    """Keep each delay that is returned."""

    def __init__(self) -> None:
        super().__init__(random.Random(4))
        self.waits: list[float] = []

    def wait(self) -> float:
        self.waits.append(super().wait())
        return self.waits[-1]


class Listener:
    """Take the events of a feed one by one, with a fake clock."""

    def __init__(self, service: EnovaService, clock: FakeClock, key: str = KEY) -> None:
        self.clock = clock
        self.backoff = CountedBackoff()
        self.link = enova_link(key, service.address, clock=clock, backoff=self.backoff)
        self.feed = StreamFeed(self.link, ENOVA_CODEC)
        self.events: AsyncGenerator[Event, None] = self.feed.events()
        self.seen: list[Event] = []

    async def take(self) -> Event:
        self.seen.append(await guarded(anext(self.events)))
        return self.seen[-1]

    async def dialled(self) -> Event:
        """Return the outcome of an attempt."""
        assert isinstance(await self.take(), Connecting)
        return await self.take()

    async def lost(self) -> Lost:
        """Read until the link is down."""
        while not isinstance(event := await self.take(), Lost):
            pass
        return event

    async def again(self, lost: Lost) -> None:
        """Advance the clock to the next attempt, which must not come earlier."""
        coming = asyncio.ensure_future(self.take())
        await guarded(self.clock.asleep())
        self.clock.advance((lost.retry_at - self.clock.now()) / 1000 - 0.01)
        await settle()
        assert not coming.done()
        self.clock.advance(0.02)
        assert isinstance(await coming, Connecting)


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[EnovaService]:
    async with EnovaService(clock) as service:
        yield service


@pytest.fixture
async def listener(service: EnovaService, clock: FakeClock) -> AsyncIterator[Listener]:
    listener = Listener(service, clock)
    async with aclosing(listener.events):
        yield listener


async def test_an_unknown_status_is_shown_as_unknown(
    service: EnovaService, listener: Listener
) -> None:
    service.talks.append(closing(FREE, frame("NOR_71098", "1252", "DANCING\x1b")))
    lost = await listener.lost()
    reports = [event.connector for event in listener.seen if isinstance(event, ConnectorReport)]
    assert [(said.condition, said.word) for said in reports] == [
        (Condition.FREE, "AVAILABLE"),
        (Condition.UNKNOWN, "DANCING·"),
    ]
    assert lost.reason == "the server closed: going away"


async def test_yields_frames_in_order(service: EnovaService, listener: Listener) -> None:
    assert isinstance(await listener.dialled(), Connected)
    coming = asyncio.ensure_future(listener.take())
    await settle()
    await service.say(FREE, "", "what?", BUSY)
    events = [await coming, *[await listener.take() for _ in range(3)]]
    assert [type(event) for event in events] == [
        ConnectorReport,
        Ignored,
        Unreadable,
        ConnectorReport,
    ]


async def test_every_reconnect_requests_a_new_url(
    service: EnovaService, listener: Listener
) -> None:
    for _ in range(5):
        service.talks.append(closing(FREE))
        await listener.again(await listener.lost())
    assert isinstance(await listener.take(), Connected)
    assert len(service.calls) == len(service.issued) == service.handshakes == 6
    assert service.turned_away == 0


async def test_an_expired_token_is_not_a_rejected_key(
    service: EnovaService, listener: Listener
) -> None:
    service.lifetime = 0.0
    lost = await listener.lost()
    assert lost.reason == "the server no longer accepts the URL it issued (HTTP 401)"
    service.lifetime = 3600.0
    await listener.again(lost)
    assert isinstance(await listener.take(), Connected)
    assert (service.turned_away, service.handshakes, len(service.calls)) == (1, 1, 2)


@pytest.mark.parametrize("code", [401, 403])
async def test_a_rejected_key_is_not_retried_until_requested(
    service: EnovaService, listener: Listener, code: int
) -> None:
    service.answers.append(refusal(code, "Access denied."))
    assert await listener.dialled() == Refused(f"HTTP {code}: Access denied.", START)
    coming = asyncio.ensure_future(listener.take())
    await settle()
    listener.clock.advance(100_000)
    await settle()
    assert not coming.done()
    assert listener.clock.sleepers == []
    assert len(service.calls) == 1
    listener.feed.retry()
    assert isinstance(await coming, Connecting)
    assert isinstance(await listener.take(), Connected)


async def test_a_wrong_key_is_rejected(service: EnovaService, clock: FakeClock) -> None:
    listener = Listener(service, clock, "another")
    async with aclosing(listener.events):
        assert await listener.dialled() == Refused(
            "HTTP 401: Access denied due to invalid subscription key.", START
        )


@pytest.mark.parametrize(
    "answer",
    [
        status(429),
        status(500),
        status(503),
        body(b"<html>"),
        body(b"{}"),
        body(b" " * 100_000),
        status(302),
    ],
)
async def test_retries_a_failed_token_request_with_backoff(
    service: EnovaService, listener: Listener, answer: Answer
) -> None:
    service.answers.extend([answer] * 3)
    for number in range(1, 4):
        lost = await listener.lost()
        assert len(service.calls) == len(listener.backoff.waits) == number
        await listener.again(lost)
    assert isinstance(await listener.take(), Connected)
    assert len(service.calls) == 4


async def test_waits_for_retry_after(service: EnovaService, listener: Listener) -> None:
    service.answers.append(status(429, {"Retry-After": "120"}))
    lost = await listener.lost()
    assert lost.retry_at == START + 120_000
    await listener.again(lost)
    assert isinstance(await listener.take(), Connected)
    assert len(service.calls) == 2


async def test_backs_off_from_a_service_that_closes_at_once(
    service: EnovaService, listener: Listener
) -> None:
    talks: list[Talk] = [closing(), breaking, closing(FREE)]
    service.talks.extend(talks * 4)
    steps = 12
    lost = await listener.lost()
    for number in range(1, steps):
        assert len(service.calls) == service.handshakes == len(listener.backoff.waits) == number
        await listener.again(lost)
        lost = await listener.lost()
    assert len(service.calls) == len(listener.backoff.waits) == steps
    assert listener.backoff.waits[-1] > 0.8 * MAX_WAIT
    assert listener.clock.monotonic() > 200  # A dozen requests in over three minutes.


async def test_reconnects_quickly_after_a_healthy_connection(
    service: EnovaService, listener: Listener
) -> None:
    for _ in range(6):
        service.talks.append(breaking)
        await listener.again(await listener.lost())
    assert listener.backoff.waits[-1] > 10
    assert isinstance(await listener.take(), Connected)
    coming = asyncio.ensure_future(listener.lost())
    await guarded(listener.clock.asleep())
    listener.clock.advance(HEALTHY_AFTER + 1)
    await service.hang_up()
    await guarded(coming)
    assert listener.backoff.waits[-1] < 2


async def test_closing_cancels_a_token_request(service: EnovaService, clock: FakeClock) -> None:
    service.answers.append(service.never)
    listener = Listener(service, clock)
    await listener.take()
    calling = asyncio.ensure_future(listener.events.__anext__())
    await guarded(service.called.wait())
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(calling)


def test_rejects_an_invalid_address() -> None:
    with pytest.raises(SourceError):
        enova_link(KEY, "nobil.example")


async def test_a_break_marks_the_board_and_loses_nothing(
    service: EnovaService, clock: FakeClock
) -> None:
    monitor = Monitor(
        StreamFeed(
            enova_link(KEY, service.address, clock=clock, backoff=CountedBackoff()), ENOVA_CODEC
        ),
        tick=0,
    )
    service.talks.append(closing(FREE, frame("NOR_71098", "b", "CHARGING")))
    async with aclosing(monitor.batches()) as batches:

        async def until(phase: LinkPhase) -> None:
            while monitor.link.phase is not phase:
                await guarded(anext(batches))

        await until(LinkPhase.RETRYING)
        await guarded(clock.asleep())
        clock.advance(MAX_WAIT)
        await until(LinkPhase.LIVE)
        await service.say(BUSY)
        await guarded(anext(batches))
        board = monitor.board
        station = board.stations["NOR_71098"]
        assert [said.word for said in station.connectors] == ["CHARGING", "CHARGING"]
        assert [board.unconfirmed_for(station, index, clock.now()) for index in (0, 1)] == [
            0,
            round(MAX_WAIT * 1000),
        ]


# Secrets


async def test_logs_and_events_contain_no_secret(
    service: EnovaService, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    service.talks.extend([closing(FREE), breaking])
    for _ in range(2):
        await listener.again(await listener.lost())
    service.lifetime = 0.0
    await listener.again(await listener.lost())
    service.answers.extend([status(500), refusal(401, f"{KEY} is no key")])
    await listener.again(await listener.lost())
    assert isinstance(await listener.take(), Refused)
    assert len(service.issued) == 3
    assert caplog.records
    said = [
        *map(repr, listener.seen),
        repr(listener.link),
        repr(listener.feed),
        repr(vars(listener.link)),
    ]
    for text in (*said, caplog.text):
        for secret in service.secrets:
            assert secret not in text
