"""Version 1 of the stream as a feed: frames become events, and no frame ends the feed."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    Event,
    Ignored,
    Lost,
    RawReport,
    Refused,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.stream import DECODED_IN_THREAD, StreamFeed
from nobil_tui.feeds.transport.connection import Frame as LinkFrame
from nobil_tui.feeds.transport.link import Link, LinkEvent
from nobil_tui.wire import v1
from nobil_tui.wire.codecs import V1_CODEC, Codec
from tests.conftest import START, FakeClock, Serve, guarded, settle
from tests.for_each import for_each

DOCUMENT = {"status": 0, "error": 0, "timestamp": 1362520099000}
AT = 1_700_000_000_123


def frame(type_: str, data: Any, **more: Any) -> str:
    return json.dumps({"type": type_, "data": data, **more})


def decoded(data: bytes) -> Event:
    """Decode a frame, without the sample of it that the diagnostics show."""
    event = v1.decode(data, AT)
    return replace(event, sample=b"") if isinstance(event, Snapshot | Unreadable) else event


def said(text: str) -> Event:
    return decoded(text.encode())


def test_decodes_a_snapshot() -> None:
    assert said(
        frame("snapshot:init", [{"uuid": "NOR_01333", "connectors": [DOCUMENT]}, {}])
    ) == Snapshot([Station("NOR_01333", [Connector(0, 0, 1362520099000)])], AT, 1)


def test_decodes_an_update() -> None:
    assert said(
        frame("status:update", {"uuid": "NOR_01333", "status": 0, "connectors": [DOCUMENT]})
    ) == StationReport(Station("NOR_01333", [Connector(0, 0, 1362520099000)], 0), AT)


def test_decodes_an_operators_report() -> None:
    data = {"uuid": "NOR_01333", "connector": 3, **DOCUMENT}
    assert said(frame("status:raw", data, code=5)) == RawReport(
        "NOR_01333", 3, Connector(0, 0, 1362520099000), AT
    )


def large(data: Any, type_: str = "snapshot:init") -> bytes:
    """Return a frame that is decoded in short calls."""
    text = frame(type_, data).encode()
    return text + b" " * (v1.LARGE + 1 - len(text))


def test_large_frames_are_decoded_to_the_same_events() -> None:
    good = {"uuid": "NOR_01333", "connectors": [DOCUMENT]}
    station = Station("NOR_01333", [Connector(0, 0, 1362520099000)])
    assert decoded(large([good, {}, 5])) == Snapshot([station], AT, 2)
    assert v1.decode(large([]), AT) == Snapshot([], AT)
    assert v1.decode(large({**good, "status": 0}, "status:update"), AT) == StationReport(
        Station("NOR_01333", [Connector(0, 0, 1362520099000)], 0), AT
    )
    assert v1.decode(large([], "foo:bar"), AT) == Ignored("foo:bar", AT)
    broken = large([good]).replace(b"NOR_01333", rb"NOR_\ud800")
    assert decoded(broken) == Snapshot([], AT, 1)
    for data in (b"x" * (v1.LARGE + 1), b"[" * (v1.LARGE + 1), large(5)):
        assert isinstance(v1.decode(data, AT), Unreadable)


@pytest.mark.parametrize("value", [b"1", b"{}", b"[]", b'""'])
def test_a_large_frame_of_tiny_values_is_not_decoded(value: bytes) -> None:
    """It would take 30 times its bytes in memory."""
    values = b",".join([value] * (v1.LARGE // 2))
    event = decoded(b'{"type":"snapshot:init","data":[' + values + b"]}")
    assert event == Unreadable("more values than a snapshot of its size has", AT)


async def test_a_large_frame_is_decoded_in_a_thread() -> None:
    threads: list[bool] = []

    def decode(data: bytes, at: int) -> Event:
        threads.append(threading.current_thread() is not threading.main_thread())
        return Ignored(str(len(data)), at)

    class Frames:
        async def events(self) -> AsyncGenerator[LinkEvent, None]:
            for size in (10, DECODED_IN_THREAD, 10):
                yield LinkFrame(bytes(size), AT)

    feed = StreamFeed(Frames(), Codec("x", lambda: decode))  # type: ignore[arg-type]  # only events
    sizes = [event.type async for event in feed.events() if isinstance(event, Ignored)]
    assert sizes == ["10", str(DECODED_IN_THREAD), "10"]
    assert threads == [False, True, False]


def test_ignores_messages_of_other_types() -> None:
    assert said(frame("foo:bar", [])) == Ignored("foo:bar", AT)


@for_each("text", ["", "x", "[]", frame("status:update", {"uuid": "A"}), frame("snapshot:init", 5)])
def test_reports_unreadable_frames(text: str) -> None:
    event = said(text)
    assert isinstance(event, Unreadable)
    assert event.reason
    assert event.at == AT


@given(st.binary())
def test_any_frame_becomes_an_event(data: bytes) -> None:
    assert isinstance(v1.decode(data, AT), Unreadable | Ignored)


async def take(feed: StreamFeed, count: int) -> list[Event]:
    """Take that many events, then close the feed."""
    events = feed.events()
    taken = [await guarded(anext(events)) for _ in range(count)]
    await guarded(events.aclose())
    return taken


async def test_an_unreadable_frame_does_not_end_the_feed(serve: Serve, clock: FakeClock) -> None:
    closed = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.send(frame("snapshot:init", []))
        await connection.send("rubbish")
        await connection.send(b"\xff")
        await connection.send(frame("foo:bar", []))
        await connection.send(frame("status:update", {"uuid": "A", "connectors": []}))
        await connection.wait_closed()
        closed.set()

    url = await serve(handler)

    async def dial() -> str:
        return url

    taken = await take(StreamFeed(Link(dial, clock=clock), V1_CODEC), 7)
    assert [type(event) for event in taken] == [
        Connecting,
        Connected,
        Snapshot,
        Unreadable,
        Unreadable,
        Ignored,
        StationReport,
    ]
    assert taken[2] == Snapshot([], START)
    # Closing the feed closes its link.
    await guarded(closed.wait())


async def test_a_decoded_frame_is_released(serve: Serve, clock: FakeClock) -> None:
    frames: list[bytes] = []

    async def handler(connection: ServerConnection) -> None:
        await connection.send(frame("snapshot:init", []))
        await connection.wait_closed()

    def keep(data: bytes, at: int) -> Event:
        frames.append(data)
        return v1.decode(data, at)

    url = await serve(handler)

    async def dial() -> str:
        return url

    events = StreamFeed(Link(dial, clock=clock), Codec("v1", lambda: keep)).events()
    for _ in range(3):
        await guarded(anext(events))
    waiting = asyncio.ensure_future(anext(events))
    await settle()
    holders = sys.getrefcount(frames[0])
    # The list here, and the argument of getrefcount.
    assert holders == 2
    await cancel_and_wait(waiting)
    await guarded(events.aclose())


async def test_yields_link_events_and_forwards_retry(serve: Serve, clock: FakeClock) -> None:
    statuses = [401, 503]

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()

    url = await serve(
        handler,
        process_request=lambda connection, request: (
            connection.respond(statuses.pop(0), "") if statuses else None
        ),
    )

    async def dial() -> str:
        return url

    feed = StreamFeed(Link(dial, clock=clock), V1_CODEC)
    events = feed.events()
    for expected in (Connecting, Refused, Connecting, Lost, Connecting, Connected):
        waiting = asyncio.ensure_future(anext(events))
        await settle()
        if not waiting.done():
            feed.retry()
        assert isinstance(await guarded(waiting), expected)
    await guarded(events.aclose())
