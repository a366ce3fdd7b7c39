"""Ports for servers that are started by others: nothing else gets them, before or in between."""

from __future__ import annotations

import socket


class ReservedPort:
    """A free port of 127.0.0.1, until ``close``: no other program gets it from the system.

    A server with SO_REUSEADDR, as most set it, can listen there, also again and again. While none
    does, connections are refused.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound, and never listening.
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the port up."""
        self._socket.close()
