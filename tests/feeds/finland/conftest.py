"""A complete service, and a feed that reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from nobil_tui.feeds.finland.feed import FinlandFeed
from nobil_tui.feeds.finland.rest import FinlandRest
from nobil_tui.feeds.transport.link import Link, Tap
from nobil_tui.feeds.transport.mqtt import MqttSession
from nobil_tui.wire.finland import TOPIC_FILTER
from tests.conftest import FakeClock
from tests.feeds.finland_service import Country, FinlandService
from tests.feeds.mqtt_broker import NatsBroker

MakeFeed = Callable[..., FinlandFeed]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[NatsBroker]:
    async with NatsBroker(tmp_path) as broker:
        yield broker


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[FinlandService]:
    async with FinlandService(Country(5, 12, at=clock.now()), clock) as service:
        yield service


@pytest.fixture
def make_feed(clock: FakeClock, service: FinlandService) -> MakeFeed:
    def make(url: str, tap: Tap | None = None) -> FinlandFeed:
        async def dial() -> str:
            return url

        session = MqttSession(TOPIC_FILTER, clock)
        rest = FinlandRest(service.address, clock=clock)
        feed = FinlandFeed(
            Link(dial, clock=clock, session=session), session, rest, clock=clock, tap=tap
        )
        feed.settle_places()
        return feed

    return make
