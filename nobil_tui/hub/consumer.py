"""One consumer of the stream: what to send to it, how far it is behind, and what it may send.

The hub writes to it only while the system accepts more. A consumer that is behind gets no raw
reports; its updates wait, and if too many wait, one snapshot replaces them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from nobil_tui.hub.frames import WINDOW_BITS, SharedFrame
from nobil_tui.hub.rates import TokenBucket

if TYPE_CHECKING:
    from websockets.server import ServerProtocol

PIECE_BYTES = 128 * 1024
"""How many bytes of a large frame are written at once: the rest waits until they are sent."""
MAX_LAG_BYTES = 256 * 1024
"""The most bytes of waiting updates; if there are more, and more than a snapshot has, a snapshot
replaces them."""
READ_SLICE = 1024
"""How many bytes from a consumer are parsed before its limits are checked again."""
CLOSING_SECONDS = 1.0
"""Seconds for the closing handshake; then the connection is aborted."""
PING = b"\x89\x00"
PING_SWEEPS = 20
"""The number of sweeps without a message after which a ping keeps the connection open."""

GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER = 1001, 1008, 1013


class Delivery(Struct, frozen=True):
    """The frames of one tick, joined: written to all consumers in one piece each."""

    all_frames: bytes
    updates: bytes
    """The same without raw reports, for a consumer that is behind."""
    messages: int


class Allowance(Struct, frozen=True):
    """What a consumer may send per minute."""

    bytes: int
    frames: int


class ConsumerOwner(Protocol):
    """The hub, as a consumer sees it."""

    def snapshot(self) -> SharedFrame:
        """Return the snapshot as of the last delivery."""
        ...

    def left(self, consumer: Consumer) -> None:
        """Note that the connection is closed."""
        ...


class Consumer(asyncio.Protocol):
    """A connected consumer, from its handshake to the end of its connection."""

    def __init__(
        self,
        transport: asyncio.Transport,
        protocol: ServerProtocol,
        hub: ConsumerOwner,
        allowance: Allowance,
        *,
        name: str,
        address: str,
    ) -> None:
        self.name = name
        """The name of its API key."""
        self.address = address
        self.joined_at = time.monotonic()
        self.reason = ""
        """Why the hub closed the connection; empty if the consumer did."""
        self.sent_bytes = self.sent_messages = 0
        self.resynced = 0
        """How often a snapshot replaced waiting updates."""
        self.abusive = False
        """Whether it was closed because of what it sent."""
        self._transport = transport
        self._protocol = protocol
        self._hub = hub
        self._bytes = TokenBucket(allowance.bytes, allowance.bytes / 60)
        self._frames = TokenBucket(allowance.frames, allowance.frames / 60)
        self._waiting: deque[memoryview | SharedFrame] = deque()
        self._waiting_bytes = 0
        """How many bytes wait, not counting a snapshot."""
        self._max_waiting = MAX_LAG_BYTES
        self._in_snapshot = False
        """Whether the first waiting piece is the rest of a snapshot."""
        self._started = False
        """Whether it got its snapshot, or the snapshot is waiting."""
        self._lacks_snapshot = False
        """Whether a snapshot has to replace the updates that it has missed."""
        self._inside_frame = False
        """Whether the first waiting piece is the rest of a frame."""
        self._paused = False
        self._scheduled = False
        """Whether writing continues in the next iteration of the loop."""
        self._closing: asyncio.TimerHandle | None = None
        self._closed = False
        self._ends = False
        """Whether the connection ends after the waiting pieces."""
        self._progress = -1
        self._quiet_sweeps = 0
        self.stalled = 0
        """For how many sweeps in a row the system has not accepted a byte for it."""
        # Not 0: asyncio's TLS would then pause after every write.
        transport.set_write_buffer_limits(high=1)
        self._deflates = _deflates(protocol)

    @property
    def is_behind(self) -> bool:
        """Whether anything waits to be sent to it."""
        return bool(self._waiting) or self._paused

    @property
    def has_started(self) -> bool:
        """Whether it got a snapshot."""
        return self._started

    # From the hub

    def start(self, snapshot: SharedFrame) -> None:
        """Send a snapshot instead of everything that waits."""
        if self._closing is not None or self._closed:
            return
        self._started = True
        self._drop_waiting()
        self._lacks_snapshot = False
        self._enqueue(snapshot)

    def deliver(self, delivery: Delivery) -> None:
        """Send the frames of a tick; never waits."""
        if not self._started or self._closing is not None or self._closed:
            return
        if not (self._waiting or self._paused):
            self.sent_messages += delivery.messages
            self.sent_bytes += len(delivery.all_frames)
            self._transport.write(delivery.all_frames)
            return
        if self._lacks_snapshot or not delivery.updates:
            return
        if self._waiting_bytes + len(delivery.updates) > self._max_waiting:
            self._drop_waiting()
            self._lacks_snapshot = True
            self.resynced += 1
            return
        self._enqueue(memoryview(delivery.updates))

    def sweep(self) -> None:
        """Check once a second whether it reads, and keep an idle connection open."""
        taken = self.sent_bytes - self._transport.get_write_buffer_size()
        moved, self._progress = taken != self._progress, taken
        self.stalled = 0 if moved or not self._paused else self.stalled + 1
        self._quiet_sweeps = 0 if moved else self._quiet_sweeps + 1
        if self._quiet_sweeps >= PING_SWEEPS and not self.is_behind and self._closing is None:
            self._quiet_sweeps = 0
            self._write(PING)

    def close(self, code: int, reason: str) -> None:
        """Close the connection with a handshake, or abort it after ``CLOSING_SECONDS``."""
        if self._closing is not None or self._closed:
            return
        self.reason = reason
        self._drop_waiting()
        self._lacks_snapshot = False
        self._closing = asyncio.get_running_loop().call_later(CLOSING_SECONDS, self.abort)
        self._protocol.send_close(code, reason)
        self._send_control()

    def abort(self) -> None:
        """Abort the connection."""
        self._transport.abort()

    # From the connection

    def data_received(self, data: bytes) -> None:
        """Parse what the consumer sends; close the connection if it is too much."""
        for at in range(0, len(data), READ_SLICE):
            if self._closed:
                return
            part = data[at : at + READ_SLICE]
            self._protocol.receive_data(part)
            frames = len(self._protocol.events_received())
            if self._closing is None and not (
                self._bytes.take(len(part)) and self._frames.take(frames)
            ):
                self.abusive = True
                self.close(POLICY_VIOLATION, "too many messages")
                # What it sent before is dropped, not answered.
                self._transport.pause_reading()
                return
        self._send_control()

    def eof_received(self) -> bool:
        """Close the connection."""
        self._protocol.receive_eof()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the hub."""
        self._closed = True
        self._waiting.clear()
        if self._closing is not None:
            self._closing.cancel()
        self._hub.left(self)

    def pause_writing(self) -> None:
        """Note that the system accepts no more."""
        self._paused = True

    def resume_writing(self) -> None:
        """Send the waiting pieces."""
        self._paused = False
        self._pump()

    # Inside

    def _enqueue(self, item: memoryview | SharedFrame) -> None:
        if isinstance(item, SharedFrame) and self._deflates and item.deflated is None:
            item.deflate(self._pump)
        self._waiting.append(item)
        self._waiting_bytes += 0 if isinstance(item, SharedFrame) else len(item)
        self._pump()

    def _drop_waiting(self) -> None:
        """Drop the waiting pieces, except the rest of a frame."""
        rest = self._waiting[0] if self._inside_frame else None
        self._waiting.clear()
        self._waiting_bytes = 0
        if isinstance(rest, memoryview):
            self._waiting.append(rest)
            self._waiting_bytes = 0 if self._in_snapshot else len(rest)

    def _pump(self) -> None:
        """Write the waiting pieces as long as the system accepts them."""
        while not self._paused and not self._closed:
            if not self._waiting:
                if self._ends:
                    self._transport.close()
                if not self._lacks_snapshot:
                    return
                self._lacks_snapshot = False
                self._enqueue(self._hub.snapshot())
                return
            first = self._waiting[0]
            if isinstance(first, SharedFrame):
                frame = first.deflated if self._deflates else first.plain
                if frame is None:
                    return
                self._waiting[0] = first = memoryview(frame)
                self._in_snapshot = True
                self._max_waiting = max(MAX_LAG_BYTES, len(frame))
                self.sent_messages += 1
            piece = first[:PIECE_BYTES]
            self._inside_frame = len(first) > PIECE_BYTES
            if not self._in_snapshot:
                self._waiting_bytes -= len(piece)
            if self._inside_frame:
                self._waiting[0] = first[PIECE_BYTES:]
            else:
                self._waiting.popleft()
                self._in_snapshot = False
            self._write(piece)
            if self._inside_frame and not self._paused:
                # One piece per iteration of the loop, so that other consumers get their turn.
                if not self._scheduled:
                    self._scheduled = True
                    asyncio.get_running_loop().call_soon(self._pump_again)
                return

    def _pump_again(self) -> None:
        self._scheduled = False
        self._pump()

    def _write(self, data: bytes | memoryview) -> None:
        self.sent_bytes += len(data)
        self._transport.write(data)

    def _send_control(self) -> None:
        """Send the protocol's replies: pongs and the closing handshake."""
        for data in self._protocol.data_to_send():
            if data:
                self._waiting.append(memoryview(data))
                self._waiting_bytes += len(data)
                continue
            # The consumer closes the connection, or has to: nothing may follow.
            self._ends = True
            self._lacks_snapshot = False
            if self._closing is None:
                self._closing = asyncio.get_running_loop().call_later(CLOSING_SECONDS, self.abort)
        self._pump()


def _deflates(protocol: ServerProtocol) -> bool:
    """Return whether the consumer accepts compressed messages of our window."""
    sizes = [getattr(each, "local_max_window_bits", 0) for each in protocol.extensions]
    return any(size >= WINDOW_BITS for size in sizes)
