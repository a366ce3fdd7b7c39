"""Code that relies on internals of nats-py, and may break with a new release.

Seen with nats-py 2.16. The second cure has a test that fails once a newer release does not need it.

* It sends a login over a plain connection although the address is ``tls://``.
* It waits for each address of a host until the timeout before it tries the next one.
* It does not report the end of a connection if its pending data cannot be sent.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from nats.aio.client import DEFAULT_BUFFER_SIZE, Client
from nats.aio.transport import TcpTransport
from nats.errors import SecureConnWantedError

from nobil_tui.base.redaction import is_loopback
from nobil_tui.feeds.transport.websocket import NEXT_ADDRESS_DELAY

if TYPE_CHECKING:
    from urllib.parse import ParseResult


class NatsClient(Client):
    """A client that sends no login over a connection that should be encrypted and is not.

    The library encrypts if the server asks for it, whatever the scheme of the address is.
    """

    def __init__(self, *, encrypted: bool) -> None:
        super().__init__()
        self._wants_tls = encrypted

    @property
    def login_required(self) -> bool:
        """Whether the server asked for a login."""
        return bool(self._server_info.get("auth_required"))

    def abort(self) -> None:
        """Close the socket at once, if it is open, without sending pending data."""
        writer = getattr(self._transport, "_io_writer", None)
        if isinstance(writer, asyncio.StreamWriter):
            writer.transport.abort()

    def _connect_command(self) -> bytes:
        if self._wants_tls and not self._server_info.get("tls_required"):
            raise SecureConnWantedError
        return super()._connect_command()

    async def _process_op_err(self, e: Exception) -> None:
        # The connection broke, so pending data cannot be sent: the library would try, and stop
        # halfway when that fails, without reporting that the connection has ended.
        self._pending, self._pending_data_size = [], 0
        await super()._process_op_err(e)

    async def _connect_to_server(self, s: Any) -> None:
        s.last_attempt = time.monotonic()
        self._transport = _Transport()  # type: ignore[no-untyped-call]  # of the library
        await self._transport.connect(s.uri, DEFAULT_BUFFER_SIZE, self.options["connect_timeout"])


class _Transport(TcpTransport):
    """Tries the next address of a host soon; the library's transport waits for each until the
    timeout."""

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        host = uri.hostname or ""
        async with asyncio.timeout(connect_timeout):
            reader, writer = await asyncio.open_connection(
                host,
                uri.port,
                limit=buffer_size,
                happy_eyeballs_delay=None if is_loopback(host) else NEXT_ADDRESS_DELAY,
            )
        # The second pair is kept when the first is encrypted.
        self._io_reader = self._bare_io_reader = reader
        self._io_writer = self._bare_io_writer = writer
