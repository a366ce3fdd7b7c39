"""Tests of tasks that share state, in many orders: no wake-up is lost."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nobil_tui.base.clock import Clock
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.events import Connected, Connecting, Ended, Event, Lost, Refused, Snapshot
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.playback_clock import PlaybackClock
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from nobil_tui.feeds.transport.link import Link
from nobil_tui.headless.stdout import StdoutWriter
from nobil_tui.headless.tail import Tail
from nobil_tui.hub.consumer import PIECE_BYTES, Allowance, Consumer, Delivery
from nobil_tui.hub.frames import SharedFrame, text_frame
from nobil_tui.monitor import board_updater as updater_module
from nobil_tui.monitor import monitor as monitor_module
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.session import backpressure
from tests.conftest import for_ever
from tests.given_feed import GivenFeed
from tests.headless.feeds import T0, report, session_of, update
from tests.interleaving import ShuffledLoop, StuckError, in_every_order, yield_after_each


class LoopClock(Clock):
    """The clock of the running loop."""

    def now(self) -> int:
        return T0 + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class DawdlingOut(StdoutWriter):
    """A connection whose ``send`` pauses and whose ``recv`` never returns."""

    def __init__(self, loop: ShuffledLoop) -> None:
        super().__init__(-1)
        self.text = b""
        self._loop = loop

    async def write(self, data: bytes) -> None:
        await self._loop.dawdle()
        self.text += data

    async def wait_reader_gone(self) -> None:
        await for_ever()


@pytest.fixture(autouse=True)
def _slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Yield after each event for some iterations, independently of the machine's speed."""

    async def dawdle() -> None:
        await cast("ShuffledLoop", asyncio.get_running_loop()).dawdle()

    yield_after_each(monkeypatch, monitor_module, updater_module, pause=dawdle)


def flips(count: int) -> list[Event]:
    return [report("a", "AVAILABLE" if n % 2 else "CHARGING", n) for n in range(count)]


def test_lost_wake_up_is_detected() -> None:
    async def lose(loop: ShuffledLoop) -> None:
        event = asyncio.Event()

        async def wake() -> None:
            event.set()

        task = asyncio.create_task(wake())
        await asyncio.sleep(0)
        event.clear()
        await event.wait()
        await task

    with pytest.raises(StuckError):
        in_every_order(lose)


@pytest.mark.slow
def test_backpressure_feed_passes_all_events(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tail(loop: ShuffledLoop) -> None:
        monkeypatch.setattr(
            backpressure.BackpressureFeed.__init__, "__defaults__", (loop.order.randrange(1, 12),)
        )
        country = Snapshot(
            [Station(f"NOR_{n}", [Connector(0), Connector(1)]) for n in range(2, 9)], T0
        )
        feed = GivenFeed(
            Connecting(),
            Connected(T0),
            country,
            update(0, 4),
            *flips(30),
            Ended(T0 + 50),
            loop=loop,
        )
        out = DawdlingOut(loop)
        await Tail(session_of(feed, clock=LoopClock()), out, lambda _: None).run()
        # The first snapshot yields no changes; the update and each later event change one connector
        # each.
        assert out.text.count(b"\n") == 4 + 30

    in_every_order(tail)


def test_backpressure_feed_waits_only_for_events_with_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backpressure.BackpressureFeed.__init__, "__defaults__", (1,))

    async def tail(loop: ShuffledLoop) -> None:
        feed = GivenFeed(
            *(Connecting(), Connecting(), Connecting(), Connected(T0), Ended(T0)), loop=loop
        )
        await Tail(session_of(feed, clock=LoopClock()), DawdlingOut(loop), lambda _: None).run()

    in_every_order(tail, 20)


