"""Ages and times as text, and for how long an age stays the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.tui.text.times import (
    age_text,
    age_text_lasts,
    clock_text,
    datetime_text,
    since_text,
)
from tests.conftest import START
from tests.for_each import for_each

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
DAY = 24 * HOUR
ANY_TIME = st.integers(-(2**53), 2**53)
"""Timestamps that a stream may send."""
OSLO = timezone(timedelta(hours=1))
ZONES = st.sampled_from([UTC, OSLO, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])


@for_each(
    ("milliseconds", "text"),
    [
        (-DAY, "now"),
        (0, "now"),
        (999, "now"),
        (SECOND, "1 s"),
        (12 * SECOND, "12 s"),
        (MINUTE - 1, "59 s"),
        (MINUTE, "1 min"),
        (HOUR - 1, "59 min"),
        (HOUR, "1 h"),
        (DAY, "24 h"),
        (2 * DAY - 1, "47 h"),
        (2 * DAY, "2 d"),
        (9999 * DAY, "9999 d"),
        (10_000 * DAY, "long"),
    ],
)
def test_ages(milliseconds: int, text: str) -> None:
    assert age_text(milliseconds) == text


@given(ANY_TIME)
def test_an_age_has_one_short_form(milliseconds: int) -> None:
    assert len(age_text(milliseconds)) <= 6


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


NOW = ms("2026-03-12T14:30:00+01:00")


@for_each(
    ("at", "text"),
    [
        ("2026-03-12T14:02:59+01:00", "14:02"),
        ("2026-03-12T00:00:00+01:00", "00:00"),
        ("2026-03-11T23:59:00+01:00", "Wed 23:59"),
        ("2026-03-06T00:01:00+01:00", "Fri 00:01"),
        # The weekday of a week ago would be mistaken for today.
        ("2026-03-05T23:59:00+01:00", "5 Mar"),
        ("2026-01-01T00:00:00+01:00", "1 Jan"),
        ("2025-12-31T23:59:00+01:00", "31 Dec 2025"),
        ("2013-03-12T14:30:00+01:00", "12 Mar 2013"),
        # Future times: today has a clock time, another day has a date.
        ("2026-03-12T23:00:00+01:00", "23:00"),
        ("2026-03-13T00:00:00+01:00", "13 Mar"),
    ],
)
def test_since_texts(at: str, text: str) -> None:
    assert since_text(ms(at), NOW, OSLO) == text


def test_times_use_the_users_zone() -> None:
    assert clock_text(START, UTC) == "22:13:20"
    assert clock_text(START, OSLO) == "23:13:20"
    assert datetime_text(START, UTC) == "2023-11-14 22:13:20"
    assert datetime_text(START + 2 * HOUR, OSLO) == "2023-11-15 01:13:20"
    # It is another day in that zone.
    assert since_text(START, START + HOUR, UTC) == "22:13"
    assert since_text(START, START + HOUR, OSLO) == "Tue 23:13"


@given(ANY_TIME, ANY_TIME, ZONES)
def test_every_timestamp_has_a_text(at: int, now: int, zone: timezone) -> None:
    assert 5 <= len(since_text(at, now, zone)) <= 11
    assert len(clock_text(at, zone)) == 8
    assert len(datetime_text(at, zone)) == 19


@given(st.integers(-5_000, 40 * 86_400_000))
def test_an_age_keeps_its_text_for_as_long_as_it_says(age: int) -> None:
    lasts = age_text_lasts(age)
    assert lasts > 0
    assert age_text(age + lasts - 1) == age_text(age) != age_text(age + lasts)
