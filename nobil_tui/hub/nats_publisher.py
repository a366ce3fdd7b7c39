"""Publish a board into NATS: the last value of each station, the state of the link, a heartbeat.

A sink only notes which stations changed; a task of its own publishes them as they are then. So it
delays neither the monitor nor another sink, a flood takes no memory, and the last value of each
station is the board's. The server numbers all messages of the stream, so that the last
acknowledgement of a series shows whether all of it was stored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import uuid4

from msgspec.structs import replace

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import SLICE_SECONDS, cancel_and_wait, wait_until_failure, yield_to_loop
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import HubState
from nobil_tui.feeds.nats.connection import NatsConnection, nats_connection
from nobil_tui.feeds.nats.feed import HEARTBEAT_SECONDS
from nobil_tui.feeds.nats.reader import reading
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.feeds.transport.backoff import Backoff
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.nats_lease import Lease
from nobil_tui.hub.nats_names import NamesPublisher
from nobil_tui.hub.nats_writer import (
    MAX_BYTES,
    MAX_MESSAGES,
    Message,
    OutOfStepError,
    StreamWriter,
    open_writer,
)
from nobil_tui.hub.served_board import compared_fields, state_of
from nobil_tui.monitor.batch import Batch, LinkState
from nobil_tui.wire.nats import (
    HEARTBEAT_SUBJECT,
    LINK_SUBJECT,
    STOPPED,
    RelayState,
    decode_link,
    heartbeat_message,
    link_message,
    station_of,
    station_subject,
)
from nobil_tui.wire.v1_encode import station_row, update_message

RETRY_SECONDS = 3.0
"""Longest wait before the next attempt to connect: less than the lease of another relay."""
GOODBYE_SECONDS = 1.0
SLOWEST_FLUSH = 0.05
"""The least time between two series, in seconds."""


class NatsPublisher:
    """A sink that publishes ``board`` at ``server`` while this relay leads.

    Publishing begins once ``board_ready`` is set: stations of the stream that the board lacks would
    count as having left.
    """

    def __init__(
        self,
        server: NatsServer,
        board: Board,
        about: HubState,
        lease: Lease,
        board_ready: asyncio.Event,
        *,
        clock: Clock,
        events: HubLog,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        backoff: Backoff | None = None,
        names: NamesPublisher | None = None,
    ) -> None:
        self.connected = False
        self.epoch = uuid4().hex
        self._server = server
        self._board = board
        self._about = about
        self._lease = lease
        self._board_ready = board_ready
        self._clock = clock
        self._events = events
        self._heartbeat_seconds = heartbeat_seconds
        self._backoff = backoff or Backoff()
        self._names = names
        self._link = LinkState()
        self._touched: set[str] = set()
        self._whole = False
        self._news = asyncio.Event()
        self._sent: dict[str, int] = {}
        """The hash of each station's message in the stream."""
        self._published_state: tuple[bool, str, int] | None = None
        """The part of the last published state whose change makes it worth publishing again."""
        self._all_published = False
        """Whether the stream has all stations, so that its state may say so."""
        self._reason = ""

    @property
    def status(self) -> str:
        """The activity of this relay, in a word or two."""
        if not self.connected:
            return "not connected to NATS"
        return "leading" if self._lease.leads else "in waiting"

    # The sink

    async def take(self, batch: Batch) -> float | None:
        """Note what changed."""
        self.finish(batch)
        return None

    def finish(self, batch: Batch) -> None:
        """Note what changed."""
        self._link = batch.link
        self._whole = self._whole or batch.whole
        self._touched |= batch.touched
        self._touched.update(report.station_id for report in batch.raw_reports)
        self._news.set()

    # The task

    async def run(self) -> None:
        """Connect, take part in the choice of the leader, and publish; until cancelled."""
        while True:
            seconds = RETRY_SECONDS
            try:
                async with nats_connection(self._server, "nobil-tui relay") as connection:
                    self._note("")
                    await self._run(connection)
            except RefusedError as error:
                self._note(str(error))
            except OutOfStepError as error:
                self._note(str(error))
                seconds = 0.0
            except UnreachableError as error:
                self._note(str(error))
                seconds = min(self._backoff.wait(), RETRY_SECONDS)
            finally:
                self.connected = False
            await self._clock.sleep(seconds)

    async def _run(self, connection: NatsConnection) -> None:
        """Publish over one connection, until it ends or publishing fails."""
        writer = await open_writer(connection, self._lease)
        self.connected = True
        tasks = [
            asyncio.create_task(self._lease.keep(connection)),
            asyncio.create_task(self._lead(connection, writer)),
            asyncio.create_task(_end_of(connection)),
        ]
        if self._names is not None:
            names = self._names.keep_published(connection, self._lease)
            tasks.append(asyncio.create_task(names))
        try:
            await wait_until_failure(tasks)
        finally:
            with suppress(asyncio.CancelledError):
                await cancel_and_wait(*tasks)
            if _is_cancelled():
                # Use a task that is not cancelled.
                goodbye = asyncio.create_task(self._say_goodbye(connection, writer))
                await asyncio.wait([goodbye], timeout=GOODBYE_SECONDS)
                goodbye.cancel()

    async def _lead(self, connection: NatsConnection, writer: StreamWriter) -> None:
        """Publish whenever this relay leads."""
        while True:
            await self._lease.wait_held()
            await self._board_ready.wait()
            if not self._lease.leads:
                continue
            self._events.emit("leading", nats=self._server.display_name)
            await self._resynchronize(connection, writer)
            while self._lease.leads:
                self._news.clear()
                await self._flush(writer)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._heartbeat_seconds):
                        await asyncio.sleep(SLOWEST_FLUSH)
                        await self._news.wait()
            self._events.emit("standby", nats=self._server.display_name)

    # Publishing

    async def _resynchronize(self, connection: NatsConnection, writer: StreamWriter) -> None:
        """Read the state of the stream, to make it equal to the board."""
        self._published_state = None
        self._all_published = False
        self._sent, epoch = await self._read_sent(connection)
        self._whole = True
        if epoch != self.epoch:
            # From now on, the stations refer to another downtime clock.
            await writer.write([self._state_message(ready=False)])

    async def _read_sent(self, connection: NatsConnection) -> tuple[dict[str, int], str]:
        """Return the hash of each station's message in the stream, and their epoch."""
        sent: dict[str, int] = {}
        epoch = ""
        async with reading(connection) as reader:
            pending = reader.pending
            while pending and (message := await reader.receive()) is not None:
                pending = message.pending
                if message.data and (station_id := station_of(message.subject)) is not None:
                    sent[station_id] = hash(message.data)
                elif message.subject == LINK_SUBJECT:
                    state = decode_link(message.data)
                    epoch = state.epoch if state is not None else ""
        return sent, epoch

    async def _flush(self, writer: StreamWriter) -> None:
        """Publish what changed, then a sign of life."""
        whole, self._whole = self._whole, False
        touched, self._touched = self._touched, set()
        state = compared_fields(self._state())
        state_first = state != self._published_state and self._published_state is not None
        try:
            if state_first:
                # The confirmations of stations refer to it.
                await writer.write([self._state_message(ready=True)])
            await self._publish_stations(writer, [*self._board.stations] if whole else touched)
            left = [each for each in (self._sent if whole else touched) if self._has_left(each)]
            await self._publish_left(writer, left)
            # Note it first: the relay may end between the message and its acknowledgement.
            self._all_published = True
            if self._published_state is None or left:
                await writer.write([self._state_message(ready=True)])
            await writer.write([(HEARTBEAT_SUBJECT, heartbeat_message(self.epoch))])
        except UnreachableError:
            self._touched |= touched
            self._whole = self._whole or whole
            raise
        self._published_state = state

    async def _publish_stations(self, writer: StreamWriter, ids: Iterable[str]) -> None:
        """Publish those of the stations that differ from what the stream has."""
        series: list[Message] = []
        size = 0
        slice_end = time.perf_counter() + SLICE_SECONDS
        for station_id in ids:
            station = self._board.stations.get(station_id)
            if station is None:
                continue
            # Not in the plain form: the stream has no other place for the time of the last report.
            row = station_row(station, self._board)._replace(plain=False)
            payload = update_message(station, row)
            if self._sent.get(station_id) != hash(payload):
                series.append((station_subject(station_id), payload))
                self._sent[station_id] = hash(payload)
                size += len(payload)
            if len(series) >= MAX_MESSAGES or size >= MAX_BYTES:
                await writer.write(series)
                series, size = [], 0
            if time.perf_counter() > slice_end:
                await yield_to_loop()
                slice_end = time.perf_counter() + SLICE_SECONDS
        await writer.write(series)

    async def _publish_left(self, writer: StreamWriter, ids: list[str]) -> None:
        """Publish that stations have left the stream."""
        for part in _parts([(station_subject(each), b"") for each in ids], MAX_MESSAGES):
            await writer.write(part)
        for each in ids:
            self._sent.pop(each, None)

    def _has_left(self, station_id: str) -> bool:
        return station_id in self._sent and station_id not in self._board.stations

    def _state(self) -> HubState:
        return state_of(self._board, self._link, self._about, self._clock.now())

    def _state_message(self, *, ready: bool) -> Message:
        return LINK_SUBJECT, link_message(RelayState(self._state(), self.epoch, ready))

    async def _say_goodbye(self, connection: NatsConnection, writer: StreamWriter) -> None:
        """Say that this relay is no longer live, and let another one lead at once."""
        with suppress(Exception):
            async with asyncio.timeout(GOODBYE_SECONDS):
                if self._lease.leads and self._all_published:
                    hub = replace(self._state(), live=False, reason=STOPPED)
                    state = RelayState(hub, self.epoch, True)
                    with suppress(OutOfStepError):
                        # A series that the end of this relay interrupted may have been stored.
                        await writer.write([(LINK_SUBJECT, link_message(state))])
                await self._lease.release(connection)

    def _note(self, reason: str) -> None:
        """Write a change of the connection to the log, once."""
        if reason != self._reason:
            self._reason = reason
            level = "warning" if reason else "info"
            self._events.emit(
                "nats", level=level, server=self._server.display_name, reason=reason or None
            )


def _parts(messages: list[Message], size: int) -> Iterator[list[Message]]:
    for start in range(0, len(messages), size):
        yield messages[start : start + size]


async def _end_of(connection: NatsConnection) -> None:
    await connection.closed.wait()
    raise connection.lost


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
