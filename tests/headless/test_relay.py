"""A relay whose publisher fails ends: its readers would wait for it forever."""

from __future__ import annotations

import asyncio

import pytest

from nobil_tui.feeds.nats.server import parse_server
from nobil_tui.headless.relay import RelayedSource, publishing
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.nats_publisher import NatsPublisher
from tests.conftest import guarded
from tests.headless.feeds import ScriptedFeed, session_of


async def test_failure_of_the_publisher_ends_the_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: NatsPublisher) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(NatsPublisher, "run", fails)
    session = session_of(ScriptedFeed())
    source = RelayedSource(session.source, parse_server("nats://localhost", {}))

    async def relay() -> None:
        async with publishing(session, source, HubLog()):
            await asyncio.get_running_loop().create_future()

    with pytest.raises(ZeroDivisionError):
        await guarded(asyncio.create_task(relay()))
    session.close()
