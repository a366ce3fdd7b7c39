"""Finland's charging network as a feed.

So that no change is missed, each connection subscribes first, holds the messages that arrive,
fetches the snapshot, applies it, and then applies the held messages. A snapshot that was made
before the subscription lacks the changes between the two, so everything counts as unconfirmed for
that long; the next one, a minute later, confirms it. If one part fails, the other one continues:
messages alone while the snapshot cannot be fetched, and snapshots alone while the broker cannot be
reached, or takes long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from msgspec import Struct

from nobil_tui.base.clock import Clock
from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.tasks import cancel_and_wait, run_in_thread, run_until_first
from nobil_tui.charging.events import (
    MAX_SAMPLE,
    Connected,
    Connecting,
    Degraded,
    Event,
    Lost,
    Refused,
    Unreadable,
)
from nobil_tui.feeds.finland.rest import STATUSES, FinlandRest, RestResponse
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.clock_jump import JumpDetector, sleep_until_jump
from nobil_tui.feeds.transport.connection import Frame
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.feeds.transport.link import Link, LinkEvent, Tap
from nobil_tui.feeds.transport.mqtt import MqttSession
from nobil_tui.wire.finland import Status, Statuses, decode_message, decode_statuses
from nobil_tui.wire.finland_merge import AHEAD, Merger, encode_message, encode_snapshot

POLL_INTERVAL = 60.0
"""Seconds between two snapshots while the broker cannot be reached; they are made once a minute."""
FAILURES_BEFORE_POLLING = 2
"""Failed connections in a row after which snapshots are polled; the loss of a live one counts as
one.

The start counts as one too, since nothing is shown yet.
"""
BROKER_GRACE = 5.0
"""Seconds that a connection to the broker may take before snapshots are polled: a proxy may neither
pass it on nor refuse it."""
PLACES_GRACE = 5.0
"""Seconds that the first snapshot waits for the locations, so that stations do not start as mere
ids."""
SNAPSHOT_GRACE = 5.0
"""Seconds that the names and prices of stations wait for the first snapshot, so that they do not
delay it."""
UNDATED_AGE = 60_000
"""Assumed age of a snapshot without a date, in ms, beside the time that a cache kept it."""
MAX_GAP = 600_000
"""Maximum credible age of a snapshot when it is requested, in ms; if its date is earlier, or in the
future, the date is wrong or missing."""
MAX_CONFIRMING = 3
"""Further snapshots fetched for one connection until one was made after the subscription."""
POLLING = "up to 2 min old, fetched every minute; no live stream"
"""The notice while the broker cannot be reached, before the reason."""
MAX_HELD = 200_000
"""Messages held while the snapshot is fetched; further ones are applied at once."""
MAX_HOLD = 20.0
"""Seconds that messages are held: on a slow line the snapshot may take minutes."""
QUEUE_SIZE = 64
"""Frames that may wait here: the link's own queue, and with it the network, holds the rest."""

logger = logging.getLogger(__name__)


class _Fetched(Struct, frozen=True):
    """A snapshot has been fetched."""

    statuses: Statuses
    response: RestResponse
    at: int
    attempt: int


class _NotFetched(Struct, frozen=True):
    """A snapshot could not be fetched this time."""

    reason: str
    seconds: float
    """Until the next try."""
    attempt: int


class _BrokerIsSlow(Struct, frozen=True):
    """A connection to the broker has taken ``BROKER_GRACE`` and is not there yet."""


_Input = LinkEvent | _Fetched | _NotFetched | _BrokerIsSlow


