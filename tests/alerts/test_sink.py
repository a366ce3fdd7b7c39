"""Alerts over random streams, compared with a naive oracle: no alert twice, and none missed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nobil_tui.alerts.seen_rows import SAVE_GRACE
from nobil_tui.charging.board import Change
from nobil_tui.charging.register import Plug
from nobil_tui.charging.station import Station
from nobil_tui.config.alert_rules import AlertKey, AlertRule, AlertWhen
from nobil_tui.monitor.batch import MAX_ENTRIES, Batch, merge
from tests.alerts.streams import (
    FAULT,
    FREE,
    LIVE,
    OCCUPIED,
    UNKNOWN,
    Instance,
    State,
    register_of,
    station,
)
from tests.conftest import FakeClock

IN_MEMORY = next((each for each in ("/dev/shm",) if os.access(each, os.W_OK)), None)
"""A folder whose files need no disk, where there is one: each step is a transaction."""
IDS = ("A", "B", "C")
CCS, TYPE_2 = Plug("CCS", 150), Plug("Type 2", 22)
REGISTER = register_of(A=(CCS, TYPE_2), B=(CCS, CCS), C=(TYPE_2, TYPE_2))
CCS_OF = {"A": (0,), "B": (0, 1), "C": ()}

RULES = [
    AlertRule("A", repeat=True),
    AlertRule("A", connector="2", repeat=True),
    AlertRule("A", filter="ccs", repeat=True),
    AlertRule("B", least=2, repeat=True),
    AlertRule("C", when=AlertWhen.FAULT, repeat=True),
    AlertRule("C", when=AlertWhen.WORKS, repeat=True),
    AlertRule(filter="ccs within:5km", repeat=True),
    AlertRule(filter="oslo", least=3, repeat=True),
    AlertRule(filter="oslo", when=AlertWhen.FAULT, repeat=True),
]
MINUTE = 60_000
World = dict[str, list[State]]


def naive_levels(rule: AlertRule, world: World) -> dict[str, bool]:
    """Return by hand whether what a rule waits for is so now, for each thing that it watches."""

    def states(id_: str) -> list[State]:
        chosen = CCS_OF[id_] if "ccs" in rule.filter else (0, 1)
        if rule.connector:
            chosen = (int(rule.connector) - 1,)
        return [world[id_][index] for index in chosen]

    ids = [rule.station] if rule.station else list(IDS)
    match rule.when:
        case AlertWhen.FREE if rule.station:
            return {rule.station: states(rule.station).count(FREE) >= rule.least}
        case AlertWhen.FREE:
            return {"": sum(states(id_).count(FREE) for id_ in ids) >= rule.least}
        case AlertWhen.FAULT:
            return {id_: FAULT in states(id_) for id_ in ids}
        case _:
            return {id_: FAULT not in states(id_) for id_ in ids}


class Oracle:
    """Remembers what each alert was told last, and when that ended."""

    def __init__(self) -> None:
        self.on: dict[tuple[Any, str], bool] = {}
        self.off_at: dict[tuple[Any, str], int] = {}
        self.fired: list[tuple[Any, int]] = []

    def look(self, rules: list[AlertRule], world: World, now: int) -> None:
        for rule in rules:
            for subject, level in naive_levels(rule, world).items():
                each = rule.key, subject
                before = self.on.get(each)
                self.on[each] = level
                if before and not level:
                    self.off_at[each] = now
                if before is False and level and now - self.off_at.get(each, 0) >= MINUTE:
                    self.fired.append((rule.key, now))


STATES = st.sampled_from([FREE, OCCUPIED, FAULT])
STATION = st.lists(STATES, min_size=2, max_size=2)
REPORTS = st.dictionaries(st.sampled_from(IDS), STATION, min_size=1)
PAUSES = st.sampled_from([1.0, 20.0, 59.999, 60.0, 61.0, 3600.0])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["report", "flood", "snapshot", "restart", "replay"]), REPORTS, PAUSES
    ),
    max_size=25,
)


def stations_of(world: World) -> list[Station]:
    return [station(id_, *states) for id_, states in world.items()]


@pytest.mark.slow
@given(st.fixed_dictionaries(dict.fromkeys(IDS, STATION)), STEPS, st.booleans())
async def test_alerts_fire_as_a_naive_oracle_says(first: World, steps: Any, two: bool) -> None:
    clock = FakeClock()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        path = Path(folder) / "alerts.sqlite"

        def instance() -> Instance:
            return Instance(clock, RULES, path, REGISTER, (59.9, 10.7))

        world, oracle = dict(first), Oracle()
        running = [instance() for _ in range(1 + two)]
        everyone = [*running]
        for each in running:
            await each.snapshot(stations_of(world))
        oracle.look(RULES, world, clock.now())
        for kind, reports, pause in steps:
            clock.advance(pause)
            if kind != "replay":
                world |= reports
            if kind == "restart":
                # What changed meanwhile is only in the snapshot of the next session.
                boards = [each.board for each in running]
                for each in running:
                    each.close()
                running = [instance() for _ in running]
                everyone += running
                for each, board in zip(running, boards, strict=True):
                    await each.restore(board)
            for each in running:
                if kind == "report":
                    await each.report(*stations_of(reports))
                elif kind == "flood":
                    # A batch that dropped its entries still names the stations.
                    for reported in stations_of(reports):
                        each.board.apply_station(reported, clock.now())
                    await each.report(*stations_of(reports))
                else:
                    await each.snapshot(stations_of(world))
            oracle.look(RULES, world, clock.now())
        for each in running:
            each.close()
    delivered = [(one.rule.key, one.at) for each in everyone for one in each.fired if one.first]
    assert Counter(delivered) == Counter(oracle.fired)
    # Each instance shows every alert itself.
    shown = Counter((one.rule.key, one.at) for each in everyone for one in each.fired)
    assert shown == Counter(oracle.fired * (1 + two))


# Instances that race

ONCE, STANDING = AlertRule("A"), AlertRule("A", connector="1", repeat=True)
ROUND = st.lists(
    st.tuples(
        st.sampled_from(["see", "elsewhere", "poll", "save", "arm", "remove", "start", "quit"]),
        st.integers(0, 2),
        st.sampled_from([ONCE, STANDING]),
    ),
    min_size=4,
    max_size=9,
)


class Racing:
    """Instances with one config file; each sees the others' changes only when it polls."""

    def __init__(self, clock: FakeClock, path: Path) -> None:
        self.clock, self.path = clock, path
        self.saved: dict[AlertKey, AlertRule] = {}
        self.free = False
        self.delivered: list[AlertKey] = []
        self.changed = Counter[AlertKey]()
        """How often a user armed or removed an alert in this round."""
        self.running: list[tuple[Instance, dict[AlertKey, AlertRule | None]]] = []

    async def start(self) -> None:
        one = Instance(self.clock, list(self.saved.values()), self.path)
        self.running.append((one, {}))
        await self.see(len(self.running) - 1)

    async def see(self, index: int) -> None:
        one, unsaved = self.running[index]
        state = FREE if self.free else OCCUPIED
        if one.board.stations:
            await one.report(station("A", state))
        else:
            await one.snapshot([station("A", state)])
        for firing in one.fired:
            if firing.first:
                self.delivered.append(firing.rule.key)
            if not firing.rule.repeat:
                unsaved[firing.rule.key] = None
                one.rules = [rule for rule in one.rules if rule.key != firing.rule.key]
                one.sink.disarm(firing.rule.key, fired=True)
        one.fired.clear()

    def arm(self, index: int, rule: AlertRule) -> None:
        one, unsaved = self.running[index]
        if rule not in one.rules:
            self.changed[rule.key] += 1
            one.rules.append(rule)
            unsaved[rule.key] = rule
            one.sink.arm(rule)

    def remove(self, index: int, rule: AlertRule) -> None:
        one, unsaved = self.running[index]
        if rule in one.rules:
            self.changed[rule.key] += 1
            one.rules.remove(rule)
            unsaved[rule.key] = None
            one.sink.disarm(rule.key)

    def save(self, index: int) -> None:
        _, unsaved = self.running[index]
        for key, rule in unsaved.items():
            if rule is None:
                self.saved.pop(key, None)
            else:
                self.saved[key] = rule
        unsaved.clear()

    def poll(self, index: int) -> None:
        one, unsaved = self.running[index]
        merged = {**self.saved, **unsaved}
        one.rules = [rule for rule in merged.values() if rule is not None]
        one.sink.adopt()

    def quit(self, index: int) -> None:
        self.save(index)
        self.running.pop(index)[0].close()

    async def step(self, kind: str, number: int, rule: AlertRule) -> None:
        # No two steps of users and programs come in the same millisecond.
        self.clock.advance(0.001)
        index = number % len(self.running) if self.running else 0
        if kind == "start":
            if len(self.running) < 3:
                await self.start()
        elif self.running:
            match kind:
                case "see":
                    await self.see(index)
                case "elsewhere":
                    await self.running[index][0].report(station("B", OCCUPIED))
                case "arm":
                    self.arm(index, rule)
                case "remove":
                    self.remove(index, rule)
                case _:
                    getattr(self, kind)(index)

    async def settle(self) -> None:
        """Let every program see everything."""
        if not self.running:
            await self.start()
        for kind in ("save", "poll", "see"):
            for index in range(len(self.running)):
                await self.step(kind, index, ONCE)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(ROUND, min_size=2, max_size=4), st.booleans())
