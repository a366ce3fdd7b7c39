"""``serve`` in a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from nobil_tui.charging.events import Snapshot
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.listening import Certificates, certificates_of, listening_host
from nobil_tui.cli.messages import CommandError
from nobil_tui.cli.serve import _announce
from nobil_tui.wire import v1
from tests.certificates import Certificates as MadeCertificates
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
    assert out == ""
    first, *events = err.splitlines()
    assert first == "nobil-tui: SIMULATED: demo is not real data."
    names = [" ".join(line.split(" INFO ", 1)[1].split("=")[0].split()[:-1]) for line in events]
    assert names[0] == "started"
    assert {"consumer joined", "consumer left", "link"} <= {*names}
    assert events[-1].endswith("INFO stopped")
    key = urlsplit(url).query.partition("=")[2]
    [log] = home.rglob("nobil-tui.log")
    assert key not in log.read_text() + err
    again = start_server("--stations", "2")
    assert urlsplit(url_of(again)).query == urlsplit(url).query


def test_events_are_lines_of_json(start_server: Start) -> None:
    server = start_server("--stations", "5", "--log-format", "json")
    with connect(url_of(server), proxy=None) as consumer:
        consumer.recv(timeout=GUARD)
        server.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                consumer.recv(timeout=GUARD)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    _, err = server.communicate(timeout=GUARD)
    assert server.returncode == ExitCode.SUCCESS
    events = [json.loads(line) for line in err.splitlines()]
    names = [each["event"] for each in events]
    assert names[0] == "message"
    assert "SIMULATED" in events[0]["message"]
    assert names[-2:] == ["consumer left", "stopped"] or names[-1] == "stopped"
    assert all({"time", "level", "event"} <= each.keys() for each in events)


def test_changed_limits_of_the_config_are_used(
    start_server: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a service manager that expects frequent signs of life.
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    config = tmp_path / "config.toml"
    config.write_text("[hub]\nconnections_per_client = 20\n")
    server = start_server("--stations", "2", "--config", str(config), "--log-format", "json")
    url = url_of(server)
    with connect(url, proxy=None):
        config.write_text("[hub]\nconnections_per_client = 1\n")
        assert server.stderr is not None
        while json.loads(server.stderr.readline())["event"] != "limits changed":
            pass
        with pytest.raises(InvalidStatus, match="503"):
            connect(url, proxy=None)


def test_an_error_that_ends_a_service_is_a_line_of_json(
    here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for args, code, words in (
        (("serve", "--tls-key", "key.pem"), ExitCode.USAGE, "--tls-key needs --tls-cert."),
        (
            ("serve", "--source", "finland", "--seed", "1"),
            ExitCode.USAGE,
            "--seed only applies to the simulation.",
        ),
        (("relay", "--publish", "nats://h", "--source", "no.txt"), ExitCode.USAGE, "no such file"),
    ):
        done = here(*args, "--log-format", "json")
        [event] = map(json.loads, done.stderr.splitlines())
        assert (done.returncode, event["event"], event["level"]) == (code, "failed", "error")
        assert words in event["message"]
    # A defect, too. The command line itself is read before there is a log.
    monkeypatch.setattr("nobil_tui.cli.serve._serve", lambda *args, **more: 1 / 0)
    done = here("serve", "--log-format", "json")
    [event] = map(json.loads, done.stderr.splitlines())
    assert (done.returncode, event["event"]) == (ExitCode.FAILURE, "failed")
    assert event["message"].startswith("Unexpected error (ZeroDivisionError). The log has")
    assert here("serve", "--log-format", "json", "--port", "x").stderr.startswith("Usage: ")


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
        (("--host", "0.0.0.0"), ExitCode.USAGE, "has no keys"),
        (("--tls-key", "x.pem"), ExitCode.USAGE, "--tls-key needs --tls-cert"),
        (
            ("--tls-cert", "/nowhere/x.pem"),
            ExitCode.FAILURE,
            "not usable: /nowhere/x.pem: no such file or directory.",
        ),
        (
            ("--tls-cert", __file__),
            ExitCode.FAILURE,
            "not usable: a certificate and its private key are needed, both in PEM format",
        ),
        (
            ("--tls-cert", __file__, "--tls-key", "/nowhere/key.pem"),
            ExitCode.FAILURE,
            "not usable: /nowhere/key.pem: no such file or directory.",
        ),
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


@pytest.mark.slow
def test_serve_does_not_import_textual() -> None:
    code = """
