"""Read the source of a service: log the events of its link, and continue after it has ended."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from nobil_tui.headless.link_reporter import LinkReporter
from nobil_tui.hub.event_log import HubLog
from nobil_tui.monitor.batch import Batch, LinkPhase
from nobil_tui.session.session import Session

REFUSED_RETRY = 600.0
"""Seconds between two attempts with a key that the source refused while the service ran."""


class SourceReader:
    """Run a session for its sinks, and write the events of its link to ``events``."""

    def __init__(self, session: Session, events: HubLog) -> None:
        self._session = session
        self._events = events
        self._was_live = False
        self._reported: tuple[LinkPhase, str] | None = None

    async def read(self) -> None:
        """Read the source until it ends, then wait: its last state is served.

        Raises ``KeyRefusedError`` if the source refuses the key and there is nothing to serve.
        """
        reporter = LinkReporter(
            self._session.source.name,
            lambda text: self._events.emit("source", level="warning", message=text),
        )
        async with aclosing(self._session.batches()) as batches:
            async for batch in batches:
                self._note_link(batch)
                if not self._was_live and not self._session.board.stations:
                    reporter.raise_if_refused(batch.link)
        await asyncio.get_running_loop().create_future()

    async def retry_refused(self) -> None:
        """Retry a refused key at intervals: its owner may have renewed it."""
        while True:
            await asyncio.sleep(REFUSED_RETRY)
            if self._session.link.phase is LinkPhase.REFUSED:
                self._session.retry()

    def _note_link(self, batch: Batch) -> None:
        link = batch.link
        self._was_live = self._was_live or link.phase is LinkPhase.LIVE
        reported = link.phase, link.reason
        # Otherwise each attempt would log two lines for as long as the source is down.
        again = link.phase is LinkPhase.CONNECTING and self._reported is not None
        if reported != self._reported and not again:
            self._reported = reported
            level = "info" if link.phase in (LinkPhase.LIVE, LinkPhase.CONNECTING) else "warning"
            self._events.emit(
                "link",
                level=level,
                phase=link.phase.value,
                reason=link.reason or None,
                stations=len(self._session.board.stations),
            )
