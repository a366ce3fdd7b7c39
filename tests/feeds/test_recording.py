"""Recordings as a feed: their events, and the controls of the player."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, closing
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    ConnectorReport,
    Ended,
    Event,
    Ignored,
    Lost,
    RawReport,
    Restarted,
    Snapshot,
    StationReport,
    Unreadable,
)
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.feeds.playback_clock import SPEEDS
from nobil_tui.feeds.recording import BREAK_REASON, RecordingFeed
from nobil_tui.feeds.recording_file import CHUNK_BYTES, RecordingFile
from nobil_tui.monitor import monitor as monitor_module
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.store.recorder import Recorder
from nobil_tui.wire.recording import BREAK, RecordedFrame
from tests.conftest import START, FakeClock, guarded, settle
from tests.feeds.recordings import T0, Entry, content, said, write

FREE, BUSY = said("AVAILABLE"), said("CHARGING")


async def events_of(
    path: Path, *, speed: float = math.inf, clock: FakeClock | None = None
) -> list[Event]:
    """Play a file to its end."""
    events: list[Event] = []
    with closing(RecordingFile.open(path)) as file:
        async with aclosing(RecordingFeed(file, speed=speed, clock=clock).events()) as playing:
            async for event in playing:
                events.append(event)
                if isinstance(event, Ended):
                    return events
    raise AssertionError("it never ends")


def report(frame: bytes, at: int) -> ConnectorReport:
    fields = json.loads(frame)
    status = {"AVAILABLE": 0, "CHARGING": 1}[fields["status"]]
    connector = WordConnector(status, 0, word=fields["status"])
    return ConnectorReport(fields["nobilId"], fields["evseUId"], connector, T0 + at)


# Events


async def test_frames_become_reports_at_their_recorded_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", content([(FREE, 0), (BUSY, 1500)]))
    assert await events_of(path) == [
        Connecting(),
        Connected(T0),
        report(FREE, 0),
        report(BUSY, 1500),
        Ended(T0 + 1500),
    ]


async def test_decodes_version_1_frames(tmp_path: Path) -> None:
    connector = {"status": 1, "error": 0, "timestamp": 17}
    frames = [
        {"type": "snapshot:init", "data": [{"uuid": "NOR_1", "connectors": [connector]}]},
        {
            "type": "status:update",
            "data": {"uuid": "NOR_1", "status": 1, "connectors": [connector]},
        },
        {"type": "status:raw", "code": 5, "data": {"uuid": "NOR_1", "connector": 0, **connector}},
        {"type": "foo:bar"},
        {"type": "status:update"},
    ]
    path = write(
        tmp_path / "a.jsonl",
        content([(json.dumps(frame).encode(), n) for n, frame in enumerate(frames)], "v1"),
    )
    *events, bad, ended = (await events_of(path))[2:]
    busy = Connector(1, 0, 17)
    assert events == [
        Snapshot([Station("NOR_1", [busy])], T0),
        StationReport(Station("NOR_1", [busy], 1), T0 + 1),
        RawReport("NOR_1", 0, busy, T0 + 2),
        Ignored("foo:bar", T0 + 3),
    ]
    assert isinstance(bad, Unreadable)
    assert ended == Ended(T0 + 4)


async def test_a_recording_without_a_header_is_nobil_real_time(tmp_path: Path) -> None:
    events = await events_of(write(tmp_path / "a.jsonl", content([(FREE, 0)], None)))
    assert events[2] == report(FREE, 0)


@pytest.mark.parametrize(("codec", "heard_at"), [("enova", 90), (None, 50)])
async def test_a_break_lasts_until_the_next_frame(
    tmp_path: Path, codec: str | None, heard_at: int
) -> None:
    """Our recorder writes when data last came. Others write when they noticed the loss, so only
    frames are certain.
    """
    path = write(
        tmp_path / "a.jsonl", content([(FREE, 0), (FREE, 50), (BREAK, 90), (BUSY, 7000)], codec)
    )
    assert (await events_of(path))[4:] == [
        Lost(BREAK_REASON, T0 + heard_at, T0 + 7000),
        Connecting(),
        Connected(T0 + 7000),
        report(BUSY, 7000),
        Ended(T0 + 7000),
    ]


async def test_a_break_takes_its_recorded_time(tmp_path: Path, clock: FakeClock) -> None:
    path = write(tmp_path / "a.jsonl", content([(FREE, 0), (BREAK, 1000), (BUSY, 8000)]))
    with closing(RecordingFile.open(path)) as file:
        events = RecordingFeed(file, clock=clock).events()
        for expected, wait in (
            (Connecting, 0),
            (Connected, 0),
            (ConnectorReport, 0),
            (Lost, 1),
            (Connecting, 7),
        ):
            coming = asyncio.ensure_future(anext(events))
            await settle()
            assert coming.done() is (wait == 0)
            clock.advance(wait)
            assert isinstance(await guarded(coming), expected)
        await events.aclose()


@pytest.mark.parametrize(
    ("entries", "heard_at", "back_at"),
    [
        ([(FREE, 9), (BREAK, 9), (BUSY, 9)], 8, 9),
        ([(FREE, 9), (BREAK, 9), (BUSY, 3)], 2, 3),
        ([(FREE, 9), (BREAK, 5000), (BUSY, 3)], 2, 3),
        ([(FREE, 0), (BREAK, 3), (BREAK, 6), (BUSY, 9)], 3, 9),
        ([(FREE, 0), (BREAK, 3)], 2, 3),
        ([(FREE, 3), (BREAK, 3)], 2, 3),
        ([(FREE, 3), (BREAK, 1)], 1, 3),
    ],
)
async def test_a_break_always_has_a_duration(
    tmp_path: Path, entries: Sequence[Entry], heard_at: int, back_at: int
) -> None:
    events = await events_of(write(tmp_path / "a.jsonl", content(entries)))
    assert [event for event in events if isinstance(event, Lost)] == [
        Lost(BREAK_REASON, T0 + heard_at, T0 + back_at)
    ]


async def test_a_break_before_the_first_frame_is_ignored(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", content([(BREAK, 0), (BREAK, 1), (FREE, 9)]))
    assert await events_of(path) == [
        Connecting(),
        Connected(T0 + 9),
        report(FREE, 9),
        Ended(T0 + 9),
    ]


async def test_damaged_lines_are_counted_and_skipped(tmp_path: Path) -> None:
    first, *rest = content([(FREE, 5), (BREAK, 6), (BUSY, 9)]).splitlines(keepends=True)
    path = write(
        tmp_path / "a.jsonl",
        first + b"{\n" + rest[0] + b"{\n" + rest[1] + b"{\n" + rest[2] + b"{\n" + b"{",
    )
    events = await events_of(path)
    unreadable = [event for event in events if isinstance(event, Unreadable)]
    assert [event.reason.partition(":")[0] for event in unreadable] == [
        "line 2",
        "line 4",
        "line 6",
        "line 8",
    ]
    assert [event.at - T0 for event in unreadable] == [5, 5, 5, 9]
    without = write(tmp_path / "b.jsonl", content([(FREE, 5), (BREAK, 6), (BUSY, 9)]))
    assert [event for event in events if event not in unreadable] == await events_of(without)


async def test_an_empty_recording_ends_at_once(tmp_path: Path, clock: FakeClock) -> None:
    path = write(tmp_path / "a.jsonl", content([]))
    assert await events_of(path, speed=1, clock=clock) == [Connecting(), Ended(START)]


async def test_other_tasks_run_while_no_event_comes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", content([(FREE, 0)]) + b"\n" * 6 * CHUNK_BYTES)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(others())
    await events_of(path)
    running.cancel()
    assert turns >= 6


# Playback


class Watch:
    """A viewer of a recording: the status of each connector, and the state of the playback."""

    def __init__(self, file: RecordingFile, speed: float, wall: FakeClock) -> None:
        self.feed = RecordingFeed(file, speed=speed, clock=wall)
        self.words: dict[tuple[str, str], str] = {}
        self.count = 0
        self.restarted: list[int] = []
        self.ended = 0
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with aclosing(self.feed.events()) as events:
            async for event in events:
                if isinstance(event, Restarted):
                    self.restarted.append(event.at - T0)
                    self.words.clear()
                elif isinstance(event, ConnectorReport):
                    self.words[event.station_id, event.evse_uid] = event.connector.word
                    self.count += 1
                self.ended += isinstance(event, Ended)


class Play(Protocol):
    async def __call__(self, data: bytes, speed: float = 1) -> Watch: ...


@pytest.fixture
async def play(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Play]:
    """Return ``play(data, speed)``, which starts a viewer of a recording."""
    watches: list[tuple[Watch, RecordingFile]] = []

    async def plays(data: bytes, speed: float = 1) -> Watch:
        file = RecordingFile.open(write(tmp_path / "a.jsonl", data))
        watches.append((Watch(file, speed, clock), file))
        await settle()
        return watches[-1][0]

    yield plays
    for watch, file in watches:
        await cancel_and_wait(watch.task)
        file.close()


MINUTES = content([(said("AVAILABLE", key=str(n)), n * 60_000) for n in range(11)])
"""A frame per minute, for ten minutes."""


async def test_clock_shows_the_recorded_time(play: Play, clock: FakeClock) -> None:
    watch = await play(MINUTES)
    assert watch.feed.clock.now() == T0
    assert watch.count == 1
    for _ in range(90):
        clock.advance(1)
        await settle()
    assert watch.feed.clock.now() == T0 + 90_000
    assert watch.count == 2


async def test_jumps_back_from_the_end(play: Play) -> None:
    watch = await play(MINUTES, math.inf)
    assert (watch.ended, watch.count) == (1, 11)
    watch.feed.pause()
    watch.feed.jump(-150)
    await settle()
    assert watch.restarted == [450_000]
    assert len(watch.words) == 8
    assert watch.feed.clock.now() == T0 + 450_000
    watch.feed.pause()
    await settle()
    assert (watch.ended, len(watch.words)) == (2, 11)


async def test_shows_speed_position_and_progress(play: Play, clock: FakeClock) -> None:
    watch = await play(MINUTES)
    # Progress includes the frame that is waited for.
    assert watch.feed.words == "1x, 0:00:00 of 0:10:00"
    watch.feed.jump(190)
    await settle()
    assert watch.feed.words == "1x, 0:03:10 of 0:10:00"
    watch.feed.pause()
    assert watch.feed.words == "1x paused, 0:03:10 of 0:10:00"
    watch.feed.pause()
    watch.feed.jump(1000)
    await settle()
    assert watch.feed.words == "1x, 0:10:00 of 0:10:00"
    watch.feed.clock.set_speed(math.inf)
    assert watch.feed.words == "max, 0:10:00 of 0:10:00"
    watch = await play(content([(FREE, 0), (FREE, 26 * 3_600_000)]), 2.5)
    watch.feed.jump(25 * 3600)
    await settle()
    assert watch.feed.words == "2.5x, 25:00:00 of 26:00:00"
    watch = await play(content([(FREE, 0), (FREE, 60_000)])[:-9], math.inf)
    assert watch.feed.words == "max, 0:00:00 of 0:00:00, the file is cut off here"


async def test_faster_and_slower_step_through_the_speeds(play: Play) -> None:
    feed = (await play(MINUTES, 7)).feed
    found = []
    for _ in range(len(SPEEDS)):
        feed.faster()
        found.append(feed.clock.speed)
    assert found == [*[speed for speed in SPEEDS if speed > 7], *[math.inf] * 3]
    found = []
    for _ in range(len(SPEEDS)):
        feed.slower()
        found.append(feed.clock.speed)
    assert found == [*reversed(SPEEDS[:-1]), 1]
    slow = (await play(MINUTES, 0.5)).feed
    assert not slow.slower()
    assert slow.clock.speed == 0.5
    assert slow.faster()
    assert slow.clock.speed == 1
    slow.clock.set_speed(math.inf)
    assert not slow.faster()
    assert slow.slower()


async def test_retry_does_nothing_and_behind_is_zero(play: Play) -> None:
    feed = (await play(MINUTES)).feed
    feed.retry()
    assert feed.behind == 0


async def test_a_jump_reaches_the_monitor_in_few_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many events it skips, they come in as few batches as time allows."""
    # A slow machine does less in each slice.
    monkeypatch.setattr(monitor_module, "SLICE_SECONDS", 1e6)
    data = content([(said("AVAILABLE", key=str(n)), n) for n in range(5000)] + [(FREE, 10_000_000)])
    with closing(RecordingFile.open(write(tmp_path / "a.jsonl", data))) as file:
        feed = RecordingFeed(file)
        monitor = Monitor(feed, tick=0)
        async with aclosing(monitor.batches()) as batches:
            await guarded(anext(batches))
            feed.jump(5)
            count = 0
            while monitor.board.connectors < 500:
                await guarded(anext(batches))
                count += 1
            assert count < 50