import sys, signal
from nobil_tui.cli import output
from nobil_tui.cli.root import run_command_line
def print_data(data):
    print([name for name in ("textual", "rich", "nobil_tui.tui") if name in sys.modules])
    signal.raise_signal(signal.SIGINT)
output.print_data = print_data
sys.exit(run_command_line(["serve", "--port", "0", "--stations", "2"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=GUARD, check=False
    )
    assert done.returncode == ExitCode.INTERRUPTED
    assert done.stdout.splitlines() == ["[]"]


@pytest.mark.parametrize(
    ("host", "code", "words"),
    [
        ("not.a.host.invalid", ExitCode.FAILURE, "is not found"),
        ("", ExitCode.FAILURE, "no host to listen on"),
        ("127.0.0.1:8080", ExitCode.USAGE, "The port goes to --port"),
        ("ws://127.0.0.1", ExitCode.USAGE, "takes an address of this machine"),
    ],
)
def test_invalid_host_is_reported(here: Run, host: str, code: ExitCode, words: str) -> None:
    done = here("serve", "--host", host, "--stations", "2")
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_hosts_that_only_this_machine_reaches() -> None:
    for text, name, local in (
        ("[::1]", "::1", True),
        ("localhost", "localhost", True),
        ("127.1", "127.1", True),
        ("0", "0", False),
        ("::", "::", False),
    ):
        assert listening_host(text) == (name, local)


def test_a_hub_needs_no_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    _announce("ws://127.0.0.1:1/")


def test_fixed_key_is_checked_and_not_printed(
    here: Run, start_server: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOBIL_HUB_KEY", "short")
    done = here("serve", "--stations", "2")
    assert done.returncode == ExitCode.USAGE
    assert "NOBIL_HUB_KEY must have at least 8" in done.stderr
    assert "short" not in done.stderr
    monkeypatch.setenv("NOBIL_HUB_KEY", "a-fixed-key")
    done = here("serve", "--stations", "2", "--keys", str(tmp_path / "keys.json"))
    assert done.returncode == ExitCode.USAGE
    assert "would not be used" in done.stderr
    server = start_server("--stations", "2")
    url = url_of(server)
    assert url.endswith("/api/v1/stream/realtime")
    with connect(f"{url}?key=a-fixed-key", proxy=None) as consumer:
        assert consumer.recv(timeout=GUARD)
    server.send_signal(signal.SIGTERM)
    assert "a-fixed-key" not in "".join(server.communicate(timeout=GUARD))


def test_certificate_that_clients_refuse_or_that_is_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, used = MadeCertificates(tmp_path), (tmp_path / "server.pem", tmp_path / "server.key")
    for until, words in (
        ("20200102000000Z", "The TLS certificate has expired: clients will refuse it."),
        ("21000101000000Z", ""),
    ):
        made.server(until=until)
        assert certificates_of(*used) is not None
        said = capsys.readouterr().err
        assert words in said
        assert bool(said) is bool(words)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CommandError, match="it is not a regular file"):
        certificates_of(pipe, used[1])


def test_half_renewed_certificate_leaves_the_old_one_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = MadeCertificates(tmp_path)
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def pair() -> tuple[bytes, bytes]:
        made.server()
        return (tmp_path / "server.pem").read_bytes(), (tmp_path / "server.key").read_bytes()

    old, new = pair(), pair()
    cert.write_bytes(old[0])
    key.write_bytes(old[1])
    used = Certificates(cert, key)

    def offered() -> bytes | None:
        """Shake hands in memory; return the certificate that the server showed."""
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = [client.wrap_bio(down, up), used.context.wrap_bio(up, down, server_side=True)]
        for side in sides * 3:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
        return sides[0].getpeercert(True)

    def is_used(pair: tuple[bytes, bytes]) -> bool:
        return offered() == ssl.PEM_cert_to_DER_cert(pair[0].decode())

    assert is_used(old)
    cert.write_bytes(new[0])
    used.reload()
    assert "is not used: key values mismatch" in capsys.readouterr().err
    assert is_used(old)
    key.write_bytes(new[1])
    used.reload()
    assert is_used(new)
