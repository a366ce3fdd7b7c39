"""Commands that print once: the live state, else the last known one, else an error."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nobil_tui.charging.events import Connected, Degraded, Event, HubState, Lost, Refused, Snapshot
from nobil_tui.charging.station import Connector, Station
from nobil_tui.headless.link_reporter import KeyRefusedError
from nobil_tui.headless.one_shot import SNAPSHOT_TIMEOUT, NoStateError, read_once
from nobil_tui.session.session import Session
from nobil_tui.wire.station_lines import station_line
from tests.conftest import FakeClock, guarded
from tests.headless.feeds import T0, ScriptedFeed, report, session_of, until

SNAPSHOT = Snapshot([Station("NOR_1", [Connector(0), Connector(1)])], T0)


class Reading:
    def __init__(
        self, *events: Event, state_dir: Path | None = None, at: int = T0, snapshots: bool = True
    ) -> None:
        self.clock = FakeClock(at)
        self.feed = ScriptedFeed(*events)
        self.said: list[str] = []
        self.session: Session = session_of(
            self.feed,
            clock=self.clock,
            options_clock=self.clock,
            state_dir=state_dir,
            sends_snapshot=snapshots,
            lossless=False,
        )
        self.task = asyncio.create_task(read_once(self.session, self.said.append))

    async def done(self) -> None:
        await guarded(self.task)
        await asyncio.to_thread(self.session.close)

    @property
    def certainty(self) -> tuple[int, str | None, int | None]:
        line = station_line("NOR_1", self.session.board, self.session.register, self.clock.now())
        return line.free, line.certainty, line.unconfirmed_s


async def stored(state_dir: Path) -> None:
    """Store a last known state of ``T0``."""
    reading = Reading(Connected(T0), SNAPSHOT, state_dir=state_dir)
    await reading.done()


async def test_live_state() -> None:
    reading = Reading(Connected(T0), SNAPSHOT)
    await reading.done()
    assert reading.certainty == (1, "confirmed", 0)
    assert reading.said == ["Live state of a source."]
    assert reading.feed.closed


async def test_what_cannot_be_read_is_counted() -> None:
    reading = Reading(Connected(T0), Snapshot(SNAPSHOT.stations, T0, unreadable=1200))
    await reading.done()
    assert reading.said == ["Live state of a source. Not readable, and so not listed: 1,200."]


async def test_state_of_a_hub_that_is_not_live_is_not_called_live() -> None:
    hub = HubState(False, "the hub's source: connecting", down_for=1000, downtime=1000)
    reading = Reading(Connected(T0), Snapshot(SNAPSHOT.stations, T0, hub=hub))
    await reading.done()
    assert reading.said == [
        "Last known state of a source, which is not live: the hub's source: connecting."
    ]


async def test_last_known_state_if_the_link_fails(tmp_path: Path) -> None:
    await stored(tmp_path)
    reading = Reading(Lost("no route", T0, T0 + 1), state_dir=tmp_path, at=T0 + 600_000)
    await reading.done()
    assert reading.certainty == (1, "stale", 600)
    [said] = reading.said
    assert said.startswith("Last known state of a source, as of 20")
    assert said.endswith(": no route.")


async def test_last_known_state_without_a_snapshot_in_time(tmp_path: Path) -> None:
    await stored(tmp_path)
    reading = Reading(Connected(T0), state_dir=tmp_path)
    await guarded(reading.clock.asleep())
    reading.clock.advance(SNAPSHOT_TIMEOUT)
    await reading.done()
    assert "no snapshot within 15 s" in reading.said[0]


async def test_without_a_snapshot_the_link_says_why() -> None:
    reason = "no snapshot: example.org answered HTTP 404"
    reading = Reading(Connected(T0), Degraded(reason, T0))
    await until(lambda: reading.session.link.reason)
    await guarded(reading.clock.asleep())
    reading.clock.advance(SNAPSHOT_TIMEOUT)
    with pytest.raises(NoStateError, match=f"^No live state of a source: {reason}. There is no"):
        await reading.done()


async def test_stream_without_snapshots_is_not_connected_to(tmp_path: Path) -> None:
    await stored(tmp_path)
    reading = Reading(Connected(T0), state_dir=tmp_path, at=T0 + 60_000, snapshots=False)
    await reading.done()
    assert reading.feed.taken == 0
    assert reading.certainty[:2] == (1, "stale")
    assert reading.said[0].endswith(": it sends no snapshot.")


async def test_no_state_at_all(tmp_path: Path) -> None:
    reading = Reading(report("a", "AVAILABLE"), state_dir=tmp_path, snapshots=False)
    with pytest.raises(NoStateError, match=r"There is no last known state\. Run nobil-tui"):
        await reading.done()
    reading = Reading(Lost("no route", T0, T0 + 1))
    with pytest.raises(NoStateError, match="no route"):
        await reading.done()


async def test_damaged_state_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_bytes(b"rubbish" * 1000)
    reading = Reading(state_dir=tmp_path, snapshots=False)
    with pytest.raises(NoStateError, match="is damaged"):
        await reading.done()
    # Only the program that writes the file sets it aside.
    assert (tmp_path / "state.sqlite").exists()


async def test_refused_key() -> None:
    with pytest.raises(KeyRefusedError, match="HTTP 401"):
        await Reading(Refused("HTTP 401", T0)).done()