# Properties


class Script(NamedTuple):
    """What happened at a few stations, and what was recorded of it."""

    entries: list[Entry]
    oracle: dict[tuple[str, str], str]
    sure: set[tuple[str, str]]
    """EVSEs with a report after the last break."""


FRAMES = st.tuples(
    st.sampled_from(["NOR_1", "NOR_2"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["AVAILABLE", "CHARGING", "UNKNOWN"]),
    st.integers(-5, 20),
    st.booleans(),
)
"""Station, key, status, delay in ms (negative if a clock was set), and whether the link was down.
"""


def script_of(frames: Sequence[tuple[str, str, str, int, bool]]) -> Script:
    entries: list[Entry] = []
    oracle: dict[tuple[str, str], str] = {}
    sure: set[tuple[str, str]] = set()
    at = 100
    for station, key, word, later, down in frames:
        heard_at, at = at, at + later
        oracle[station, key] = word
        if not down:
            entries.append((said(word, station, key), at))
            sure.add((station, key))
        elif not entries or entries[-1][0] != BREAK:
            entries.append((BREAK, heard_at))
            sure.clear()
    return Script(entries, oracle, sure)


def held(board: Board) -> dict[tuple[str, str], str]:
    return {
        (station.id, key): connector.word
        for station in board.stations.values()
        if station.track is not None
        for key, connector in zip(station.track.evse_uids, station.connectors, strict=True)
    }


def away(board: Board, now: int) -> dict[tuple[str, str], int]:
    return {
        (station.id, key): board.unconfirmed_for(station, index, now)
        for station in board.stations.values()
        if station.track is not None
        for index, key in enumerate(station.track.evse_uids)
    }


async def board_of(path: Path) -> tuple[Board, int]:
    """Play a file to its end as fast as possible; return the board and the time at the end."""
    with closing(RecordingFile.open(path)) as file:
        feed = RecordingFeed(file, speed=math.inf)
        monitor = Monitor(feed, tick=0)
        async with aclosing(monitor.batches()) as batches:
            async for batch in batches:
                if batch.link.phase is LinkPhase.ENDED:
                    return monitor.board, feed.clock.now()
    raise AssertionError("it never ends")


@given(frames=st.lists(FRAMES, min_size=1, max_size=12), codec=st.sampled_from(["enova", None]))
@example(
    frames=[("NOR_1", "a", "AVAILABLE", 0, False), ("NOR_1", "a", "CHARGING", 0, True)],
    codec="enova",
)
@example(
    frames=[
        ("NOR_1", "a", "AVAILABLE", 0, False),
        ("NOR_1", "a", "CHARGING", 0, True),
        ("NOR_1", "b", "CHARGING", 0, False),
    ],
    codec="enova",
)
async def test_a_wrong_state_is_always_marked(
    tmp_path_factory: pytest.TempPathFactory,
    frames: list[tuple[str, str, str, int, bool]],
    codec: str | None,
) -> None:
    script = script_of(frames)
    if not any(data for data, _ in script.entries):
        return
    path = write(tmp_path_factory.mktemp("any") / "a.jsonl", content(script.entries, codec))
    board, now = await board_of(path)
    known, unsure = held(board), away(board, now)
    assert all(unsure[evse] > 0 for evse, word in known.items() if word != script.oracle[evse])
    # No more than that is marked: an EVSE with a report after the last break is right and certain.
    assert {evse for evse, ms in unsure.items() if ms == 0} == script.sure


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["jump", "pause", "faster", "slower", "wait"]), st.integers(-700, 700)
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(acts=ACTS)
@example(acts=[("jump", 700), ("jump", -700), ("jump", 700)])
@example(acts=[("pause", 0), ("jump", 300), ("jump", -1), ("pause", 0)])
async def test_any_use_of_the_controls_ends_in_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    words = ["AVAILABLE", "CHARGING", "UNKNOWN"]
    entries = [(said(words[n % 3], f"NOR_{n % 4}", str(n % 5)), n * 10_000) for n in range(60)]
    oracle = {(f"NOR_{n % 4}", str(n % 5)): words[n % 3] for n in range(60)}
    clock = FakeClock()
    path = write(tmp_path_factory.mktemp("any") / "a.jsonl", content(entries))
    with closing(RecordingFile.open(path)) as file:
        watch = Watch(file, 1, clock)
        for act, amount in acts:
            await settle()
            if act == "jump":
                watch.feed.jump(amount)
            elif act == "wait":
                clock.advance(abs(amount))
            else:
                getattr(watch.feed, act)()
            await settle()
            # At any time the viewer shows exactly what had happened by then.
            by_now = [n for n in range(60) if T0 + n * 10_000 <= watch.feed.clock.now()]
            assert watch.words == {(f"NOR_{n % 4}", str(n % 5)): words[n % 3] for n in by_now}
        if watch.feed.clock.paused:
            watch.feed.pause()
        watch.feed.clock.set_speed(math.inf)
        while not watch.ended or watch.feed.clock.now() < T0 + 590_000:
            await settle()
        assert watch.words == oracle
        await cancel_and_wait(watch.task)


@settings(max_examples=30)
@given(
    frames=st.lists(
        st.binary(max_size=60) | st.sampled_from([FREE, BUSY, b'{"type":"foo","data":{}}']),
        min_size=1,
    ),
    codec=st.sampled_from(["v1", "enova"]),
    name=st.sampled_from(["a.jsonl", "a.jsonl.gz"]),
)
def test_plays_recorded_frames_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes], codec: str, name: str
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    recorder = Recorder(path, codec, every=0)
    for n, frame in enumerate(frames):
        recorder(frame, T0 + n)
    recorder.close()
    with closing(RecordingFile.open(path)) as file:
        assert file.header.codec == codec
        played = [line for line in file.lines() if line is not None]
    assert played == [RecordedFrame(frame, T0 + n) for n, frame in enumerate(frames)]
