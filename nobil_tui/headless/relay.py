"""Publish the board of a session into NATS: ``nobil-tui relay`` and ``serve --publish``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from msgspec.structs import replace

from nobil_tui.base.redaction import AddSecret
from nobil_tui.base.tasks import cancel_and_wait, running_beside, wait_until_failure
from nobil_tui.feeds.nats.feed import NatsFeed
from nobil_tui.feeds.nats.server import NatsServer, require_library
from nobil_tui.feeds.source import OpenSource, Source
from nobil_tui.headless.serve import about_source
from nobil_tui.headless.source_reader import SourceReader
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.leading_feed import LeadingFeed
from nobil_tui.hub.nats_lease import Lease
from nobil_tui.hub.nats_names import NamesPublisher
from nobil_tui.hub.nats_publisher import NatsPublisher
from nobil_tui.hub.service_manager import ServiceManager
from nobil_tui.session.session import Session


class RelayedSource:
    """A source that is published into NATS, and read only while this relay leads."""

    def __init__(
        self,
        source: Source,
        server: NatsServer,
        add_secret: AddSecret | None = None,
    ) -> None:
        self.server = server
        self.lease = Lease(uuid4().hex)
        self.board_ready = asyncio.Event()
        self._source = source
        self._add_secret = add_secret

    @property
    def name(self) -> str:
        """The name of the source that is published."""
        return self._source.name

    @property
    def simulated(self) -> bool:
        """Whether that source is simulated."""
        return self._source.simulated

    @property
    def state_key(self) -> str:
        """The state of that source."""
        return self._source.state_key

    def open(self) -> OpenSource:
        """Open it; its feed connects only while this relay leads. Raises ``SourceError``."""
        require_library()
        opened = self._source.open()
        follower = NatsFeed(self.server, clock=opened.clock, add_secret=self._add_secret)
        feed = LeadingFeed(
            opened.feed,
            follower,
            self.lease,
            self.board_ready,
            self._source.name,
            follower.clock,
        )
        return replace(opened, feed=feed)

    def close(self) -> None:
        """Close that source."""
        self._source.close()


@asynccontextmanager
async def publishing(
    session: Session, source: RelayedSource, events: HubLog
) -> AsyncIterator[NatsPublisher]:
    """Publish the board of a session that reads ``source`` and does not run yet.

    Raises the error of the publisher if it fails, since its readers would wait for it forever.
    """
    publisher = NatsPublisher(
        source.server,
        session.board,
        about_source(session),
        source.lease,
        source.board_ready,
        clock=session.clock,
        events=events,
        names=NamesPublisher(lambda: session.register, clock=session.options_clock, events=events),
    )
    session.sinks.append(publisher)
    async with running_beside(publisher.run()):
        yield publisher


class RelayService:
    """Run a session for NATS alone, until cancelled."""

    def __init__(
        self, session: Session, source: RelayedSource, events: HubLog, manager: ServiceManager
    ) -> None:
        self._session = session
        self._source = source
        self._events = events
        self._manager = manager

    async def run(self) -> None:
        """Relay until cancelled.

        Raises ``KeyRefusedError`` if the source refuses the key and there is nothing to publish.
        """
        self._events.emit(
            "started", nats=self._source.server.display_name, source=self._source.name
        )
        try:
            await self._publish()
        finally:
            self._events.emit("stopped")

    async def _publish(self) -> None:
        reader = SourceReader(self._session, self._events)
        async with publishing(self._session, self._source, self._events) as publisher:
            self._manager.ready()
            tasks = [
                asyncio.create_task(reader.read()),
                asyncio.create_task(reader.retry_refused()),
                asyncio.create_task(self._give_signs(publisher)),
            ]
            try:
                await wait_until_failure(tasks)
            finally:
                self._manager.stopping()
                self._events.emit("stopping")
                await cancel_and_wait(*tasks)

    async def _give_signs(self, publisher: NatsPublisher) -> None:
        """Give signs of life while the loop runs."""
        while True:
            self._manager.alive(
                f"{publisher.status}, source {self._session.link.phase.value}, "
                f"{len(self._session.board.stations):,} stations"
            )
            await asyncio.sleep(self._manager.sign_seconds)
