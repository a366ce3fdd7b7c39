"""``serve`` in a process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nobil_tui.charging.events import Snapshot
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.wire import v1
from tests.cli.conftest import GUARD, Run, Start, url_of
from tests.conftest import START


def test_serve_requires_the_key(start_server: Start, home: Path) -> None:
    server = start_server("--stations", "25", "--seed", "3", "--log-level", "DEBUG")
    url = url_of(server)
    with connect(url, proxy=None, max_size=None) as consumer:
        message = v1.decode(consumer.recv(timeout=GUARD, decode=False), START)
    assert isinstance(message, Snapshot)
    assert len(message.stations) == 25
    for wrong in (url.partition("?")[0], url + "x"):
        with pytest.raises(InvalidStatus) as refused:
            connect(wrong, proxy=None).__enter__()
        assert refused.value.response.status_code == 401
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=GUARD)
    assert server.returncode == ExitCode.INTERRUPTED
    assert (out, err.strip()) == ("", "nobil-tui: Serving the simulation. Press Ctrl-C to stop.")
    key = urlsplit(url).query.partition("=")[2]
    [log] = home.rglob("nobil-tui.log")
    assert "a consumer joined" in log.read_text()
    assert key not in log.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_sighup_stop_a_server_with_consumers(
    start_server: Start, number: signal.Signals
) -> None:
    server = start_server("--stations", "5")
    with connect(url_of(server), proxy=None) as consumer:
        consumer.recv(timeout=GUARD)
        server.send_signal(number)
        server.wait(GUARD)
    assert server.returncode == ExitCode.SUCCESS
    assert "Traceback" not in server.communicate(timeout=GUARD)[1]


def test_same_seed_serves_same_stations(start_server: Start) -> None:
    def ids(*args: str) -> list[str]:
        with connect(url_of(start_server(*args)), proxy=None, max_size=None) as consumer:
            message = v1.decode(consumer.recv(timeout=GUARD, decode=False), START)
        assert isinstance(message, Snapshot)
        return [station.id for station in message.stations]

    assert ids("--stations", "9", "--seed", "3") == ids("--stations", "9", "--seed", "3")


def test_port_in_use_is_reported(here: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = here("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (ExitCode.FAILURE, "")
    assert f"Cannot serve: port {port} on 127.0.0.1 is in use" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--host", "not.a.host.invalid"), ExitCode.FAILURE, "is not found"),
        (("--host", ""), ExitCode.FAILURE, "no host to listen on"),
        (("--port", "65536"), ExitCode.USAGE, "--port"),
        (("--stations", "0"), ExitCode.USAGE, "--stations"),
        (("--speed", "4000"), ExitCode.USAGE, "--speed must be from 0.01 to 3600"),
        (("--speed", "max"), ExitCode.USAGE, "--speed must be from 0.01 to 3600"),
        (("--speed", "1e-300"), ExitCode.USAGE, "--speed must be from 0.01 to 3600"),
    ],
)
def test_invalid_options_are_reported(
    here: Run, args: tuple[str, ...], code: ExitCode, words: str
) -> None:
    done = here("serve", *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_serve_does_not_import_textual() -> None:
    code = """
import sys, signal, threading
from nobil_tui.cli import messages
from nobil_tui.cli.root import run_command_line
def print_message(text):
    print([name for name in ("textual", "rich", "nobil_tui.tui") if name in sys.modules])
    signal.raise_signal(signal.SIGINT)
messages.print_message = print_message
sys.exit(run_command_line(["serve", "--port", "0", "--stations", "2"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=GUARD, check=False
    )
    assert done.returncode == ExitCode.INTERRUPTED
    assert done.stdout.splitlines()[1] == "[]"
