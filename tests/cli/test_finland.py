"""``tail`` and ``record`` over the whole service of Finland, in processes."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nobil_tui.base.clock import Clock
from nobil_tui.base.paths import register_file
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.feeds.finland.rest import FinlandRest
from nobil_tui.register.finland import update_finland
from nobil_tui.wire.finland import FINLAND_CREDIT
from tests.cli.conftest import GUARD, HASTY_RECORDER, Run, Start
from tests.conftest import guarded
from tests.feeds.finland_service import Country, FinlandService, status_payload
from tests.feeds.mqtt_broker import NatsBroker

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and pipes are others there"
)

PAUSE = 0.05
"""Seconds between two messages: each has a connection of its own, and would use up the ports."""


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[NatsBroker]:
    async with NatsBroker(tmp_path) as broker:
        yield broker


@pytest.fixture
async def service() -> AsyncIterator[FinlandService]:
    clock = Clock()
    async with FinlandService(Country(5_000, 12_000, at=clock.now()), clock) as service:
        yield service


@pytest.fixture
def config(service: FinlandService, broker: NatsBroker, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[finland]\naddress = "{service.address}"\nstream = "{broker.url}"\n')
    return path


async def test_tail_prints_named_changes(
    service: FinlandService, broker: NatsBroker, config: Path, start: Start
) -> None:
    tail = start("tail", "--source", "finland", "--config", str(config))
    assert tail.stdout is not None
    assert tail.stderr is not None
    assert (
        await asyncio.to_thread(tail.stderr.readline)
        == "nobil-tui: Connected to Finland at 127.0.0.1.\n"
    )
    topic = next(iter(service.country.topics.values()))

    def named() -> dict[str, object]:
        # On a busy machine the first changes can come before the names.
        assert tail.stdout is not None
        lines = map(json.loads, tail.stdout)
        return next(line for line in lines if line["name"])

    reading = asyncio.create_task(asyncio.to_thread(named))
    words = itertools.cycle(["BLOCKED", "RESERVED"])
    while not reading.done():
        # The first message may come before the snapshot: then it is no change.
        await broker.publish((topic, status_payload(next(words), Clock().now())))
        await asyncio.sleep(PAUSE)
    line = await guarded(reading)
    assert line["station"] == topic.split("/")[3]
    assert line["name"] == service.country.features[0]["properties"]["name"]
    assert line["after"] in ("blocked", "reserved")
    assert line["credit"] == FINLAND_CREDIT


async def test_a_recording_plays_as_itself(
    service: FinlandService,
    broker: NatsBroker,
    config: Path,
    start: Start,
    run: Run,
    tmp_path: Path,
) -> None:
    # A busy machine may take longer to fetch the locations than a snapshot waits for them.
    await update_finland(register_file(), FinlandRest(service.address))
    path = tmp_path / "finland.jsonl"
    options = ("--source", "finland", "--config", str(config))
    record = start("record", str(path), *options, code=HASTY_RECORDER)
    assert record.stderr is not None
    await asyncio.to_thread(record.stderr.readline)
    assert (
        await asyncio.to_thread(record.stderr.readline)
        == "nobil-tui: Connected to Finland at 127.0.0.1.\n"
    )
    topic = next(iter(service.country.topics.values()))
    words = itertools.cycle(["BLOCKED", "RESERVED"])

    def recorded() -> list[str]:
        return path.read_text().splitlines()

    while len(recorded()) < 4 or '"statuses"' not in path.read_text():
        await broker.publish((topic, status_payload(next(words), Clock().now())))
        await asyncio.sleep(PAUSE)
    record.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(record.wait, GUARD) == ExitCode.SUCCESS
    header = json.loads(recorded()[0])
    assert (header["codec"], header["source"], header["simulated"]) == (
        "finland",
        "Finland at 127.0.0.1",
        False,
    )
    snapshot = next(
        frame for line in recorded()[1:] if "statuses" in (frame := json.loads(line)["frame"] or {})
    )
    assert len(snapshot["statuses"]) == 12_000
    assert snapshot["statuses"][0]["locationId"] == topic.split("/")[3]
    played = await asyncio.to_thread(run, "tail", "--source", str(path), "--speed", "1000")
    changes = [json.loads(line) for line in played.stdout.splitlines()]
    assert changes
    assert {change["station"] for change in changes} == {topic.split("/")[3]}
