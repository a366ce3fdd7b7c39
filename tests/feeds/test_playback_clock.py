"""The clock of a playback, driven by a fake wall clock."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pytest

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.feeds.playback_clock import MAX_LAG, MIN_WAIT, PlaybackClock
from tests.conftest import FakeClock, guarded, settle

T0 = 1_774_267_200_000
"""Time of the recording, which differs from the wall clock's."""

STEP = 0.125
"""Seconds."""


class Tape:
    """Play events at given times, in seconds after ``T0``, and note them with the wall clock's
    time.
    """

    def __init__(self, wall: FakeClock, speed: float, *times: float) -> None:
        self.wall = wall
        self.clock = PlaybackClock(wall, T0 + round(times[0] * 1000), speed)
        self.came: list[float] = []
        self.at: list[float] = []
        self.restarts: list[float] = []
        self._times = times
        self._task = asyncio.create_task(self._play())

    async def _play(self) -> None:
        while True:
            for seconds in self._times:
                if not await self.clock.wait_for(T0 + round(seconds * 1000)):
                    break
                self.came.append(seconds)
                self.at.append(self.wall.monotonic())
            else:
                await self.clock.wait_for_back()
            self.restarts.append((self.clock.rewind() - T0) / 1000)
            self.came.clear()

    @property
    def now(self) -> float:
        return (self.clock.now() - T0) / 1000

    async def advance(self, seconds: float) -> None:
        """Advance the clock in steps that add up exactly."""
        for _ in range(round(seconds / STEP)):
            self.wall.advance(STEP)
            await settle()

    async def stop(self) -> None:
        await cancel_and_wait(self._task)


class Play(Protocol):
    async def __call__(self, speed: float, *times: float) -> Tape: ...


@pytest.fixture
async def play(clock: FakeClock) -> AsyncIterator[Play]:
    """Return ``play(speed, *times)``, which starts a playback."""
    tapes: list[Tape] = []

    async def plays(speed: float, *times: float) -> Tape:
        tapes.append(Tape(clock, speed, *times))
        await settle()
        return tapes[-1]

    yield plays
    for tape in tapes:
        await tape.stop()


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0, 10.0])
async def test_events_are_played_when_they_are_due(play: Play, speed: float) -> None:
    tape = await play(speed, 0, 10, 30, 31)
    assert tape.came == [0]
    await tape.advance(70)
    assert tape.came == [0, 10, 30, 31]
    assert tape.at == pytest.approx([seconds / speed for seconds in tape.came], abs=STEP)


async def test_clock_runs_up_to_the_next_event(play: Play, clock: FakeClock) -> None:
    tape = await play(2, 0, 10, 11)
    await tape.advance(3)
    assert tape.now == pytest.approx(6)
    # The event loop has not run yet: the due event has not been played.
    clock.advance(60)
    assert tape.now == 10
    assert tape.clock.monotonic() == clock.monotonic()


async def test_clock_stops_at_the_end(play: Play) -> None:
    tape = await play(1, 0, 1)
    await tape.advance(30)
    assert tape.now == 1


async def test_infinite_speed_plays_without_waiting(play: Play, clock: FakeClock) -> None:
    tape = await play(math.inf, 0, 3600, 7200)
    assert tape.came == [0, 3600, 7200]
    assert clock.sleepers == []
    assert tape.now == 7200


async def test_events_close_together_are_played_together(play: Play, clock: FakeClock) -> None:
    tape = await play(1, 0, 0.001, 0.002, 0.003)
    assert clock.sleepers == pytest.approx([MIN_WAIT])
    clock.advance(MIN_WAIT)
    await settle()
    assert tape.came == [0, 0.001, 0.002, 0.003]


async def test_pauses_and_resumes(play: Play, clock: FakeClock) -> None:
    tape = await play(1, 0, 10)
    await tape.advance(4)
    tape.clock.pause()
    await settle()
    assert clock.sleepers == []
    await tape.advance(60)
    assert (tape.now, tape.came) == (4, [0])
    tape.clock.pause()
    await settle()
    await tape.advance(5.5)
    assert (tape.now, tape.came) == (9.5, [0])
    await tape.advance(0.5)
    assert tape.came == [0, 10]


async def test_a_new_speed_applies_from_now_on(play: Play) -> None:
    tape = await play(1, 0, 100)
    await tape.advance(10)
    tape.clock.set_speed(30)
    await settle()
    await tape.advance(2.875)
    assert (tape.now, tape.came) == (96.25, [0])
    tape.clock.set_speed(math.inf)
    await settle()
    assert (tape.now, tape.came) == (100, [0, 100])


async def test_speed_can_be_changed_while_paused(play: Play) -> None:
    tape = await play(math.inf, 0)
    tape.clock.pause()
    tape.clock.set_speed(1)
    await tape.advance(5)
    assert tape.now == 0


