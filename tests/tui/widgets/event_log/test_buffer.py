"""The event buffer against a model that keeps everything and recomputes it each time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from nobil_tui.charging.board import Change
from nobil_tui.charging.station import Connector
from nobil_tui.monitor.batch import BatchEntry, Note, NoteKind
from nobil_tui.tui.widgets.event_log import buffer as module
from nobil_tui.tui.widgets.event_log.buffer import (
    FLAP_CHANGES,
    FLAP_WINDOW,
    EventBuffer,
    FoldedChanges,
    LoggedChanges,
    LogLine,
    StationFilter,
    station_id_of,
)
from tests.conftest import START

FREE, OCCUPIED = Connector(0), Connector(1)


def change(at: int = START, station: str = "A", number: int = 1) -> Change:
    return Change(at, station, number, FREE, OCCUPIED)


def note(at: int = START) -> Note:
    return Note(at, NoteKind.CONNECTED, "example.org")


class Model:
    """All lines ever added, by number, and all changes of each connector."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.lines: list[LogLine] = []
        self.scope: frozenset[str] | None = None
        self.changes: dict[tuple[str, int], list[int]] = {}
        self.folded: dict[tuple[str, int], int] = {}

    def add(self, entry: BatchEntry) -> None:
        if isinstance(entry, Note):
            self.lines.append(entry)
            return
        key = (entry.station, entry.number)
        times = self.changes.setdefault(key, [])
        before = times[-FLAP_CHANGES:]
        times.append(entry.at)
        number = self.folded.get(key, -1)
        if number >= max(0, len(self.lines) - self.most) and entry.at - before[-1] <= FLAP_WINDOW:
            line = self.lines[number]
            assert isinstance(line, FoldedChanges)
            self.lines[number] = FoldedChanges(entry, line.count + 1, line.since)
        elif len(before) == FLAP_CHANGES and entry.at - before[0] <= FLAP_WINDOW:
            self.folded[key] = len(self.lines)
            self.lines.append(FoldedChanges(entry, FLAP_CHANGES + 1, before[0]))
        else:
            self.folded.pop(key, None)
            self.lines.append(entry)

    @property
    def held(self) -> list[tuple[int, LogLine]]:
        held = list(enumerate(self.lines))[-self.most :]
        return [(number, line) for number, line in held if self.passes(line)]

    def passes(self, line: LogLine) -> bool:
        return self.scope is None or isinstance(line, Note) or station_id_of(line) in self.scope


class Add(Struct, frozen=True):
    seconds: int
    """Milliseconds since the previous step, and between the entries."""
    station: str
    """Empty for a note."""
    number: int
    count: int


class Narrow(Struct, frozen=True):
    to: frozenset[str] | None


# Bursts cause folding, and rests end it.
_BURSTS = st.builds(
    Add,
    st.sampled_from([0, 1, 30, 100, 299, 600, 601]),
    st.sampled_from(["A", "A", "B", ""]),
    st.sampled_from([1, 1, 2]),
    st.integers(1, 12),
)
_SCOPES = st.none() | st.frozensets(st.sampled_from("AB"))
STEPS = st.lists(st.one_of(_BURSTS, _BURSTS, _SCOPES.map(Narrow)), max_size=15)


def entries_of(step: Add, at: int) -> list[BatchEntry]:
    times = [at + n * step.seconds * 1000 for n in range(1, step.count + 1)]
    return [
        change(each, step.station, step.number) if step.station else note(each) for each in times
    ]


def scope_of(stations: frozenset[str] | None) -> StationFilter | None:
    return None if stations is None else stations.__contains__


@given(STEPS, st.integers(1, 20))
def test_the_buffer_matches_the_model(steps: list[Add | Narrow], most: int) -> None:
    ring, model, at = EventBuffer(most), Model(most), START
    for step in steps:
        if isinstance(step, Narrow):
            ring.set_scope(scope_of(step.to))
            model.scope = step.to
        else:
            held, first = len(model.held), len(model.lines)
            entries = entries_of(step, at)
            at = entries[-1].at
            for entry in entries:
                model.add(entry)
            added, gone = ring.extend(entries)
            assert added == sum(model.passes(line) for line in model.lines[first:])
            assert gone == held + added - len(model.held)
        assert len(ring) <= most
        assert [(ring.number_of(index), ring[index]) for index in range(len(ring))] == model.held
        assert ring.lines() == [line for _, line in model.held]


@given(st.lists(_BURSTS, max_size=15), st.integers(1, 20))
def test_folded_lines_count_correctly(steps: list[Add], most: int) -> None:
    ring, at, times = EventBuffer(most), START, dict[tuple[str, int], list[int]]()
    for step in steps:
        entries = entries_of(step, at)
        at = entries[-1].at
        ring.extend(entries)
        times.setdefault((step.station, step.number), []).extend(entry.at for entry in entries)
        for line in ring.lines():
            if isinstance(line, FoldedChanges):
                seen = times[line.last.station, line.last.number]
                # Changes at the time of its first one may have their own lines.
                least = sum(line.since < each <= line.last.at for each in seen)
                assert (
                    least < line.count <= sum(line.since <= each <= line.last.at for each in seen)
                )


def flapping(count: int, every: int, first: int = START) -> list[Change]:
    return [change(first + number * every) for number in range(count)]


def counted(lines: Sequence[LogLine]) -> list[int]:
    """Return the number of changes of each line."""
    return [line.count if isinstance(line, FoldedChanges) else 1 for line in lines]


def test_the_seventh_change_in_ten_minutes_starts_a_folded_line() -> None:
    ring = EventBuffer()
    assert ring.extend(flapping(6, 60_000)) == (6, 0)
    assert ring.extend(flapping(1, 0, START + 6 * 60_000)) == (1, 0)
    assert ring.extend(flapping(40, 60_000, START + 7 * 60_000)) == (0, 0)
    assert counted(ring.lines()) == [1] * 6 + [47]
    last = ring[6]
    assert isinstance(last, FoldedChanges)
    assert (last.since, last.last.at) == (START, START + 46 * 60_000)


def test_slower_changes_are_not_folded() -> None:
    ring = EventBuffer()
    ring.extend(flapping(40, FLAP_WINDOW // FLAP_CHANGES + 1))
    assert counted(ring.lines()) == [1] * 40


def test_folding_ends_after_a_rest() -> None:
    ring = EventBuffer()
    ring.extend(flapping(9, 1000))
    ring.extend(flapping(1, 0, START + 8000 + FLAP_WINDOW))
    assert counted(ring.lines()) == [*[1] * 6, 10]
    ring.extend(flapping(7, 1000, START + 8000 + 2 * FLAP_WINDOW + 1))
    assert counted(ring.lines()) == [*[1] * 6, 10, *[1] * 6, 7]


def test_a_clock_set_back_is_not_flapping() -> None:
    ring = EventBuffer()
    ring.extend(flapping(7, 1000))
    ring.extend([change(START - 3_600_000)])
    assert counted(ring.lines()) == [*[1] * 6, 7, 1]


def test_connectors_are_folded_separately() -> None:
    ring = EventBuffer()
    ring.extend(
        change(START, station, number) for _ in range(5) for station in "AB" for number in (1, 2)
    )
    assert counted(ring.lines()) == [1] * 20


def test_a_dropped_folded_line_is_replaced_by_a_correct_one() -> None:
    ring = EventBuffer(4)
    ring.extend(flapping(30, 1000))
    ring.extend(note() for _ in range(4))
    ring.extend(flapping(1, 0, START + 30_000))
    last = ring[3]
    assert isinstance(last, FoldedChanges)
    assert (last.count, last.since) == (FLAP_CHANGES + 1, START + 24_000)


def test_the_histories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_HISTORIES", 10)
    ring = EventBuffer()
    ring.extend(flapping(2, 0))
    for number in range(2, 200):
        ring.extend([change(number=number), change(number=number)])
        assert len(ring._histories) <= 10
        # The latest connector is still known.
        ring.extend(change(number=number - 1) for _ in range(5))
        assert counted(ring.lines())[-1] == 7


def test_notes_are_in_every_scope() -> None:
    ring = EventBuffer()
    ring.extend([note(), change(), change(station="B")])
    ring.set_scope("B".__eq__)
    assert [station_id_of(line) for line in ring.lines()] == ["", "B"]
    ring.set_scope(lambda _: False)
    assert ring.lines() == [note()]
    ring.set_scope(None)
    assert len(ring) == 3


def test_the_changes_of_folded_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = EventBuffer()
    sent = [*flapping(40, 1000), change(START + 500, "B")]
    ring.extend([*sent, note()])
    assert ring.changes() == LoggedChanges(sorted(sent, key=lambda each: each.at), 0)
    ring.set_scope(frozenset("B").__contains__)
    assert ring.changes() == LoggedChanges(sent[-1:], 0)
    ring.set_scope(frozenset("A").__contains__)
    assert ring.changes() == LoggedChanges(sent[:40], 0)


def test_folded_changes_that_are_dropped_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FOLDED_CHANGES", 10)
    ring, sent = EventBuffer(max_lines=7), flapping(40, 1000)
    ring.extend(sent)
    assert ring.changes() == LoggedChanges([*sent[:6], *sent[30:]], 24)
    # The line goes, and with it all that it counted.
    ring.extend([change(START + 60_000, "B", number) for number in range(7)])
    assert {each.station for each in ring.changes().changes} == {"B"}
    assert ring.changes().missing == 0
