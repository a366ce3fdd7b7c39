"""One source from its opening to its end, and what is left of it when the user has no patience."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nobil_tui.charging.events import Connected, ConnectorReport, Ended, Snapshot
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.feeds.source import OpenSource
from nobil_tui.monitor.batch import Batch, LinkPhase
from nobil_tui.session.session import Session
from nobil_tui.store.state_store import StateStore
from nobil_tui.tui.options import AppOptions
from tests.conftest import GUARD, START, FakeClock, guarded, settle
from tests.tui.app_driver import HandSource, setup_of

KNOWN = Register({"NOR_1": Facts("Fornebu S", plugs=(Plug("CCS", 150.0),) * 2, plug_evse_uids=("a", "b"))})


class Running:
    """A session that runs."""

    def __init__(self, source: HandSource, setup: AppOptions, own: Register | None = None) -> None:
        self.session = Session(source, setup, own if own is not None else Register())
        self.opened = 0
        self.batches: list[Batch] = []
        self.told = asyncio.Event()
        self.taken = asyncio.Event()
        """Cleared, whoever is told keeps the batch in hand."""
        self.taken.set()
        self.task = asyncio.create_task(self.session.run(self._open, self._tell))

    def _open(self) -> None:
        self.opened += 1

    async def _tell(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.told.set()
        await self.taken.wait()

    async def news(self) -> None:
        """Wait for another batch."""
        await guarded(self.told.wait())
        self.told.clear()

    async def until(self, phase: LinkPhase) -> None:
        await until(lambda: self.session.link.phase is phase)


@asynccontextmanager
async def running(source: HandSource, own: Register | None = None, state: Path | None = None) -> AsyncIterator[Running]:
    it = Running(source, setup_of(FakeClock(), source, state_dir=state), own)
    try:
        yield it
    finally:
        it.task.cancel()
        await guarded(asyncio.wait([it.task]))
        # The link is down.
        assert asyncio.all_tasks() == {asyncio.current_task()}
        it.session.close()
        if (store := it.session._store) is not None:
            # It may take longer than a user waits.
            store._thread.join(GUARD)
            assert not store._thread.is_alive()


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
    """What a later session finds."""
    store = StateStore.open(folder / "hand.sqlite")
    try:
        return store.load().stations
    finally:
        store.close()


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_it_runs_until_the_source_ends(clock: FakeClock) -> None:
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


async def test_a_source_that_does_not_open_is_tried_again_when_the_user_asks(clock: FakeClock) -> None:
    source = live_source(clock, problems=["No port is free.", "Still none."])
    async with running(source) as it:
        # Asked for before there was anything to try again.
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


async def test_once_it_is_open_the_link_is_what_is_tried_again(clock: FakeClock) -> None:
    source = live_source(clock)
    async with running(source) as it:
        await it.until(LinkPhase.LIVE)
        it.session.retry()
        assert source.feed.retries == 1


async def test_a_source_that_does_not_open_can_be_left(clock: FakeClock) -> None:
    source = live_source(clock, problems=["No port is free."])
    async with running(source) as it:
        await it.until(LinkPhase.FAILED)
        it.task.cancel()
        await guarded(asyncio.wait([it.task]))
        assert it.task.cancelled()
        assert source.closed == 1


class Playing:
    words = "4x"


async def test_what_a_source_has_of_its_own_goes_before_what_the_user_has(clock: FakeClock) -> None:
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
    """A source with nothing of its own."""

    def open(self) -> OpenSource:
        return OpenSource(super().open().feed)


async def test_what_a_source_does_not_have_stays_the_users(clock: FakeClock) -> None:
    source = Bare(clock)
    source.feed.put(Connected(START))
    async with running(source, KNOWN) as it:
        mine = it.session.clock
        await it.news()
        assert it.session.register is KNOWN
        assert it.session.clock is mine
        assert it.session.player is None


async def test_connectors_that_the_register_knows_are_there_before_they_are_named(clock: FakeClock) -> None:
    own = Register()
    source = HandSource(clock)
    source.feed.put(Connected(START), ConnectorReport("NOR_1", "b", Connector(0), START))
    async with running(source, own) as it:
        # Too early to matter, and no error.
        it.session.register_changed()
        while "NOR_1" not in it.session.board.stations:
            await it.news()
        assert it.session.board.stations["NOR_1"].summary.text == "1/1"
        own.replace({"NOR_1": KNOWN.facts("NOR_1")})
        it.session.register_changed()
        assert it.session.board.stations["NOR_1"].summary.text == "1/2"
        await it.news()
        assert "NOR_1" in it.batches[-1].touched


async def test_the_register_that_is_there_already_counts_from_the_beginning(clock: FakeClock) -> None:
    source = HandSource(clock)
    source.feed.put(Connected(START), ConnectorReport("NOR_1", "b", Connector(0), START))
    async with running(source, KNOWN) as it:
        await until(lambda: "NOR_1" in it.session.board.stations)
        assert it.session.board.stations["NOR_1"].summary.text == "1/2"


async def test_it_can_be_left_while_a_batch_is_painted(clock: FakeClock) -> None:
    source = live_source(clock)
    async with running(source) as it:
        it.taken.clear()
        await it.news()
        it.task.cancel()
        await guarded(asyncio.wait([it.task]))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert source.closed == 1


async def test_what_is_known_is_on_the_disk_when_it_is_left(clock: FakeClock, tmp_path: Path) -> None:
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=tmp_path) as it:
        while "NOR_1" not in it.session.board.stations:
            await it.news()
        assert it.session.notice == ""
    assert {*stored(tmp_path)} == {"NOR_1"}


@pytest.mark.parametrize("state", ["", "hand"])
async def test_nothing_is_kept_of_a_source_without_a_state_or_where_there_is_no_folder(
    clock: FakeClock, tmp_path: Path, state: str
) -> None:
    source = live_source(clock)
    source.state_key = state
    async with running(source, state=None if state else tmp_path) as it:
        await it.until(LinkPhase.LIVE)
    assert files_in(tmp_path) == []


async def test_a_state_that_cannot_be_kept_is_told_and_the_session_goes_on(clock: FakeClock, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.write_text("no folder")
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=folder) as it:
        await it.until(LinkPhase.LIVE)
        assert "the last known state cannot be kept" in it.session.notice
        assert str(folder) in it.session.notice


async def test_a_damaged_state_is_told(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "hand.sqlite").write_bytes(b"no database" * 1000)
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=tmp_path) as it:
        await it.until(LinkPhase.LIVE)
        assert "it is set aside as" in it.session.notice
    assert {*stored(tmp_path)} == {"NOR_1"}


class Slow(HandSource):
    """A source that lets go of what it has when it is told to."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.closing = threading.Event()
        self.go = threading.Event()
        self.feed.put(Connected(START))

    def close(self) -> None:
        self.closing.set()
        assert self.go.wait(GUARD)
        super().close()


async def test_the_impatient_wait_for_nothing(clock: FakeClock) -> None:
    source = Slow(clock)
    async with running(source) as it:
        await it.until(LinkPhase.LIVE)
        it.task.cancel()
        await guarded(asyncio.to_thread(source.closing.wait, GUARD))
        assert not it.task.done()
        # Again, while it tidies up.
        it.task.cancel()
        await guarded(asyncio.wait([it.task]))
        assert it.task.cancelled()
        assert source.closed == 0
        source.go.set()
        # What was begun comes to its end.
        await until(lambda: source.closed == 1)


async def test_close_closes_the_source_once(clock: FakeClock, tmp_path: Path) -> None:
    source = live_source(clock)
    source.state_key = "hand"
    async with running(source, state=tmp_path) as it:
        await it.until(LinkPhase.LIVE)
        it.session.close()
        it.session.close()
        assert source.closed == 1
