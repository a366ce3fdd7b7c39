"""The library's client, made to keep the promise of ``tls://``."""

from __future__ import annotations

from nats.aio.client import Client
from nats.errors import SecureConnWantedError


class NatsClient(Client):
    """A client that sends no login over a connection that should be encrypted and is not.

    The library encrypts if the server asks for it, whatever the scheme of the address is.
    """

    def __init__(self, *, encrypted: bool) -> None:
        super().__init__()
        self._wants_tls = encrypted

    def _connect_command(self) -> bytes:
        if self._wants_tls and not self._server_info.get("tls_required"):
            raise SecureConnWantedError
        return super()._connect_command()

    async def _process_op_err(self, e: Exception) -> None:
        # The connection broke, so what waits cannot be sent: the library would try, and stop
        # halfway when that fails, without telling anyone that the connection has ended.
        self._pending, self._pending_data_size = [], 0
        await super()._process_op_err(e)
