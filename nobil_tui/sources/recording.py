"""A recording as a source: a file that is played."""

from __future__ import annotations

from pathlib import Path

from nobil_tui.base.clock import Clock
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import OpenSource


class RecordingSource:
    """Plays the file at ``path``; ``speed`` as ``RecordingFeed`` has it, None for its own pace.

    ``clock`` is the one on the wall.
    """

    def __init__(self, path: Path, *, speed: float | None = None, clock: Clock | None = None) -> None:
        self.path = path
        self.name = safe_text(path.name)
        """The file's name."""
        self.simulated = False
        """Whether what was recorded is made up; known once it is open."""
        self.state_key = ""
        """Nothing is kept: what was is not the last that is known."""
        self._speed = 1.0 if speed is None else speed
        self._clock = clock
        self._file: RecordingFile | None = None

    def open(self) -> OpenSource:
        """Look into the file. Raises ``SourceError`` for what is no recording."""
        self.close()
        file = self._file = RecordingFile.open(self.path)
        self.simulated = file.header.simulated
        feed = RecordingFeed(file, speed=self._speed, clock=self._clock)
        return OpenSource(feed, clock=feed.clock, player=feed)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