async def test_no_race_of_instances_loses_or_doubles_an_alert(rounds: Any, armed: bool) -> None:
    clock = FakeClock()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        racing = Racing(clock, Path(folder) / "alerts.sqlite")
        for _ in range(2):
            await racing.start()
        for rule in (ONCE, STANDING) if armed else ():
            racing.arm(0, rule)
        await racing.settle()
        for steps in rounds:
            for free in (True, False):
                expected = set(racing.saved)
                clock.advance(3600)
                racing.free = free
                racing.changed.clear()
                racing.delivered.clear()
                for step in steps:
                    await racing.step(*step)
                await racing.settle()
                for key in {ONCE.key, STANDING.key}:
                    count = racing.delivered.count(key)
                    if key not in racing.changed:
                        assert count == (free and key in expected)
                    # Armed again, it is another alert: by what its program showed then.
                    assert count <= free * (1 + racing.changed[key])
                # What one program removed and another armed begins after the grace.
                clock.advance(SAVE_GRACE / 1000 + 1)
                await racing.settle()
        while racing.running:
            racing.quit(0)


@pytest.mark.slow
@given(st.lists(STATES, min_size=1), st.lists(st.sampled_from([1.0, 3600.0]), min_size=40))
async def test_unknown_is_neither_free_nor_gone(known: list[State], pauses: list[float]) -> None:
    """With unknown between any two states, the same alerts fire as without."""
    fired = []
    for between in (False, True):
        clock, told = FakeClock(), []
        one = Instance(clock, RULES[:1], register=REGISTER)
        await one.snapshot([station("A", OCCUPIED)])
        for state, pause in zip(known, pauses, strict=False):
            clock.advance(pause)
            if between:
                await one.report(station("A", UNKNOWN))
            await one.report(station("A", state))
            told.append(len(one.fired))
        fired.append(told)
    assert fired[0] == fired[1]