class FinlandFeed:
    """Read the messages of ``link``, on which ``session`` runs, and snapshots from ``rest``.

    ``tap`` is called with each message and snapshot as it is recorded.
    """

    def __init__(
        self,
        link: Link,
        session: MqttSession,
        rest: FinlandRest,
        *,
        clock: Clock | None = None,
        tap: Tap | None = None,
    ) -> None:
        self._link = link
        self._session = session
        self._rest = rest
        self._clock = clock or Clock()
        self._tap = tap
        self._merger = Merger()
        self._places_settled = asyncio.Event()
        self._snapshot_settled = asyncio.Event()
        self._regroup = False
        self._held: list[tuple[Status, int]] | None = None
        """Messages that wait for the snapshot; None while none is awaited."""
        self._connected_at = 0
        """When the stream became live, in ms; zero while it is not."""
        self._complete = False
        """Whether a snapshot covers the present connection or the time since the last poll."""
        self._failures = 1
        self._polling = False
        """Whether snapshots are fetched in place of the stream."""
        self._unreported: Lost | Refused | None = None
        """The failure after which polling began, until it is known whether that works."""
        self._obstacle = ""
        """Why the broker could not be reached the last time."""
        self._polled_at = 0
        """When the last snapshot came, in ms; zero if it failed."""
        self._attempt = 0
        """Numbers the connections, to tell a snapshot for this one from a late one."""
        self._tasks = set[asyncio.Task[None]]()
        self._failed: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._retry_now = asyncio.Event()
        self._pinging: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[None] | None = None
        """Waits for ``BROKER_GRACE`` while a connection is made."""
        self._inputs: asyncio.Queue[_Input | None] = asyncio.Queue(QUEUE_SIZE)

    @property
    def behind(self) -> int:
        """How far reading lags behind sending, in ms."""
        return self._link.behind

    @property
    def alive_at(self) -> int:
        """When the broker was last heard, in ms."""
        return self._link.alive_at

    def retry(self) -> None:
        """Retry what failed now: the connection to the broker, and the snapshot."""
        self._retry_now.set()
        self._link.retry()

    def use_places(self, places: Mapping[str, str]) -> None:
        """Take the location of each EVSE from ``places``, and regroup the stations that are
        there, at once or with the next snapshot."""
        self._merger.use_places(places)
        self._regroup = True
        self._wake()
        self._places_settled.set()

    def settle_places(self) -> None:
        """Stop waiting for the locations before the first snapshot: they are not available."""
        self._places_settled.set()

    async def wait_for_snapshot(self) -> None:
        """Wait until the first snapshot was yielded, or could not be fetched; at most for
        ``SNAPSHOT_GRACE``."""
        await self._wait(self._snapshot_settled, SNAPSHOT_GRACE)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield events until cancelled. Raises the error of a task that fails."""
        self._start(self._read_link())
        try:
            while True:
                given = await self._inputs.get()
                for event in await self._events_of(given):
                    yield event
                if isinstance(given, _Fetched | _NotFetched):
                    self._snapshot_settled.set()
                if self._failed is not None:
                    self._failed.result()
        finally:
            await cancel_and_wait(*self._tasks)

    # Tasks and inputs

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task that runs at most until ``events`` ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed = task
            self._wake()

    def _wake(self) -> None:
        """Have ``events`` look again. If the queue is full, it is about to."""
        if not self._inputs.full():
            self._inputs.put_nowait(None)

    async def _read_link(self) -> None:
        async with aclosing(self._link.events()) as events:
            async for event in events:
                await self._inputs.put(event)

    async def _events_of(self, given: _Input | None) -> list[Event]:
        match given:
            case Frame():
                return [
                    event
                    for message in await self._session.messages(given.data)
                    for event in self._message(message.topic, message.payload, given.at)
                ]
            case Connected(at):
                events = [*self._connected(at)]
                for message in await self._session.messages(b""):
                    events += self._message(message.topic, message.payload, at)
                return events
            case Unreadable():
                return [given]
            case Lost() | Refused():
                return [*self._lost(given)]
            case _Fetched():
                return [*self._fetched(given)]
            case _NotFetched():
                return [*self._not_fetched(given)]
            case _BrokerIsSlow():
                if not (self._connected_at or self._polling):
                    self._obstacle = "the broker does not answer"
                    self._poll()
                return []
            case Connecting():
                self._stop(self._connecting)
                self._connecting = self._start(self._note_slow_broker())
                # While polling, attempts to reach the broker are not shown: the source is reached.
                return [] if self._polled_at else [given]
            case None:
                return [*self._regrouped()]

    # The stream

    def _connected(self, at: int) -> Iterator[Event]:
        self._failures = 0
        self._polling = False
        self._unreported = None
        self._polled_at = 0
        self._connected_at = at
        self._held = []
        self._complete = False
        self._merger.connected(at)
        self._start_fetching(polling=False)
        self._stop(self._connecting)
        self._stop(self._pinging)
        self._pinging = self._start(self._session.keep_alive())
        yield Connected(at)

    async def _note_slow_broker(self) -> None:
        await self._clock.sleep(BROKER_GRACE)
        await self._inputs.put(_BrokerIsSlow())

    def _poll(self) -> None:
        """Begin to fetch snapshots in place of the stream."""
        self._polling, self._complete = True, False
        self._start_fetching(polling=True)

    def _lost(self, event: Lost | Refused) -> Iterator[Event]:
        self._stop(self._connecting)
        was_live = bool(self._connected_at)
        yield from self._release()
        self._connected_at = 0
        self._merger.connected(0)
        self._stop(self._pinging)
        if was_live and self._tap is not None:
            self._tap(b"", event.heard_at)
        self._failures += 1
        self._obstacle = event.reason
        if not self._polling:
            self._complete = False
            self._stop(self._fetching)
            if self._failures >= FAILURES_BEFORE_POLLING:
                # Reported only if polling fails too.
                self._unreported = event
                self._poll()
                return
        if not self._polled_at and self._unreported is None:
            yield event

    def _message(self, topic: str, payload: bytes, at: int) -> Iterator[Event]:
        if self._tap is not None:
            self._tap(encode_message(topic, payload), at)
        try:
            status = decode_message(topic, payload)
        except NotReadableError as error:
            yield Unreadable(str(error), at, payload[:MAX_SAMPLE])
            return
        if self._held is not None and len(self._held) < MAX_HELD:
            self._held.append((status, at))
        else:
            yield self._merger.report(status, at)

    # The snapshot

    def _start_fetching(self, *, polling: bool) -> None:
        self._stop(self._fetching)
        self._attempt += 1
        self._fetching = self._start(self._fetch(self._attempt, polling))

    async def _fetch(self, attempt: int, polling: bool) -> None:
        """Fetch one snapshot, or one a minute while polling; try again with backoff if that
        fails."""
        backoff = Backoff()
        while True:
            try:
                fetched = await self._get_statuses(attempt, polling)
            except (UnreachableError, NotReadableError) as error:
                logger.info("no snapshot: %s", error)
                asked = error.retry_after if isinstance(error, UnreachableError) else 0.0
                seconds = max(backoff.wait(), asked, POLL_INTERVAL if polling else 0.0)
                # A retry that was requested before does not count.
                self._retry_now.clear()
                await self._inputs.put(_NotFetched(str(error), seconds, attempt))
                due = self._clock.sleep(seconds)
                jump = JumpDetector(self._clock).wait()
                await run_until_first(self._retry_now.wait(), due, jump)
                continue
            await self._wait_for_places()
            await self._inputs.put(fetched)
            if not polling:
                await self._confirm(fetched)
                return
            backoff = Backoff()
            if reason := await sleep_until_jump(self._clock, POLL_INTERVAL):
                # The clock jumped: the snapshot is older than its time says.
                await self._inputs.put(_NotFetched(reason, 0.0, attempt))

    async def _get_statuses(self, attempt: int, polling: bool) -> _Fetched:
        """Fetch a snapshot; unless ``polling``, hold messages for ``MAX_HOLD`` at most."""
        if polling:
            return await self._get_snapshot(attempt)
        releasing = asyncio.create_task(self._release_later(attempt))
        try:
            return await self._get_snapshot(attempt)
        finally:
            releasing.cancel()

    async def _get_snapshot(self, attempt: int) -> _Fetched:
        """Fetch and decode a snapshot. Raises ``UnreachableError`` or ``NotReadableError``."""
        response = await self._rest.get(STATUSES)
        assert response is not None  # noqa: S101  # only with an ETag
        statuses = await run_in_thread(lambda: decode_statuses(response.body))
        if not (statuses.statuses or statuses.unreadable):
            # For a whole country, an empty snapshot would remove every station.
            raise NotReadableError("the response lists no connector")
        return _Fetched(statuses, response, self._clock.now(), attempt)

    async def _confirm(self, fetched: _Fetched) -> None:
        """Fetch further snapshots until one was made after the subscription.

        The statuses are shown already, so a failure is not reported.
        """
        seconds = POLL_INTERVAL
        for _ in range(MAX_CONFIRMING):
            if not _gap(fetched, self._connected_at):
                return
            await self._clock.sleep(seconds)
            seconds *= 2
            try:
                fetched = await self._get_snapshot(fetched.attempt)
            except (UnreachableError, NotReadableError) as error:
                logger.info("no further snapshot: %s", error)
                continue
            await self._inputs.put(fetched)

    async def _release_later(self, attempt: int) -> None:
        await self._clock.sleep(MAX_HOLD)
        await self._inputs.put(_NotFetched("it has not arrived yet", 0.0, attempt))

    async def _wait_for_places(self) -> None:
        if not self._merger.has_places:
            await self._wait(self._places_settled, PLACES_GRACE)
            self._places_settled.set()

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for an event, for at most ``seconds``."""
        if not event.is_set():
            await run_until_first(self._clock.sleep(seconds), event.wait())

    def _fetched(self, fetched: _Fetched) -> Iterator[Event]:
        if fetched.attempt != self._attempt:
            return
        self._regroup = False
        self._complete = True
        self._merger.skew = fetched.response.skew
        gap = _gap(fetched, self._connected_at or fetched.at)
        if self._tap is not None:
            placed = self._merger.placed(fetched.statuses.statuses)
            self._tap(
                encode_snapshot(placed, self._connected_at, gap, fetched.response.skew), fetched.at
            )
        if self._polling:
            self._polled_at = fetched.at
        self._unreported = None
        reason = f"{POLLING} ({self._obstacle})" if self._polling else ""
        yield Degraded(reason, fetched.at, self._polling)
        yield self._merger.snapshot(fetched.statuses, fetched.at, gap)
        yield from self._release()

    def _not_fetched(self, failed: _NotFetched) -> Iterator[Event]:
        if failed.attempt != self._attempt:
            return
        if self._connected_at:
            yield Degraded(f"no snapshot: {failed.reason}", self._clock.now())
            yield from self._release()
        elif self._unreported is not None:
            yield self._unreported
            self._unreported = None
        elif self._polled_at:
            heard_at, self._polled_at = self._polled_at, 0
            self._complete = False
            yield Lost(failed.reason, heard_at, self._clock.now() + round(failed.seconds * 1000))

    def _release(self) -> Iterator[Event]:
        """Yield the messages that were held for the snapshot; hold no more."""
        held, self._held = self._held or [], None
        for status, at in held:
            yield self._merger.report(status, at)

    def _regrouped(self) -> Iterator[Event]:
        # Else the next snapshot regroups: this one would confirm what may have changed unseen.
        if self._regroup and self._complete:
            self._regroup = False
            now = self._clock.now()
            yield self._merger.again(now, now - self._polled_at if self._polling else 0)

    def _stop(self, task: asyncio.Task[None] | None) -> None:
        if task is not None:
            task.cancel()


def _gap(fetched: _Fetched, began: int) -> int:
    """Return how long before ``began`` a snapshot was made, in ms. Source: its own date, or the
    server's."""
    response = fetched.response
    dated = fetched.statuses.made_at or response.modified_at
    made_at = dated - response.skew
    if response.requested_at - made_at > MAX_GAP or made_at > fetched.at + AHEAD:
        made_at = response.requested_at - response.cached_for - UNDATED_AGE
    return max(0, began - made_at)
