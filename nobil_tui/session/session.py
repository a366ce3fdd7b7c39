"""One source, from its opening to its end: what the workers run, and what the screen shows of it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.board import Board
from nobil_tui.charging.register import Register
from nobil_tui.feeds.source import OpenSource, Player, Source, SourceError
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.session.options import SessionOptions

if TYPE_CHECKING:
    from nobil_tui.store.state_store import StateStore

logger = logging.getLogger(__name__)


class Session:
    """Opens ``source`` and runs it. What it holds is empty until it is open."""

    def __init__(self, source: Source, options: SessionOptions, own: Register) -> None:
        self.source = source
        self.board = Board()
        self.register = own
        """The source's own, once it is open and has one; else the user's."""
        self.clock: Clock = options.clock
        self.player: Player | None = None
        self.monitor: Monitor | None = None
        self._link = LinkState()
        self._state_dir = options.state_dir
        self._store: StateStore | None = None
        self._closing = threading.Lock()
        self._closed = False
        self._asked = asyncio.Event()

    @property
    def link(self) -> LinkState:
        """What the link is at; before the source is open, how far that is."""
        return self.monitor.link if self.monitor is not None else self._link

    @property
    def notice(self) -> str:
        """What went wrong with the last known state, in words; empty where nothing did."""
        return (self._store.notice or "") if self._store is not None else ""

    def retry(self) -> None:
        """Try now."""
        self._asked.set()
        if self.monitor is not None:
            self.monitor.retry()

    def register_changed(self) -> None:
        """Have the connectors there that the register knows, so that totals are true."""
        if self.monitor is not None:
            self.monitor.touch(self.board.use_register(self.register))

    async def run(self, opened: Callable[[], None], tell: Callable[[Batch], Awaitable[None]]) -> None:
        """Call ``opened`` once the source is open, then ``tell`` of each batch, until the source ends.

        Shuts everything down when it is cancelled.
        """
        try:
            self._take(await self._open())
            opened()
            await self._run(tell)
        finally:
            with suppress(asyncio.CancelledError):
                await run_in_thread(self.close)

    def close(self) -> None:
        """Have what is known on the disk, and let go of the source. Takes its time, though little; also twice."""
        with self._closing:
            self._closed = True
            store = self._store
        if store is not None:
            store.close()
        self.source.close()

    async def _open(self) -> OpenSource:
        while True:
            try:
                return await run_in_thread(self.source.open)
            except SourceError as error:
                logger.warning("source not opened: %s", error)
                self._link = LinkState(LinkPhase.FAILED, str(error))
            self._asked.clear()
            await self._asked.wait()
            self._link = LinkState()

    def _take(self, opened: OpenSource) -> None:
        self.register = opened.register if opened.register is not None else self.register
        self.clock = opened.clock or self.clock
        self.player = opened.player
        self._feed = opened.feed

    async def _run(self, tell: Callable[[Batch], Awaitable[None]]) -> None:
        if self._state_dir is not None and self.source.state_key:
            await run_in_thread(partial(self._open_store, self._state_dir / f"{self.source.state_key}.sqlite"))
        self.monitor = Monitor(self._feed, self.board, keeper=self._store, clock=self.clock)
        self.register_changed()
        batches = self.monitor.batches()
        try:
            async for batch in batches:
                await tell(batch)
        finally:
            await batches.aclose()

    def _open_store(self, path: Path) -> None:
        from nobil_tui.store.state_store import StateStore

        store = StateStore.open(path)
        with self._closing:
            late = self._closed
            if not late:
                self._store = store
        if late:
            # Whoever closed the session meanwhile found nothing to close, and it would hold its lock for ever.
            store.close()
