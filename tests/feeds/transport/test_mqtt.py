"""An MQTT session with real brokers, if they are installed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from nobil_tui.charging.events import Connected
from nobil_tui.feeds.transport.connection import Frame
from nobil_tui.feeds.transport.link import Link
from nobil_tui.feeds.transport.mqtt import MqttSession
from nobil_tui.wire.mqtt import Publish
from tests.conftest import FakeClock, guarded
from tests.feeds.mqtt_broker import Broker, MosquittoBroker, NatsBroker

HAS_MOSQUITTO = bool(shutil.which("mosquitto")) or Path("/usr/sbin/mosquitto").exists()


@pytest.fixture(
    params=[
        NatsBroker,
        pytest.param(
            MosquittoBroker,
            marks=pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed"),
        ),
    ]
)
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    async with request.param(tmp_path) as broker:
        yield broker


async def test_receives_messages_of_another_client(broker: Broker, clock: FakeClock) -> None:
    session = MqttSession("status-v1/#", clock)

    async def dial() -> str:
        return broker.url

    received: list[Publish] = []
    long = "x" * 20_000
    sent = [
        ("status-v1/FI/NYT/L/FI*NYT*E1", b"1"),
        ("status-v1/å/b/c/d", long.encode()),
        ("status-v1/a/b/c/e", b""),
    ]

    async def publish() -> None:
        await broker.publish(*sent[:2])
        await broker.publish(("other/a", b"not for us"), sent[2], qos=1)

    async with aclosing(Link(dial, clock=clock, session=session).events()) as events:
        publishing = None
        async with asyncio.timeout(60):
            async for event in events:
                if isinstance(event, Connected):
                    publishing = asyncio.create_task(publish())
                if isinstance(event, Frame):
                    received += await session.messages(event.data)
                if len(received) == len(sent):
                    break
        assert publishing is not None
        await guarded(publishing)
    assert [(message.topic, message.payload) for message in received] == sent
