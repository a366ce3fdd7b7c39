"""A recording as a feed: what a stream once sent, at its own pace, faster, or as fast as it can be read.

It is read like the stream that it was. Where the link broke, it breaks again, for as long: what the recorder missed is
as unconfirmed as it was then.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator

from nobil_tui.base.clock import Clock
from nobil_tui.charging.events import Connected, Connecting, Ended, Event, Lost, Restarted, Unreadable
from nobil_tui.feeds.playback_clock import SPEEDS, PlaybackClock
from nobil_tui.feeds.recording_file import DamagedLine, RecordingFile
from nobil_tui.wire.codecs import CODECS
from nobil_tui.wire.recording import BREAK

BREAK_REASON = "the link broke while this was recorded"


class RecordingFeed:
    """Plays a recording; it is a ``Player``, and ``clock`` tells the recording's time.

    ``speed`` is how many seconds pass in one; infinity is as fast as it can. ``clock`` is the one on the wall.
    """

    def __init__(self, file: RecordingFile, *, speed: float = 1.0, clock: Clock | None = None) -> None:
        wall = clock or Clock()
        self._file = file
        self._start = wall.now() if file.start is None else file.start
        self._decode = CODECS[file.header.feed].decode
        self.clock = PlaybackClock(wall, self._start, speed)
        """Stands where the recording is; before the first frame, where that is."""

    # The feed

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what was recorded, when it is due, and ``Ended``.

        Then it waits for somebody to go back, and begins again with ``Restarted``: leave it where nobody will.
        """
        while True:
            yield Connecting()
            for step in self._script():
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
        """It never is: nobody waits for it to be read."""
        return 0

    def retry(self) -> None:
        """There is nothing to try: the link was back when it was back."""

    # The player

    @property
    def words(self) -> str:
        """How it plays: ``10x, 0:12:08, 67 %``; ``10x paused, ...``."""
        clock = self.clock
        speed = "max" if clock.speed == math.inf else f"{clock.speed:g}x"
        pause = " paused" if clock.paused else ""
        minutes, seconds = divmod(max(0, clock.now() - self._start) // 1000, 60)
        where = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        return f"{speed}{pause}, {where}, {math.floor(self._file.fraction * 100)} %"

    def pause(self) -> None:
        """Stand still, or go on."""
        self.clock.pause()

    def faster(self) -> None:
        """Play at the next higher speed."""
        self.clock.set_speed(min((speed for speed in SPEEDS if speed > self.clock.speed), default=math.inf))

    def slower(self) -> None:
        """Play at the next lower speed, down to its own pace."""
        now = self.clock.speed
        self.clock.set_speed(max((speed for speed in SPEEDS if speed < now), default=now))

    def jump(self, seconds: float) -> None:
        """Go forward by so many seconds of the recording; back if it is less than zero."""
        self.clock.jump(seconds)

    # Inside

    def _script(self) -> Iterator[tuple[int, Event] | None]:
        """Tell what happened and when (ms), and None wherever there is time to do something else."""
        at = heard_at = self._start
        broke_at: int | None = None
        live = False
        for said in self._file.lines():
            if said is None:
                yield None
            elif isinstance(said, DamagedLine):
                yield at, Unreadable(said.reason, at)
            elif said.data == BREAK:
                if live:
                    live, broke_at = False, said.at
                    # Our own recorder notes when last something came; others, when they noticed that nothing does.
                    heard_at = said.at if self._file.has_header else at
            else:
                if broke_at is not None:
                    yield from _break(broke_at, heard_at, said.at)
                    broke_at = None
                if not live:
                    live = True
                    yield said.at, Connected(said.at)
                at = said.at
                yield at, self._decode(said.data, at)
        end = at if broke_at is None else max(at, broke_at)
        if broke_at is not None:
            yield broke_at, _lost(heard_at, end)
        yield end, Ended(end)


def _break(broke_at: int, heard_at: int, back_at: int) -> Iterator[tuple[int, Event]]:
    yield min(broke_at, back_at), _lost(heard_at, back_at)
    yield back_at, Connecting()


def _lost(heard_at: int, back_at: int) -> Lost:
    # However short or wrongly dated it was: something may have been missed, and only time that passed tells so.
    return Lost(BREAK_REASON, min(heard_at, back_at - 1), back_at)
