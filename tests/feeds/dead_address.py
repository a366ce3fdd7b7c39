"""An address of this machine that leads nowhere, as IPv6 does in many networks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

Address = tuple[str, int]


@contextmanager
def dead_address() -> Iterator[Address]:
    """Yield an address and a port that neither accept nor refuse a connection."""
    with socket.create_server(("127.0.0.2", 0), backlog=0) as full:
        # A full backlog drops what comes.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        try:
            yield full.getsockname()
        finally:
            for each in waiting:
                each.close()


def found(*addresses: Address) -> list[object]:
    """Return addresses as the look-up of a host name does."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
