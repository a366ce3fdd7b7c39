"""The register of a relay in NATS: one object in JetStream's object store, for its readers."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256

from nobil_tui.feeds.nats.connection import REQUEST_SECONDS, NatsConnection, raise_if_cancelled
from nobil_tui.feeds.transport.failures import UnreachableError

REGISTER_BUCKET = "NOBIL_REGISTER"
REGISTER_OBJECT = "register.json.gz"
MAX_REGISTER = 64 * 1024 * 1024
"""The maximum size of the object, in bytes."""
TRANSFER_SECONDS = 30.0
"""Seconds that reading or writing all of it may take."""


async def fetch_register(connection: NatsConnection, known: str) -> tuple[bytes, str] | None:
    """Return the object and its digest; None if the digest is ``known``.

    Raises ``UnreachableError``, also if there is no such object.
    """
    from nats.js import JetStreamContext
    from nats.js.errors import NotFoundError

    context = JetStreamContext(connection.client, timeout=REQUEST_SECONDS)
    try:
        async with asyncio.timeout(TRANSFER_SECONDS):
            store = await context.object_store(REGISTER_BUCKET)
            info = await store.get_info(REGISTER_OBJECT)
            digest, size = info.digest or "", info.size or 0
            if digest == known:
                return None
            found = (await store.get(REGISTER_OBJECT)).data if size <= MAX_REGISTER else None
    except NotFoundError:
        raise UnreachableError("no relay has published names there yet") from None
    except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
        raise connection.failure(error) from None
    raise_if_cancelled()
    if not found:
        raise UnreachableError("the names there are too many to be a register")
    return bytes(found), digest


async def put_register(connection: NatsConnection, data: bytes) -> None:
    """Store the object unless it is there, and the bucket unless that exists.

    Raises ``UnreachableError``.
    """
    from nats.js import JetStreamContext
    from nats.js.errors import BucketNotFoundError, ObjectNotFoundError

    context = JetStreamContext(connection.client, timeout=REQUEST_SECONDS)
    try:
        async with asyncio.timeout(TRANSFER_SECONDS):
            try:
                store = await context.object_store(REGISTER_BUCKET)
            except BucketNotFoundError:
                store = await context.create_object_store(
                    REGISTER_BUCKET, description="Names of stations, published by nobil-tui"
                )
            with suppress(ObjectNotFoundError):
                # After a lost connection, it usually is the same.
                if (await store.get_info(REGISTER_OBJECT)).digest == _digest(data):
                    return
            await store.put(REGISTER_OBJECT, data)
    except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
        raise connection.failure(error) from None
    raise_if_cancelled()


def _digest(data: bytes) -> str:
    """Return the digest of an object, as NATS writes it."""
    return f"SHA-256={urlsafe_b64encode(sha256(data).digest()).decode()}"
