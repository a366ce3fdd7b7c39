"""Accept the connections of a hub at every address of its host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from nobil_tui.hub.errors import NO_HOST, HubError, bind_reason
from nobil_tui.hub.listening_sockets import bind_all

BACKLOG = 512


class Listener:
    """Listens on ``host`` and ``port``; ``connection`` makes the protocol of each connection."""

    def __init__(
        self, host: str, port: int, connection: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        self._host = host
        self._port = port
        self._connection = connection
        self._servers: list[asyncio.Server] = []
        """One for each address; empty before ``start``."""

    @property
    def is_started(self) -> bool:
        """Whether it listens, or has listened."""
        return bool(self._servers)

    @property
    def places(self) -> list[tuple[str, int]]:
        """The addresses and ports that it listens on."""
        sockets = [sock for server in self._servers for sock in server.sockets]
        return [sock.getsockname()[:2] for sock in sockets]

    async def start(self) -> None:
        """Listen. Raises ``HubError`` if that fails."""
        if not self._host:
            raise HubError(NO_HOST)
        try:
            await self._listen()
        except (OSError, OverflowError) as error:
            raise HubError(bind_reason(error, self._host, self._port)) from None
        except UnicodeError:
            raise HubError(
                f"{self._host[:40]!r} is not a host: choose an address of this machine, such "
                "as 127.0.0.1"
            ) from None

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        sockets = await bind_all(self._host, self._port)
        try:
            for sock in sockets:
                server = await loop.create_server(self._connection, sock=sock, backlog=BACKLOG)
                self._servers.append(server)
        except BaseException:
            self.close()
            for sock in sockets:
                sock.close()
            self._servers.clear()
            raise

    async def stop_accepting(self) -> None:
        """Stop listening, and leave no connection without its protocol.

        One that was just accepted gets its protocol in the next iterations of the loop. asyncio
        would leave it open if its server were closed by then.
        """
        loop = asyncio.get_running_loop()
        for listening in [sock for server in self._servers for sock in server.sockets]:
            # Not on Windows.
            with suppress(NotImplementedError):
                loop.remove_reader(listening.fileno())
        for _ in range(3):
            await asyncio.sleep(0)
        self.close()

    def close(self) -> None:
        """Stop listening at once."""
        for server in self._servers:
            server.close()
