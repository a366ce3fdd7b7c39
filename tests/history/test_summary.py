"""Statistics in words."""

from __future__ import annotations

import pytest

from nobil_tui.history.listening import Interval, Listening
from nobil_tui.history.statistics import (
    ChangeRow,
    ConnectorHistory,
    HourProfile,
    StationHistory,
    percentile,
    summarize_history,
)
from nobil_tui.history.summary import (
    duration_text,
    observed_text,
    share_text,
    size_text,
    usual_text,
)
from nobil_tui.history.tally import FAULT, FREE
from tests.for_each import for_each


@for_each(
    ("weeks", "free", "text"),
    [
        (5, 4, "Usually free at this hour: 4 of 5 weeks"),
        (1, 1, "Usually free at this hour: 1 of 1 week"),
        (4, 2, "Sometimes free at this hour: 2 of 4 weeks"),
        (5, 1, "Usually busy at this hour: free in 1 of 5 weeks"),
        (0, 0, ""),
    ],
)
def test_how_usual_a_free_connector_is(weeks: int, free: int, text: str) -> None:
    assert usual_text(HourProfile(weeks=weeks, weeks_free=free)) == text


@pytest.mark.parametrize(
    ("hour", "text"),
    [
        (HourProfile(observed=600), "10 min observed"),
        (HourProfile(observed=3600, weeks=1), "1 week observed"),
        (HourProfile(observed=9000, weeks=3), "3 weeks observed"),
    ],
)
def test_how_long_a_station_was_observed(hour: HourProfile, text: str) -> None:
    profile = [hour] + [HourProfile()] * 167
    statistics = summarize_history(StationHistory("NOR_1", profile=profile))
    assert observed_text(statistics) == text


def test_only_a_fault_of_the_last_period_is_current() -> None:
    listening = Listening([Interval(0, 100, 0), Interval(10_000, 10_100, 10_000)])

    def fault(*rows: tuple[int, int]) -> tuple[int, int] | None:
        connectors = [ConnectorHistory("a", 3, [ChangeRow(at * 1000, code) for at, code in rows])]
        return summarize_history(StationHistory("NOR_1", connectors, listening)).fault

    assert fault((50, FAULT)) is None
    assert fault((50, FAULT), (10_000, FAULT)) == (3, 50_000)
    assert fault((10_000, FREE), (10_050, FAULT)) == (3, 10_050_000)
    assert fault((10_000, FAULT), (10_050, FREE)) is None


@for_each(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (20, "20 s"),
        (90, "2 min"),
        (3900, "1 h 05 min"),
        (3_570, "1 h 00 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_duration(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_size_and_a_share() -> None:
    assert [size_text(size) for size in (0, 41_000, 12_340_000)] == ["0 kB", "41 kB", "12.3 MB"]
    assert [share_text(share) for share in (0, 0.0123, 0.5)] == ["0 %", "1.2 %", "50 %"]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    ordered = list(range(1, 11))
    assert [percentile(ordered, share) for share in (0.5, 0.9, 1.0)] == [5, 9, 10]
    assert percentile([7], 0.9) == 7
    assert percentile([], 0.5) is None
