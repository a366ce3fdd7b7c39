"""Changes as lines, as they happen: what ``nobil-tui tail`` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from contextlib import aclosing
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.charging.board import Board, Change
from nobil_tui.charging.events import Feed
from nobil_tui.charging.register import Register
from nobil_tui.headless.backpressure import Gate
from nobil_tui.headless.link_reporter import Say, Teller
from nobil_tui.headless.stdout import Out
from nobil_tui.monitor.batch import Batch, LinkPhase
from nobil_tui.monitor.monitor import Monitor
from nobil_tui.wire.changes import json_line

if TYPE_CHECKING:
    from nobil_tui.store.state_store import StateStore


class Tail:
    """Writes each change of ``feed`` to ``out``, as a line of JSON, and says to ``say`` what becomes of the link.

    ``name``: what the source is called; ``stations``: whose changes are wanted, None for all; ``store``: the last
    known state to go on from, and to keep; ``clock``: the one that the feed's times go by, None for the machine's.
    """

    def __init__(
        self,
        feed: Feed,
        name: str,
        register: Register,
        out: Out,
        say: Say,
        *,
        stations: Container[str] | None = None,
        store: StateStore | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._gate = Gate(feed)
        self._monitor = Monitor(self._gate, Board(register), keeper=store, bounded=False, clock=clock)
        self._teller = Teller(name, say)
        self._register = register
        self._out = out
        self._say = say
        self._stations = stations
        self._store = store
        self._notice: str | None = None

    async def run(self) -> None:
        """Run until the feed ends or nobody reads any more.

        Raises ``KeyRefusedError``, and ``OSError`` where what is written to does not take it.
        """
        writing = asyncio.create_task(self._write())
        gone = asyncio.create_task(self._out.reader_gone())
        try:
            await asyncio.wait([writing, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, gone):
                task.cancel()
            await asyncio.gather(writing, gone, return_exceptions=True)
        if not writing.cancelled():
            try:
                writing.result()
            except BrokenPipeError:
                return

    async def _write(self) -> None:
        async with aclosing(self._monitor.batches()) as batches:
            async for batch in batches:
                self._tell_notice()
                self._teller.tell(batch, self._monitor.counts)
                if lines := self._lines(batch):
                    await self._out.write(lines)
                self._teller.stop_if_refused(batch.link)
                if batch.link.phase is LinkPhase.ENDED:
                    return
                self._gate.open()

    def _lines(self, batch: Batch) -> bytes:
        wanted, register = self._stations, self._register
        return b"".join(
            json_line(entry, register)
            for entry in batch.entries
            if isinstance(entry, Change) and (wanted is None or entry.station in wanted)
        )

    def _tell_notice(self) -> None:
        if self._store is not None and self._store.notice != self._notice:
            self._notice = self._store.notice
            self._say(self._notice or "")
