"""Serve the board of a session: ``nobil-tui serve``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nobil_tui.base.tasks import cancel_and_wait, wait_until_failure
from nobil_tui.charging.events import HubState
from nobil_tui.charging.register import CREDIT
from nobil_tui.headless.source_reader import SourceReader
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.http_api import HttpApi
from nobil_tui.hub.metrics import Health
from nobil_tui.hub.server import Hub
from nobil_tui.hub.service_manager import ServiceManager
from nobil_tui.monitor.batch import LinkPhase
from nobil_tui.session.session import Session
from nobil_tui.wire.codecs import CODECS

DRAIN_SECONDS = 4.0
"""Seconds for the closing handshakes when the hub stops."""
SILENT_AFTER = 120.0
"""Seconds after which a source that is only polled is not healthy."""


def about_source(session: Session) -> HubState:
    """Return what consumers learn about the source of an open session."""
    source = session.source
    credits = session.register.credits if not session.uses_user_register else []
    credit = ""
    if not source.simulated:
        codec = CODECS.get(session.codec)
        credit = "; ".join(credits) or (CREDIT if codec is None else codec.credit)
    return HubState(source=source.name, simulated=source.simulated, credit=credit)


class HubService:
    """Run a session and serve its board with ``hub``, until cancelled."""

    def __init__(
        self,
        session: Session,
        hub: Hub,
        events: HubLog,
        manager: ServiceManager,
        maintain: Callable[[], None] = lambda: None,
    ) -> None:
        """``maintain`` is called at intervals, to reload what changed on disk."""
        self._session = session
        self._hub = hub
        self._events = events
        self._manager = manager
        self._maintain = maintain
        self._reader = SourceReader(session, events)
        session.sinks.append(hub)
        hub.make_http = HttpApi(
            hub, session.board, lambda: session.register, self.health, session.clock
        ).connection

    def health(self) -> Health:
        """Return the state of the link to the source."""
        session = self._session
        link, monitor = session.link, session.monitor
        heard = monitor.frame_at if monitor is not None else 0
        age = max(0, session.clock.now() - heard) / 1000 if heard else None
        if age is None and session.board.stations:
            # Nothing was received since the start, so it is as old as the last known state.
            age = session.board.downtime.running(session.clock.now()) / 1000
        listens = session.board.downtime.live or (age is not None and age < SILENT_AFTER)
        return Health(
            link.phase is LinkPhase.LIVE and listens,
            link.phase.value,
            link.reason,
            age,
            len(session.board.stations),
            self._hub.consumers,
            session.counts.frames,
            session.counts.changes,
        )

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until cancelled. ``announce`` receives each URL once consumers can connect.

        Raises ``HubError`` if the hub cannot listen, and ``KeyRefusedError`` if the source refuses
        the key and there is nothing to serve. After the source has ended, its last state is served.
        """
        hub, session = self._hub, self._session
        await hub.start()
        tasks = [asyncio.create_task(hub.wait())]
        try:
            addresses = " ".join(hub.addresses)
            self._events.emit("started", address=addresses, source=session.source.name)
            for url in hub.urls:
                announce(url)
            self._manager.ready()
            tasks += [
                asyncio.create_task(self._reader.read()),
                asyncio.create_task(self._give_signs()),
                asyncio.create_task(self._reader.retry_refused()),
            ]
            await wait_until_failure(tasks)
        finally:
            self._manager.stopping()
            self._events.emit("stopping", consumers=hub.consumers)
            # This comes first, since the session may take a moment to close its source.
            await hub.close(DRAIN_SECONDS)
            await cancel_and_wait(*tasks)
            self._events.emit("stopped")

    async def _give_signs(self) -> None:
        """Give signs of life while the loop runs."""
        while True:
            health = self.health()
            self._manager.alive(
                f"{health.link}, {health.stations:,} stations, {health.consumers:,} consumers"
            )
            self._maintain()
            await asyncio.sleep(self._manager.sign_seconds)
