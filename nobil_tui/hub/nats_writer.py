"""Write into the stream of a relay, and check that the messages were stored.

The server numbers all messages of the stream. So the last acknowledgement of a series shows whether
all of it was stored, and whether another relay wrote in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nobil_tui.feeds.nats.connection import NatsConnection, raise_if_cancelled
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.hub.nats_lease import Lease
from nobil_tui.wire.nats import ROOT, STREAM

if TYPE_CHECKING:
    from nats.js import JetStreamContext

MAX_MESSAGES = 500
"""The most messages of one series."""
MAX_BYTES = 512 * 1024
"""The most bytes of one series."""
ACK_SECONDS = 5.0
"""Seconds that an acknowledgement may take."""
LEFT_SECONDS = 3600
"""Seconds for which the server keeps the note that a station has left."""

Message = tuple[str, bytes]
"""A subject, and the message for it."""


class OutOfStepError(UnreachableError):
    """The stream may have messages of other relays."""


class StreamWriter:
    """Write over one connection, as long as this relay leads."""

    def __init__(
        self,
        connection: NatsConnection,
        context: JetStreamContext,
        lease: Lease,
        *,
        notes_expire: bool,
    ) -> None:
        self._connection = connection
        self._context = context
        self._lease = lease
        self._notes_expire = notes_expire
        """Whether the stream lets a message expire, such as the note that a station has left."""
        self._sequence = 0
        """Number of the last message of the stream; zero before the first series."""

    async def write(self, series: list[Message]) -> None:
        """Write messages, and wait until all of them are stored.

        Raises ``OutOfStepError`` if the stream has other messages too or not all of these, and
        ``UnreachableError``.
        """
        if not series:
            return
        if not self._lease.leads:
            raise OutOfStepError("another relay may lead")
        *most, (last_subject, last) = series
        try:
            for subject, payload in most:
                headers = self._headers(payload)
                await self._connection.client.publish(subject, payload, headers=headers)
            ack = await self._context.publish(last_subject, last, headers=self._headers(last))
        except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
            raise self._connection.failure(error) from None
        raise_if_cancelled()
        expected = self._sequence + len(series)
        if self._sequence and ack.seq != expected:
            raise OutOfStepError("the stream has other messages than this relay published")
        self._sequence = ack.seq

    def _headers(self, payload: bytes) -> dict[str, str] | None:
        """Let the note that a station has left expire."""
        return None if payload or not self._notes_expire else {"Nats-TTL": str(LEFT_SECONDS)}


async def open_writer(connection: NatsConnection, lease: Lease) -> StreamWriter:
    """Open the stream; create it unless it exists. Raises ``UnreachableError``.

    An existing stream keeps its settings, such as more replicas.
    """
    from nats.js import JetStreamContext
    from nats.js.api import DiscardPolicy, StorageType, StreamConfig
    from nats.js.errors import NotFoundError

    context = JetStreamContext(connection.client, timeout=ACK_SECONDS)
    try:
        try:
            info = await connection.answer(context.stream_info(STREAM))
        except NotFoundError:
            config = StreamConfig(
                STREAM,
                description="Stations and their last state, published by nobil-tui",
                subjects=[f"{ROOT}.>"],
                max_msgs_per_subject=1,
                discard=DiscardPolicy.OLD,
                storage=StorageType.FILE,
                allow_msg_ttl=True,
                allow_direct=True,
            )
            info = await connection.answer(context.add_stream(config))
    except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
        raise connection.failure(error) from None
    config = info.config
    if f"{ROOT}.>" not in (config.subjects or []):
        raise UnreachableError(f"the stream {STREAM} there does not have the subject {ROOT}.>")
    return StreamWriter(connection, context, lease, notes_expire=bool(config.allow_msg_ttl))
