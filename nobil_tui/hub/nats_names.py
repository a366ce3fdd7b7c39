"""Publish the register of a relay into NATS, for readers that have none."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.charging.register import Register
from nobil_tui.feeds.nats.connection import NatsConnection
from nobil_tui.feeds.nats.register import put_register
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.nats_lease import Lease
from nobil_tui.wire.hub_register import encode_hub_register

LOOK_SECONDS = 5.0
"""Seconds between two checks of whether the register has changed."""
NAMES_RETRY_SECONDS = 600.0
"""Seconds before another attempt to publish it."""


class NamesPublisher:
    """Publish the register that ``register`` returns whenever it has changed."""

    def __init__(self, register: Callable[[], Register], *, clock: Clock, events: HubLog) -> None:
        self._register = register
        self._clock = clock
        self._events = events

    async def keep_published(self, connection: NatsConnection, lease: Lease) -> None:
        """Publish over one connection while this relay leads, until cancelled.

        A failure is only logged: the stations matter more than their names.
        """
        published: tuple[Register, int] | None = None
        while True:
            await lease.wait_held()
            register = self._register()
            wait, version = LOOK_SECONDS, (register, register.version)
            if len(register) and version != published:
                try:
                    data = await run_in_thread(partial(_packed, register))
                    await put_register(connection, data)
                    published = version
                    self._events.emit("names published", stations=len(register))
                except UnreachableError as error:
                    self._events.emit("names not published", level="warning", reason=str(error))
                    wait = NAMES_RETRY_SECONDS
            await self._clock.sleep(wait)


def _packed(register: Register) -> bytes:
    return gzip.compress(encode_hub_register(register), 6, mtime=0)
