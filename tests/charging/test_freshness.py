"""Freshness through breaks, clocks that are set, and restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.freshness import EXPIRED, SLIGHT, DowntimeClock, Staleness, staleness_of
from tests.for_each import for_each


@for_each(
    ("unconfirmed_for", "staleness"),
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
def test_staleness_of(unconfirmed_for: int, staleness: Staleness) -> None:
    assert staleness_of(unconfirmed_for) is staleness


def test_limits_are_two_minutes_and_seven_days() -> None:
    assert (SLIGHT, EXPIRED) == (120_000, 604_800_000)


def test_no_downtime_before_first_break() -> None:
    downtime = DowntimeClock()
    assert downtime.live
    assert downtime.total(10**12) == 0


def test_clock_runs_only_during_break() -> None:
    downtime = DowntimeClock()
    downtime.stop(1000)
    assert not downtime.live
    assert (downtime.total(1000), downtime.total(1500)) == (0, 500)
    downtime.start(3000)
    assert downtime.live
    assert downtime.total(9000) == 2000


def test_repeated_stop_and_start_are_ignored() -> None:
    downtime = DowntimeClock()
    downtime.stop(1000)
    downtime.stop(2000)
    downtime.start(3000)
    downtime.start(5000)
    assert downtime.total(9000) == 2000


def test_clock_set_back_does_not_reduce_downtime() -> None:
    downtime = DowntimeClock()
    downtime.stop(1000)
    assert downtime.total(400) == 1
    downtime.start(400)
    assert downtime.total(5000) == 1


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=8))
def test_total_is_sum_of_breaks(pairs: list[tuple[int, int]]) -> None:
    downtime, now, lost = DowntimeClock(), 0, 0
    for live, away in pairs:
        downtime.stop(now + live)
        downtime.start(now + live + away)
        now, lost = now + live + away, lost + away
    assert downtime.total(now) == lost


def test_resume_counts_at_least_a_stale_break() -> None:
    downtime = DowntimeClock()
    downtime.stop(1000)
    downtime.start(3000)
    assert downtime.checkpoint(4000) == (2000, 4000)
    downtime.stop(5000)
    assert downtime.checkpoint(9000) == (2000, 5000)
    later = DowntimeClock()
    later.resume(*downtime.checkpoint(9000))
    assert not later.live
    assert later.checkpoint(0) == (2000, 5000)
    readings = [later.running(now) for now in (5001, 5000 + SLIGHT, 5000 + EXPIRED)]
    assert readings == [SLIGHT + 1, SLIGHT + 1, EXPIRED]
    later.resume(2000, 5000)
    later.start(5001)
    assert later.total(10**12) == 2000 + SLIGHT + 1
    later.stop(6000)
    assert later.running(6500) == 500


def test_a_break_continues_when_the_clock_is_set_back() -> None:
    """Otherwise the screen would call a picture of hours ago confirmed, until the clock is there
    again."""
    downtime = DowntimeClock()
    downtime.stop(100_000)
    assert downtime.running(160_000) == 60_000
    assert downtime.running(10_000) == 60_000
    assert downtime.running(15_000) == 65_000
    downtime.start(20_000)
    assert downtime.total(30_000) == 70_000
    # Set back before the break was noticed.
    downtime.stop(100_000)
    assert [downtime.running(now) for now in (50_000, 51_000)] == [1, 1001]