async def test_a_connector_that_is_always_unknown_holds_up_no_alert(clock: FakeClock) -> None:
    one = Instance(clock, RULES[:1])
    await one.snapshot([station("A", OCCUPIED, UNKNOWN)])
    for _ in range(3):
        clock.advance(600)
        await one.report(station("A", FREE, UNKNOWN))
        clock.advance(600)
        await one.report(station("A", OCCUPIED, UNKNOWN))
    assert len(one.fired) == 3


async def test_what_changed_between_two_sessions_says_since_when(
    clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "alerts.sqlite"
    one = Instance(clock, RULES[:1], path, REGISTER)
    await one.snapshot([station("A", OCCUPIED, OCCUPIED)])
    one.close()
    clock.advance(7200)
    other = Instance(clock, RULES[:1], path, REGISTER)
    await other.restore(one.board)
    assert other.fired == []
    await other.snapshot([station("A", FREE, OCCUPIED, at=clock.now() - 600_000)])
    (firing,) = other.fired
    assert firing.title == "Name of A"
    assert firing.summary.startswith("1/2 free, since ")
    assert firing.change.missed


async def test_nothing_is_missed_in_a_batch_of_more_changes_than_it_holds(
    clock: FakeClock,
) -> None:
    one = Instance(clock, [AlertRule("A"), AlertRule(filter="oslo")], register=REGISTER)
    await one.snapshot([station(id_, OCCUPIED, OCCUPIED) for id_ in (*IDS, "busy")])
    clock.advance(600)
    batch = Batch(LIVE)
    for number in range(MAX_ENTRIES // 2 + 2):
        # The change that counts is the first of all.
        id_, state = ("A", FREE) if not number else ("busy", (OCCUPIED, FREE)[number % 2])
        changes = one.board.apply_station(station(id_, state, state), clock.now())
        batch = merge(batch, Batch(LIVE, [*changes], {id_}))
    assert len(batch.entries) == MAX_ENTRIES
    assert all(isinstance(each, Change) and each.station == "busy" for each in batch.entries)
    await one.sink.take(batch)
    assert [(each.rule.station, each.change.station) for each in one.fired] == [
        ("A", "A"),
        ("", "A"),
    ]


async def test_an_armed_alert_compares_with_what_the_user_saw(clock: FakeClock) -> None:
    one = Instance(clock, [])
    for when, state, fires in (
        (AlertWhen.FREE, FREE, True),
        (AlertWhen.FAULT, FAULT, True),
        (AlertWhen.WORKS, FREE, False),
    ):
        rule = AlertRule("A", when=when)
        one.rules, one.fired[:] = [rule], []
        # Nothing is known of the station yet.
        one.board.clear()
        one.sink.arm(rule)
        await one.report(station("A", state))
        assert [each.rule for each in one.fired] == [rule] * fires
        one.sink.disarm(rule.key)


async def test_a_paused_alert_is_silent_and_sees_on(clock: FakeClock) -> None:
    one = Instance(clock, [AlertRule("A", paused=True)])
    await one.snapshot([station("A", OCCUPIED)])
    clock.advance(600)
    await one.report(station("A", FREE))
    one.rules = [AlertRule("A")]
    await one.report(station("A", FREE))
    assert one.fired == []
    clock.advance(600)
    await one.report(station("A", OCCUPIED))
    clock.advance(600)
    await one.report(station("A", FREE))
    assert len(one.fired) == 1


async def test_a_filter_without_a_home_watches_nothing(clock: FakeClock) -> None:
    one = Instance(clock, [RULES[6]], register=REGISTER)
    await one.snapshot([station("A", OCCUPIED, OCCUPIED)])
    clock.advance(600)
    await one.report(station("A", FREE, FREE))
    assert one.fired == []


async def test_an_alert_that_another_program_added_begins_when_it_is_seen(clock: FakeClock) -> None:
    one = Instance(clock, [])
    await one.snapshot([station("A", OCCUPIED)])
    one.rules = [AlertRule("A"), AlertRule(filter="oslo")]
    assert one.sink.adopt()
    clock.advance(600)
    await one.report(station("A", FREE))
    assert [each.rule.station for each in one.fired] == ["A"]
    assert not one.sink.adopt()


@pytest.mark.parametrize("rule", [AlertRule("A"), AlertRule(filter="oslo")])
async def test_an_alert_armed_in_a_program_that_is_behind_misses_nothing(
    clock: FakeClock, tmp_path: Path, rule: AlertRule
) -> None:
    path = tmp_path / "alerts.sqlite"
    behind, other = (Instance(clock, [], path, REGISTER) for _ in range(2))
    for one in (behind, other):
        await one.snapshot([station("A", FREE), station("B", OCCUPIED)])
    await other.report(station("A", OCCUPIED))
    clock.advance(60)
    behind.rules.append(rule)
    behind.sink.arm(rule)
    await behind.report(station("B", OCCUPIED))
    other.rules.append(rule)
    other.sink.adopt()
    for _ in range(3):
        await other.report(station("B", OCCUPIED))
    clock.advance(60)
    await other.report(station("A", FREE))
    assert [each.first for each in other.fired] == [True]
    await behind.report(station("A", OCCUPIED))
    await behind.report(station("A", FREE))
    assert not any(each.first for each in behind.fired)
    for one in (behind, other):
        one.close()


async def test_an_area_names_its_stations(clock: FakeClock) -> None:
    one = Instance(clock, [AlertRule(filter="oslo")], register=REGISTER)
    await one.snapshot([station(id_, OCCUPIED, OCCUPIED) for id_ in IDS])
    clock.advance(600)
    await one.report(station("A", FREE, OCCUPIED), station("C", FREE, FREE))
    (firing,) = one.fired
    assert firing.title == "oslo"
    assert firing.summary.startswith("3 free: Name of ")
    assert "Name of A" in firing.summary
    assert "Name of C" in firing.summary
