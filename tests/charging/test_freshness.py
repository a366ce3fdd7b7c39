from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.freshness import EXPIRED, SLIGHT, DowntimeClock, Staleness, staleness_of


@pytest.mark.parametrize(
    ("unconfirmed_for", "certainty"),
    [
        (-5, Staleness.CONFIRMED),
        (0, Staleness.CONFIRMED),
        (1, Staleness.SLIGHTLY_STALE),
        (SLIGHT, Staleness.SLIGHTLY_STALE),
        (SLIGHT + 1, Staleness.STALE),
        (EXPIRED, Staleness.STALE),
        (EXPIRED + 1, Staleness.EXPIRED),
    ],
)
def test_how_sure(unconfirmed_for: int, certainty: Staleness) -> None:
    assert staleness_of(unconfirmed_for) is certainty


def test_two_minutes_and_seven_days() -> None:
    assert (SLIGHT, EXPIRED) == (120_000, 604_800_000)


def test_nothing_is_missed_before_a_break() -> None:
    listening = DowntimeClock()
    assert listening.live
    assert listening.total(10**12) == 0


def test_the_clock_runs_in_a_break_and_stands_after_it() -> None:
    listening = DowntimeClock()
    listening.stop(1000)
    assert not listening.live
    assert (listening.total(1000), listening.total(1500)) == (0, 500)
    listening.start(3000)
    assert listening.live
    assert listening.total(9000) == 2000


def test_a_break_begins_once() -> None:
    listening = DowntimeClock()
    listening.stop(1000)
    listening.stop(2000)
    listening.start(3000)
    listening.start(5000)
    assert listening.total(9000) == 2000


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    listening = DowntimeClock()
    listening.stop(1000)
    assert listening.total(400) == 0
    listening.start(400)
    assert listening.total(5000) == 0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=8))
def test_breaks_add_up(pairs: list[tuple[int, int]]) -> None:
    listening, now, lost = DowntimeClock(), 0, 0
    for live, away in pairs:
        listening.stop(now + live)
        listening.start(now + live + away)
        now, lost = now + live + away, lost + away
    assert listening.total(now) == lost


def test_the_break_between_two_sessions_is_never_slight() -> None:
    listening = DowntimeClock()
    listening.stop(1000)
    listening.start(3000)
    assert listening.checkpoint(4000) == (2000, 4000)
    listening.stop(5000)
    assert listening.checkpoint(9000) == (2000, 5000)
    later = DowntimeClock()
    later.resume(*listening.checkpoint(9000))
    assert not later.live
    assert later.checkpoint(0) == (2000, 5000)
    assert [later.running(now) for now in (0, 5001, 5000 + SLIGHT, 5000 + EXPIRED)] == [SLIGHT + 1] * 3 + [EXPIRED]
    later.start(5001)
    assert later.total(10**12) == 2000 + SLIGHT + 1
    later.stop(6000)
    assert later.running(6500) == 500
