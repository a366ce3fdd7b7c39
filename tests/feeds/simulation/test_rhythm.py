"""Drivers arrive by the local hour: waiting times, and summer time in both countries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.feeds.simulation.rhythm import (
    HOUR,
    ROAD,
    STREET,
    VISIT,
    WEEK,
    WORK,
    Rhythm,
    utc_offset,
)
from tests.for_each import for_each

MONDAY = 1_699_833_600_000  # 2023-11-13 00:00 UTC

rhythms = st.sampled_from([ROAD, STREET, WORK, VISIT])
times = st.floats(1.6e12, 1.9e12)
spans = st.floats(0, 2000)


@given(rhythms, times, spans, spans)
def test_waiting_in_parts_equals_waiting_at_once(
    rhythm: Rhythm, time: float, first: float, second: float
) -> None:
    at_once = rhythm.after(time, first + second, 1)
    in_two = rhythm.after(rhythm.after(time, first, 1), second, 1)
    assert at_once == pytest.approx(in_two, abs=5.0, rel=0)


@given(rhythms, times, spans, spans)
def test_more_arrivals_take_longer(
    rhythm: Rhythm, time: float, first: float, second: float
) -> None:
    least, most = sorted([first, second])
    assert time <= rhythm.after(time, least, 2) <= rhythm.after(time, most, 2)


@given(rhythms, times)
def test_a_week_has_a_weeks_arrivals(rhythm: Rhythm, time: float) -> None:
    assert rhythm.after(time, WEEK, 1) == pytest.approx(time + WEEK * HOUR, abs=5.0, rel=0)


def test_a_busy_hour_has_more_arrivals_than_a_quiet_one() -> None:
    rhythm = Rhythm("1 " * 8 + "9 " * 8 + "1 " * 8, "1 " * 24, "1 " * 24)
    night, day = MONDAY + 2 * HOUR, MONDAY + 10 * HOUR
    assert rhythm.after(night, 0.1, 0) - night == pytest.approx(
        9 * (rhythm.after(day, 0.1, 0) - day), rel=1e-6
    )


def test_hours_are_in_local_time() -> None:
    rhythm = Rhythm("1 " * 8 + "9 " * 8 + "1 " * 8, "1 " * 24, "1 " * 24)
    seven = MONDAY + 7 * HOUR
    assert rhythm.after(seven, 0.1, 1) - seven < rhythm.after(seven, 0.1, 0) - seven


@pytest.mark.parametrize(
    "days", [("1 " * 23, "1 " * 24, "1 " * 24), ("0 " + "1 " * 23, "1 " * 24, "1 " * 24)]
)
def test_a_rhythm_has_24_positive_hours(days: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="24 weights"):
        Rhythm(*days)


@for_each(
    ("moment", "hours"),
    [
        ("2024-01-01 12:00", 1),
        ("2024-03-31 00:59", 1),
        ("2024-03-31 01:00", 2),
        ("2024-07-01 12:00", 2),
        ("2024-10-27 00:59", 2),
        ("2024-10-27 01:00", 1),
        ("2025-03-30 01:00", 2),
        ("2025-10-26 01:00", 1),
        ("2026-03-28 23:00", 1),
        ("2027-10-31 00:00", 2),
    ],
)
def test_summer_time_follows_the_eu_rule(moment: str, hours: int) -> None:
    assert (
        utc_offset(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000) == hours
    )
