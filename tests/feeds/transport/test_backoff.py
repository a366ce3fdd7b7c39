"""The waits between tries: they grow, stay below a minute, and are short again only after health."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.feeds.transport.backoff import FIRST_WAIT, HEALTHY_AFTER, MAX_WAIT, Backoff


def test_the_first_try_is_after_about_a_second_and_then_at_most_every_minute() -> None:
    assert (FIRST_WAIT, MAX_WAIT) == (1.0, 60.0)


@given(st.integers())
def test_the_waits_double_up_to_a_minute(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    for step in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert 0.8 * step <= backoff.wait() <= min(1.2 * step, MAX_WAIT)


@given(st.integers(), st.lists(st.none() | st.floats(0, 2 * HEALTHY_AFTER)))
def test_only_health_makes_them_short_again(seed: int, lives: list[float | None]) -> None:
    backoff = Backoff(random.Random(seed))
    step = FIRST_WAIT
    for life in lives:
        if life is not None:
            backoff.lived(life)
            step = FIRST_WAIT if life >= HEALTHY_AFTER else step
        assert 0.8 * step <= backoff.wait() <= min(1.2 * step, MAX_WAIT)
        step = min(MAX_WAIT, 2 * step)


@pytest.mark.parametrize(
    ("life", "short"), [(0.0, False), (HEALTHY_AFTER - 0.01, False), (HEALTHY_AFTER, True), (1e9, True)]
)
def test_how_long_health_is(life: float, short: bool) -> None:
    backoff = Backoff(random.Random(0))
    for _ in range(3):
        backoff.wait()
    backoff.lived(life)
    assert (backoff.wait() <= 1.2) is short


def test_many_clients_do_not_come_back_together() -> None:
    assert len({Backoff(random.Random(seed)).wait() for seed in range(100)}) == 100


def test_each_has_a_chance_of_its_own() -> None:
    assert Backoff().wait() != Backoff().wait()