@pytest.mark.parametrize(("behind", "made_up_for"), [(MAX_LAG * 0.9, True), (MAX_LAG * 1.5, False)])
async def test_a_short_delay_is_caught_up_and_a_long_one_dropped(
    play: Play, clock: FakeClock, behind: float, made_up_for: bool
) -> None:
    tape = await play(1, 0, 10, 20)
    await tape.advance(9)
    # The event loop was blocked for that long.
    clock.advance(1 + behind)
    await settle()
    assert tape.came == [0, 10]
    assert tape.now == pytest.approx(10 + (behind if made_up_for else 0))


async def test_slightly_decreasing_times_do_not_wait(play: Play, clock: FakeClock) -> None:
    tape = await play(1, 0, 10, 9.8, 10.5)
    await tape.advance(10)
    assert tape.came == [0, 10, 9.8]
    await tape.advance(0.5)
    assert tape.came == [0, 10, 9.8, 10.5]


async def test_clock_follows_a_recorder_clock_that_was_set_back(play: Play) -> None:
    tape = await play(1, 3600, 3610, 10, 20)
    await tape.advance(10)
    assert (tape.now, tape.came) == (10, [3600, 3610, 10])
    await tape.advance(9)
    assert (tape.now, tape.came) == (19, [3600, 3610, 10])
    await tape.advance(1)
    assert tape.came == [3600, 3610, 10, 20]


@pytest.mark.parametrize("paused", [False, True])
async def test_a_jump_forward_plays_the_skipped_events_at_once(
    play: Play, clock: FakeClock, paused: bool
) -> None:
    tape = await play(1, 0, 10, 20, 30)
    await tape.advance(5)
    if paused:
        tape.clock.pause()
    before = clock.monotonic()
    tape.clock.jump(20)
    assert tape.now == 5
    await settle()
    assert (tape.now, tape.came, clock.monotonic()) == (25, [0, 10, 20], before)
    await tape.advance(4)
    assert (tape.now, tape.came) == (25 if paused else 29, [0, 10, 20])
    await tape.advance(1)
    assert tape.came == [0, 10, 20] if paused else [0, 10, 20, 30]


async def test_a_jump_to_the_next_event_plays_it(play: Play) -> None:
    tape = await play(1, 0, 10)
    tape.clock.jump(10)
    await settle()
    assert tape.came == [0, 10]


@pytest.mark.parametrize("speed", [1, math.inf])
async def test_a_jump_back_restarts_and_returns_the_target(play: Play, speed: float) -> None:
    tape = await play(1, 0, 10, 20, 30)
    await tape.advance(25)
    tape.clock.set_speed(speed)
    tape.clock.jump(-10)
    await settle()
    assert tape.restarts == [15]
    assert tape.came == ([0, 10] if speed == 1 else [0, 10, 20, 30])
    assert tape.now == (15 if speed == 1 else 30)


async def test_a_jump_back_stops_at_the_beginning(play: Play) -> None:
    tape = await play(1, 5, 10, 20)
    await tape.advance(7)
    tape.clock.jump(-1e6)
    await settle()
    assert (tape.restarts, tape.now, tape.came) == ([5], 5, [5])


async def test_a_jump_back_over_no_event_does_not_restart(play: Play) -> None:
    tape = await play(1, 0, 100)
    await tape.advance(50)
    tape.clock.jump(-20)
    await settle()
    assert (tape.restarts, tape.now) == ([], 30)
    await tape.advance(69)
    assert (tape.now, tape.came) == (99, [0])


@pytest.mark.parametrize(
    ("jumps", "restarts", "now"),
    [
        ([10, 10], [], 30),
        ([10, -5], [], 15),
        ([-5, -5], [0], 0),
        ([-5, 25], [30], 30),
        ([10, -15], [5], 5),
    ],
)
async def test_jumps_during_a_jump_add_up(
    play: Play, jumps: Sequence[float], restarts: Sequence[float], now: float
) -> None:
    tape = await play(1, 0, 6, 100)
    await tape.advance(10)
    for seconds in jumps:
        tape.clock.jump(seconds)
    await settle()
    assert (tape.restarts, tape.now) == (restarts, now)


async def test_only_a_jump_back_is_possible_at_the_end(play: Play) -> None:
    tape = await play(1, 0, 10)
    await tape.advance(20)
    tape.clock.jump(30)
    await settle()
    assert (tape.restarts, tape.now) == ([], 10)
    tape.clock.jump(-4)
    await settle()
    assert (tape.restarts, tape.now, tape.came) == ([6], 6, [0])
    await tape.advance(4)
    assert tape.came == [0, 10]


async def test_closing_leaves_no_sleeping_task(play: Play, clock: FakeClock) -> None:
    tape = await play(1, 0, 10)
    await guarded(clock.asleep())
    await tape.stop()
    await settle()
    assert clock.sleepers == []
