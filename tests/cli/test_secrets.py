"""API keys are neither printed nor logged, even at DEBUG, over a real link."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from nobil_tui.cli.exit_codes import ExitCode
from tests.cli.conftest import GUARD, Run, Start, url_of
from tests.forking import Forked


def logged(home: Path) -> str:
    return "".join(file.read_text() for file in home.rglob("*.log*"))


def test_refused_key_is_neither_printed_nor_logged(
    start_server: Start, run: Run, home: Path
) -> None:
    address = url_of(start_server("--stations", "2")).partition("?")[0]
    source = f"{address}?apikey={{private_apikey}}"
    done = run(
        "tail", "--log-level", "DEBUG", "--source", source, env={"NOBIL_API_KEY": "wr0ng-k3y+/"}
    )
    assert done.returncode == ExitCode.KEY_REFUSED
    assert "key refused" in logged(home)
    for form in ("wr0ng-k3y", "k3y%2B"):
        assert form not in done.stdout + done.stderr + logged(home)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_accepted_key_is_neither_printed_nor_logged(
    start_server: Start, home: Path, tmp_path: Path
) -> None:
    url = url_of(start_server("--stations", "2"))
    key = urlsplit(url).query.partition("=")[2]
    config = tmp_path / "config.toml"
    config.write_text(
        f'[stream]\nsource = "{url.partition("?")[0]}?key={{private_apikey}}"\napi_key = "{key}"\n'
    )
    config.chmod(0o600)
    process = Forked(
        [
            sys.executable,
            "-m",
            "nobil_tui",
            "tail",
            "--log-level",
            "DEBUG",
            "--config",
            str(config),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "Connected" in said
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=GUARD)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "connected" in logged(home)
    assert key not in said + out + err + logged(home)
