"""Tests of merging snapshot and stream, against an oracle over all reports ever received."""

from __future__ import annotations

import itertools
import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.clock import iso
from nobil_tui.charging.board import Board, Since
from nobil_tui.charging.events import ConnectorReport, Event, Ignored, Snapshot, Unreadable
from nobil_tui.wire import finland_merge
from nobil_tui.wire.finland import Status, Statuses, decode_message
from nobil_tui.wire.finland_merge import (
    AHEAD,
    TOO_MANY,
    Merger,
    RecordedDecoder,
    encode_message,
    encode_snapshot,
)

T0 = 1_764_668_286_000
MINUTE = 60_000
EVSES = ("A", "B", "C")
WORDS = ("AVAILABLE", "CHARGING", "OUTOFORDER")


def apply(board: Board, event: Event) -> None:
    if isinstance(event, Snapshot):
        board.apply_snapshot(
            event.stations,
            event.at,
            partial=event.unreadable > 0,
            gap=event.gap,
            heard=event.heard,
        )
    elif isinstance(event, ConnectorReport):
        board.apply_connector(event.station_id, event.evse_uid, event.connector, event.at)


def words(board: Board) -> dict[str, str]:
    return {
        uid: connector.word
        for station in board.stations.values()
        for uid, connector in zip(station.evse_uids, station.connectors, strict=True)
        if connector.word
    }


class Said(NamedTuple):
    """One report of the service; reports are in the order of arrival."""

    evse: str
    word: str
    time: int
    """By the service's clock; zero if the report has no time."""


class Step(NamedTuple):
    connects: bool
    snapshot: tuple[Said, ...] | None
    message: Said | None


said = st.builds(
    Said,
    st.sampled_from(EVSES),
    st.sampled_from(WORDS),
    st.one_of(st.just(0), st.integers(T0 - 20, T0 + 20), st.just(T0 + 10 * MINUTE)),
)
# The same EVSE may be listed twice.
snapshots = st.lists(said, max_size=4).map(tuple)
steps = st.one_of(
    st.builds(Step, st.just(True), st.none(), st.none()),
    st.builds(Step, st.just(False), snapshots, st.none()),
    st.builds(Step, st.just(False), st.none(), said),
)


def usable(said: Said, at: int, skew: int) -> int:
    """Return a time by our own clock; zero if it is missing or in the future."""
    time = said.time - skew
    return 0 if not said.time or time > at + AHEAD else min(time, at)


class Oracle:
    """All reports of an EVSE; a linear search finds the one that counts."""

    def __init__(self, skew: int) -> None:
        self.skew = skew
        self.said: dict[str, list[tuple[int, str, bool]]] = {}
        """Time and word of each EVSE, and whether it was received over the present connection."""

    def connect(self) -> None:
        self.said = {
            evse: [(time, word, False) for time, word, _ in every]
            for evse, every in self.said.items()
        }

    def snapshot(self, entries: tuple[Said, ...], at: int) -> None:
        named: dict[str, Said] = {}
        for entry in entries:
            time = usable(entry, at, self.skew)
            held = named.get(entry.evse)
            if held is None or (time and time >= usable(held, at, self.skew)):
                named[entry.evse] = entry
        for evse in list(self.said):
            if evse not in named and not self.latest(evse)[2]:
                del self.said[evse]
        for evse, entry in named.items():
            time = usable(entry, at, self.skew)
            if not time and evse in self.said:
                if self.latest(evse)[2]:
                    continue
                self.said[evse] = []
            self.said.setdefault(evse, []).append((time, entry.word, False))

    def message(self, message: Said, at: int) -> None:
        time = usable(message, at, self.skew)
        self.said.setdefault(message.evse, []).append((time, message.word, True))

    def latest(self, evse: str) -> tuple[int, str, bool]:
        """Return the report with the latest time; of several, the last one received."""
        every = self.said[evse]
        most = max(time for time, _, _ in every)
        return next(each for each in reversed(every) if each[0] == most)

    def words(self) -> dict[str, str]:
        return {evse: self.latest(evse)[1] for evse in self.said if self.said[evse]}


