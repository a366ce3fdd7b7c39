"""The stream of a relay as a feed: a snapshot, then the updates, without a gap between them.

A missing message, another relay or a station that left makes the feed read the last value of every
station again. The link counts as live only while the relay gives signs of life.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

from msgspec.structs import replace

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import AddSecret
from nobil_tui.base.tasks import SLICE_SECONDS, run_until_first, yield_to_loop
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    Event,
    HubReport,
    HubState,
    Lost,
    Refused,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.station import Station
from nobil_tui.feeds.nats.connection import NatsConnection, nats_connection
from nobil_tui.feeds.nats.reader import GapError, NoStreamError, Published, StreamReader, reading
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.feeds.nats.tape import Tape
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.clock_jump import JumpDetector
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from nobil_tui.feeds.transport.link import Tap
from nobil_tui.wire.nats import (
    HEARTBEAT_SUBJECT,
    LINK_SUBJECT,
    STOPPED,
    RelayState,
    decode_heartbeat,
    decode_link,
    decode_station,
    station_of,
)

HEARTBEAT_SECONDS = 2.0
"""Seconds between two signs of life of a relay."""
RELAY_SILENT_SECONDS = 6.0
"""Seconds without one after which the relay does not count as live."""
MAX_RETRY_SECONDS = 5.0
"""Longest wait before the next attempt: a private server can be asked often."""
SILENT = "the relay gives no sign of life"
STARTING = "the relay is starting"


class NatsFeed:
    """Read what a relay publishes at ``server``."""

    def __init__(
        self,
        server: NatsServer,
        *,
        clock: Clock | None = None,
        add_secret: AddSecret | None = None,
        silent_after: float = RELAY_SILENT_SECONDS,
        backoff: Backoff | None = None,
        tap: Tap | None = None,
    ) -> None:
        """``tap`` is called with what happens, as frames of version 1."""
        self.settled = asyncio.Event()
        """Set once a snapshot was applied, or there was nothing to read."""
        self.source = ""
        """The name of the relay's own source; empty before it is known."""
        self._server = server
        self.clock = clock or Clock()
        self._silent_after = silent_after
        self._backoff = backoff or Backoff()
        self._tape = Tape(tap) if tap is not None else None
        self._retry_now = asyncio.Event()
        self._worked = False
        """Whether a login was ever accepted, and something read."""
        self._heard: _Heard | None = None
        for secret in server.secrets if add_secret is not None else ():
            add_secret(secret)  # type: ignore[misc]  # not None: there are none otherwise

    @property
    def behind(self) -> int:
        """Zero: a reader that is behind gets the last values again."""
        return 0

    @property
    def alive_at(self) -> int:
        """When the relay was last heard, in ms."""
        return self._heard.at if self._heard is not None else 0

    def retry(self) -> None:
        """Connect now."""
        self._retry_now.set()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events of the relay's stream until cancelled."""
        async with aclosing(self._events()) as events:
            async for event in events:
                if self._tape is not None:
                    self._tape.note(event)
                yield event

    async def _events(self) -> AsyncGenerator[Event, None]:
        self.settled.clear()
        while True:
            yield Connecting()
            self._heard = heard = _Heard(self.clock)
            try:
                async with nats_connection(self._server, "nobil-tui") as connection:
                    watching = asyncio.create_task(self._watch_clock(connection))
                    try:
                        stream = _Following(self, connection, heard)
                        async with aclosing(stream.events()) as events:
                            async for event in events:
                                yield event
                    finally:
                        watching.cancel()
            except RefusedError as error:
                self._retry_now.clear()
                # A login that worked before may be refused by a server in error.
                seconds = self._backoff.refused() if self._worked else 0.0
                now = self.clock.now()
                retry_at = now + round(seconds * 1000) if seconds else 0
                yield Refused(str(error), min(heard.at, now), retry_at, True)
                await self._pause(seconds)
            except UnreachableError as error:
                if isinstance(error, NoStreamError):
                    self.settled.set()
                seconds = min(self._backoff.wait(), MAX_RETRY_SECONDS)
                self._retry_now.clear()
                now = self.clock.now()
                yield Lost(str(error), min(heard.at, now), now + round(seconds * 1000))
                await self._pause(seconds)

    async def _watch_clock(self, connection: NatsConnection) -> None:
        """End the connection once the clock jumps: the state on screen may be hours old."""
        connection.fail(await JumpDetector(self.clock).wait())

    async def _pause(self, seconds: float) -> None:
        """Wait ``seconds``, or forever if they are zero; ``retry`` ends the wait."""
        if seconds:
            await run_until_first(self._retry_now.wait(), self.clock.sleep(seconds))
        else:
            await self._retry_now.wait()


