"""The pace of a stream: how long it is usually silent, learned from its own pauses."""

from __future__ import annotations

from collections import deque

_PAUSE = 1000
"""The shortest time in ms between two frames that counts as a pause, and not as part of a burst."""
_PAUSES = 64
"""How many pauses are remembered."""
_MIN_FRAMES = 20
"""How many frames are needed before the pace is known."""
_TIMES_LONGER = 4
"""A silence is unusual if it is this many times as long as the longest usual pause."""
_MIN_SILENCE = 20_000
"""A silence of this many ms is usual in every stream."""


class StreamPace:
    """Learns the pauses between the frames of one connection after another. Times are in ms."""

    def __init__(self) -> None:
        self._pauses: deque[int] = deque(maxlen=_PAUSES)
        self._frames = 0
        self._last = 0
        """The time of the latest frame; zero before one of this connection."""
        self._began = 0
        """Since when the connection is observed: its first frames may be older."""

    def note(self, at: int) -> None:
        """Note a frame."""
        pause = at - self._last
        if self._last and pause >= _PAUSE:
            self._pauses.append(pause)
        self._last = at
        self._frames += 1

    def start(self, now: int) -> None:
        """Note that the connection is up: its silence begins now."""
        self._began = now

    def stop(self) -> None:
        """Note that the connection is down: the time until the next frame is no pause."""
        self._last = 0

    def unusual_silence(self, now: int) -> int:
        """Return for how long the stream has been silent if that is unusual for it, else zero."""
        if not self._last or self._frames < _MIN_FRAMES:
            return 0
        # Not the longest: one pause may have been unusual itself.
        longest = sorted(self._pauses)[-2] if len(self._pauses) > 1 else 0
        silence = now - max(self._last, self._began)
        return silence if silence > max(_MIN_SILENCE, _TIMES_LONGER * longest) else 0
