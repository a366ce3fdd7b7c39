"""Real frames of NOBIL Real-time, compared with a simple model: a dict of the last status of each
EVSE.

The captures are not part of the project: ``NOBIL_CAPTURES`` names their folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import condition_of
from nobil_tui.charging.events import Connected, Connecting, Ended, Event, Lost
from nobil_tui.charging.freshness import Staleness, staleness_of
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire import enova
from tests.conftest import guarded

pytestmark = pytest.mark.slow

EVSE = tuple[str, str]
"""Station id and connector key, which together identify an EVSE."""


class Line(NamedTuple):
    """A line of a capture. ``data`` is empty where the server closed the connection."""

    at: int
    data: bytes
    evse: EVSE
    word: str


@cache
def load(name: str) -> list[Line]:
    folder = os.environ.get("NOBIL_CAPTURES")
    if not folder:
        pytest.skip("NOBIL_CAPTURES names no folder with captures of NOBIL Real-time")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"NOBIL_CAPTURES has no {name}")
    lines = []
    with path.open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            at = round(datetime.fromisoformat(line["received_at"]).timestamp() * 1000)
            frame = line["frame"]
            if frame:
                evse = (frame["nobilId"], frame["evseUId"])
                lines.append(Line(at, json.dumps(frame).encode(), evse, frame["status"]))
            else:
                lines.append(Line(at, b"", ("", ""), ""))
    return lines


@pytest.fixture(scope="module", params=["enova_2026-03-23_12.jsonl", "enova_2026-03-24_02.jsonl"])
def capture(request: pytest.FixtureRequest) -> list[Line]:
    return load(request.param)


@pytest.fixture(scope="module")
def busy() -> list[Line]:
    """The frames only: the tests choose the breaks."""
    return [line for line in load("enova_2026-03-23_12.jsonl") if line.data]


def oracle(lines: Sequence[Line]) -> dict[EVSE, str]:
    """The state after all lines, for a client that missed none."""
    return {line.evse: line.word for line in lines if line.data}


class Script:
    """A feed that yields prepared events as fast as they are taken."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    behind = 0
    alive_at = 0

    def retry(self) -> None:
        """Do nothing."""

    async def events(self) -> AsyncGenerator[Event, None]:
        for event in self._events:
            yield event


def as_it_was(lines: Sequence[Line]) -> list[Event]:
    """Convert a capture to the events of the feed, with the recorded break."""
    events: list[Event] = [Connecting(), Connected(lines[0].at)]
    for before, line in pairwise([lines[0], *lines]):
        if not line.data:
            events += [Lost("the server closed", before.at, line.at), Connecting()]
            continue
        if not before.data:
            events.append(Connected(line.at))
        events.append(enova.decode(line.data, line.at))
    events.append(Ended(lines[-1].at))
    return events


def with_breaks(lines: Sequence[Line], breaks: Sequence[tuple[int, int]]) -> list[Event]:
    """Convert a capture to events with breaks: from each line number on, that many lines are
    missed.
    """
    events: list[Event] = [Connecting(), Connected(lines[0].at)]
    at = heard_at = lines[0].at
    number = 0
    for start, length in sorted(breaks):
        start = max(start, number)
        for line in lines[number:start]:
            # A frame sent during the reconnect is received after it.
            at = heard_at = max(at, line.at)
            events.append(enova.decode(line.data, at))
        number = min(start + length, len(lines))
        back_at = lines[number].at if number < len(lines) else lines[-1].at
        # The break is measured in whole milliseconds; a token request and a handshake take longer
        # than one.
        at = max(back_at, heard_at + 1)
        events += [Lost("broken", heard_at, at), Connecting(), Connected(at)]
        heard_at = at
    for line in lines[number:]:
        at = max(at, line.at)
        events.append(enova.decode(line.data, at))
    return [*events, Ended(at)]


