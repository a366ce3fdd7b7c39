"""The sockets that a hub listens on: one for each address of a host, all on the same port."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket

ANY_IPV4 = "0.0.0.0"  # noqa: S104  # the user asked for all addresses
PORT_TRIES = 20
"""Free ports that are tried until one is free at every address."""

_UNAVAILABLE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""The errors of a kind of address that this machine does not have, such as IPv6."""

BindAddress = tuple[int, str, tuple[int, ...]]
"""The family, the address, and what follows the port of a socket address."""


async def bind_all(host: str, port: int) -> list[socket.socket]:
    """Bind a socket to every address of a host; to all addresses of this machine for ``::``.

    ``port`` 0 is any free port, the same one for each. Raises ``OSError``, ``OverflowError`` for a
    port that does not exist, and ``UnicodeError`` for what is not a host.
    """
    hosts = [ANY_IPV4, host] if _is_any_ipv6(host) else [host]
    loop, addresses = asyncio.get_running_loop(), list[BindAddress]()
    for each in hosts:
        found = await loop.getaddrinfo(each, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses += [
            (family, str(address[0]), tuple(map(int, address[2:])))
            for family, _, _, _, address in found
        ]
    tries = 1 if port else PORT_TRIES
    while True:
        tries -= 1
        try:
            return _bind([*dict.fromkeys(addresses)], port)
        except OSError as error:
            # A port that is free at one address may be taken at another.
            if error.errno != errno.EADDRINUSE or not tries:
                raise


def _is_any_ipv6(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 6 and address.is_unspecified


def _bind(addresses: list[BindAddress], port: int) -> list[socket.socket]:
    """Bind a socket to each address that this machine has; raise an error if it has none."""
    sockets: list[socket.socket] = []
    unavailable = OSError(errno.EADDRNOTAVAIL, "no address")
    try:
        for family, host, more in addresses:
            try:
                sock = _bound(family, (host, port, *more))
            except OSError as error:
                if error.errno not in _UNAVAILABLE:
                    raise
                unavailable = error
            else:
                sockets.append(sock)
                port = sock.getsockname()[1]
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    if not sockets:
        raise unavailable
    return sockets


def _bound(family: int, address: tuple[str | int, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A hub that restarts need not wait for the connections of the one before.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 has a socket of its own, so that addresses of clients are written as usual.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock
