"""Tests of the board: against a simple model with random events, and important cases by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nobil_tui.charging import board as board_module
from nobil_tui.charging.board import EARLIEST, MAX_AHEAD, Board, Change, Since
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import EXPIRED, SLIGHT, Staleness, staleness_of
from nobil_tui.charging.persisted import StoredBoard, StoredStation, restore_station
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import MAX_CONNECTORS, Connector, Station, WordConnector, summarize

T0 = 1_700_000_000_000
MINUTE = 60_000
Triple = tuple[int, int, int]
"""status, error, timestamp"""


def station(name: str, *triples: Triple) -> Station:
    return Station(name, [Connector(*each) for each in triples])


def stored_board(board: Board, alive_at: int) -> StoredBoard:
    """Return what a later session loads of a board, encoded and decoded."""
    encoded = {name: msgspec.json.encode(board.stored(name)) for name in board.stations}
    breaks, alive_at = board.downtime.checkpoint(alive_at)
    decode = msgspec.json.Decoder(StoredStation).decode
    return StoredBoard(
        {name: restore_station(name, decode(row), breaks) for name, row in encoded.items()},
        breaks,
        alive_at,
    )


def restored(board: Board, alive_at: int) -> Board:
    later = Board()
    later.restore(stored_board(board, alive_at), alive_at)
    return later


# The model


@dataclass
class ModelConnector:
    key: str
    status: int
    error: int
    since: int
    at_least: bool
    confirmed: int
    """How many breaks there had been when it was last confirmed."""
    heard: int | None = None
    named: bool = True

    @property
    def pair(self) -> tuple[int, int]:
        return self.status, self.error

    @property
    def condition(self) -> Condition:
        if self.error:
            return Condition.FAULT
        return {0: Condition.FREE, 1: Condition.OCCUPIED}.get(self.status, Condition.UNKNOWN)


@dataclass
class Model:
    stations: dict[str, list[ModelConnector]] = field(default_factory=dict)
    breaks: list[tuple[int, int | None, int]] = field(default_factory=list)
    """Begin, end (None while it lasts), and the minimum length that it counts for."""

    @property
    def live(self) -> bool:
        return not self.breaks or self.breaks[-1][1] is not None

    def unconfirmed_for(self, connector: ModelConnector, now: int) -> int:
        if not connector.named:
            return 0
        return sum(
            max(least, (now if end is None else end) - begin)
            for begin, end, least in self.breaks[connector.confirmed :]
        )

    def expire(self, now: int) -> set[str]:
        """Make expired connectors unknown; return the touched stations."""
        touched = set()
        for name, connectors in self.stations.items():
            for connector in connectors:
                over = self.unconfirmed_for(connector, now) - EXPIRED
                if over > 0 and connector.condition is not Condition.UNKNOWN:
                    connector.status, connector.error, connector.since, connector.at_least = (
                        -1,
                        0,
                        now - over,
                        True,
                    )
                    touched.add(name)
        return touched

    def apply_list(
        self, name: str, triples: list[Triple], at: int, *, snapshot: bool
    ) -> list[tuple[object, ...]]:
        """Replace a station's connectors; return the changes, including added and removed
        connectors."""
        old = self.stations.get(name, [])
        for connector in old:
            # A list names every connector that it replaces.
            connector.named = True
        new: list[ModelConnector] = []
        changes: list[tuple[object, ...]] = []
        confirmed = len(self.breaks)
        for index, (status, error, timestamp) in enumerate(triples):
            held = old[index] if index < len(old) else None
            if 0 < timestamp < EARLIEST:
                timestamp *= 1000
            known = EARLIEST <= timestamp <= at + MAX_AHEAD
            if held is None:
                connector = ModelConnector(
                    str(index), status, error, timestamp if known else at, not known, confirmed
                )
                if not snapshot:
                    changes.append((name, index + 1, None, connector.pair, False))
            else:
                unsure = self.unconfirmed_for(held, at) > 0
                connector = ModelConnector(
                    held.key, status, error, held.since, held.at_least, confirmed, held.heard
                )
                if held.pair != connector.pair:
                    changes.append(
                        (name, index + 1, held.pair, connector.pair, snapshot and unsure)
                    )
                    connector.since, connector.at_least = at, unsure
                if known:
                    connector.since, connector.at_least = timestamp, False
            if not snapshot:
                connector.heard = at
            new.append(connector)
        for index, held in enumerate(old[len(triples) :], len(triples)):
            changes.append(
                (name, index + 1, held.pair, None, snapshot and self.unconfirmed_for(held, at) > 0)
            )
        self.stations[name] = new
        return changes

    def apply_connector(
        self, name: str, key: str, status: int, error: int, at: int
    ) -> list[tuple[object, ...]]:
        connectors = self.stations.setdefault(name, [])
        held = next((connector for connector in connectors if connector.key == key), None)
        if held is None:
            connectors.append(ModelConnector(key, status, error, at, True, len(self.breaks), at))
            return [(name, len(connectors), None, (status, error), False)]
        unsure = self.unconfirmed_for(held, at) > 0
        before = held.pair if held.named else None
        unsure |= not held.named
        held.status, held.error, held.heard, held.confirmed, held.named = (
            status,
            error,
            at,
            len(self.breaks),
            True,
        )
        if before == held.pair:
            return []
        held.since, held.at_least = at, unsure
        return [(name, connectors.index(held) + 1, before, held.pair, False)]


def pairs_of(changes: list[Change]) -> list[tuple[object, ...]]:
    def pair(connector: Connector | None) -> tuple[int, int] | None:
        return None if connector is None else (connector.status, connector.error)

    return sorted(
        ((c.station, c.number, pair(c.before), pair(c.after), c.missed) for c in changes),
        key=lambda c: c[:2],
    )


NAMES = st.sampled_from(["NOR_01333", "NOR_076198", "SWE_1"])
STATUS = st.sampled_from([0, 1, -1, 2])
ERROR = st.sampled_from([0, 0, 0, 1])
AGES = st.sampled_from(
    [
        None,
        None,
        0,
        MINUTE,
        -MINUTE,
        -MAX_AHEAD,
        -MAX_AHEAD - 1,
        -MAX_AHEAD - 2 * MINUTE,
        T0,
        T0 - 1000,
        "in seconds",
        -(2**52),
        "zero",
    ]
)
"""Age of a timestamp on receipt, in ms; None for the timestamp -1. The largest give tiny ones."""
LISTS = st.lists(st.tuples(STATUS, ERROR, AGES), max_size=4)
COUNTRIES = st.lists(st.tuples(NAMES, LISTS), max_size=4)


class BoardMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.board, self.model = Board(), Model()
        self.memberships: dict[object, set[str]] = {}
        """The held stations of each membership object."""
        self.now = T0
        self.confirmed_at = T0

    def dated(self, triples: list[tuple[int, int, object]]) -> list[Triple]:
        def timestamp(age: object) -> int:
            if age == "in seconds":
                return self.now // 1000 - 60
            return -1 if age is None else 0 if age == "zero" else self.now - int(str(age))

        return [(status, error, timestamp(age)) for status, error, age in triples]

    @rule(ms=st.sampled_from([1, 700, MINUTE, 2 * MINUTE + 1, MAX_AHEAD]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @precondition(lambda self: self.model.live)
    @rule(country=COUNTRIES, partial=st.sampled_from([False, False, True]))
    def snapshot(
        self, country: list[tuple[str, list[tuple[int, int, object]]]], partial: bool
    ) -> None:
        triples = [(name, self.dated(connectors)) for name, connectors in country]
        before = set(self.model.stations)
        expected = []
        # If a station occurs twice, the last one counts.
        for name, connectors in dict(triples).items():
            changes = self.model.apply_list(name, connectors, self.now, snapshot=True)
            expected += changes if name in before else []
        gone = set() if partial else before - {name for name, _ in triples}
        for name in gone:
            del self.model.stations[name]
        stations = [station(name, *connectors) for name, connectors in triples]
        renewal = self.board.apply_snapshot(stations, self.now, partial=partial)
        assert pairs_of(renewal.changes) == sorted(expected, key=lambda change: change[:2])
        assert sorted(renewal.left) == sorted(gone)

    @precondition(lambda self: self.model.live)
    @rule(name=NAMES, triples=LISTS)
    def update(self, name: str, triples: list[tuple[int, int, object]]) -> None:
        connectors = self.dated(triples)
        expected = self.model.apply_list(name, connectors, self.now, snapshot=False)
        changes = self.board.apply_station(station(name, *connectors), self.now)
        assert pairs_of(changes) == sorted(expected, key=lambda change: change[:2])
        assert all(change.at == self.now for change in changes)

    @precondition(lambda self: self.model.live)
    @rule(name=NAMES, key=st.sampled_from(["0", "1", "3", "a"]), status=STATUS, error=ERROR)
    def one_connector(self, name: str, key: str, status: int, error: int) -> None:
        expected = self.model.apply_connector(name, key, status, error, self.now)
        assert (
            pairs_of(self.board.apply_connector(name, key, Connector(status, error), self.now))
            == expected
        )

    @precondition(lambda self: self.model.live)
    @rule(name=NAMES, index=st.integers(-1, 4), status=STATUS, error=ERROR)
    def raw(self, name: str, index: int, status: int, error: int) -> None:
        connectors = self.model.stations.get(name, [])
        known = 0 <= index < len(connectors)
        assert (
            self.board.apply_raw_report(name, index, Connector(status, error, self.now), self.now)
            is known
        )
        if known:
            connectors[index].heard = self.now
            if connectors[index].pair == (status, error):
                connectors[index].confirmed = len(self.model.breaks)

    @precondition(lambda self: self.model.live)
    @rule(silent=st.sampled_from([0, 500, 45_000]))
    def lost(self, silent: int) -> None:
        heard_at = self.now
        self.now += silent
        self.board.downtime.stop(heard_at)
        self.model.breaks.append((heard_at, None, 0))

    @precondition(lambda self: not self.model.live)
    @rule(away=st.sampled_from([0, 7_000, 3 * MINUTE, EXPIRED - 1, EXPIRED + 1]))
    def back(self, away: int) -> None:
        self.now += away
        self.board.downtime.start(self.now)
        begin, _, least = self.model.breaks[-1]
        self.model.breaks[-1] = (begin, self.now, least)

    @rule()
    def next_session(self) -> None:
        begin = self.now if self.model.live else self.model.breaks.pop()[0]
        self.model.breaks.append((begin, None, SLIGHT + 1))
        for connectors in self.model.stations.values():
            keyed = any(connector.key != str(index) for index, connector in enumerate(connectors))
            for connector in connectors:
                # For an unknown connector without a report, it is not stored whether it was named.
                connector.named = (
                    not keyed or connector.heard is not None or connector.pair != (-1, 0)
                )
        # An expired condition is not shown, not even at first.
        self.model.expire(self.now)
        self.board = restored(self.board, self.now)

    @rule()
    def expire(self) -> None:
        assert set(self.board.expire(self.now)) == self.model.expire(self.now)

    @invariant()
    def membership_is_replaced_when_stations_change(self) -> None:
        membership, station_ids = self.board.membership, set(self.board.stations)
        assert self.memberships.setdefault(membership, station_ids) == station_ids

    @invariant()
    def agrees(self) -> None:
        assert set(self.board.stations) == set(self.model.stations)
        for name, connectors in self.model.stations.items():
            held = self.board.stations[name]
            assert held.id == name
            assert [(c.status, c.error) for c in held.connectors] == [
                connector.pair for connector in connectors
            ]
            for index, connector in enumerate(connectors):
                assert self.board.since(held, index, self.now) == Since(
                    connector.since, connector.at_least
                )
                assert self.board.heard(held, index) == connector.heard
                unconfirmed_for = self.model.unconfirmed_for(connector, self.now)
                assert self.board.unconfirmed_for(held, index, self.now) == unconfirmed_for

    @invariant()
    def counts_unconfirmed(self) -> None:
        every = [
            connector for connectors in self.model.stations.values() for connector in connectors
        ]
        unconfirmed = sum(
            self.model.unconfirmed_for(connector, self.now) > 0 for connector in every
        )
        assert self.board.unconfirmed(self.now) == unconfirmed

    @invariant()
    def counts(self) -> None:
        conditions = [
            connector.condition
            for connectors in self.model.stations.values()
            for connector in connectors
        ]
        assert self.board.tally == [conditions.count(condition) for condition in Condition]
        assert self.board.connectors == len(conditions)
        for held in self.board.stations.values():
            assert held.summary == summarize(held.connectors)


TestBoardAgainstModel = BoardMachine.TestCase
TestBoardAgainstModel.settings = settings(max_examples=60, stateful_step_count=25)


# Important cases


def test_first_snapshot_yields_no_changes() -> None:
    board = Board()
    renewal = board.apply_snapshot([station("NOR_1", (0, 0, T0 - 5), (1, 0, -1))], T0)
    assert (renewal.changes, renewal.left) == ([], [])
    held = board.stations["NOR_1"]
    assert board.since(held, 0, T0) == Since(T0 - 5, False)
    assert board.since(held, 1, T0) == Since(T0, True)
    assert board.heard(held, 0) is None


def test_timestamp_far_in_the_future_is_ignored_for_good() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, T0 + MAX_AHEAD + 1), (0, 0, 2**53))], T0)
    held = board.stations["NOR_1"]
    assert [board.since(held, index, T0 + 10 * MAX_AHEAD) for index in (0, 1)] == [
        Since(T0, True)
    ] * 2


def test_timestamps_in_seconds_are_read_as_such() -> None:
    """Each way of reporting: a first snapshot, a later one, an update, one connector."""
    board = Board()
    seconds = T0 // 1000
    board.apply_snapshot([station("NOR_1", (0, 0, seconds - 60))], T0)
    board.apply_snapshot([station("NOR_1", (1, 0, seconds - 30)), station("NOR_2")], T0)
    board.apply_station(station("NOR_2", (0, 0, seconds - 20)), T0)
    board.apply_connector("NOR_3", "x", Connector(1, 0, seconds - 10), T0)
    found = [board.since(board.stations[f"NOR_{number}"], 0, T0) for number in (1, 2, 3)]
    assert found == [Since(T0 - ago, False) for ago in (30_000, 20_000, 10_000)]
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, seconds - 60), (0, 0, 0), (0, 0, 7))], T0)
    held = board.stations["NOR_1"]
    assert [board.since(held, index, T0) for index in range(3)] == [
        Since(T0 - 60_000, False),
        Since(T0, True),
        Since(T0, True),
    ]


def test_reports_beyond_the_limits_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "MAX_STATIONS", 2)
    monkeypatch.setattr(board_module, "MAX_CONNECTORS", 1)
    board = Board()
    board.apply_snapshot([station(f"NOR_{number}", (0, 0, -1)) for number in range(5)], T0)
    assert (len(board.stations), board.dropped) == (2, 3)
    board.apply_station(station("NOR_9", (0, 0, -1)), T0)
    board.apply_connector("NOR_8", "x", Connector(), T0)
    board.apply_connector("NOR_0", "second", Connector(), T0)
    assert (len(board.stations), board.dropped) == (2, 6)
    board.clear()
    assert board.dropped == 0


def test_a_snapshot_is_applied_in_steps() -> None:
    """A whole country must not delay a key; nothing is seen of it before its end."""
    country = [station(f"NOR_{number}", (0, 0, T0)) for number in range(1000)]
    board = Board()
    steps = board.snapshot_steps(country, T0)
    assert next(steps) is None
    assert (board.stations, board.has_snapshot, sum(board.tally)) == ({}, False, 0)
    assert len([*steps]) > 2
    assert (len(board.stations), board.has_snapshot, board.connectors) == (1000, True, 1000)
    later = [station(f"NOR_{number}", (1, 0, T0)) for number in range(1000)]
    assert len([*board.snapshot_steps(later, T0)]) > 3


def test_second_snapshot_without_break_marks_nothing_missed() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0)
    (change,) = board.apply_snapshot([station("NOR_1", (1, 0, -1))], T0 + 1).changes
    assert not change.missed
    assert board.since(board.stations["NOR_1"], 0, T0 + 1) == Since(T0 + 1, False)


def test_snapshot_after_break_marks_changes_missed() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1), (0, 0, -1), (0, 0, T0))], T0)
    board.downtime.stop(T0 + 1000)
    board.downtime.start(T0 + 8000)
    (first, second) = board.apply_snapshot(
        [station("NOR_1", (1, 0, -1), (0, 0, -1), (1, 0, T0 + 5000))], T0 + 8001
    ).changes
    assert first.missed
    assert second.missed
    held = board.stations["NOR_1"]
    assert board.since(held, 0, T0 + 9000) == Since(T0 + 8001, True)
    assert board.since(held, 2, T0 + 9000) == Since(T0 + 5000, False)
    assert board.unconfirmed_for(held, 1, T0 + 9000) == 0


def test_station_missing_from_partial_snapshot_stays_unconfirmed() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1)), station("NOR_2", (0, 0, -1))], T0)
    board.downtime.stop(T0)
    board.downtime.start(T0 + 8000)
    renewal = board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0 + 8000, partial=True)
    assert renewal.left == []
    assert board.unconfirmed_for(board.stations["NOR_1"], 0, T0 + 9000) == 0
    assert board.unconfirmed_for(board.stations["NOR_2"], 0, T0 + 9000) == 8000
    # The next snapshot on the same connection: NOR_1 was confirmed by the previous one.
    changes = board.apply_snapshot(
        [station("NOR_1", (1, 0, -1)), station("NOR_2", (1, 0, -1))], T0 + 9000
    ).changes
    assert [change.missed for change in changes] == [False, True]


def test_what_is_counted_in_a_pause_of_a_snapshot_is_counted_again_after_it() -> None:
    """The link bar counts what is unconfirmed at any time."""
    board = Board()
    country = [station(f"NOR_{number}", (0, 0, -1)) for number in range(600)]
    board.apply_snapshot(country, T0)
    board.downtime.stop(T0)
    board.downtime.start(T0 + 8000)
    steps = board.snapshot_steps(country[1:], T0 + 8000, partial=True)
    seen = [board.unconfirmed(T0 + 8000) for _ in steps]
    assert seen[0] == 600
    # Of the one that could not be decoded.
    assert board.unconfirmed(T0 + 8000) == 1


def test_change_after_break_has_only_a_latest_possible_time() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0)
    board.downtime.stop(T0)
    board.downtime.start(T0 + 8000)
    board.apply_station(station("NOR_1", (1, 0, -1)), T0 + 8001)
    assert board.since(board.stations["NOR_1"], 0, T0 + 9000) == Since(T0 + 8001, True)


def test_station_missing_from_snapshot_leaves() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1)), station("NOR_2", (1, 1, -1))], T0)
    renewal = board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0 + 1)
    assert (renewal.changes, renewal.left) == ([], ["NOR_2"])
    assert board.connectors == 1


def test_shorter_connector_list_drops_the_last_and_their_state() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0)
    board.apply_station(station("NOR_1", (0, 0, -1), (1, 0, -1)), T0 + 1)
    board.apply_raw_report("NOR_1", 1, Connector(1, 0), T0 + 2)
    (gone,) = board.apply_station(station("NOR_1", (0, 0, -1)), T0 + 3)
    assert (gone.number, gone.after) == (2, None)
    board.apply_snapshot([station("NOR_1", (0, 0, -1), (1, 0, -1))], T0 + 4)
    assert board.heard(board.stations["NOR_1"], 0) == T0 + 3
    assert board.heard(board.stations["NOR_1"], 1) is None


def test_duplicate_station_in_snapshot_yields_one_change() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0)
    twice = [
        station(name, *triples)
        for name in ("NOR_1", "NOR_2")
        for triples in ([(1, 0, -1)], [(0, 1, -1)])
    ]
    (change,) = board.apply_snapshot(twice, T0 + 1).changes
    assert change.after == Connector(0, 1, T0 + 1)
    assert (len(board.stations), board.connectors) == (2, 2)


def test_raw_report_yields_no_change() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0)
    board.downtime.stop(T0)
    board.downtime.start(T0 + MINUTE)
    assert board.apply_raw_report("NOR_1", 0, Connector(1, 1), T0 + MINUTE)
    held = board.stations["NOR_1"]
    assert held.connectors == [Connector(0, 0)]
    assert board.heard(held, 0) == T0 + MINUTE
    assert staleness_of(board.unconfirmed_for(held, 0, T0 + MINUTE)) is Staleness.SLIGHTLY_STALE
    assert not board.apply_raw_report("NOR_9", 0, Connector(), T0)


def test_conditions_expire_after_seven_days() -> None:
    board = Board()
    board.apply_snapshot(
        [station("NOR_1", (0, 0, -1), (-1, 1, -1)), station("NOR_2", (-1, 0, -1))], T0
    )
    board.downtime.stop(T0)
    held = board.stations["NOR_1"]
    assert staleness_of(board.unconfirmed_for(held, 0, T0 + SLIGHT + 1)) is Staleness.STALE
    assert board.expire(T0 + EXPIRED) == []
    assert held.summary.free == 1
    assert board.expire(T0 + EXPIRED + 1) == ["NOR_1"]
    assert held.summary.text == "?/2"
    assert board.tally[Condition.UNKNOWN] == 3
    assert board.expire(T0 + EXPIRED + 2) == []
    # They are unknown since they expired.
    assert [board.since(held, index, T0 + EXPIRED + 9) for index in (0, 1)] == [
        Since(T0 + EXPIRED, True)
    ] * 2


def test_expired_connector_is_unknown_since_it_expired() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, T0 - MINUTE))], T0)
    board.downtime.stop(T0 + 5)
    late = T0 + 5 + EXPIRED + 3 * MINUTE
    assert board.expire(late) == ["NOR_1"]
    assert board.since(board.stations["NOR_1"], 0, late) == Since(T0 + 5 + EXPIRED, True)
    assert board.stored("NOR_1").connectors[0].at_least  # type: ignore[union-attr]  # the board holds it


def test_report_of_unknown_after_expiry_yields_no_change() -> None:
    board = Board()
    for key in "abc":
        board.apply_connector("NOR_1", key, WordConnector(0, 0, word="AVAILABLE"), T0)
    board.downtime.stop(T0)
    late = T0 + EXPIRED + MINUTE
    board.expire(late)
    board.downtime.start(late)
    held = board.stations["NOR_1"]
    assert board.apply_connector("NOR_1", "a", WordConnector(-1, 0, word="UNKNOWN"), late + 1) == []
    assert board.since(held, 0, late + 1) == Since(T0 + EXPIRED, True)
    assert board.unconfirmed_for(held, 0, late + 1) == 0
    # An undocumented word is a change, although its condition is unknown too.
    (odd,) = board.apply_connector("NOR_1", "b", WordConnector(-1, 0, word="melted"), late + 2)
    (free,) = board.apply_connector("NOR_1", "c", WordConnector(0, 0, word="AVAILABLE"), late + 3)
    assert [change.before.detail for change in (odd, free) if change.before] == ["", ""]
    assert board.since(held, 2, late + 3) == Since(late + 3, True)
    assert board.apply_station(Station("NOR_2", [Connector()]), late)[0].after == Connector(
        timestamp=late
    )


def test_expire_searches_stations_only_if_one_can_have_expired() -> None:
    board = Board()
    board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0)
    board.apply_connector("NOR_2", "a", WordConnector(0, 0, word="AVAILABLE"), T0)
    board.downtime.stop(T0)
    board.downtime.start(T0 + MINUTE)
    board.apply_connector("NOR_2", "a", WordConnector(0, 0, word="AVAILABLE"), T0 + MINUTE)
    board.downtime.stop(T0 + MINUTE)
    assert board.expire(T0 + EXPIRED + 1) == ["NOR_1"]
    every, board.stations = board.stations, NotImplemented
    assert board.expire(T0 + EXPIRED + MINUTE) == []
    board.stations = every
    assert board.expire(T0 + EXPIRED + MINUTE + 1) == ["NOR_2"]
    # Every condition is unknown now, so nothing can expire.
    board.stations = NotImplemented
    assert board.expire(T0 + 9 * EXPIRED) == []


def test_restore_makes_expired_connectors_unknown() -> None:
    stored = stored_board(earlier_board(), T0 + 5)
    board = Board()
    assert board.restore(stored, T0 + 5 + EXPIRED) == []
    stored = stored_board(earlier_board(), T0 + 5)
    assert board.restore(stored, T0 + 5 + EXPIRED + 7) == ["NOR_1"]
    assert board.stations["NOR_1"].summary.text == "?/2"
    assert board.since(board.stations["NOR_1"], 0, T0 + 6 + EXPIRED) == Since(
        T0 + 5 + EXPIRED, True
    )


def test_connectors_with_keys_keep_their_numbers() -> None:
    board = Board()
    first = board.apply_connector("NOR_1", "SE*VIR*E1", WordConnector(0, 0, word="AVAILABLE"), T0)
    second = board.apply_connector("NOR_1", "1252", WordConnector(1, 0, word="BLOCKED"), T0 + 1)
    again = board.apply_connector(
        "NOR_1", "SE*VIR*E1", WordConnector(1, 0, word="CHARGING"), T0 + 2
    )
    assert [change.number for change in (*first, *second, *again)] == [1, 2, 1]
    (before, after) = again[0][3:5]
    assert before is not None
    assert after is not None
    assert (before.condition, after.condition) == (Condition.FREE, Condition.OCCUPIED)
    assert board.tally[Condition.BLOCKED] == 1


def test_different_word_with_equal_numbers_is_a_change() -> None:
    board = Board()
    board.apply_connector("NOR_1", "a", WordConnector(-1, 0, word="REMOVED"), T0)
    (back,) = board.apply_connector("NOR_1", "a", WordConnector(-1, 0, word="UNKNOWN"), T0 + 1)
    assert back.after is not None
    assert back.after.condition is Condition.UNKNOWN
    assert board.stations["NOR_1"].summary.text == "?/1"


def test_stations_and_connectors_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "MAX_STATIONS", 3)
    board = Board()
    renewal = board.apply_snapshot([station(f"NOR_{n}", (0, 0, -1)) for n in range(9)], T0)
    assert (len(board.stations), board.connectors, renewal.changes) == (3, 3, [])
    assert board.apply_station(station("SWE_1", (0, 0, -1)), T0) == []
    assert board.apply_connector("SWE_2", "a", Connector(0, 0), T0) == []
    board.apply_snapshot([station(f"NOR_{n}", (0, 0, -1)) for n in range(9)], T0)
    assert len(board.stations) == 3
    for n in range(MAX_CONNECTORS + 10):
        board.apply_connector("NOR_0", f"key {n}", Connector(0, 0), T0)
    assert len(board.stations["NOR_0"].connectors) == MAX_CONNECTORS


# Unconfirmed connectors


def test_connector_not_in_service_is_not_counted_unconfirmed() -> None:
    board = Board()
    board.apply_connector("NOR_1", "a", WordConnector(-1, 0, word="REMOVED"), T0)
    board.apply_connector("NOR_1", "b", WordConnector(0, 0, word="AVAILABLE"), T0)
    board.apply_connector("NOR_2", "c", WordConnector(1, 0, word="CHARGING"), T0)
    assert board.unconfirmed(T0 + 9000) == 0
    board.downtime.stop(T0)
    assert board.unconfirmed(T0 + 9000) == 2
    board.downtime.start(T0 + 8000)
    assert board.unconfirmed(T0 + 9000) == 2
    board.apply_connector("NOR_1", "b", WordConnector(0, 0, word="AVAILABLE"), T0 + 9000)
    assert board.unconfirmed(T0 + 9000) == 1
    # The removed connector is in service again, and confirmed by this report.
    board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0 + 9001)
    assert board.unconfirmed(T0 + 9001) == 1
    board.apply_connector("NOR_2", "c", WordConnector(-1, 0, word="PLANNED"), T0 + 9002)
    assert board.unconfirmed(T0 + 9002) == 0


def test_unconfirmed_searches_no_stations_while_all_are_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0)
    board.downtime.stop(T0)
    board.downtime.start(T0 + 8000)
    board.apply_snapshot([station("NOR_1", (0, 0, -1))], T0 + 8000)
    board.stations["NOR_1"].connectors = NotImplemented
    assert board.unconfirmed(T0 + 9000) == 0


def test_removed_connector_returns_under_its_number() -> None:
    board = Board()
    for key in "ab":
        board.apply_connector("NOR_1", key, WordConnector(0, 0, word="AVAILABLE"), T0)
    board.apply_connector("NOR_1", "a", WordConnector(-1, 0, word="REMOVED"), T0 + 1)
    assert board.stations["NOR_1"].summary.text == "1/1"
    (back,) = board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), T0 + 2)
    assert back.number == 1
    assert board.stations["NOR_1"].summary.text == "2/2"
    assert board.tally[Condition.NOT_IN_SERVICE] == 0


# Restoring an earlier session


def earlier_board() -> Board:
    board = Board()
    board.apply_connector("NOR_1", "SE*VIR*E1", WordConnector(0, 0, word="AVAILABLE"), T0)
    board.apply_connector("NOR_1", "1252", WordConnector(-1, 0, word="melted"), T0 + 1)
    board.apply_connector("NOR_1", "SE*VIR*E1", WordConnector(1, 0, word="BLOCKED"), T0 + 2)
    return board


def test_restore_returns_earlier_state() -> None:
    board = restored(earlier_board(), T0 + 5)
    held = board.stations["NOR_1"]
    assert held.connectors == [
        WordConnector(1, 0, T0 + 2, word="BLOCKED"),
        WordConnector(-1, 0, T0 + 1, word="melted"),
    ]
    assert [board.since(held, index, T0 + 9) for index in (0, 1)] == [
        Since(T0 + 2, False),
        Since(T0 + 1, True),
    ]
    assert [board.heard(held, index) for index in (0, 1)] == [T0 + 2, T0 + 1]
    assert (board.tally[Condition.BLOCKED], board.tally[Condition.UNKNOWN]) == (1, 1)
    (change,) = board.apply_connector(
        "NOR_1", "1252", WordConnector(0, 0, word="AVAILABLE"), T0 + 9
    )
    assert change.number == 2


def test_restored_words_and_keys_are_shared() -> None:
    board = Board()
    for name in ("NOR_1", "NOR_2"):
        board.apply_connector(name, "0", WordConnector(0, 0, word="AVAILABLE"), T0)
    later = restored(board, T0).stations
    assert later["NOR_1"].connectors[0].word is later["NOR_2"].connectors[0].word
    track = later["NOR_1"].track
    assert track is not None
    assert track.evse_uids == ()


def test_restored_state_is_stale_after_any_pause() -> None:
    board = restored(earlier_board(), T0 + 5)
    held = board.stations["NOR_1"]
    for now in (T0 + 6, T0 + 5 + EXPIRED):
        assert staleness_of(board.unconfirmed_for(held, 0, now)) is Staleness.STALE
    assert staleness_of(board.unconfirmed_for(held, 0, T0 + 6 + EXPIRED)) is Staleness.EXPIRED
    board = restored(earlier_board(), T0 + 5)
    held = board.stations["NOR_1"]
    board.downtime.start(T0 + 6)
    assert staleness_of(board.unconfirmed_for(held, 0, T0 + 7)) is Staleness.STALE
    assert board.unconfirmed(T0 + 7) == 2
    board.apply_connector("NOR_1", "SE*VIR*E1", WordConnector(1, 0, word="BLOCKED"), T0 + 8)
    assert staleness_of(board.unconfirmed_for(held, 0, T0 + 9)) is Staleness.CONFIRMED
    assert board.unconfirmed(T0 + 9) == 1


def test_downtime_between_sessions_adds_up_to_expiry() -> None:
    board = earlier_board()
    now = T0 + 5
    for _ in range(4):
        board = restored(board, now)
        now += EXPIRED // 4 + 1
        assert board.expire(now - 5) == []
        board.downtime.start(now)
    assert board.expire(now) == ["NOR_1"]
    assert board.stations["NOR_1"].summary.text == "?/2"


def test_first_snapshot_after_restore_marks_changes_missed() -> None:
    board = Board()
    board.apply_snapshot(
        [station("NOR_1", (0, 0, -1), (0, 0, T0 - 7)), station("NOR_2", (0, 0, -1))], T0
    )
    board = restored(board, T0 + 5)
    board.downtime.start(T0 + 9000)
    renewal = board.apply_snapshot(
        [station("NOR_1", (1, 0, -1), (0, 0, T0 - 7)), station("SWE_1")], T0 + 9000
    )
    assert [(change.number, change.missed) for change in renewal.changes] == [(1, True)]
    assert (renewal.left, set(board.stations)) == (["NOR_2"], {"NOR_1", "SWE_1"})
    held = board.stations["NOR_1"]
    assert [board.since(held, index, T0 + 9000) for index in (0, 1)] == [
        Since(T0 + 9000, True),
        Since(T0 - 7, False),
    ]
    assert board.unconfirmed(T0 + 9001) == 0


def test_restored_confirmation_in_the_future_is_ignored() -> None:
    stored = stored_board(earlier_board(), T0 + 5)
    lies = [
        msgspec.structs.replace(each, confirmed=2**53)
        for each in earlier_board().stored("NOR_1").connectors  # type: ignore[union-attr]  # the board holds it
    ]
    stored.stations["NOR_1"] = restore_station("NOR_1", StoredStation(None, lies), stored.downtime)
    board = Board()
    board.restore(stored, T0 + 6)
    assert (
        staleness_of(board.unconfirmed_for(board.stations["NOR_1"], 0, T0 + 6)) is Staleness.STALE
    )


def test_restore_of_empty_state_leaves_board_live_and_empty() -> None:
    board = earlier_board()
    assert board.restore(StoredBoard(), T0) == []
    assert (board.stations, board.connectors, board.downtime.live) == ({}, 0, True)
    assert board.stored("NOR_1") is None


def test_clear_resets_board() -> None:
    board = earlier_board()
    board.downtime.stop(T0)
    board.clear()
    assert (board.stations, board.connectors, board.unconfirmed(T0 + 9)) == ({}, 0, 0)


REGISTER = Register({"NOR_1": Facts(plug_evse_uids=("a", "b", "c"))})


def free() -> WordConnector:
    return WordConnector(0, 0, word="AVAILABLE")


def test_connectors_of_register_are_unknown_and_in_its_order() -> None:
    board = Board(REGISTER)
    (change,) = board.apply_connector("NOR_1", "b", free(), T0)
    assert (change.number, change.before, change.after) == (2, None, free_at(T0))
    assert board.stations["NOR_1"].summary.text == "1/3"
    assert board.connectors == 3
    (change,) = board.apply_connector("NOR_1", "a", WordConnector(-1, 0, word="UNKNOWN"), T0 + 1)
    assert (change.number, change.before) == (1, None)
    (change,) = board.apply_connector("NOR_1", "x", free(), T0 + 2)
    assert change.number == 4
    assert board.heard(board.stations["NOR_1"], 2) is None


def free_at(at: int) -> WordConnector:
    connector = free()
    connector.timestamp = at
    return connector


def test_unnamed_connector_is_not_unconfirmed() -> None:
    board = Board(REGISTER)
    board.apply_connector("NOR_1", "b", free(), T0)
    board.downtime.stop(T0)
    held = board.stations["NOR_1"]
    late = T0 + 5 * SLIGHT
    assert [board.unconfirmed_for(held, index, late) for index in range(3)] == [0, late - T0, 0]
    assert board.unconfirmed(late) == 1
    board.downtime.start(late)
    assert board.unconfirmed(late) == 1
    board.apply_connector("NOR_1", "b", free(), late + 1)
    assert board.unconfirmed(late + 1) == 0
    # After the stream has named it, it can be, also in the next session.
    board.apply_connector("NOR_1", "a", free(), late + 1)
    board = restored(board, late + 2)
    held = board.stations["NOR_1"]
    assert [staleness_of(board.unconfirmed_for(held, index, late + 3)) for index in range(3)] == [
        Staleness.STALE,
        Staleness.STALE,
        Staleness.CONFIRMED,
    ]
    assert board.unconfirmed(late + 3) == 2


def test_later_register_keeps_connector_numbers() -> None:
    board = Board()
    board.apply_connector("NOR_1", "c", free(), T0)
    board.apply_connector("NOR_2", "z", free(), T0)
    assert board.use_register(REGISTER) == ["NOR_1"]
    assert board.stations["NOR_1"].track is not None
    assert board.stations["NOR_1"].track.evse_uids == ("c", "a", "b")
    assert board.stations["NOR_1"].summary.text == "1/3"
    assert board.use_register(REGISTER) == []
    assert sum(board.tally) == board.connectors == 4


def test_register_adds_no_connectors_to_stations_without_keys() -> None:
    board = Board()
    board.apply_snapshot([station("NOR_1", (0, 0, T0))], T0)
    assert board.use_register(REGISTER) == []
    assert len(board.stations["NOR_1"].connectors) == 1


def test_unnamed_connector_is_first_sight_after_restore() -> None:
    board = Board(REGISTER)
    board.downtime.start(T0)
    board.apply_connector("NOR_1", "b", free(), T0)
    stored = board.stored("NOR_1")
    assert stored is not None
    again = Board()
    again.restore(StoredBoard({"NOR_1": restore_station("NOR_1", stored, 0)}, 0, T0), T0)
    (change,) = again.apply_connector("NOR_1", "a", free(), T0 + 1000)
    assert (change.number, change.before) == (1, None)
    (change,) = again.apply_connector("NOR_1", "b", WordConnector(1, 0, word="CHARGING"), T0 + 1000)
    assert (change.number, change.before) == (2, free_at(T0))


def test_snapshot_without_connector_ids_reports_a_change_after_restore() -> None:
    board = Board()
    board.downtime.start(T0)
    board.apply_connector("NOR_1", "b", free(), T0)
    board.apply_snapshot([station("NOR_1", (0, 0, T0), (-1, 0, T0))], T0 + 1000)
    again = restored(board, T0 + 1000)
    changes = again.apply_snapshot([station("NOR_1", (0, 0, T0), (0, 0, T0))], T0 + 2000).changes
    assert [(change.number, change.missed) for change in changes] == [(2, True)]
