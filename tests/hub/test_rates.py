"""Limits of rates: bursts, refills, networks and bounded memory."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nobil_tui.hub import rates
from nobil_tui.hub.rates import FailedTries, TokenBucket


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list whose only item is the time."""
    now = [1000.0]
    # Not that of the library, which the event loop and other threads use.
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_bucket_allows_a_burst_and_refills(at: list[float]) -> None:
    bucket = TokenBucket(10, 2)
    assert bucket.take(10)
    assert not bucket.take(1)
    at[0] += 1
    assert bucket.take(1)
    at[0] += 1000
    assert bucket.take(10)
    assert not bucket.take(1)


def test_tries_are_counted_per_network_and_forgiven(at: list[float]) -> None:
    tries = FailedTries(3)
    for _ in range(3):
        assert tries.wait("192.0.2.1") == 0
        tries.failed("192.0.2.1")
    assert 0 < tries.wait("192.0.2.1") <= 20
    assert tries.wait("192.0.2.2") == 0
    at[0] += 20
    assert tries.wait("192.0.2.1") == 0
    tries.failed("2001:db8::1", 3)
    assert tries.wait("2001:db8::ffff") > 0
    assert tries.wait("2001:db8:0:1::1") == 0
    tries.failed("not an address", 3)
    assert tries.wait("not an address") > 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_ADDRESSES", 2)
    tries = FailedTries(1)
    for last in (1, 2, 3):
        tries.failed(f"192.0.2.{last}")
    assert tries.wait("192.0.2.1") == 0
    assert tries.wait("192.0.2.3") > 0
