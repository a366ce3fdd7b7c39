"""A session from opening to closing, and when it is cancelled."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nobil_tui.base.memory import defer_collection
from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.charging.events import Connected, ConnectorReport, Ended, Snapshot
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.source import OpenSource
from nobil_tui.monitor.batch import Batch, LinkPhase
from nobil_tui.session import session as session_module
from nobil_tui.session.session import Session
from nobil_tui.store.state_store import StateStore
from nobil_tui.tui.options import AppOptions
from tests.conftest import GUARD, START, FakeClock, guarded, settle
from tests.tui.app_driver import HandSource, setup_of

KNOWN = Register(
    {"NOR_1": Facts("Fornebu S", plugs=(Plug("CCS", 150.0),) * 2, plug_evse_uids=("a", "b"))}
)


class Running:
    """A running session and its batches."""

    def __init__(self, source: HandSource, setup: AppOptions, own: Register | None = None) -> None:
        self.session = Session(source, setup, own if own is not None else Register())
        self.opened = 0
        self.batches: list[Batch] = []
        self.received = asyncio.Event()
        self.taken = asyncio.Event()
        """While cleared, the current batch is not done."""
        self.taken.set()
        self.task = asyncio.create_task(self.session.run(self._open, self._tell))

    def _open(self) -> None:
        self.opened += 1

    async def _tell(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.received.set()
        await self.taken.wait()

    async def news(self) -> None:
        """Wait for another batch."""
        await guarded(self.received.wait())
        self.received.clear()

    async def until(self, phase: LinkPhase) -> None:
        await until(lambda: self.session.link.phase is phase)


@asynccontextmanager
async def running(
    source: HandSource, own: Register | None = None, state: Path | None = None
) -> AsyncIterator[Running]:
    it = Running(source, setup_of(FakeClock(), source, state_dir=state), own)
    try:
        yield it
    finally:
        await guarded(cancel_and_wait(it.task))
        # The link is down.
        assert asyncio.all_tasks() == {asyncio.current_task()}
        it.session.close()
        if (store := it.session._store) is not None:
            assert not store._writer.is_running


async def until(holds: Callable[[], object]) -> None:
    async def look() -> None:
        while not holds():  # noqa: ASYNC110 - a session has no event for it, and needs none
            await asyncio.sleep(0)

    await guarded(look())


def live_source(clock: FakeClock, **options: object) -> HandSource:
    source = HandSource(clock, **options)  # type: ignore[arg-type]
    source.feed.put(Connected(START), Snapshot([Station("NOR_1", [Connector(0)])], START))
    return source


def stored(folder: Path) -> dict[str, Station]:
    """Return the stations that a later session restores."""
    store = StateStore.open(folder / "hand.sqlite")
    try:
        return store.load().stations
    finally:
        store.close()


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_run_until_the_source_ends(clock: FakeClock) -> None:
    source = live_source(clock)
    source.feed.put(Ended(START + 1))
    source.feed.end()
    async with running(source) as it:
        before = it.session.link.phase
        await guarded(it.task)
        assert before is LinkPhase.CONNECTING
        assert (it.opened, source.opened, source.closed) == (1, 1, 1)
        assert {*it.session.board.stations} == {"NOR_1"}
        assert it.batches[-1].link.phase is it.session.link.phase is LinkPhase.ENDED


async def test_retry_opens_the_source_again(clock: FakeClock) -> None:
    source = live_source(clock, problems=["No port is free.", "Still none."])
    async with running(source) as it:
        # Too early: there is nothing to retry yet.
        it.session.retry()
        await it.until(LinkPhase.FAILED)
        await settle()
        assert (it.session.link.reason, source.opened, it.opened) == ("No port is free.", 1, 0)
        it.session.retry()
        await it.until(LinkPhase.CONNECTING)
        await it.until(LinkPhase.FAILED)
        assert it.session.link.reason == "Still none."
        it.session.retry()
        await it.until(LinkPhase.LIVE)
        assert (source.opened, it.opened, it.session.link.reason) == (3, 1, "")


async def test_retry_of_an_open_source_retries_the_link(clock: FakeClock) -> None:
    source = live_source(clock)
    async with running(source) as it:
        await it.until(LinkPhase.LIVE)
        it.session.retry()
        assert source.feed.retries == 1


async def test_cancel_before_the_source_is_open(clock: FakeClock) -> None:
    source = live_source(clock, problems=["No port is free."])
    async with running(source) as it:
        await it.until(LinkPhase.FAILED)
        await guarded(cancel_and_wait(it.task))
        assert it.task.cancelled()
        assert source.closed == 1


class Playing:
    words = "4x"


async def test_register_of_the_source_precedes_the_user_register(clock: FakeClock) -> None:
    own = Register({"NOR_1": Facts("Other")})
    player: object = Playing()
    source = live_source(clock, register=KNOWN, player=player)
    async with running(source, own) as it:
        assert it.session.register is own
        await it.news()
        assert it.session.register is KNOWN
        assert it.session.clock is clock
        assert it.session.player is player


class Bare(HandSource):
    """A source without a register, a clock and a player."""

    def open(self) -> OpenSource:
        return OpenSource(super().open().feed)


async def test_user_register_is_used_without_one_of_the_source(clock: FakeClock) -> None:
    source = Bare(clock)
    source.feed.put(Connected(START))
    async with running(source, KNOWN) as it:
        mine = it.session.clock
        await it.news()
        assert it.session.register is KNOWN
        assert it.session.clock is mine
        assert it.session.player is None


async def test_register_changed_adds_connectors(clock: FakeClock) -> None:
    own = Register()
    source = HandSource(clock)
    source.feed.put(Connected(START), ConnectorReport("NOR_1", "b", Connector(0), START))
    async with running(source, own) as it:
        # Too early to have an effect, but not an error.
        it.session.register_changed()
        while "NOR_1" not in it.session.board.stations:
            await it.news()
        assert it.session.board.stations["NOR_1"].summary.text == "1/1"
        own.replace({"NOR_1": KNOWN.facts("NOR_1")})
        it.session.register_changed()
        assert it.session.board.stations["NOR_1"].summary.text == "1/2"
        await it.news()
        assert "NOR_1" in it.batches[-1].touched


async def test_connectors_of_the_register_are_added_at_first_sight(clock: FakeClock) -> None:
    source = HandSource(clock)
    source.feed.put(Connected(START), ConnectorReport("NOR_1", "b", Connector(0), START))
    async with running(source, KNOWN) as it:
        await until(lambda: "NOR_1" in it.session.board.stations)
        assert it.session.board.stations["NOR_1"].summary.text == "1/2"


async def test_cancel_while_a_batch_is_handled(clock: FakeClock) -> None:
    source = live_source(clock)
    async with running(source) as it:
        it.taken.clear()
        await it.news()
        await guarded(cancel_and_wait(it.task))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert source.closed == 1


async def test_state_is_saved_on_close(clock: FakeClock, tmp_path: Path) -> None:
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=tmp_path) as it:
        while "NOR_1" not in it.session.board.stations:
            await it.news()
        assert it.session.notice == ""
    assert {*stored(tmp_path)} == {"NOR_1"}


@pytest.mark.parametrize("state", ["", "hand"])
async def test_no_state_without_a_key_or_a_folder(
    clock: FakeClock, tmp_path: Path, state: str
) -> None:
    source = live_source(clock)
    source.state_key = state
    async with running(source, state=None if state else tmp_path) as it:
        await it.until(LinkPhase.LIVE)
    assert files_in(tmp_path) == []


async def test_unwritable_state_is_a_notice(clock: FakeClock, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.write_text("no folder")
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=folder) as it:
        await until(lambda: it.session.notice)
        assert "The last known state cannot be saved" in it.session.notice
        assert str(folder) in it.session.notice


async def test_damaged_state_is_a_notice(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "hand.sqlite").write_bytes(b"no database" * 1000)
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=tmp_path) as it:
        await it.until(LinkPhase.LIVE)
        assert "It was renamed to" in it.session.notice
    assert {*stored(tmp_path)} == {"NOR_1"}


class Slow(HandSource):
    """A source whose close blocks until ``go`` is set."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.closing = threading.Event()
        self.go = threading.Event()
        self.feed.put(Connected(START))

    def close(self) -> None:
        self.closing.set()
        assert self.go.wait(GUARD)
        super().close()


async def test_second_cancel_does_not_wait_for_the_source(clock: FakeClock) -> None:
    source = Slow(clock)
    async with running(source) as it:
        await it.until(LinkPhase.LIVE)
        it.task.cancel()
        await guarded(asyncio.to_thread(source.closing.wait, GUARD))
        assert not it.task.done()
        # Again, during the cleanup.
        await guarded(cancel_and_wait(it.task))
        assert it.task.cancelled()
        assert source.closed == 0
        source.go.set()
        # The close that was started is finished.
        await until(lambda: source.closed == 1)


async def test_close_closes_the_source_once(clock: FakeClock, tmp_path: Path) -> None:
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=tmp_path) as it:
        await it.until(LinkPhase.LIVE)
        it.session.close()
        it.session.close()
        assert source.closed == 1


async def test_garbage_is_collected_although_no_snapshot_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the thresholds of the start, a source that cannot be reached would pile up 20 MB."""
    before = gc.get_threshold()
    monkeypatch.setattr(session_module, "START_SECONDS", 0.0)
    try:
        defer_collection()
        async with running(HandSource(FakeClock())):
            await until(lambda: gc.get_threshold()[0] < 20_000)
    finally:
        gc.set_threshold(*before)
