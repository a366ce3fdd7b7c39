"""Read the stream of a relay: the last message of each subject, then every further one.

The consumer is ephemeral and without acknowledgements. Its messages are numbered; a number that is
missing, or a silence of the server, ends the reading, and the reader starts over.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from nobil_tui.feeds.nats.connection import REQUEST_SECONDS, NatsConnection
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.wire.nats import ROOT, STREAM

if TYPE_CHECKING:
    from nats.aio.msg import Msg

IDLE_SECONDS = 2
"""Seconds without a message after which the server sends a sign of life."""
SILENT_SECONDS = 7.0
"""Seconds without a message and a sign of life after which the consumer is gone."""
INACTIVE_SECONDS = 30
"""Seconds after which the server drops a consumer that does not read."""
_NANO = 1_000_000_000
_NO_STREAM = 10059
"""The server's error code for a stream that does not exist."""


class NoStreamError(UnreachableError):
    """No relay has published there yet."""

    def __init__(self) -> None:
        super().__init__("no relay has published there yet")


class GapError(UnreachableError):
    """A message is missing, so the values read may be out of date."""


class Published(NamedTuple):
    """A message of the stream."""

    subject: str
    data: bytes
    sequence: int
    """Its number in the stream."""
    time: int
    """When it was stored, in ms by the server's clock."""
    pending: int
    """How many more messages the consumer has to send."""


class StreamReader:
    """The messages of one consumer, in their order."""

    def __init__(self, connection: NatsConnection) -> None:
        self.pending = 0
        """How many messages there were at the start."""
        self.now = 0
        """The server's time at the start, in ms; zero if it is unknown."""
        self._connection = connection
        self._messages: deque[Msg] = deque()
        self._news = asyncio.Event()
        self._next = 1
        """The number that the next message must have."""

    async def receive(self, seconds: float | None = None) -> Published | None:
        """Return the next message; None after ``seconds`` without one.

        Raises ``GapError`` or ``UnreachableError``.
        """
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        silent = loop.time() + SILENT_SECONDS
        while True:
            while self._messages:
                message = self._messages.popleft()
                silent = loop.time() + SILENT_SECONDS
                if (published := await self._handle(message)) is not None:
                    return published
            if self._connection.closed.is_set():
                raise self._connection.lost
            now = loop.time()
            if now >= silent:
                raise GapError("NATS sends nothing any more")
            if end is not None and now >= end:
                return None
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(silent, end or silent)):
                    await self._news.wait()

    def _put(self, message: Msg) -> None:
        self._messages.append(message)
        self._news.set()

    async def _handle(self, message: Msg) -> Published | None:
        headers = message.headers or {}
        if headers.get("Status") == "100":
            last = headers.get("Nats-Last-Consumer", "")
            if last.isdigit() and int(last) != self._next - 1:
                raise GapError("messages of NATS are missing")
            # A request to reply to once everything before it was read.
            reply = message.reply or headers.get("Nats-Consumer-Stalled", "")
            if reply:
                await self._connection.client.publish(reply)
            return None
        tokens = message.reply.split(".")
        # A server of a domain adds its name and the account in front.
        first = 5 if len(tokens) == 9 else 7
        try:
            sequence, number, time, pending = map(int, tokens[first : first + 4])
        except ValueError:
            # Any client with the permission can publish something else there.
            return None
        if number != self._next:
            raise GapError("messages of NATS are missing")
        self._next += 1
        return Published(message.subject, message.data, sequence, time // 1_000_000, pending)

    async def start(self, inbox: str) -> None:
        """Create the consumer. Raises ``NoStreamError`` or ``UnreachableError``."""
        config = {
            "deliver_subject": inbox,
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subject": f"{ROOT}.>",
            "flow_control": True,
            "idle_heartbeat": IDLE_SECONDS * _NANO,
            "inactive_threshold": INACTIVE_SECONDS * _NANO,
            "mem_storage": True,
            "num_replicas": 1,
        }
        answer = await request(
            self._connection,
            f"$JS.API.CONSUMER.CREATE.{STREAM}",
            {"stream_name": STREAM, "config": config},
        )
        pending = answer.get("num_pending")
        self.pending = pending if isinstance(pending, int) else 0
        self.now = _milliseconds(str(answer.get("ts", "")))
        self._name = str(answer.get("name", ""))

    async def stop(self) -> None:
        """Delete the consumer."""
        if not self._connection.closed.is_set():
            with suppress(Exception):
                await self._connection.client.publish(
                    f"$JS.API.CONSUMER.DELETE.{STREAM}.{self._name}"
                )


@asynccontextmanager
async def reading(connection: NatsConnection) -> AsyncIterator[StreamReader]:
    """Start to read. Raises ``NoStreamError`` or ``UnreachableError``."""
    client, reader = connection.client, StreamReader(connection)

    async def put(message: Msg) -> None:
        reader._put(message)

    inbox = client.new_inbox()
    watching = asyncio.create_task(connection.closed.wait())
    watching.add_done_callback(lambda _: reader._news.set())
    try:
        subscription = await client.subscribe(inbox, cb=put)
        await reader.start(inbox)
    except UnreachableError:
        watching.cancel()
        raise
    except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
        watching.cancel()
        raise connection.failure(error) from None
    try:
        yield reader
    finally:
        watching.cancel()
        await reader.stop()
        with suppress(Exception):
            await subscription.unsubscribe()


async def request(connection: NatsConnection, subject: str, body: Any) -> dict[str, Any]:
    """Send a request to JetStream and return its reply. Raises ``NoStreamError`` or
    ``UnreachableError``."""
    from nats.errors import NoRespondersError

    try:
        data = json.dumps(body).encode()
        asking = connection.client.request(subject, data, timeout=REQUEST_SECONDS)
        message = await connection.answer(asking)
        answer = json.loads(message.data)
    except NoRespondersError:
        raise UnreachableError("the NATS server has no JetStream (start it with -js)") from None
    except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
        raise connection.failure(error) from None
    if not isinstance(answer, dict):
        raise UnreachableError("the NATS server sends an answer that cannot be read")
    if (refusal := answer.get("error")) is None:
        return answer
    if not isinstance(refusal, dict):
        refusal = {}
    if refusal.get("err_code") == _NO_STREAM:
        raise NoStreamError
    raise connection.failure(RuntimeError(str(refusal.get("description", "it refused a request"))))


def _milliseconds(text: str) -> int:
    # Python reads at most six digits of a second.
    head, _, fraction = text.rstrip("Z").partition(".")
    try:
        seconds = datetime.fromisoformat(f"{head}+00:00").timestamp()
    except ValueError:
        return 0
    return round(seconds * 1000) + int(f"{fraction[:3]:0<3}" if fraction.isdigit() else 0)
