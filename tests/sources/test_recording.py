"""A recording as a source: its name, its speed and its header."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.source import Source, SourceError
from nobil_tui.wire.finland import FINLAND_CREDIT
from tests.conftest import FakeClock
from tests.feeds.recordings import T0, content, said, write
from tests.sources.choices import recording_source

DATA = content([(said("AVAILABLE"), 0)])


def test_name_is_the_file_name_and_state_key_is_empty(tmp_path: Path) -> None:
    source: Source = recording_source(tmp_path / "a\x1b[2J.jsonl")
    assert source.name == "a·[2J.jsonl"
    assert source.state_key == ""


async def test_opens_a_feed_with_a_clock_and_a_player(tmp_path: Path, clock: FakeClock) -> None:
    source = recording_source(write(tmp_path / "a.jsonl", DATA), clock=clock)
    assert not source.simulated
    opened = source.open()
    assert isinstance(opened.feed, RecordingFeed)
    assert opened.player is opened.feed
    assert opened.register is None
    assert opened.clock is opened.feed.clock
    assert opened.clock.now() == T0
    assert opened.clock.monotonic() == clock.monotonic()
    source.close()


@pytest.mark.parametrize(("given", "speed"), [(None, 1), (30, 30), (math.inf, math.inf)])
async def test_plays_at_the_requested_speed(
    tmp_path: Path, given: float | None, speed: float
) -> None:
    source = recording_source(write(tmp_path / "a.jsonl", DATA), speed=given)
    feed = source.open().feed
    assert isinstance(feed, RecordingFeed)
    assert feed.clock.speed == speed
    source.close()


def test_simulated_follows_the_header(tmp_path: Path) -> None:
    data = content([(said("AVAILABLE"), 0)], simulated=True)
    source = recording_source(write(tmp_path / "a.jsonl.gz", data))
    source.open()
    assert source.simulated
    source.close()


@pytest.mark.parametrize(("codec", "credit"), [("finland", FINLAND_CREDIT), ("enova", "")])
def test_a_recording_of_finland_has_its_credit(tmp_path: Path, codec: str, credit: str) -> None:
    source = recording_source(write(tmp_path / "a.jsonl", content([], codec=codec)))
    assert source.open().credit == credit
    source.close()


def test_can_be_opened_after_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    source = recording_source(path)
    source.close()
    for words in ("does not exist", "cannot be played"):
        with pytest.raises(SourceError, match=words):
            source.open()
        path.write_bytes(b"hello\n")
    write(path, DATA)
    for _ in range(2):
        source.open()
    source.close()
    source.close()
