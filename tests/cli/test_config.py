"""``config path``, ``show`` and ``init``."""

from __future__ import annotations

import os
from pathlib import Path

from nobil_tui.cli.exit_codes import ExitCode
from tests.cli.conftest import Invoke, Run


def test_path_default_and_given(invoke: Invoke, home: Path, run: Run) -> None:
    assert invoke("config", "path").output == f"{home}/.config/nobil-tui/config.toml\n"
    assert run("config", "path").stdout == f"{home}/.config/nobil-tui/config.toml\n"
    assert invoke("config", "path", "--config", "else.toml").output == "else.toml\n"
    assert [*home.iterdir()] == []


def test_path_that_is_not_valid_text(invoke: Invoke) -> None:
    name = os.fsdecode(b"/tmp/\xff.toml")
    assert invoke("config", "path", "--config", name).stdout_bytes == b"/tmp/\xff.toml\n"


def test_init_then_show(invoke: Invoke, home: Path) -> None:
    made = invoke("config", "init")
    file = Path(made.stdout.strip())
    assert made.exit_code == 0
    assert file.is_relative_to(home)
    assert file.stat().st_mode & 0o777 == 0o600
    assert invoke("config", "show").stdout.replace("•••", "") == file.read_text()
    again = invoke("config", "init")
    assert (again.exit_code, again.stdout) == (ExitCode.FAILURE, "")
    assert "already exists" in again.stderr


def test_show_hides_keys_and_prints_defaults(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    shown = invoke("config", "show", "--config", str(file))
    assert "does not exist. These are the defaults." in shown.stdout
    file.write_text('[stream]\nsource = "wss://h/?key=s3cr3t-1"\n[enova]\napi_key = "s3cr3t-2"\n')
    shown = invoke("config", "show", "--config", str(file))
    assert shown.exit_code == 0
    assert "s3cr3t" not in shown.output
    assert "wss://h/" in shown.stdout


def test_show_reports_an_invalid_file_with_its_line(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[stream]\napi_kee = "s3cr3t"\n')
    shown = invoke("config", "show", "--config", str(file))
    assert (shown.exit_code, shown.stdout) == (ExitCode.USAGE, "")
    assert f"{file}:2:" in shown.stderr
    assert 'Did you mean "api_key"?' in shown.stderr
    assert "s3cr3t" not in shown.stderr


def test_init_in_an_unwritable_folder_is_reported(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    made = invoke("config", "init", "--config", str(tmp_path / "file" / "config.toml"))
    assert made.exit_code == ExitCode.FAILURE
    assert "Could not save" in made.stderr
