"""Occupancy against a naive oracle that walks through every minute."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from nobil_tui.charging.conditions import Condition
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.statistics import Profile, StationHistory, profile_of, spans
from tests.history.records import MINUTE, OSLO, STATION, WORDS, Scripted, Step, at, sql_profile

STARTS = ("2026-03-28 20:00", "2026-10-24 21:30", "2026-06-01 00:00", "2026-12-31 12:00")
"""Before clocks go forward, before they go back, on a Monday, and before a new year."""
WORD_CONDITIONS = {word: condition for condition in Condition for word in condition.words}
IN_SERVICE = set(Condition) - {Condition.UNKNOWN, Condition.NOT_IN_SERVICE}

actions = st.one_of(
    st.sampled_from(["connect", "connect", "lose", "restart"]),
    st.builds("{} {}".format, st.sampled_from(["a", "b", "c"]), st.sampled_from(WORDS)),
    st.builds(
        "{} {}".format, st.sampled_from(["a", "b"]), st.sampled_from(["AVAILABLE", "CHARGING"])
    ),
)
steps = st.lists(
    st.builds(Step, st.one_of(st.integers(0, 4), st.integers(1, 700)), actions), max_size=40
)


class Oracle:
    """Counts minute by minute what is known, by the rules of ``listening``."""

    def __init__(self, start: int) -> None:
        self.minute = start // MINUTE
        self.known: dict[str, Condition] = {}
        self.live = False
        self.down_since: int | None = None
        self.cells: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0] * 5)

    def play(self, script: list[Step], rest: int) -> None:
        for minutes, action in script:
            self._pass(minutes)
            self._act(action)
        self._pass(rest)

    def _pass(self, minutes: int) -> None:
        for _ in range(minutes):
            conditions = [held for held in self.known.values() if held in IN_SERVICE]
            if self.live and conditions:
                local = datetime.fromtimestamp(self.minute * 60, OSLO)
                monday = local.toordinal() - local.weekday()
                cell = self.cells[monday, local.weekday(), local.hour]
                cell[0] += 60
                cell[1] += 60 * (Condition.FREE in conditions)
                cell[2] += 60 * len(conditions)
                cell[3] += 60 * conditions.count(Condition.FREE)
                cell[4] += 60 * conditions.count(Condition.FAULT)
            self.minute += 1

    def _act(self, action: str) -> None:
        if action == "connect" and not self.live:
            self.live = True
            if self.down_since is None or self.minute - self.down_since > 2:
                self.known.clear()
        elif action == "lose" and self.live:
            self.live = False
            self.down_since = self.minute
        elif action == "restart":
            self.live, self.down_since = False, None
            self.known.clear()
        elif " " in action and self.live:
            uid, word = action.split()
            self.known[uid] = WORD_CONDITIONS[word]

    def profile(self) -> dict[int, tuple[int, ...]]:
        """Return the sums of each hour of the week, and in how many weeks it was observed, and
        free."""
        sums: dict[int, list[int]] = defaultdict(lambda: [0] * 7)
        for (_, weekday, hour), cell in self.cells.items():
            total = sums[weekday * 24 + hour]
            for place, seconds in enumerate(cell):
                total[place] += seconds
            if cell[0] >= 900:
                total[5] += 1
                total[6] += cell[1] * 2 >= cell[0]
        return {hour: tuple(total) for hour, total in sums.items()}


def cells_of(profile: Profile) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for number, hour in enumerate(profile):
        if hour.observed:
            counts = (hour.observed, hour.any_free, hour.connectors, hour.free, hour.fault)
            found[number] = (*counts, hour.weeks, hour.weeks_free)
    return found


def recorded(script: list[Step], start: int, rest: int) -> tuple[Scripted, StationHistory]:
    played = Scripted(HistoryDatabase.in_memory(), start)
    played.play(script)
    played.end(rest)
    return played, played.database.station(STATION)


@given(steps, st.sampled_from(STARTS), st.integers(0, 300))
@example(
    [Step(0, "connect"), Step(0, "a AVAILABLE"), Step(1, "lose"), Step(2, "connect")],
    STARTS[1],
    300,
)
@example(
    [Step(0, "connect"), Step(0, "a AVAILABLE"), Step(1, "lose"), Step(3, "connect")],
    STARTS[0],
    300,
)
@settings(max_examples=50)
def test_the_profile_equals_a_count_of_every_minute(
    script: list[Step], begin: str, rest: int
) -> None:
    oracle = Oracle(at(begin))
    oracle.play(script, rest)

    played, history = recorded(script, at(begin), rest)

    assert cells_of(history.profile) == oracle.profile()
    assert cells_of(profile_of(history, played.hours, played.at)) == oracle.profile()
    by_sql = sql_profile(played.database, STATION, at(begin) // 1000, played.at // 1000)
    assert by_sql == {hour: counts[:5] for hour, counts in oracle.profile().items()}


@given(steps, st.sampled_from(STARTS), st.integers(0, 300), st.floats(0, 1))
@settings(max_examples=50)
def test_pruning_changes_nothing_after_the_cut(
    script: list[Step], begin: str, rest: int, where: float
) -> None:
    played, before = recorded(script, at(begin), rest)
    cut = (at(begin) + int((played.at - at(begin)) * where)) // MINUTE * MINUTE

    for _ in played.database.prune(cut):
        pass

    after = played.database.station(STATION)
    counted = cells_of(profile_of(before, played.hours, played.at, since=cut))
    assert cells_of(profile_of(after, played.hours, played.at, since=cut)) == counted
    assert after.profile == before.profile
    assert sum(len(each.rows) for each in after.connectors) <= sum(
        len(each.rows) for each in before.connectors
    )


@given(steps, st.sampled_from(STARTS), st.integers(0, 300))
# After a restart, another connector may have the same number.
@example(
    [
        Step(0, "connect"),
        Step(0, "a AVAILABLE"),
        Step(0, "restart"),
        Step(0, "connect"),
        Step(0, "b AVAILABLE"),
    ],
    STARTS[0],
    1,
)
@settings(max_examples=50)
def test_the_spans_of_a_connector_add_up_to_its_profile(
    script: list[Step], begin: str, rest: int
) -> None:
    played, history = recorded(script, at(begin), rest)

    for connector in history.connectors:
        own = profile_of(history, played.hours, played.at, uids={connector.uid})
        seconds: dict[int, int] = defaultdict(int)
        for began, ended, code in spans(connector.rows, history.listening, 0, played.at // 1000):
            seconds[code] += ended - began
        assert sum(hour.free for hour in own) == seconds[Condition.FREE.code]
        assert sum(hour.fault for hour in own) == seconds[Condition.FAULT.code]
