"""Tell systemd how a service is (``sd_notify``): ready, alive, its status, stopping."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

SIGN_OF_LIFE = 10.0
"""The most seconds between two signs of life."""


class ServiceManager:
    """The service manager that started the program, as the environment names it; without one,
    nothing is sent.

    The protocol is a datagram to the socket of ``NOTIFY_SOCKET``; an address that begins with ``@``
    is abstract.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        own = environ.get("WATCHDOG_PID", "")
        usec = environ.get("WATCHDOG_USEC", "")
        mine = not own or own == str(os.getpid())
        watchdog = int(usec) / 1e6 if mine and usec.isdigit() else 0.0
        self.sign_seconds = min(SIGN_OF_LIFE, watchdog / 3) if watchdog else SIGN_OF_LIFE
        """Seconds between two signs of life; fewer if the manager expects them more often."""

    def ready(self) -> None:
        """Say that the service has started."""
        self._send("READY=1")

    def alive(self, status: str) -> None:
        """Give a sign of life, with the state in words."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        """Say that the service stops."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        # The service continues without the manager.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(self._address)
            sock.send(text.encode())
