"""Errors of the hub, with messages for the user."""

from __future__ import annotations

import errno
import socket

NO_HOST = "no host to listen on: choose an address of this machine, such as 127.0.0.1"


class HubError(Exception):
    """The hub cannot start. The message is safe to show."""


def bind_reason(error: OSError | OverflowError, host: str, port: int) -> str:
    """Return why the hub cannot listen on ``host`` and ``port``, and what to do."""
    if isinstance(error, OverflowError):
        return f"port {port} does not exist: choose one from 1 to 65535"
    if isinstance(error, socket.gaierror):
        return f"host {host} is not found: choose an address of this machine, such as 127.0.0.1"
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use: choose another one, or stop the program that "
            "listens there"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"this user may not listen on port {port}: choose one from 1024 up"
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return f"{host} is not an address of this machine: choose one that is, such as 127.0.0.1"
    reason = errno.errorcode.get(error.errno or 0, "unknown error")
    return f"cannot listen on port {port} of {host} ({reason})"