def test_monitor_yields_all_changes_in_any_order() -> None:
    async def monitor(loop: ShuffledLoop) -> None:
        feed = GivenFeed(Connecting(), Connected(T0), *flips(20), Ended(T0 + 30), loop=loop)
        board = Board()
        monitor = Monitor(feed, board, clock=LoopClock())
        changes: list[Change] = []
        touched: set[str] = set()

        async def use_register() -> None:
            await loop.dawdle()
            monitor.touch(board.use_register(Register({"NOR_1": Facts(plug_evse_uids=("a", "b"))})))

        using = asyncio.create_task(use_register())
        async for batch in monitor.batches():
            changes += [entry for entry in batch.entries if isinstance(entry, Change)]
            touched |= batch.touched
            await loop.dawdle()
        await using
        assert [change.at - T0 for change in changes] == [*range(20)]
        assert touched == {"NOR_1"}
        assert monitor.link.phase is LinkPhase.ENDED

    in_every_order(monitor)


@pytest.mark.parametrize("error", [RefusedError("no"), UnreachableError("away")])
def test_link_reconnects_after_retry(error: Exception) -> None:
    async def link(loop: ShuffledLoop) -> None:
        tries = 0

        async def dial() -> str:
            nonlocal tries
            tries += 1
            await loop.dawdle()
            raise error

        class Endless(LoopClock):
            async def sleep(self, seconds: float) -> None:
                await for_ever()

        link = Link(dial, clock=Endless())
        seen = asyncio.Queue[object]()

        async def read() -> None:
            async for event in link.events():
                if isinstance(event, Lost | Refused):
                    seen.put_nowait(event)
                await loop.dawdle()

        reading = asyncio.create_task(read())
        for n in range(1, 6):
            await seen.get()
            assert tries == n
            await loop.dawdle()
            link.retry()
        reading.cancel()

    in_every_order(link, 60)


def test_consumer_is_sent_all_frames() -> None:
    """Snapshot and updates arrive whole and in order, whenever the system takes what."""

    async def send(loop: ShuffledLoop) -> None:
        transport = SlowTransport(loop)
        hub = SimpleNamespace(snapshot=lambda: SharedFrame(b"again"), left=lambda _: None)
        protocol = SimpleNamespace(extensions=[])
        parts = cast("tuple[Any, Any, Any]", (transport, protocol, hub))
        consumer = Consumer(*parts, Allowance(1, 1), name="key", address="here")
        transport.protocol = consumer
        sending = asyncio.create_task(transport.run())
        snapshot = SharedFrame(b"s" * 3 * PIECE_BYTES)
        consumer.start(snapshot)
        updates = [text_frame(b"%d" % n) for n in range(20)]
        for frame in updates:
            consumer.deliver(Delivery(frame, frame, 1))
            await loop.dawdle()
        while consumer.is_behind:
            await loop.dawdle()
        sending.cancel()
        assert bytes(transport.taken) == snapshot.plain + b"".join(updates)

    in_every_order(send, 60)


class SlowTransport:
    """A transport that takes what is written at any time, like that of a slow line."""

    def __init__(self, loop: ShuffledLoop) -> None:
        self.taken = bytearray()
        self.protocol: Consumer | None = None
        self._loop = loop
        self._buffer = bytearray()

    def set_write_buffer_limits(self, *, high: int) -> None:
        assert high == 1

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def write(self, data: bytes) -> None:
        assert self.protocol is not None
        before = len(self._buffer)
        self._buffer += data
        if not before:
            self.protocol.pause_writing()

    async def run(self) -> None:
        assert self.protocol is not None
        while True:
            await self._loop.dawdle()
            if self._buffer:
                self.taken += self._buffer
                self._buffer.clear()
                self.protocol.resume_writing()


def test_player_continues_after_resume_at_any_time() -> None:
    async def play(loop: ShuffledLoop) -> None:
        clock = PlaybackClock(LoopClock(), T0, 1.0)

        async def meddle() -> None:
            for _ in range(5):
                await loop.dawdle()
                clock.pause()
                await loop.dawdle()
                clock.set_speed(loop.order.choice((1.0, 60.0)))
                clock.jump(1.0)
                await loop.dawdle()
                clock.pause()

        meddling = asyncio.create_task(meddle())
        for n in range(40):
            assert await clock.wait_for(T0 + n * 500)
            await loop.dawdle()
        await meddling
        clock.jump(-5.0)
        await clock.wait_for_back()
        assert clock.rewind() < T0 + 39 * 500

    in_every_order(play, 60)
