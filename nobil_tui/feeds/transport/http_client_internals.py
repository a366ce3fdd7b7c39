"""Code that relies on internals of ``http.client`` of the standard library."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any


def connect_by(
    connection: HTTPConnection, connect: Callable[[tuple[str, int]], socket.socket]
) -> None:
    """Make ``connection`` open its socket with ``connect``, which gets a host and a port.

    The library's own tries one address after the other, each to its timeout.
    """

    def create(address: tuple[str, int], *_: Any) -> socket.socket:
        return connect(address)

    connection._create_connection = create  # type: ignore[attr-defined]