@given(st.lists(steps, max_size=25), st.sampled_from([0, 5 * MINUTE, -5 * MINUTE]))
def test_later_time_counts_in_any_order(script: list[Step], skew: int) -> None:
    merger, oracle, board, at = Merger(), Oracle(skew), Board(), T0
    merger.skew = skew
    merger.connected(at)
    for step in script:
        at += 10
        if step.connects:
            merger.connected(at)
            oracle.connect()
        elif step.snapshot is not None:
            entries = [Status(each.evse, each.word, each.time) for each in step.snapshot]
            apply(board, merger.snapshot(Statuses(entries, 0), at))
            oracle.snapshot(step.snapshot, at)
        elif step.message is not None:
            apply(
                board,
                merger.report(
                    Status(step.message.evse, step.message.word, step.message.time, "L"), at
                ),
            )
            oracle.message(step.message, at)
        assert words(board) == oracle.words()
        for station in board.stations.values():
            for index in range(len(station.connectors)):
                assert 0 < board.since(station, index, at).at <= at


def report(evse: str, word: str, time: int, location: str = "L") -> Status:
    return Status(evse, word, time, location)


def test_later_time_counts_where_a_snapshot_lists_an_evse_twice() -> None:
    later, earlier, undated = (report("A", w, t) for w, t in (("X", T0), ("Y", T0 - 1), ("Z", 0)))
    for before in ([], [report("A", "OLD", T0 - 2)]):
        for entries in itertools.permutations((later, earlier, undated)):
            merger, board = Merger(), Board()
            if before:
                merger.snapshot(Statuses(before, 0), T0)
            apply(board, merger.snapshot(Statuses([*entries], 0), T0 + 1))
            assert words(board) == {"A": "X"}


def test_older_message_is_ignored() -> None:
    merger = Merger()
    merger.report(report("A", "CHARGING", T0), T0)
    assert merger.report(report("A", "AVAILABLE", T0 - 1), T0 + 1) == Ignored(
        "an older report", T0 + 1
    )


def test_message_without_time_does_not_replace_one_with_time() -> None:
    merger = Merger()
    merger.report(report("A", "CHARGING", T0), T0)
    assert isinstance(merger.report(report("A", "AVAILABLE", 0), T0 + 1), Ignored)
    assert isinstance(merger.report(report("A", "AVAILABLE", T0 + 10 * MINUTE), T0 + 2), Ignored)


def test_since_is_time_of_change() -> None:
    merger, board = Merger(), Board()
    for word, time in (("CHARGING", T0 - 9), ("CHARGING", T0 - 5), ("AVAILABLE", T0 - 2)):
        apply(board, merger.report(report("A", word, time), T0))
        since = board.since(board.stations["L"], 0, T0)
        assert since == Since({"CHARGING": T0 - 9, "AVAILABLE": T0 - 2}[word], False)


def test_time_of_fast_clock_is_corrected() -> None:
    merger, board = Merger(), Board()
    merger.skew = 5 * MINUTE
    apply(board, merger.snapshot(Statuses([report("A", "CHARGING", T0 + 4 * MINUTE)], 0), T0))
    assert board.since(board.stations["L"], 0, T0) == Since(T0 - MINUTE, False)


def test_evse_is_own_station_until_location_is_known() -> None:
    merger, board = Merger(), Board()
    apply(
        board, merger.snapshot(Statuses([Status("A", "CHARGING"), Status("B", "AVAILABLE")], 0), T0)
    )
    assert list(board.stations) == ["A", "B"]
    apply(board, merger.report(report("B", "CHARGING", T0, "LB"), T0))
    assert list(board.stations) == ["A", "B"]
    merger.use_places({"B": "L", "A": "L"})
    apply(board, merger.again(T0 + 1))
    assert {name: station.evse_uids for name, station in board.stations.items()} == {
        "L": ("B", "A")
    }
    assert words(board) == {"A": "CHARGING", "B": "CHARGING"}


