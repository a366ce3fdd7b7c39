"""Why the hub cannot listen, in words."""

from __future__ import annotations

import errno
import socket

from nobil_tui.hub.errors import bind_reason
from tests.for_each import for_each


@for_each(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "x"), "port 8080 on 127.0.0.1 is in use"),
        (OSError(errno.EACCES, "x"), "may not listen on port 8080"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "127.0.0.1 is not an address of this machine"),
        (OSError("x"), "cannot listen on port 8080 of 127.0.0.1 (unknown error)"),
        (socket.gaierror(-2, "x"), "host 127.0.0.1 is not found"),
        (OverflowError("x"), "port 8080 does not exist"),
        (OSError(errno.EMFILE, "x"), "cannot listen on port 8080 of 127.0.0.1 (EMFILE)"),
    ],
)
def test_bind_reason(error: OSError | OverflowError, words: str) -> None:
    assert words in bind_reason(error, "127.0.0.1", 8080)
