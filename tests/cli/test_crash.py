"""A crash prints one sentence with the path of a log, which has the traceback and no key."""

from __future__ import annotations

import errno
import logging
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

from nobil_tui.base import paths
from nobil_tui.base.errors import LoggedCrashError
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.config import reading
from nobil_tui.tui.options import AppOptions
from tests.cli.conftest import Run

KEY = "s3cr3t-k3y"


class DefectError(Exception):
    """On purpose."""


@pytest.fixture
def _defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DefectError(f"on purpose, with {KEY}")

    monkeypatch.setattr(reading, "load_config", fail)
    monkeypatch.setenv("NOBIL_API_KEY", KEY)


def log_of(stderr: str) -> str:
    found = re.fullmatch(
        r"nobil-tui: Unexpected error \(DefectError\)\. The log has the details: (.+)\n", stderr
    )
    assert found is not None, stderr
    return Path(found[1]).read_text()


@pytest.mark.usefixtures("_defect")
def test_a_crash_of_a_command_is_one_sentence(here: Run, home: Path) -> None:
    for args in (("tail",), ("list",), ("record", "x.jsonl")):
        ended = here(*args)
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILURE, ""), args
        log = log_of(ended.stderr)
        assert "Traceback" in log
        assert "on purpose" in log
        assert KEY not in log + ended.stderr


def test_a_limit_of_the_system_is_named(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> None:
        raise error

    for error, words in (
        (OSError(errno.EMFILE, "Too many open files"), "(ulimit -n)"),
        (RuntimeError("can't start new thread"), "(ulimit -u)"),
        (MemoryError(), "(ulimit -v)"),
    ):
        monkeypatch.setattr(reading, "load_config", lambda _, error=error: fail(error))
        ended = here("tail")
        assert ended.returncode == ExitCode.FAILURE
        assert words in ended.stderr
        assert "Unexpected" not in ended.stderr


@pytest.mark.usefixtures("_defect")
def test_without_a_writable_log_there_is_a_temporary_one(
    here: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".local").touch()
    monkeypatch.setattr(tempfile, "mkstemp", partial(tempfile.mkstemp, dir=tmp_path))
    ended = here("tail")
    assert str(tmp_path) in ended.stderr
    log = log_of(ended.stderr)
    assert "on purpose" in log
    assert KEY not in log
    [file] = tmp_path.glob("nobil-tui-*.log")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("_defect")
def test_without_any_log_the_sentence_is_still_there(
    here: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".local").touch()
    monkeypatch.setattr(tempfile, "mkstemp", partial(tempfile.mkstemp, dir=tmp_path / "none"))
    ended = here("tail")
    assert ended.returncode == ExitCode.FAILURE
    assert ended.stderr == "nobil-tui: Unexpected error (DefectError). No log could be written.\n"


def test_a_crash_that_the_app_logged_is_not_logged_twice(
    here: Run, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(options: AppOptions) -> int:
        error = DefectError("on purpose")
        logging.getLogger("app").critical("the app crashed", exc_info=error)
        raise LoggedCrashError from error

    monkeypatch.setattr(sys.modules["nobil_tui.tui.app"], "run", crash)
    ended = here()
    assert ended.returncode == ExitCode.FAILURE
    assert log_of(ended.stderr).count("on purpose") == 1


def test_a_log_of_a_full_device_is_replaced(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no such device")

    def fail(*_: object) -> None:
        raise DefectError("on purpose")

    log = Path("/dev/full")
    monkeypatch.setattr(paths, "log_file", lambda: log)
    monkeypatch.setattr(reading, "load_config", fail)
    monkeypatch.setattr(tempfile, "mkstemp", partial(tempfile.mkstemp, dir=tmp_path))
    ended = here("tail")
    assert "on purpose" in log_of(ended.stderr)
    assert [*tmp_path.glob("nobil-tui-*.log")]
