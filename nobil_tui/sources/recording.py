"""A recording as a source: a file that is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nobil_tui.base.paths import expand_user
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import OpenSource
from nobil_tui.wire.codecs import FINLAND_CODEC

if TYPE_CHECKING:
    from nobil_tui.sources.request import SourceRequest


class RecordingSource:
    """Play a recording file, at the speed of the options or its own pace."""

    def __init__(self, request: SourceRequest) -> None:
        self.path = expand_user(request.text)
        self.name = safe_text(self.path.name)
        """The file's name."""
        self.simulated = False
        """Whether the recorded data are simulated; known once it is open."""
        self.state_key = ""
        """Empty: a past state is not the last known one."""
        self.options = request.options
        self._file: RecordingFile | None = None

    def open(self) -> OpenSource:
        """Open the file. Raises ``SourceError`` if it is not a recording."""
        self.close()
        file = self._file = RecordingFile.open(self.path)
        self.simulated = file.header.simulated
        speed = 1.0 if self.options.speed is None else self.options.speed
        feed = RecordingFeed(file, speed=speed, clock=self.options.clock)
        credit = FINLAND_CODEC.credit if file.header.codec == FINLAND_CODEC.name else ""
        return OpenSource(feed, clock=feed.clock, player=feed, credit=credit)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
