"""The pace of a stream: the silence that is unusual for it."""

from __future__ import annotations

import random

from nobil_tui.monitor.pace import StreamPace
from tests.conftest import START

SECOND = 1000


def paced(*pauses: float) -> tuple[StreamPace, int]:
    """Return the pace after frames with these pauses in seconds, and the time of the last one."""
    pace, at = StreamPace(), START
    pace.note(at)
    for seconds in pauses:
        at += int(seconds * SECOND)
        pace.note(at)
    return pace, at


def test_a_busy_stream_is_quiet_after_twenty_seconds() -> None:
    pace, at = paced(*[0.1] * 50)
    assert pace.unusual_silence(at + 20 * SECOND) == 0
    assert pace.unusual_silence(at + 45 * SECOND) == 45 * SECOND


def test_a_slow_stream_may_be_silent_for_longer() -> None:
    pace, at = paced(*[30.0] * 25)
    assert pace.unusual_silence(at + 119 * SECOND) == 0
    assert pace.unusual_silence(at + 121 * SECOND) == 121 * SECOND


def test_bursts_once_a_minute_are_usual() -> None:
    pace, at = paced(*[60.0, *[0.01] * 20] * 5)
    assert pace.unusual_silence(at + 60 * SECOND) == 0


def test_one_long_pause_does_not_hide_the_next() -> None:
    pace, at = paced(*[2.0] * 30, 600.0, 2.0)
    assert pace.unusual_silence(at + 60 * SECOND) == 60 * SECOND


def test_nothing_is_known_of_a_new_stream() -> None:
    pace, at = paced(*[0.1] * 5)
    assert pace.unusual_silence(at + 3600 * SECOND) == 0
    assert StreamPace().unusual_silence(START) == 0


def test_a_break_of_the_link_is_no_pause() -> None:
    pace, at = paced(*[0.1] * 50)
    pace.stop()
    assert pace.unusual_silence(at + 3600 * SECOND) == 0
    pace.note(at + 3600 * SECOND)
    assert pace.unusual_silence(at + 3645 * SECOND) == 45 * SECOND


def test_frames_from_before_the_connection_are_no_silence() -> None:
    pace, at = paced(*[0.1] * 50)
    pace.start(at + 600 * SECOND)
    assert pace.unusual_silence(at + 620 * SECOND) == 0
    assert pace.unusual_silence(at + 621 * SECOND) == 21 * SECOND


def test_random_reports_at_the_rate_of_a_night_are_seldom_quiet() -> None:
    rng = random.Random(1)
    pace, at = StreamPace(), START
    quiet = 0
    for _ in range(20_000):
        pause = int(rng.expovariate(1 / 800))
        quiet += pace.unusual_silence(at + pause) > 0
        at += pause
        pace.note(at)
    assert quiet == 0
