"""Run the command line in a process, or in this one with global state restored."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

from nobil_tui.cli import app, root
from nobil_tui.hub.demo_server import DemoServer
from nobil_tui.tui.options import AppOptions
from tests.forking import Forked, run_forked

HERE = Path(__file__).parent
GUARD = 60
"""Seconds after which a hanging process is killed."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start processes as slow."""
    for item in items:
        if (
            isinstance(item, pytest.Function)
            and {"run", "start"} & {*item.fixturenames}
            and HERE in item.path.parents
        ):
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a temporary home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    return folder


@pytest.fixture(autouse=True)
def _restore_logging(restored_logging: None) -> None:
    """Restore logging after each command that ran in this process."""


class Run(Protocol):
    def __call__(
        self, *args: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def run() -> Run:
    """Return ``run(*args)``: run the program in a process without a terminal."""

    def runs(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return run_forked(
            [sys.executable, "-W", "error", "-m", "nobil_tui", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=GUARD,
            env={**os.environ, **(env or {})},
        )

    return runs


@pytest.fixture
def here(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return ``here(*args)``: like ``run``, in this process and a hundred times as fast."""

    def runs(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            capfd.readouterr()
            code = root.run_command_line(args)
            return subprocess.CompletedProcess(args, code, *capfd.readouterr())

    return runs


class Invoke(Protocol):
    def __call__(self, *args: str) -> Result: ...


@pytest.fixture
def invoke() -> Invoke:
    """Return ``invoke(*args)``: run the program with Click's test runner."""
    return lambda *args: CliRunner().invoke(root.cli, [*args], prog_name="nobil-tui")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[AppOptions]:
    """Replace the app; return the list of the options that it was opened with."""
    all_options: list[AppOptions] = []
    tui_app = ModuleType("nobil_tui.tui.app")

    def open_(options: AppOptions) -> int:
        all_options.append(options)
        return 0

    tui_app.run = open_  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nobil_tui.tui.app", tui_app)
    monkeypatch.setattr(app, "_is_terminal", lambda stream: True)
    monkeypatch.delenv("TEXTUAL_FPS", raising=False)
    return all_options


HASTY_RECORDER = """
import sys
from nobil_tui.cli import main
from nobil_tui.headless import record
from nobil_tui.store.recorder import Recorder

record.REPORT_INTERVAL = Recorder.__init__.__kwdefaults__["every"] = 0.02
sys.argv[0] = "nobil-tui"
main()
"""
"""The program with a recorder that writes what it has, and says so, after a moment."""


class Start(Protocol):
    def __call__(self, *args: str, **options: Any) -> subprocess.Popen[str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Return ``start(*args, code="", **options)``: the program in a process that runs until it is
    stopped. ``code`` may start it otherwise."""
    processes: list[subprocess.Popen[str]] = []

    def starts(*args: str, code: str = "", **options: Any) -> subprocess.Popen[str]:
        program = ["-c", code] if code else ["-m", "nobil_tui"]
        command = [sys.executable, "-W", "error", "-X", "dev", *program, *args]
        streams = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **options,
        }
        env = {**os.environ, "PYTHONUNBUFFERED": ""}
        processes.append(Forked(command, text=True, env=env, **streams))
        return processes[-1]

    yield starts
    for process in processes:
        if process.poll() is None:
            process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait(GUARD)


@pytest.fixture
def start_server(start: Start) -> Start:
    """Return ``start_server(*args)``: a server of the simulation on any free port."""
    return lambda *args, **options: start("serve", "--port", "0", *args, **options)


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    """Serve a busy simulation in this process."""
    demo = DemoServer.start(100, 0, 3000)
    yield demo
    demo.stop()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
