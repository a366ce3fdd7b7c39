"""``watch``: its errors, and the test of the delivery."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from nobil_tui.base.paths import history_file
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.hub.demo_server import DemoServer
from tests.cli.conftest import Run


def test_what_is_not_live_has_no_alerts(here: Run) -> None:
    done = here("watch", "--source", "demo")
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert "alerts of the config are only for live data" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX processes there")
def test_the_delivery_can_be_tried(here: Run, tmp_path: Path) -> None:
    path, hook = tmp_path / "config.toml", tmp_path / "hook"
    command = ["/bin/sh", "-c", 'echo "$1" > "$0"', str(hook), "{summary}"]
    path.write_text(f"[alerts]\ncommand = {json.dumps(command)}\n")
    done = here("watch", "--test", "--config", str(path))
    assert done.returncode == ExitCode.SUCCESS
    assert json.loads(done.stdout)["summary"] == "This is a test of the alerts."
    assert hook.read_text() == "This is a test of the alerts.\n"
    path.write_text("[alerts]\ncommand = ['/no/such/program']\n")
    done = here("watch", "--test", "--config", str(path))
    assert done.returncode == ExitCode.FAILURE
    assert "The alert command /no/such/program failed: No such file or directory." in done.stderr
    path.write_text("")
    done = here("watch", "--test", "--config", str(path))
    assert (done.returncode, "No command is set" in done.stderr) == (ExitCode.SUCCESS, True)


def test_commands_record_the_history_unless_told_not_to(
    here: Run, demo: DemoServer, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[history]\nrecord = 'all'\n")
    options = ("--filter", "country:nor", "--source", demo.url, "--config", str(config))
    assert here("wait", *options, "--no-history").returncode == ExitCode.SUCCESS
    assert not history_file().exists()
    assert here("wait", *options).returncode == ExitCode.SUCCESS
    database = HistoryDatabase.open_to_read(history_file())
    assert len(database.stations) == 100
    database.close()
    os.utime(history_file(), (1, 1))
    config.write_text("[history]\nrecord = 'off'\n")
    assert here("wait", *options).returncode == ExitCode.SUCCESS
    assert history_file().stat().st_mtime == 1
