"""``wait``: the states to wait for, the reports that count, and the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from nobil_tui.charging.board import Change
from nobil_tui.charging.events import Connected, Degraded, Ended, Event, Lost, Refused, Snapshot
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertWhen
from nobil_tui.config.model import Config, WatchedSection
from nobil_tui.headless.link_reporter import KeyRefusedError
from nobil_tui.headless.station_choice import StationChoice, UnknownStationError
from nobil_tui.headless.wait import Wait
from nobil_tui.session.settings import Settings
from tests.conftest import FakeClock, guarded, settle
from tests.for_each import for_each
from tests.headless.feeds import T0, ScriptedFeed, report, session_of, update

FREE, BUSY, FAULT = (0, 0), (1, 0), (-1, 1)


class Waiting:
    """A wait that runs."""

    def __init__(
        self,
        *events: Event,
        ids: Iterable[str] = ("NOR_1",),
        filter_text: str = "",
        until: AlertWhen = AlertWhen.FREE,
        seconds: float | None = None,
        **options: Any,
    ) -> None:
        self.clock = FakeClock(T0)
        self.feed = ScriptedFeed(Connected(T0), *events)
        self.said: list[str] = []
        self.session = session_of(self.feed, options_clock=self.clock, **options)
        settings = Settings(None, Config(watched=WatchedSection(stations=["NOR_1"])))
        choice = StationChoice(self.session, ids, filter_text, self.said.append, settings)
        wait = Wait(self.session, choice, until, self.said.append, timeout=seconds)
        self.task = asyncio.create_task(wait.run())

    async def settled(self, count: int) -> None:
        """Wait until ``count`` events are taken, and check that the wait goes on."""
        while self.feed.taken < count:
            await guarded(asyncio.sleep(0))
        await settle()
        assert not self.task.done()

    async def change(self) -> Change | None:
        return await guarded(self.task)

    async def ended(self) -> tuple[str, int, str | None, str | None] | None:
        """Return the change that ended it, in words."""
        change = await self.change()
        assert self.feed.closed
        if change is None:
            return None
        before, after = change.before, change.after
        assert after is not None
        return (
            change.station,
            change.number,
            before.condition.label if before is not None else None,
            after.condition.label,
        )


def snapshot(*states: tuple[int, int], station: str = "NOR_1") -> Snapshot:
    return Snapshot([Station(station, [Connector(*state) for state in states])], T0)


async def test_waits_for_the_change() -> None:
    wait = Waiting(snapshot(BUSY))
    await wait.settled(2)
    wait.feed.say(update(0))
    assert await wait.ended() == ("NOR_1", 1, "occupied", "free")


async def test_what_is_so_already_ends_it_at_once() -> None:
    assert await Waiting(snapshot(BUSY, FREE)).ended() == ("NOR_1", 2, None, "free")


@for_each(
    ("until", "states", "met"),
    [
        (AlertWhen.FREE, [BUSY, FAULT], False),
        (AlertWhen.FREE, [FAULT, FREE], True),
        (AlertWhen.FAULT, [FREE, FAULT], True),
        (AlertWhen.FAULT, [FREE, (-1, 0)], False),
        (AlertWhen.WORKS, [FREE, FAULT], False),
        (AlertWhen.WORKS, [BUSY, (-1, 0)], True),
        (AlertWhen.WORKS, [(-1, 0)], False),
    ],
)
async def test_what_counts(until: AlertWhen, states: list[tuple[int, int]], met: bool) -> None:
    wait = Waiting(snapshot(*states), Ended(T0), until=until)
    assert (await wait.change() is not None) is met


async def test_the_filter_knows_places_and_stars() -> None:
    register = Register({"NOR_1": Facts(place="Oslo", position=(59.9, 10.7))})
    for text in ("near:oslo within:5km", "starred", "sandvika or starred"):
        wait = Waiting(snapshot(FREE), ids=(), filter_text=text, register=register)
        assert await wait.ended() == ("NOR_1", 1, None, "free")
    wait = Waiting(snapshot(FREE), ids=(), filter_text="near:olso", register=register)
    with pytest.raises(UnknownStationError, match="did you mean Oslo"):
        await wait.change()


async def test_a_place_may_become_known_later() -> None:
    elsewhere = Facts(place="Uppsala", position=(59.9, 17.6))
    register = Register({"SWE_1": elsewhere})
    wait = Waiting(snapshot(BUSY), ids=(), filter_text="near:oslo", register=register)
    await wait.settled(2)
    register.replace({"NOR_1": Facts(place="Oslo", position=(59.9, 10.7))})
    wait.feed.say(update(0))
    assert await wait.ended() == ("NOR_1", 1, "occupied", "free")


async def test_a_snapshot_may_be_older_than_the_connection() -> None:
    stations = snapshot(FREE).stations
    for gap in (1, 60_000):
        assert await Waiting(Snapshot(stations, T0, gap=gap)).ended() == ("NOR_1", 1, None, "free")
    # No live stream: snapshots are fetched once a minute.
    wait = Waiting(Degraded("polling", T0, polled=True), Snapshot(stations, T0, gap=60_000))
    assert await wait.ended() == ("NOR_1", 1, None, "free")


async def test_only_selected_connectors_count() -> None:
    plugs = (Plug("CCS", 150.0), Plug("Type 2", 22.0))
    register = Register({"NOR_1": Facts(place="Oslo", plugs=plugs)})
    wait = Waiting(snapshot(BUSY, FREE), ids=(), filter_text="ccs oslo", register=register)
    await wait.settled(2)
    wait.feed.say(update(0, count=2))
    assert await wait.ended() == ("NOR_1", 1, "occupied", "free")


async def test_timeout() -> None:
    wait = Waiting(snapshot(BUSY), seconds=90)
    await wait.settled(2)
    wait.clock.advance(89)
    await wait.settled(2)
    wait.clock.advance(1)
    assert await wait.ended() is None


async def test_end_of_the_source() -> None:
    assert await Waiting(snapshot(BUSY), Ended(T0)).ended() is None


async def test_last_known_state_does_not_count(tmp_path: Path) -> None:
    first = Waiting(report("a", "AVAILABLE"), state_dir=tmp_path)
    assert await first.ended() == ("NOR_1", 1, None, "free")
    await asyncio.to_thread(first.session.close)
    wait = Waiting(Lost("it broke", T0, T0 + 9), state_dir=tmp_path)
    await wait.settled(2)
    wait.feed.say(Connected(T0 + 9), report("a", "AVAILABLE", 10))
    assert await wait.ended() == ("NOR_1", 1, None, "free")
    await asyncio.to_thread(wait.session.close)


async def test_an_unconfirmed_fault_is_not_repaired(tmp_path: Path) -> None:
    first = Waiting(report("a", "OUTOFORDER"), Ended(T0), state_dir=tmp_path)
    assert await first.ended() is None
    await asyncio.to_thread(first.session.close)
    wait = Waiting(report("b", "AVAILABLE", 10), until=AlertWhen.WORKS, state_dir=tmp_path)
    await wait.settled(2)
    wait.feed.say(report("a", "AVAILABLE", 20))
    assert await wait.ended() == ("NOR_1", 1, "fault", "free")
    await asyncio.to_thread(wait.session.close)


async def test_unknown_station_and_refused_key_end_it() -> None:
    with pytest.raises(UnknownStationError, match="NOR_2"):
        await Waiting(snapshot(BUSY), ids=("NOR_2",), sends_snapshot=True).change()
    with pytest.raises(KeyRefusedError, match="HTTP 401"):
        await Waiting(Refused("HTTP 401", T0)).change()
