"""The counts of received frames in the link bar and the help."""

from __future__ import annotations

import math
from pathlib import Path

from nobil_tui.charging.events import Connected, ConnectorReport, Ignored, Unreadable
from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.feeds.source import OpenSource
from nobil_tui.tui.commands.view import about
from nobil_tui.wire.status_words import connector_from
from tests.conftest import START, FakeClock
from tests.feeds.recordings import content, said, write
from tests.tui.app_driver import (
    MIDDLE,
    WIDE,
    HandSource,
    live,
    main_of,
    opened,
    setup_of,
    text_of,
    until,
)


def report(word: str, at: int = START) -> ConnectorReport:
    return ConnectorReport("NOR_1", "key", connector_from(word), at)


class Recorded(HandSource):
    """A recording that is played without pauses."""

    def __init__(self, clock: FakeClock, path: Path) -> None:
        super().__init__(clock)
        self._file = RecordingFile.open(path)

    def open(self) -> OpenSource:
        return OpenSource(RecordingFeed(self._file, speed=math.inf), clock=self._clock)

    def close(self) -> None:
        self._file.close()


async def test_the_link_bar_shows_unknown_words() -> None:
    clock = FakeClock()
    source = HandSource(clock)
    source.feed.put(Connected(START), report("AVAILABLE"))
    async with opened(setup_of(clock, source), WIDE) as pilot:
        main = await live(pilot)
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert "unknown words" not in text_of(pilot)[0]
        source.feed.put(report("SINGING"), report("SINGING"), report("CHARGING"))
        await until(
            pilot,
            lambda: (
                main.workspace.session.monitor and main.workspace.session.monitor.counts.frames == 4
            ),
        )
        main.workspace.refresh_link_bar()
        await pilot.pause()
        assert "2 reports with unknown words: SINGING" in text_of(pilot)[0]
        assert "last frame" in text_of(pilot)[0]


async def test_the_help_shows_the_counts() -> None:
    clock = FakeClock()
    source = HandSource(clock)
    source.feed.put(Connected(START), report("AVAILABLE"), report("[b]X", START + 1))
    async with opened(setup_of(clock, source), MIDDLE) as pilot:
        main = await live(pilot)
        await until(
            pilot,
            lambda: (
                main.workspace.session.monitor and main.workspace.session.monitor.counts.frames == 2
            ),
        )
        assert about(main.workspace).endswith(
            "Received: 2 frames, 2 changes, 1 report with unknown words: [b]X."
        )
        source.feed.put(
            Unreadable("bad", START + 2), Ignored("foo:bar", START + 3), Ignored("", START + 4)
        )
        await until(
            pilot,
            lambda: (
                main.workspace.session.monitor and main.workspace.session.monitor.counts.frames == 5
            ),
        )
        await pilot.press("question_mark")
        await pilot.pause()
        shown = " ".join(" ".join(text_of(pilot)).replace("│", " ").split())
        assert "Received: 5 frames, 2 changes, 1 unreadable, 2 ignored, 1 report" in shown
        assert "unknown words: [b]X." in shown


async def test_unknown_words_of_a_recording_are_counted(tmp_path: Path) -> None:
    clock = FakeClock()
    words = ("AVAILABLE", "SINGING", "SINGING")
    path = write(
        tmp_path / "a.jsonl", content([(said(word), n) for n, word in enumerate(words)], None)
    )
    async with opened(setup_of(clock, Recorded(clock, path)), WIDE) as pilot:
        main = main_of(pilot)
        await until(
            pilot,
            lambda: (
                main.workspace.session.monitor and main.workspace.session.monitor.counts.frames == 3
            ),
        )
        assert "2 reports with unknown words: SINGING" in about(main.workspace)
