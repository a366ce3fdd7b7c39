"""Quit during a DNS lookup, which cannot be cancelled: the program must not wait for it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from nobil_tui.cli.exit_codes import ExitCode
from tests.cli.conftest import GUARD
from tests.forking import Forked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there"),
]

STUCK = """
import socket, sys, threading

def stuck(*_, **__):
    with open({notify!r}, "wb") as pipe:
        pipe.write(b"!")
    threading.Event().wait()

socket.getaddrinfo = stuck
sys.argv[0] = "nobil-tui"
from nobil_tui.cli import main
main()
"""
"""The program with a DNS lookup that never ends, and reports its start."""

V1 = "ws://realtime.invalid/x"


class Program:
    """The program in a pseudo-terminal, run until it looks up a host name."""

    def __init__(self, pipe: Path, *args: str, env: dict[str, str]) -> None:
        self._terminal, theirs = os.openpty()
        os.mkfifo(pipe)
        self.process = Forked(
            [sys.executable, "-c", STUCK.format(notify=str(pipe)), *args],
            app=True,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, **env},
        )
        os.close(theirs)
        # Drain the screen output.
        threading.Thread(target=self._take, daemon=True).start()
        # Waits until the program opens it.
        assert pipe.read_bytes() == b"!"

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def _take(self) -> None:
        with suppress(OSError):
            while os.read(self._terminal, 65536):
                pass

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._terminal)


def interrupt(program: Program) -> None:
    program.process.send_signal(signal.SIGINT)


def terminate(program: Program) -> None:
    program.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("args", "source", "end", "code"),
    [
        ((), V1, terminate, ExitCode.SUCCESS),
        ((), "enova", lambda program: program.press(b"q"), ExitCode.SUCCESS),
        (("tail",), V1, interrupt, ExitCode.INTERRUPTED),
        (("record", "new.jsonl"), "enova", terminate, ExitCode.SUCCESS),
    ],
    ids=["app SIGTERM", "app q, enova", "tail ^C", "record SIGTERM, enova"],
)
def test_quitting_does_not_wait_for_dns(
    args: tuple[str, ...],
    source: str,
    end: Callable[[Program], None],
    code: ExitCode,
    tmp_path: Path,
) -> None:
    arguments = [str(tmp_path / each) if each.endswith(".jsonl") else each for each in args]
    environ = {"NOBIL_API_KEY": "k3y", "no_proxy": "*"}
    program = Program(tmp_path / "pipe", *arguments, "--source", source, env=environ)
    try:
        end(program)
        assert program.process.wait(GUARD) == code
    finally:
        program.close()
