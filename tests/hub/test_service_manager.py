"""Signs of life for systemd reach its socket, and its absence is no error."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from nobil_tui.hub.service_manager import SIGN_OF_LIFE, ServiceManager

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets there")


def test_signs_reach_the_socket_of_the_manager(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    for address in (path, f"@nobil-tui-{os.getpid()}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind("\0" + address[1:] if address.startswith("@") else address)
            manager = ServiceManager({"NOTIFY_SOCKET": address})
            manager.ready()
            manager.alive("live, 3 stations")
            manager.stopping()
            got = [listening.recv(100) for _ in range(3)]
        assert got == [b"READY=1", b"WATCHDOG=1\nSTATUS=live, 3 stations", b"STOPPING=1"]


def test_watchdog_is_that_of_this_process() -> None:
    assert ServiceManager({}).sign_seconds == SIGN_OF_LIFE
    assert ServiceManager({"WATCHDOG_USEC": "3000000"}).sign_seconds == 1
    others = {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}
    assert ServiceManager(others).sign_seconds == SIGN_OF_LIFE
    assert ServiceManager({"WATCHDOG_USEC": "soon"}).sign_seconds == SIGN_OF_LIFE


def test_manager_that_is_gone_is_no_error() -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": "/nowhere/socket"})
    manager.ready()
    ServiceManager({}).ready()
