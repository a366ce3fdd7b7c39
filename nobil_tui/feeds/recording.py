"""A recording as a feed, played at its own pace, faster, or as fast as it can be read.

Frames are decoded like those of the recorded stream. Where the link was lost, it is lost again for
the same time: connectors are as unconfirmed as they were then.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    Ended,
    Event,
    Lost,
    Restarted,
    Unreadable,
)
from nobil_tui.feeds.playback_clock import SPEEDS, PlaybackClock
from nobil_tui.feeds.recording_file import DamagedLine, RecordingFile
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.recording import BREAK

MAX_SILENCE = 24 * 3_600_000
"""Milliseconds without a frame after which the recorder was not listening."""
MAX_SILENCE_UNMARKED = 3_600_000
"""The same for a recording by another program, which may not write that it lost the link. The
longest silence of NOBIL Real-time was two minutes, but a file may hold a part of it."""
BREAK_REASON = "the link was lost during the recording"


class RecordingFeed:
    """Play ``file``. It is a ``Player`` too, and ``clock`` shows the time of the recording.

    ``speed`` is in recorded seconds per second; infinity is as fast as possible. ``clock`` is the
    clock that it is played by.
    """

    def __init__(
        self, file: RecordingFile, *, speed: float = 1.0, clock: Clock | None = None
    ) -> None:
        wall = clock or Clock()
        self._file = file
        self._start = wall.now() if file.start is None else file.start
        self._codec = CODECS[file.header.codec]
        self.clock = PlaybackClock(wall, self._start, speed)
        """The position in the recording; before the first frame, the time of that frame."""

    # The feed

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the recorded events when they are due, and ``Ended``.

        Then wait for a jump back, and start again with ``Restarted``: a caller that offers no jumps
        must leave at ``Ended``.
        """
        while True:
            yield Connecting()
            for step in self.script():
                if step is None:
                    await asyncio.sleep(0)
                    continue
                due, event = step
                if not await self.clock.wait_for(due):
                    break
                yield event
            else:
                await self.clock.wait_for_back()
            yield Restarted(self.clock.rewind())

    @property
    def behind(self) -> int:
        """Zero: a recording waits for its reader."""
        return 0

    @property
    def alive_at(self) -> int:
        """Zero: only events tell."""
        return 0

    def retry(self) -> None:
        """Do nothing: a recorded loss ends when it ended."""

    # The player

    @property
    def words(self) -> str:
        """Speed, position and length: ``10x, 0:12:08 of 1:30:00``; ``10x paused, ...``.

        Until the length is known, how much of the file was read.
        """
        clock = self.clock
        speed = "max" if clock.speed == math.inf else f"{clock.speed:g}x"
        pause = " paused" if clock.paused else ""
        file = self._file
        position = _duration_text(clock.now() - self._start)
        length = f", {math.floor(file.fraction * 100)} %"
        if file.end is not None:
            length = f" of {_duration_text(file.end - self._start)}"
        cut = ", the file is cut off here" if file.is_cut and file.fraction == 1.0 else ""
        return f"{speed}{pause}, {position}{length}{cut}"

    def pause(self) -> None:
        """Pause, or resume."""
        self.clock.pause()

    def faster(self) -> bool:
        """Play at the next higher speed; return whether there is one."""
        now = self.clock.speed
        self.clock.set_speed(min((speed for speed in SPEEDS if speed > now), default=now))
        return self.clock.speed != now

    def slower(self) -> bool:
        """Play at the next lower speed, down to the recorded pace; return whether there is one."""
        now = self.clock.speed
        self.clock.set_speed(max((speed for speed in SPEEDS if speed < now), default=now))
        return self.clock.speed != now

    def jump(self, seconds: float) -> None:
        """Jump ``seconds`` of the recording forward, or back if negative."""
        self.clock.jump(seconds)

    # Inside

    def script(self) -> Iterator[tuple[int, Event] | None]:
        """Yield each event with its time (ms), and None wherever the loop may run something
        else."""
        decode = self._codec.decoder()
        at = heard_at = self._start
        broke_at: int | None = None
        live = False
        silence = MAX_SILENCE if self._file.has_header else MAX_SILENCE_UNMARKED
        for line in self._file.lines():
            if line is None:
                yield None
            elif isinstance(line, DamagedLine):
                yield at, Unreadable(line.reason, at)
            elif line.data == BREAK:
                if live:
                    live, broke_at = False, line.at
                    # Our recorder writes when it last received data; others write when they noticed
                    # the loss.
                    heard_at = line.at if self._file.has_header else at
            else:
                if live and line.at - at > silence:
                    live, broke_at, heard_at = False, at, at
                if broke_at is not None:
                    yield from _break(broke_at, heard_at, line.at)
                    broke_at = None
                if not live:
                    live = True
                    yield line.at, Connected(line.at)
                at = line.at
                yield at, decode(line.data, at)
        end = at if broke_at is None else max(at, broke_at)
        if broke_at is not None:
            yield broke_at, _lost(heard_at, end)
        yield end, Ended(end)


def _duration_text(milliseconds: int) -> str:
    """Return a duration as ``1:02:03``."""
    minutes, seconds = divmod(max(0, milliseconds) // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _break(broke_at: int, heard_at: int, back_at: int) -> Iterator[tuple[int, Event]]:
    yield min(broke_at, back_at), _lost(heard_at, back_at)
    yield back_at, Connecting()


def _lost(heard_at: int, back_at: int) -> Lost:
    # Use a length even for a gap of none or less: something may have been missed, and only a span
    # of time marks that.
    return Lost(BREAK_REASON, min(heard_at, back_at - 1), back_at)