def test_an_evse_that_moves_is_heard_at_its_new_location_alone() -> None:
    merger, board = Merger(), Board()
    merger.use_places({"A": "L", "B": "L"})
    merger.connected(T0)
    both = [Status("A", "CHARGING", T0), Status("B", "AVAILABLE", T0)]
    apply(board, merger.snapshot(Statuses(both, 0), T0))
    apply(board, merger.report(report("B", "CHARGING", T0 + 1), T0 + 1))
    merger.use_places({"A": "L", "B": "M"})
    apply(board, merger.again(T0 + 2))
    old, new = board.stations["L"], board.stations["M"]
    assert words(board) == {"A": "CHARGING", "B": "CHARGING"}
    # It keeps its number where it was, as one that the stream does not name there.
    assert [each.word for each in old.connectors] == ["CHARGING", ""]
    assert (board.heard(old, 1), board.heard(new, 0)) == (T0 + 1, T0 + 1)
    apply(board, merger.report(report("B", "AVAILABLE", T0 + 3), T0 + 3))
    apply(board, merger.again(T0 + 4))
    assert (board.heard(old, 1), board.heard(new, 0)) == (T0 + 1, T0 + 3)
    assert board.unconfirmed(T0 + 4) == 0
    board.downtime.stop(T0 + 4)
    assert board.unconfirmed(T0 + 5) == 2

    merger = Merger()
    merger.report(report("A", "CHARGING", T0, "L"), T0)
    assert [
        station.id
        for station in merger.snapshot(Statuses([Status("A", "CHARGING")], 0), T0).stations
    ] == ["L"]


class Heard:
    """When each EVSE was last said to be so, and when the stream was live."""

    def __init__(self) -> None:
        self.said: dict[str, int] = {}
        self.named: dict[str, int] = {}
        """When a message last named each EVSE."""
        self.live: list[tuple[int, int]] = []
        """Begin and end of each connection."""
        self.since = 0
        """When the present connection began; zero while there is none."""

    def missed(self, evse: str, now: int) -> int:
        """Count one by one the milliseconds since it was said in which nothing was heard."""
        live = [*self.live, *([(self.since, now)] if self.since else [])]
        return sum(
            not any(began <= at < ended for began, ended in live)
            for at in range(self.said[evse], now)
        )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["connect", "lose", "snapshot", "message", "regroup"]),
            st.integers(1, 9),
            st.integers(0, 15),
            st.sampled_from(EVSES),
        ),
        max_size=30,
    )
)
def test_nothing_is_confirmed_that_may_have_changed_unheard(script: list[Any]) -> None:
    """A snapshot confirms as of its making, and only from the subscription on nothing is missed."""
    merger, board, heard, at = Merger(), Board(), Heard(), T0
    places, covered = 0, False
    # So that most scripts have a snapshot that is older than its connection.
    for kind, passed, age, evse in [("connect", 1, 0, "A"), ("snapshot", 1, 3, "A"), *script]:
        at += passed
        if kind == "connect" and not heard.since:
            heard.since = at
            merger.connected(at)
            board.downtime.start(at)
        elif kind == "lose" and heard.since:
            heard.live.append((heard.since, at))
            heard.since = 0
            merger.connected(0)
            board.downtime.stop(at)
        elif kind == "snapshot" and heard.since:
            made = at - age
            statuses = [Status(each, "CHARGING", 0, "L") for each in EVSES]
            gap = max(0, heard.since - made)
            apply(board, merger.snapshot(Statuses(statuses, 0), at, gap))
            heard.said |= {each: max(made, heard.said.get(each, 0)) for each in EVSES}
            if made >= heard.since:
                assert board.unconfirmed(at) == 0
        elif kind == "message" and heard.since:
            apply(board, merger.report(Status(evse, "AVAILABLE", 0, "L"), at))
            heard.said[evse] = at
            heard.named[evse] = at
        elif kind == "regroup" and covered:
            places += 1
            merger.use_places(dict.fromkeys(EVSES, f"place {places}"))
            apply(board, merger.again(at))
        covered = heard.since > 0 and (covered or kind == "snapshot")
        for station in board.stations.values():
            for index, uid in enumerate(station.evse_uids):
                if not board.unconfirmed_for(station, index, at):
                    assert heard.missed(uid, at) == 0
                else:
                    # However the stations are grouped since.
                    assert not 0 < heard.since <= heard.named.get(uid, 0)


