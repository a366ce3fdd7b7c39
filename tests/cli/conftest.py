"""The command line in a process of its own, or in this one with everything put back that it sets for good."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from nobil_tui.cli import app, root
from nobil_tui.tui.options import AppOptions

HERE = Path(__file__).parent
GUARD = 60
"""Real seconds after which a process that hangs is ended."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what starts the program in a process of its own."""
    for item in items:
        if isinstance(item, pytest.Function) and {"run", "start"} & {*item.fixturenames} and HERE in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for this test alone, with no key in the environment."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    return folder


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    logger = logging.getLogger()
    before = [*logger.handlers], logger.level, logging.raiseExceptions, threading.excepthook
    yield
    for handler in [each for each in logger.handlers if each not in before[0]]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(before[1])
    logging.captureWarnings(False)
    logging.raiseExceptions, threading.excepthook = before[2:]


class Run(Protocol):
    def __call__(self, *args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def run() -> Run:
    """Return ``run(*args)``: the program in a process of its own, without a terminal."""

    def runs(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "nobil_tui", *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GUARD,
            check=False,
            env={**os.environ, **(env or {})},
        )

    return runs


@pytest.fixture
def here(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return ``here(*args)``: the same in this process, which takes a hundredth of the time."""

    def runs(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            capfd.readouterr()
            code = root.run(args)
            return subprocess.CompletedProcess(args, code, *capfd.readouterr())

    return runs


class Invoke(Protocol):
    def __call__(self, *args: str) -> Result: ...


@pytest.fixture
def invoke() -> Invoke:
    """Return ``invoke(*args)``: the program in this process."""
    return lambda *args: CliRunner().invoke(root.cli, [*args], prog_name="nobil-tui")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[AppOptions]:
    """A terminal that is good enough, and in place of the app a list of what it would have been opened with."""
    setups: list[AppOptions] = []
    tui_app = ModuleType("nobil_tui.tui.app")

    def open_(setup: AppOptions) -> int:
        setups.append(setup)
        return 0

    tui_app.run = open_  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nobil_tui.tui.app", tui_app)
    monkeypatch.setattr(app, "_is_terminal", lambda stream: True)
    monkeypatch.delenv("TEXTUAL_FPS", raising=False)
    return setups


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return ``start(*args)``: a server that runs until it is stopped."""
    processes: list[subprocess.Popen[str]] = []

    def starts(*args: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-X", "dev", "-m", "nobil_tui", "serve", "--port", "0", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
        )
        processes.append(process)
        return process

    yield starts
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=GUARD)


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