class _Heard:
    """When the relay was heard last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jumps = JumpDetector(clock)
        self.at = clock.now()
        self.on = clock.monotonic()

    def now(self, earlier: int = 0) -> None:
        """Note that it was heard, ``earlier`` ms before now.

        Raise ``UnreachableError`` if the clock jumped: messages sent before this machine slept say
        nothing about the time in between.
        """
        if reason := self._jumps.reason():
            raise UnreachableError(reason)
        self.at = self._clock.now() - earlier
        self.on = self._clock.monotonic() - earlier / 1000

    @property
    def ago(self) -> float:
        """Seconds since then."""
        return self._clock.monotonic() - self.on


class _Following:
    """Follow a relay over one connection."""

    def __init__(self, feed: NatsFeed, connection: NatsConnection, heard: _Heard) -> None:
        self._feed = feed
        self._connection = connection
        self._heard = heard
        self._tape = feed._tape
        self._clock = feed.clock
        self._state: RelayState | None = None
        self._state_at = 0
        self._silent = False
        """Whether the relay is silent."""
        self._up = False
        """Whether the link counts as live: it does not while the relay is silent."""
        self._stale = False
        """Whether the values read belong to an earlier run of the relay, or include stations that
        left."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield events until the connection ends. Raises ``UnreachableError``."""
        while True:
            async with AsyncExitStack() as stack:
                reader = await stack.enter_async_context(reading(self._connection))
                stations, bad = await self._last_values(reader)
                state = self._state
                if state is None:
                    self._feed.settled.set()
                while state is None:
                    # A stream that no relay has filled yet.
                    message = await reader.receive()
                    if message is not None:
                        bad += self._take(message, stations)
                    state = self._state
                now = self._clock.now()
                self._feed._worked = True
                if not self._up:
                    yield Connected(now)
                self._up = True
                for each in bad:
                    yield each
                self._feed.source = state.hub.source
                self._silent = self._heard.ago > self._feed._silent_after
                self._stale = not state.ready
                yield Snapshot([*stations.values()], now, len(bad), hub=self._hub_now())
                del stations
                if self._silent:
                    yield self._lost()
                self._feed.settled.set()
                try:
                    async with aclosing(self._updates(reader)) as updates:
                        async for event in updates:
                            yield event
                except GapError:
                    # Once more over the same connection; if that fails too, it is lost.
                    continue

    async def _last_values(self, reader: StreamReader) -> tuple[dict[str, Station], list[Event]]:
        """Return the last value of every station, and what cannot be decoded."""
        stations: dict[str, Station] = {}
        bad: list[Event] = []
        self._state = None
        pending = reader.pending
        slice_end = time.perf_counter() + SLICE_SECONDS
        while pending and (message := await reader.receive()) is not None:
            pending = message.pending
            age = max(0, reader.now - message.time) if reader.now else 0
            bad += self._take(message, stations, age)
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS
        return stations, bad

    def _take(self, message: Published, stations: dict[str, Station], age: int = 0) -> list[Event]:
        """Add a message, ``age`` ms old, to the last values; return it if it is unreadable."""
        at = self._clock.now()
        if message.subject == LINK_SUBJECT:
            if (state := decode_link(message.data)) is None:
                return [Unreadable("the state of the relay cannot be decoded", at)]
            self._state, self._state_at = state, at - age
        elif message.subject == HEARTBEAT_SUBJECT:
            self._heard.now(age)
        elif (station_id := station_of(message.subject)) is not None:
            if self._tape is not None:
                self._tape.keep(station_id, message.data)
            if not message.data:
                stations.pop(station_id, None)
                return []
            event = decode_station(station_id, message.data, at)
            if isinstance(event, Unreadable):
                return [event]
            stations[station_id] = event.station
        return []

    async def _updates(self, reader: StreamReader) -> AsyncGenerator[Event, None]:
        """Yield what happens after the snapshot, until everything has to be read again."""
        slice_end = time.perf_counter() + SLICE_SECONDS
        while True:
            wait = max(0.0, self._feed._silent_after - self._heard.ago)
            message = await reader.receive(None if self._silent else wait)
            if message is None:
                if not self._silent and self._heard.ago >= self._feed._silent_after:
                    self._silent = True
                    yield self._lost()
                continue
            for event in self._update(message):
                yield event
            ready = self._state is not None and self._state.ready
            if self._stale and ready and message.subject == LINK_SUBJECT:
                # The relay sends its state after a series of messages: now all of them can be read.
                return
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS

    def _update(self, message: Published) -> list[Event]:
        at = self._clock.now()
        if message.subject == HEARTBEAT_SUBJECT:
            return self._heartbeat(decode_heartbeat(message.data), at)
        if message.subject == LINK_SUBJECT:
            return self._link(message.data, at)
        station_id = station_of(message.subject)
        if station_id is None or self._state is None or not self._state.ready:
            return []
        if not message.data:
            self._stale = True
            return []
        event = decode_station(station_id, message.data, at)
        if self._tape is not None and isinstance(event, StationReport):
            self._tape.update(message.data, at)
        return [event]

    def _heartbeat(self, epoch: str, at: int) -> list[Event]:
        if self._state is None or epoch != self._state.epoch:
            # From a relay that has not sent its state yet.
            return []
        self._heard.now()
        if not self._silent:
            return []
        return [*self._heard_again(at), HubReport(self._hub_now(), at)]

    def _link(self, data: bytes, at: int) -> list[Event]:
        state = decode_link(data)
        if state is None:
            return [Unreadable("the state of the relay cannot be decoded", at)]
        before, self._state, self._state_at = self._state, state, at
        self._heard.now()
        again = self._heard_again(at)
        if before is None or before.epoch != state.epoch or not state.ready:
            self._stale = True
        if self._stale and state.ready:
            # A snapshot follows.
            return again
        if self._stale:
            # Its clock is a different one: only use that it is not live.
            previous = before.hub if before is not None else state.hub
            state = RelayState(previous, state.epoch, state.ready)
            return [*again, HubReport(_not_live(state.hub, STARTING, 0), at)]
        return [*again, HubReport(self._hub_now(), at)]

    def _lost(self) -> Lost:
        """Return the event for a relay that is silent."""
        self._up = False
        return Lost(self._hub_now().reason, min(self._heard.at, self._clock.now()), 0)

    def _heard_again(self, at: int) -> list[Event]:
        """Note that the relay is not silent; return the event for one that was."""
        self._silent = False
        if self._up:
            return []
        self._up = True
        return [Connected(at)]

    def _hub_now(self) -> HubState:
        """Return the relay's state as of now: a silent relay is not live."""
        assert self._state is not None  # noqa: S101  # known before the snapshot
        hub, passed = self._state.hub, self._clock.now() - self._state_at
        if self._silent:
            ago = round(self._heard.ago * 1000)
            reason = hub.reason if hub.reason == STOPPED else SILENT
            return _not_live(hub, reason, ago if hub.live else passed)
        if not self._state.ready:
            return _not_live(hub, STARTING, passed)
        return hub if hub.live else _not_live(hub, hub.reason, passed)


def _not_live(hub: HubState, reason: str, passed: int) -> HubState:
    """Return a state that is not live, ``passed`` ms after it was sent."""
    passed = max(0, passed)
    return replace(
        hub,
        live=False,
        reason=reason,
        down_for=hub.down_for + passed,
        downtime=hub.downtime + passed,
    )
