"""Work around the websockets library's use of the event loop and of memory.

Seen with websockets 17.4. Each cure has a test that fails once a newer release does not need it.

* It parses everything from one read without a pause, up to 130,000 pings, and answers each.
* It limits the number of waiting frames, not their bytes: six of the largest take 400 MB.
* It unpacks a frame up to the maximum size, however few bytes it came in.
* A connection that failed keeps its last frame: an exception refers to the frames of the stack.
* After a close frame it waits forever for the server to close the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.messages import Assembler
from websockets.extensions.base import Extension
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)
from websockets.frames import Frame
from websockets.typing import ExtensionParameter

from nobil_tui.base.decoding import most_unpacked
from nobil_tui.base.tasks import SLICE_SECONDS

LARGE_FRAME = 1024 * 1024
"""Bytes of a frame after which reading pauses until it has been taken."""
MAX_UNSENT = 64 * 1024
"""Bytes that wait to be sent, after which pings are not answered: the server does not read."""

_MIN_STEP, _MAX_STEP = 512, 256 * 1024
"""Bytes that are parsed before the time is checked; as many as take a fraction of a slice."""
_PAUSE = 0.005
"""Seconds of a pause after a slice that brought only control frames."""
_PONG = 0x8A
"""First byte of a pong."""


class ConnectOnce(connect):
    """Connects without following redirects: a key is only sent to its own source."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the failure."""
        return exc


class SlicedConnection(ClientConnection):
    """A connection that parses in time slices and buffers at most one large frame."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.received = 0
        """Bytes that arrived."""
        self._unparsed = b""
        self._parsed = 0
        """How many bytes of ``_unparsed`` are parsed."""
        self._step = _MIN_STEP
        self._next_slice: asyncio.Handle | None = None
        self._hang_up: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to receive."""
        super().connection_made(transport)
        self.recv_messages = _Assembler(
            self.max_queue_high, self.max_queue_low, self._set_reading, self._set_reading
        )

    def data_received(self, data: bytes) -> None:
        """Parse ``data`` now as far as a time slice allows, and the rest in further slices."""
        self.received += len(data)
        # A transport may deliver what it had read before it was paused.
        self._unparsed = self._unparsed[self._parsed :] + data if self._unparsed else data
        self._parsed = 0
        if self._next_slice is None:
            self._parse_slice()

    def eof_received(self) -> None:
        """Parse what is left, and end."""
        self._parse(float("inf"))
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and release what the failure refers to."""
        if self._next_slice is not None:
            self._next_slice.cancel()
        self._unparsed = b""
        if self._hang_up is not None:
            self._hang_up.cancel()
        super().connection_lost(exc)
        # Both refer to the protocol, which refers to them.
        _drop_tracebacks(self.protocol.parser_exc)
        self.protocol.parser.close()

    def send_data(self) -> None:
        """Send; of several pongs only the last one, as RFC 6455 allows (section 5.5.3)."""
        writes = self.protocol.writes
        pongs = [index for index, data in enumerate(writes) if data[:1] == bytes((_PONG,))]
        if pongs and self.transport.get_write_buffer_size() <= MAX_UNSENT:
            del pongs[-1]
        for index in reversed(pongs):
            del writes[index]
        super().send_data()

    def release(self) -> None:
        """Drop the frames that were not received. The connection cannot be used afterwards."""
        frames = self.recv_messages
        frames.frames.queue.clear()
        # These would keep this object until the garbage collector runs.
        frames.pause = frames.resume = _do_nothing

    def _parse_slice(self) -> None:
        self._next_slice = None
        before = self._frames_received()
        self._parse(time.perf_counter() + SLICE_SECONDS)
        if self._unparsed:
            if self._frames_received() == before:
                self._next_slice = self.loop.call_later(_PAUSE, self._parse_slice)
            else:
                self._next_slice = self.loop.call_soon(self._parse_slice)
        self._set_reading()

    def _parse(self, until: float) -> None:
        """Parse what was received, at least a step, until a reading of ``perf_counter``."""
        now = time.perf_counter()
        while self._unparsed:
            began = now
            end = self._parsed + self._step
            step = memoryview(self._unparsed)[self._parsed : end]
            self._parsed = end
            if end >= len(self._unparsed):
                self._unparsed, self._parsed = b"", 0
            super().data_received(step)  # type: ignore[arg-type]  # it is only appended to a buffer
            if self._hang_up is None and self.protocol.close_expected():
                self._hang_up = self.loop.call_later(self.close_timeout or 0, self.transport.abort)
            now = time.perf_counter()
            if now - began > SLICE_SECONDS / 2:
                self._step = max(_MIN_STEP, self._step // 4)
            elif now - began < SLICE_SECONDS / 8:
                self._step = min(_MAX_STEP, self._step * 2)
            if now > until:
                return

    def _frames_received(self) -> int:
        return self.recv_messages.received if isinstance(self.recv_messages, _Assembler) else 0

    def _set_reading(self) -> None:
        """Read only while nothing waits to be parsed, and there is room for frames."""
        if self._unparsed or self.recv_messages.paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()


class _Assembler(Assembler):
    """Pauses reading for each large frame too."""

    def __init__(
        self,
        high: int | None,
        low: int | None,
        pause: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        super().__init__(high, low, pause, resume)
        self.received = 0

    def put(self, frame: Frame) -> None:
        self.received += 1
        super().put(frame)
        if len(frame.data) > LARGE_FRAME and not self.paused:
            self.paused = True
            self.pause()


class BoundedDeflateFactory(ClientPerMessageDeflateFactory):
    """Offers compression, and refuses frames that unpack to more than real data does."""

    def process_response_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> PerMessageDeflate:
        """Return the extension that the server agreed to."""
        agreed = super().process_response_params(params, accepted_extensions)
        return _BoundedDeflate(
            agreed.remote_no_context_takeover,
            agreed.local_no_context_takeover,
            agreed.remote_max_window_bits,
            agreed.local_max_window_bits,
            agreed.compress_settings,
        )


class _BoundedDeflate(PerMessageDeflate):
    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Unpack a frame within the maximum for its size."""
        most = most_unpacked(len(frame.data))
        if len(frame.data) <= most and (frame.rsv1 or self.decode_cont_data):
            max_size = most if max_size is None else min(max_size, most)
        return super().decode(frame, max_size=max_size)


def _drop_tracebacks(error: BaseException | None) -> None:
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _do_nothing() -> None:
    pass