async def play(events: Sequence[Event]) -> Monitor:
    monitor = Monitor(Script(events), tick=0)
    async with aclosing(monitor.batches()) as batches:
        async for _ in batches:
            pass
    return monitor


def held(board: Board) -> dict[EVSE, str]:
    """The board's status of each EVSE."""
    state = {}
    for station in board.stations.values():
        assert station.track is not None
        assert len(station.track.evse_uids) == len(station.connectors)
        for key, said in zip(station.track.evse_uids, station.connectors, strict=True):
            state[station.id, key] = said.word
    return state


def unsure(board: Board, now: int) -> dict[EVSE, int]:
    """How many ms each EVSE was not listened to."""
    return {
        (station.id, key): board.unconfirmed_for(station, index, now)
        for station in board.stations.values()
        for index, key in enumerate(station.track.evse_uids if station.track else ())
    }


async def test_playing_a_capture_matches_the_model(capture: list[Line]) -> None:
    monitor = await guarded(play(as_it_was(capture)))
    board = monitor.board
    assert held(board) == oracle(capture)
    assert monitor.counts.frames == sum(bool(line.data) for line in capture)
    assert monitor.counts.unreadable == monitor.counts.ignored == 0
    tally = [0] * len(board.tally)
    for said in (said for station in board.stations.values() for said in station.connectors):
        tally[condition_of(said.status, said.error, said.word)] += 1
    assert board.tally == tally
    assert board.connectors == len(oracle(capture))


async def test_a_recorded_break_marks_evses_without_a_later_report(capture: list[Line]) -> None:
    """Those with a report after the break are confirmed, the others slightly uncertain."""
    gone = [number for number, line in enumerate(capture) if not line.data]
    again = (
        {line.evse for line in capture[gone[-1] :] if line.data} if gone else set(oracle(capture))
    )
    monitor = await guarded(play(as_it_was(capture)))
    now = capture[-1].at
    sure = {
        evse
        for evse, away in unsure(monitor.board, now).items()
        if staleness_of(away) is Staleness.CONFIRMED
    }
    assert sure == again
    if gone:
        slightly = set(oracle(capture)) - again
        assert slightly
        assert all(
            staleness_of(away) is Staleness.SLIGHTLY_STALE
            for evse, away in unsure(monitor.board, now).items()
            if evse in slightly
        )


async def test_a_break_causes_wrong_states_which_are_marked(busy: list[Line]) -> None:
    board = (await guarded(play(with_breaks(busy, [(1000, 1500)])))).board
    truth, away = oracle(busy), unsure(board, busy[-1].at)
    wrong = {evse for evse, word in held(board).items() if word != truth[evse]}
    assert wrong
    assert all(away[evse] > 0 for evse in wrong)


BREAKS = st.lists(st.tuples(st.integers(0, 5565), st.integers(0, 2000)), min_size=1, max_size=6)


@settings(max_examples=5)
@given(breaks=BREAKS)
@example(breaks=[(0, 5566)])
@example(breaks=[(5565, 1)])
@example(breaks=[(1, 1)])
@example(breaks=[(2000, 0), (2000, 0)])
async def test_a_wrong_state_is_always_marked(
    busy: list[Line], breaks: list[tuple[int, int]]
) -> None:
    events = with_breaks(busy, breaks)
    board = (await play(events)).board
    now = max(busy[-1].at, next(event.at for event in reversed(events) if isinstance(event, Ended)))
    truth, known, away = oracle(busy), held(board), unsure(board, now)
    assert known.keys() <= truth.keys()
    wrong = {evse for evse, word in known.items() if word != truth[evse]}
    assert all(away[evse] > 0 for evse in wrong)
    # No more than that is marked: an EVSE with a report after the last break is right and certain.
    last = max(number for number, event in enumerate(events) if isinstance(event, Connected))
    again = await play(events[last:])
    assert all(away[evse] == 0 and known[evse] == truth[evse] for evse in held(again.board))
