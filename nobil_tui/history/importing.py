"""Import recordings into the history. Data that is stored already is neither stored nor counted
again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nobil_tui.base.text import safe_path
from nobil_tui.charging.board import Board
from nobil_tui.charging.events import (
    Connected,
    Connecting,
    HubReport,
    HubState,
    Lost,
    Snapshot,
    Unreadable,
)
from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import SourceError
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.listening import Interval, Listening
from nobil_tui.history.observation import Observation
from nobil_tui.history.replay import Replay

WRITE_AFTER = 5_000
"""How many changes are held in memory before they are written."""
_FIRST_READING = 0.3
"""The share of the work that is done once the covered time is known."""


class ImportResult(NamedTuple):
    """What was added to the history."""

    changes: int
    seconds: int
    """Seconds of listening that were not covered yet."""
    unreadable: int
    """Lines and frames that could not be read."""


class RecordingImport:
    """Imports one recording, completely or not at all. ``on_progress`` gets the share done, from 0
    to 1."""

    def __init__(self, path: Path, on_progress: Callable[[float], None]) -> None:
        self._path = path
        self._on_progress = on_progress

    def run(self, database: HistoryDatabase, hours: LocalHours) -> ImportResult:
        """Import the recording. Raises ``SourceError``, and ``sqlite3.Error``.

        It is read twice: for the time that it covers, and for what happened.
        """
        file = RecordingFile.open(self._path)
        try:
            if file.header.simulated:
                raise self._simulated()
            with database.transaction():
                return self._run(file, database, hours)
        finally:
            file.close()

    def _run(
        self, file: RecordingFile, database: HistoryDatabase, hours: LocalHours
    ) -> ImportResult:
        feed, stored = RecordingFeed(file), database.listening()
        pieces = [
            part for interval in self._intervals(feed, file) for part in stored.uncovered(interval)
        ]
        board, added, unreadable = Board(), 0, 0
        observation = Observation(board, hours, listening=Listening(pieces))
        replay = Replay(board, observation)
        for step in feed.script():
            if step is None:
                self._on_progress(_FIRST_READING + (1 - _FIRST_READING) * file.fraction)
                continue
            unreadable += isinstance(step[1], Unreadable)
            replay.apply(step[1])
            if observation.pending >= WRITE_AFTER:
                added += database.write(observation.take_portion())
        if pieces:
            observation.finish(pieces[-1].ended * 1000)
        portion = observation.take_portion()
        portion.intervals = {piece.began: piece for piece in pieces}
        added += database.write(portion)
        return ImportResult(added, sum(piece.ended - piece.began for piece in pieces), unreadable)

    def _intervals(self, feed: RecordingFeed, file: RecordingFile) -> list[Interval]:
        """Return the intervals in which the recorder was listening; if there was a hub, it must
        have been listening too."""
        listening, live = Listening(), False
        for step in feed.script():
            if step is None:
                self._on_progress(_FIRST_READING * file.fraction)
                continue
            at = step[0] // 1000
            match step[1]:
                case Connected():
                    last = listening.last
                    listening.begin(max(at, last.ended if last is not None else 0))
                    live = True
                case Lost(_, heard_at, _):
                    listening.extend(heard_at // 1000)
                    live = False
                case HubReport(hub) | Snapshot(hub=HubState() as hub):
                    if hub.simulated:
                        raise self._simulated()
                    if not hub.live:
                        listening.extend(at - hub.down_for // 1000)
                    elif live:
                        listening.extend(at)
                    else:
                        last = listening.last
                        listening.begin(max(at, last.ended if last is not None else 0))
                    live = hub.live
                case Connecting():
                    pass
                case _:
                    if live:
                        listening.extend(at)
        return [interval for interval in listening if interval.ended > interval.began]

    def _simulated(self) -> SourceError:
        return SourceError(
            f"{safe_path(self._path)} is a recording of simulated data, which is not imported."
        )
