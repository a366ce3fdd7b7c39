"""Choose the leading relay: the one that holds a lease in a key-value store of NATS.

The holder renews it; if it does not, the server lets it expire and another relay takes it. Every
write names the revision that it replaces, so that only one of two can succeed. The holder stops
leading a moment before the lease expires on the server: it counts from its request, by its own
clock. The monotonic clock stops while the machine sleeps, so the time of day has to agree.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.feeds.nats.connection import NatsConnection, raise_if_cancelled
from nobil_tui.feeds.transport.failures import UnreachableError

if TYPE_CHECKING:
    from nats.js.kv import KeyValue

BUCKET = "NOBIL_RELAYS"
LEADER_KEY = "leader"
LEASE_SECONDS = 5.0
"""Seconds for which a lease is valid unless it is renewed. The first relay sets them for all."""


class Lease:
    """The lease as one relay sees it, over one connection after another.

    ``owner`` identifies the relay; no two may have the same.
    """

    def __init__(
        self, owner: str, seconds: float = LEASE_SECONDS, *, clock: Clock | None = None
    ) -> None:
        self._owner = owner.encode()
        self._seconds = seconds
        self._clock = clock or Clock()
        self._revision = 0
        self._until = 0.0
        self._until_at = 0
        """The same as ``_until`` by the time of day, in ms."""
        self._held = asyncio.Event()
        self._lapsed = asyncio.Event()
        self._lapsed.set()
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def leads(self) -> bool:
        """Whether this relay holds the lease."""
        clock = self._clock
        return (
            self._held.is_set() and clock.monotonic() < self._until and clock.now() < self._until_at
        )

    async def wait_held(self) -> None:
        """Wait until this relay holds the lease."""
        while not self.leads:
            # After the machine slept, the lease is over by the time of day, but not yet by the
            # timer.
            self.drop()
            await self._held.wait()

    async def wait_lapsed(self) -> None:
        """Wait until this relay does not hold the lease."""
        await self._lapsed.wait()

    async def keep(self, connection: NatsConnection) -> None:
        """Try to take the lease, and renew it, until cancelled. Raises ``UnreachableError``."""
        bucket = await self._bucket(connection)
        raise_if_cancelled()
        while True:
            await self._attempt(connection, bucket)
            raise_if_cancelled()
            await self._clock.sleep(self._seconds / 5)

    async def release(self, connection: NatsConnection) -> None:
        """Give the lease up, so that another relay need not wait until it expires."""
        held = self._held.is_set()
        self.drop()
        if held:
            with suppress(Exception):
                await self._delete(connection)
        self._revision = 0

    def drop(self) -> None:
        """Stop leading at once."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        self._held.clear()
        self._lapsed.set()

    # Inside

    async def _attempt(self, connection: NatsConnection, bucket: KeyValue) -> None:
        from nats.js.errors import KeyWrongLastSequenceError

        asked, asked_at = self._clock.monotonic(), self._clock.now()
        try:
            if self._revision:
                self._revision = await bucket.update(LEADER_KEY, self._owner, last=self._revision)
            else:
                self._revision = await bucket.create(LEADER_KEY, self._owner)
        except KeyWrongLastSequenceError:
            self._revision = await self._own_revision(connection, bucket)
            if not self._revision:
                self.drop()
            return
        except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
            raise connection.failure(error) from None
        self._grant(asked, asked_at)

    def _grant(self, asked: float, asked_at: int) -> None:
        """Lead from now on, until a fifth before the server lets the lease expire."""
        holds = self._seconds * 0.8
        self._until, self._until_at = asked + holds, asked_at + round(holds * 1000)
        left = self._until - self._clock.monotonic()
        if left <= 0:
            # The answer took too long.
            self.drop()
            return
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(left, self.drop)
        self._lapsed.clear()
        self._held.set()

    async def _delete(self, connection: NatsConnection) -> None:
        """Delete this relay's own lease.

        A renewal that was cancelled before its answer came may have succeeded, even after the
        revision was asked for.
        """
        from nats.js.errors import BadRequestError

        bucket = await self._bucket(connection)
        while revision := await self._own_revision(connection, bucket):
            with suppress(BadRequestError):
                await bucket.delete(LEADER_KEY, last=revision)

    async def _own_revision(self, connection: NatsConnection, bucket: KeyValue) -> int:
        """Return the revision of this relay's own lease; zero if another one holds it.

        An answer may have been lost although the write succeeded.
        """
        from nats.js.errors import NotFoundError

        try:
            entry = await bucket.get(LEADER_KEY)
        except NotFoundError:
            return 0
        except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
            raise connection.failure(error) from None
        return entry.revision or 0 if entry.value == self._owner else 0

    async def _bucket(self, connection: NatsConnection) -> KeyValue:
        """Return the bucket. The first relay creates it, with the duration of the lease for all."""
        from nats.js import JetStreamContext
        from nats.js.api import KeyValueConfig, StorageType
        from nats.js.errors import BadRequestError, BucketNotFoundError

        context = JetStreamContext(connection.client, timeout=max(0.5, self._seconds / 2))
        try:
            try:
                bucket = await context.key_value(BUCKET)
            except BucketNotFoundError:
                config = KeyValueConfig(
                    BUCKET,
                    description="Which relay of nobil-tui leads",
                    ttl=self._seconds,
                    storage=StorageType.FILE,
                )
                with suppress(BadRequestError):
                    # Another relay may have been faster.
                    await context.create_key_value(config)
                bucket = await context.key_value(BUCKET)
            ttl = (await bucket.status()).ttl
        except UnreachableError:
            raise
        except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
            raise connection.failure(error) from None
        if ttl:
            self._seconds = ttl
        return bucket
