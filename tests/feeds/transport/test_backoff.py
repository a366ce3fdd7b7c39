"""The delays between attempts: they double up to a minute, and are reset by a healthy
connection."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.feeds.transport.backoff import FIRST_WAIT, HEALTHY_AFTER, MAX_WAIT, Backoff


def test_delay_starts_at_a_second_and_is_at_most_a_minute() -> None:
    assert (FIRST_WAIT, MAX_WAIT) == (1.0, 60.0)


@given(st.integers())
def test_delay_doubles_up_to_the_maximum(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    for step in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert 0.8 * step <= backoff.wait() <= min(1.2 * step, MAX_WAIT)


@given(st.integers(), st.lists(st.none() | st.floats(0, 2 * HEALTHY_AFTER)))
def test_only_a_healthy_connection_resets_the_delay(seed: int, lives: list[float | None]) -> None:
    backoff = Backoff(random.Random(seed))
    step = FIRST_WAIT
    for life in lives:
        if life is not None:
            backoff.lived(life)
            step = FIRST_WAIT if life >= HEALTHY_AFTER else step
        assert 0.8 * step <= backoff.wait() <= min(1.2 * step, MAX_WAIT)
        step = min(MAX_WAIT, 2 * step)


@pytest.mark.parametrize(
    ("life", "short"),
    [(0.0, False), (HEALTHY_AFTER - 0.01, False), (HEALTHY_AFTER, True), (1e9, True)],
)
def test_healthy_after_seconds_boundary(life: float, short: bool) -> None:
    backoff = Backoff(random.Random(0))
    for _ in range(3):
        backoff.wait()
    backoff.lived(life)
    assert (backoff.wait() <= 1.2) is short


def test_clients_spread_their_retries() -> None:
    assert len({Backoff(random.Random(seed)).wait() for seed in range(100)}) == 100


def test_each_instance_has_its_own_randomness() -> None:
    assert Backoff().wait() != Backoff().wait()
