"""``record``: frames and breaks are written until the feed, the key or the disk ends it."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, Protocol

import pytest
from websockets.asyncio.server import ServerConnection

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.events import (
    Connected,
    ConnectorReport,
    Ended,
    Event,
    Lost,
    Refused,
    Unreadable,
)
from nobil_tui.feeds.stream import StreamFeed
from nobil_tui.feeds.transport.link import Link
from nobil_tui.headless.link_reporter import KeyRefusedError
from nobil_tui.headless.record import REPORT_INTERVAL, FrameTap, record_session
from nobil_tui.store.recorder import Recorder, RecordError
from nobil_tui.wire.codecs import ENOVA_CODEC, V1_CODEC
from nobil_tui.wire.recording import decode_line
from tests.conftest import GUARD, FakeClock, Serve, guarded, settle
from tests.feeds.enova_service import KEY, EnovaService, closing, enova_link, frame
from tests.headless.feeds import T0, ScriptedFeed, session_of
from tests.sources.choices import recording_source


async def until(true: Callable[[], bool]) -> None:
    """Wait until ``true()``, at most ``GUARD`` seconds."""
    async with asyncio.timeout(GUARD):
        while not true():  # noqa: ASYNC110 - a thread sets no event of the loop
            await asyncio.sleep(0.001)


class Recording:
    def __init__(self, path: Path, feed: Any, clock: FakeClock, **options: Any) -> None:
        self.feed = feed
        self.clock = clock
        self.recorder = Recorder(path, "v1", every=0, **options)
        self.said: list[str] = []
        self.counts: list[int] = []
        session = session_of(feed, lossless=False)
        work = record_session(
            session, self.recorder, self.said.append, self.counts.append, clock=clock
        )
        self.task = asyncio.create_task(work)

    async def until_written(self, frames: int) -> None:
        """Wait for the recorder's thread."""
        await until(lambda: self.recorder.frames >= frames)

    async def look(self) -> None:
        """Advance the clock to the next progress report."""
        await guarded(self.clock.asleep())
        self.clock.advance(REPORT_INTERVAL)
        await settle()


class Start(Protocol):
    def __call__(self, feed: Any, **options: Any) -> Recording: ...


@pytest.fixture
async def start(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Start]:
    """Return ``start(feed, **options)``: a running recording to ``a.jsonl``."""
    recordings: list[Recording] = []

    def starts(feed: Any, **options: Any) -> Recording:
        recordings.append(Recording(tmp_path / "a.jsonl", feed, clock, **options))
        return recordings[-1]

    yield starts
    for recording in recordings:
        await cancel_and_wait(recording.task)
        recording.recorder.close()


async def test_frames_and_breaks_are_recorded(
    serve: Serve, clock: FakeClock, start: Start, tmp_path: Path
) -> None:
    frames = [json.dumps({"type": "foo", "n": n}) for n in range(3)]
    times = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal times
        times += 1
        for each in frames:
            await connection.send(each)
        if times > 1:
            await connection.wait_closed()

    url = await serve(handler)

    async def dial() -> str:
        return url

    tap = FrameTap()
    feed = StreamFeed(Link(dial, clock=clock, tap=tap), V1_CODEC)
    # Without a recorder, frames are ignored.
    tap(b"lost", 0)
    recording = start(feed)
    tap.recorder = recording.recorder
    await recording.until_written(3)
    await until(lambda: len(recording.said) == 2)
    clock.advance(2)
    await recording.until_written(6)
    await until(lambda: len(recording.said) == 3)
    await cancel_and_wait(recording.task)
    recording.recorder.close()
    _, *lines = (tmp_path / "a.jsonl").read_bytes().splitlines()
    sent = [each.encode() for each in frames]
    assert [decode_line(line).data for line in lines] == [*sent, b"", *sent]
    assert recording.said == [
        "Connected to a source.",
        "Lost the link to a source: the server closed the connection. Retrying automatically.",
        "Connected to a source.",
    ]


async def test_recording_of_nobil_real_time_plays_the_same_events(
    clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl.gz"
    before = [frame("NOR_1", "a", "AVAILABLE"), "rubbish", frame("NOR_2", "a", "BLOCKED")]
    after = [
        frame("NOR_1", "a", "CHARGING"),
        '{"nobilId":"NOR_3", "evseUId" : "\u00e6", "status":"NEWWORD", "more":1}',
    ]
    tap = FrameTap()
    live: list[Event] = []
    async with EnovaService(clock) as service:
        service.talks += [closing(*before), closing(*after)]
        feed = StreamFeed(enova_link(KEY, service.address, clock=clock, tap=tap), ENOVA_CODEC)
        tap.recorder = Recorder(path, feed.codec.name, source="a source")
        async with aclosing(feed.events()) as events:
            while sum(isinstance(event, Lost) for event in live) < 2:
                coming = asyncio.ensure_future(anext(events))
                while not coming.done():
                    clock.advance(1)
                    await asyncio.wait([coming], timeout=0.005)
                live.append(coming.result())
        tap.recorder.close()
    source = recording_source(path, speed=math.inf)
    played: list[Event] = []
    async with aclosing(source.open().feed.events()) as events:
        async for event in events:
            played.append(event)
            if isinstance(event, Ended):
                break
    source.close()
    reports = [event for event in live if isinstance(event, ConnectorReport | Unreadable)]
    assert len(reports) == 5
    assert [event for event in played if isinstance(event, ConnectorReport | Unreadable)] == reports
    # The break is played too, with the time of the last frame.
    lost, played_lost = (
        [event.heard_at for event in some if isinstance(event, Lost)] for some in (live, played)
    )
    assert played_lost[0] == lost[0]
    assert [type(event) for event in played] == [*[type(event) for event in live], Ended]


async def test_refused_key_ends_it(start: Start) -> None:
    recording = start(ScriptedFeed(Connected(T0), Refused("HTTP 401", T0)))
    with pytest.raises(KeyRefusedError, match="HTTP 401"):
        await guarded(recording.task)
    assert recording.feed.closed


async def test_disk_error_ends_it_while_idle(start: Start) -> None:
    recording = start(ScriptedFeed(Connected(T0)))
    await recording.look()
    assert not recording.task.done()
    recording.recorder.error = "recording stopped: the disk is full"
    await recording.look()
    with pytest.raises(RecordError, match="the disk is full"):
        await guarded(recording.task)
    assert recording.feed.closed


async def test_progress_and_next_file_are_reported(start: Start, tmp_path: Path) -> None:
    recording = start(ScriptedFeed(Connected(T0)), rotate_size=1)
    await until(lambda: bool(recording.said))
    await recording.look()
    assert recording.counts == [0]
    for n in range(2):
        recording.recorder(b"{}", T0)
        await recording.until_written(n + 1)
        await recording.look()
    assert recording.counts == [0, 1, 2]
    assert recording.said == ["Connected to a source.", f"Continuing in {tmp_path / 'a.1.jsonl'}."]


async def test_ends_with_the_feed(start: Start) -> None:
    recording = start(ScriptedFeed(Connected(T0)))
    recording.feed.end()
    await guarded(recording.task)
