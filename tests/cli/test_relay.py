"""``relay`` and ``serve --publish``: their messages when NATS cannot be used."""

from __future__ import annotations

import signal
import socket
import sys

import pytest

from nobil_tui.cli import service_log
from nobil_tui.cli.exit_codes import ExitCode
from tests.cli.conftest import Run

COMMANDS = ("relay", "serve")
SECRET = "s3cret-token"
CANNOT_READ = (
    "The address of the NATS server cannot be read. Expected one such as "
    "nats://nats.example.org:4222."
)


def publish(here: Run, command: str, address: str, *more: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it says. It prints no data."""
    port = ("--port", "0") if command == "serve" else ()
    done = here(command, "--publish", address, *port, *more)
    assert SECRET not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_unusable_address_is_one_sentence(here: Run, command: str) -> None:
    for address, words in {
        f"http://{SECRET}@host": "The address of a NATS server must begin with nats:// or tls://.",
        "nats://": CANNOT_READ,
        "nats://host:99999": CANNOT_READ,
        "nats://one,,two": CANNOT_READ,
        f"nats://{SECRET} @host name": CANNOT_READ,
    }.items():
        code, said = publish(here, command, address)
        assert (code, said) == (ExitCode.USAGE, f"nobil-tui: {words}\n")
    code, said = publish(here, command, "nats://host", "--source", "nats://host")
    assert code == ExitCode.USAGE
    assert said == (
        "nobil-tui: --publish needs another source than NATS: it would publish its own.\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_package_is_one_sentence(
    here: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    code, said = publish(here, command, "nats://host")
    assert code == ExitCode.FAILURE
    assert said == (
        "nobil-tui: NATS needs the extra nobil-tui[nats]: pip install 'nobil-tui[nats]'.\n"
    )


def test_relay_needs_an_address(here: Run) -> None:
    done = here("relay")
    assert done.returncode == ExitCode.USAGE
    assert "Missing option '--publish'" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_unreachable_server_is_one_event_and_the_command_goes_on(
    here: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    pytest.importorskip("nats")
    events: list[str] = []

    def write(line: str) -> None:
        events.append(line.rstrip("\n"))
        if " link phase=retrying " in line:
            # It would wait for the server forever.
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(service_log, "write_stderr", write)
    with socket.socket() as unused:
        # Taken, so that no other program listens there.
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        code, _ = publish(here, command, f"nats://{SECRET}@{place}", "--stations", "2")
    assert code == ExitCode.INTERRUPTED
    [said] = [line.split(" WARNING ", 1)[1] for line in events if " nats " in line]
    assert said == f'nats server={place} reason="nothing listens at {place}"'
    [link] = [line for line in events if " link phase=retrying " in line]
    assert f'reason="the source is not read without NATS: nothing listens at {place}"' in link
    assert events[-1].endswith("INFO stopped")
    assert SECRET not in "".join(events)
    assert "Traceback" not in "".join(events)
