"""Real recordings, played and compared with a simple model: a dict of the last status of each
EVSE."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import aclosing, closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.feeds.recording import RecordingFeed
from nobil_tui.feeds.recording_file import RecordingFile
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.recording import BREAK, RecordingHeader, encode_header, encode_line
from tests.conftest import guarded
from tests.feeds.test_enova_captures import EVSE, Line, held, load, oracle, unsure

pytestmark = pytest.mark.slow

NAMES = ["enova_2026-03-23_12.jsonl", "enova_2026-03-24_02.jsonl"]


@pytest.fixture(scope="module")
def busy() -> list[Line]:
    """The frames only: the tests choose the breaks."""
    return [line for line in load(NAMES[0]) if line.data]


async def play(path: Path, *jumps: float) -> tuple[Board, int]:
    """Play a file to its end as fast as possible, jump, and play to the end again; return the board
    and the time.
    """
    left = list(jumps)
    with closing(RecordingFile.open(path)) as file:
        feed = RecordingFeed(file, speed=math.inf)
        monitor = Monitor(feed, tick=0)
        async with aclosing(monitor.batches()) as batches:
            async for batch in batches:
                if batch.link.phase is not LinkPhase.ENDED:
                    continue
                if not left:
                    assert monitor.counts.unreadable == monitor.counts.ignored == 0
                    return monitor.board, feed.clock.now()
                feed.jump(left.pop(0))
    raise AssertionError("it never ends")


@pytest.mark.parametrize("name", NAMES)
async def test_fast_playback_matches_the_model(name: str) -> None:
    lines = load(name)
    board, now = await guarded(play(Path(os.environ["NOBIL_CAPTURES"]) / name))
    assert held(board) == oracle(lines)
    # In whole milliseconds: the capture's own times are finer.
    assert abs(now - lines[-1].at) <= 1


@pytest.mark.parametrize("name", NAMES)
async def test_jumping_back_and_playing_again_matches_the_model(name: str) -> None:
    lines = load(name)
    path = Path(os.environ["NOBIL_CAPTURES"]) / name
    straight, now = await guarded(play(path))
    again, now_again = await guarded(play(path, -300, -1e9))
    assert held(again) == oracle(lines)
    assert (now_again, unsure(again, now)) == (now, unsure(straight, now))


def write_with_breaks(
    path: Path, lines: Sequence[Line], breaks: Sequence[tuple[int, int]], codec: str | None
) -> set[EVSE]:
    """Write a recording that misses that many lines from each line number on; return the EVSEs
    reported since.
    """
    out = [encode_header(RecordingHeader(codec=codec))] if codec is not None else []
    sure: set[EVSE] = set()
    number = 0

    def take(until: int) -> None:
        for line in lines[number:until]:
            out.append(encode_line(line.data, line.at))
            sure.add(line.evse)

    for start, length in sorted(breaks):
        start = max(start, number)
        take(start)
        number = min(start + length, len(lines))
        if start:
            # Another recorder notices a loss late.
            at = lines[start - 1].at if codec is not None else lines[max(start, number) - 1].at
            out.append(encode_line(BREAK, at))
            sure.clear()
    take(len(lines))
    path.write_bytes(b"".join(out))
    return sure


BREAKS = st.lists(st.tuples(st.integers(0, 5565), st.integers(0, 2000)), min_size=1, max_size=6)


@settings(max_examples=4)
@given(breaks=BREAKS, codec=st.sampled_from(["enova", None]))
@example(breaks=[(5565, 1)], codec="enova")
@example(breaks=[(1, 5565)], codec=None)
@example(breaks=[(2000, 0), (2000, 0)], codec="enova")
async def test_a_wrong_state_is_always_marked(
    busy: list[Line],
    tmp_path_factory: pytest.TempPathFactory,
    breaks: list[tuple[int, int]],
    codec: str | None,
) -> None:
    path = tmp_path_factory.mktemp("broken") / "a.jsonl"
    sure = write_with_breaks(path, busy, breaks, codec)
    if len(path.read_bytes().splitlines()) < 2:
        return
    board, now = await play(path)
    truth, known, away = oracle(busy), held(board), unsure(board, now)
    assert known.keys() <= truth.keys()
    assert all(away[evse] > 0 for evse, word in known.items() if word != truth[evse])
    assert {evse for evse, ms in away.items() if ms == 0} == sure


async def test_a_long_break_causes_wrong_states(busy: list[Line], tmp_path: Path) -> None:
    write_with_breaks(tmp_path / "a.jsonl", busy, [(1000, 1500)], "enova")
    board, now = await guarded(play(tmp_path / "a.jsonl"))
    truth, away = oracle(busy), unsure(board, now)
    wrong = {evse for evse, word in held(board).items() if word != truth[evse]}
    assert wrong
    assert all(away[evse] > 0 for evse in wrong)