def test_number_of_held_evses_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finland_merge, "MAX_EVSES", 2)
    merger = Merger()
    for evse in "AB":
        merger.report(report(evse, "CHARGING", T0, "L"), T0)
    assert merger.report(report("C", "CHARGING", T0, "L"), T0) == Ignored(TOO_MANY, T0)
    assert isinstance(merger.report(report("A", "AVAILABLE", T0, "L"), T0), ConnectorReport)
    # Nor does a broker that names others each time fill the memory.
    for number in range(20):
        merger.snapshot(Statuses([], 0), T0)
        merger.report(report(f"{number}", "CHARGING", T0, "L"), T0)
    assert len(merger._topics) <= 4


def test_partial_snapshot_loses_no_evse() -> None:
    merger = Merger()
    merger.snapshot(Statuses([report("A", "CHARGING", T0), report("B", "CHARGING", T0)], 0), T0)
    event = merger.snapshot(Statuses([report("A", "AVAILABLE", T0 + 1)], unreadable=1), T0 + 1)
    assert [station.evse_uids for station in event.stations] == [("A", "B")]


@given(st.lists(steps, max_size=25))
def test_recording_replays_received_events(script: list[Step]) -> None:
    merger, decoder = Merger(), RecordedDecoder()
    live, played, clock, connected_at = Board(), Board(), itertools.count(T0, 10), 0
    merger.use_places({"B": "K"})
    for step in script:
        at = next(clock)
        if step.connects:
            connected_at = at
            merger.connected(at)
        elif step.snapshot is not None:
            entries = [Status(each.evse, each.word, each.time) for each in step.snapshot]
            line = encode_snapshot(merger.placed(entries), connected_at, 7, 0)
            apply(live, merger.snapshot(Statuses(entries, 0), at, 7))
            apply(played, decoder(line, at))
        elif step.message is not None:
            spoken = {"status": step.message.word} | (
                {"time": iso(step.message.time)} if step.message.time else {}
            )
            message = f"status-v1/FI/NYT/L/{step.message.evse}", json.dumps(spoken).encode()
            if step.message.evse != "B" or "B" in words(live):
                apply(live, merger.report(decode_message(*message), at))
                apply(played, decoder(encode_message(*message), at))
    assert words(played) == words(live)
    assert {name: each.evse_uids for name, each in played.stations.items()} == {
        name: each.evse_uids for name, each in live.stations.items()
    }


def test_message_is_recorded_on_one_line() -> None:
    topic = "status-v1/FI/NYT/L/A"
    line = encode_message(topic, b'{"status": "CHARGING"}')
    assert line == b'{"topic":"status-v1/FI/NYT/L/A","payload":{"status":"CHARGING"}}'
    event = RecordedDecoder()(line, T0)
    assert isinstance(event, ConnectorReport)
    assert (event.station_id, event.evse_uid, event.connector.word) == ("L", "A", "CHARGING")
    assert isinstance(RecordedDecoder()(encode_message(topic, b"\xff"), T0), Unreadable)


@given(st.binary(max_size=60))
def test_no_recorded_line_raises(line: bytes) -> None:
    assert isinstance(RecordedDecoder()(line, T0), Unreadable | Snapshot | ConnectorReport)
