"""One connection to NATS: open it, and notice its end. Failures are in words without secrets.

The library would reconnect by itself. Here a lost connection ends instead: its subscriptions would
continue after a gap, and readers and publishers have to start over anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nobil_tui.base.files import read_regular
from nobil_tui.base.redaction import remove_secrets
from nobil_tui.base.text import safe_text
from nobil_tui.feeds.nats.server import NatsServer
from nobil_tui.feeds.transport.failures import (
    RefusedError,
    UnreachableError,
    os_error_reason,
)

if TYPE_CHECKING:
    from nobil_tui.feeds.nats.nats_internals import NatsClient

_T = TypeVar("_T")

CONNECT_SECONDS = 5
"""Seconds for one attempt to connect."""
PING_SECONDS = 5
"""Seconds between two pings; the second one without an answer ends the connection."""
CLOSE_SECONDS = 1.0
REQUEST_SECONDS = 5.0
"""Seconds that the answer to a request may take."""
MAX_CREDS_BYTES = 1 << 20
"""The maximum size of a credentials file, in bytes."""


class NatsConnection:
    """An open connection. ``client`` is the library's."""

    def __init__(self, client: NatsClient, server: NatsServer) -> None:
        self.client = client
        self.closed = asyncio.Event()
        """Set when the connection has ended."""
        self.denied: Exception | None = None
        """The last operation that was refused because the login lacks the permission."""
        self._server = server
        self._reason = f"the connection to {server.display_name} broke"

    @property
    def lost(self) -> UnreachableError:
        """The error to raise once the connection has ended."""
        return UnreachableError(self._reason)

    async def answer(self, asking: Coroutine[Any, Any, _T]) -> _T:
        """Wait for the server's reply to a request. Raises ``UnreachableError`` once the connection
        ends: the library would wait for the reply until its timeout."""
        task = asyncio.create_task(asking)
        # A later error does not matter.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        ended = asyncio.create_task(self.closed.wait())
        try:
            await asyncio.wait([task, ended], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self.lost
            return task.result()
        finally:
            task.cancel()
            ended.cancel()

    def fail(self, reason: str) -> None:
        """End the connection, for ``reason``."""
        if not self.closed.is_set():
            self._reason = reason
            self.closed.set()

    def failure(self, error: Exception) -> UnreachableError:
        """Return the error to raise for one of the library."""
        if self.closed.is_set():
            return self.lost
        if isinstance(error, TimeoutError) and self.denied is not None:
            # A request that is not permitted gets no reply; the refusal comes separately.
            error = RuntimeError(str(self.denied))
        return UnreachableError(failure_words(error, self._server))


@asynccontextmanager
async def nats_connection(server: NatsServer, name: str) -> AsyncIterator[NatsConnection]:
    """Connect as ``name``. Raises ``RefusedError`` or ``UnreachableError``."""
    from nobil_tui.feeds.nats.nats_internals import NatsClient

    client = NatsClient(encrypted=server.encrypted)
    connection = NatsConnection(client, server)
    failures: list[Exception] = []

    async def failed(error: Exception) -> None:
        failures.append(error)
        del failures[:-4]
        if "permissions violation" in str(error).lower():
            connection.denied = error

    async def ended() -> None:
        connection.closed.set()

    try:
        await _connect(client, server, name, failed, ended)
    except Exception as error:  # noqa: BLE001  # the library raises errors of many kinds
        await _close(client)
        # With several servers, show the last failure.
        cause = next((each for each in reversed(failures) if _is_cause(each)), error)
        if isinstance(cause, ConnectionError | EOFError) and client.login_required:
            # The server closes after its refusal, which may be lost with the connection.
            name = server.display_name
            raise UnreachableError(f"{name} closed the connection; is the login right?") from None
        raise _connect_error(cause, server) from None
    except asyncio.CancelledError:
        await _close(client)
        raise
    try:
        raise_if_cancelled()
        yield connection
    finally:
        await _close(client)


def raise_if_cancelled() -> None:
    """Raise ``CancelledError`` if the current task was cancelled and went on.

    Call it after a call of the library: it waits with ``asyncio.wait_for``, which before Python
    3.12 loses a cancellation that comes together with the result.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _connect(
    client: NatsClient, server: NatsServer, name: str, failed: Any, ended: Any
) -> None:
    login: dict[str, Any] = {}
    if server.creds:
        # The library reads it only if the server asks for it.
        _check_readable(server.creds)
        login["user_credentials"] = server.creds
    if server.user:
        login |= {"user": server.user, "password": server.password.reveal()}
    if server.token:
        login["token"] = server.token.reveal()
    async with asyncio.timeout(CONNECT_SECONDS * 3):
        await client.connect(
            [*server.urls],
            name=name,
            error_cb=failed,
            closed_cb=ended,
            disconnected_cb=ended,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            **login,
        )


def _check_readable(path: str) -> None:
    """Raise ``OSError`` if a file cannot be read."""
    read_regular(Path(path), MAX_CREDS_BYTES)


async def _close(client: NatsClient) -> None:
    """Close a connection; abort one that does not close in time."""
    try:
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await client.close()
    finally:
        client.abort()


def _is_cause(error: Exception) -> bool:
    from nats.errors import NoServersError

    return not isinstance(error, NoServersError)


def _connect_error(error: Exception, server: NatsServer) -> RefusedError | UnreachableError:
    from nats.errors import AuthorizationError, SecureConnWantedError

    if isinstance(error, SecureConnWantedError):
        return UnreachableError(f"{server.display_name} does not use TLS; try nats://")
    if isinstance(error, AuthorizationError) or "authorization" in str(error).lower():
        return RefusedError(f"{server.display_name} does not accept the login")
    if server.creds and _is_of_file(error):
        return UnreachableError("the file of NOBIL_NATS_CREDS cannot be read")
    if isinstance(error, ImportError):
        return UnreachableError("a credentials file needs pip install 'nobil-tui[nats]'")
    return UnreachableError(failure_words(error, server))


def _is_of_file(error: Exception) -> bool:
    """Return whether the credentials file caused an error: it cannot be opened, or has no key."""
    import ssl

    # A certificate that is not trusted is a ValueError too.
    if isinstance(error, ssl.SSLError):
        return False
    return isinstance(error, ValueError) or getattr(error, "filename", None) is not None


def failure_words(error: Exception, server: NatsServer) -> str:
    """Describe a failure in words, without secrets."""
    name = server.display_name
    if isinstance(error, TimeoutError):
        return f"{name} does not answer"
    if isinstance(error, OSError | EOFError):
        host, _, port = server.urls[0].partition("://")[2].rpartition(":")
        return os_error_reason(error, host.strip("[]"), int(port))
    words = safe_text(remove_secrets(server.secrets, str(error).removeprefix("nats: ")), 200)
    return f"{name}: {words or type(error).__name__}"
