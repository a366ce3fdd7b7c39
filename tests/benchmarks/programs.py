"""The programs that are measured, each in an environment of its own, and what the system says of a process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
_PROC = Path("/proc")
# Started as the installed script starts it.
_MAIN = "from nobil_tui.cli import main; main()"


class World:
    """A home that is nobody's, and an environment in which nothing slows a start but the program itself."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nobil-tui-")
        self._homes = 0

    def close(self) -> None:
        """Remove it."""
        self._folder.cleanup()

    def env(self) -> dict[str, str]:
        """An environment with a fresh home: nothing is kept there from an earlier start."""
        self._homes += 1
        home = Path(self._folder.name) / f"home{self._homes}"
        home.mkdir()
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            # Code is compiled once, in the first start, which nobody measures; and here, since a source that is
            # edited meanwhile must not meet a stale one.
            "PYTHONPYCACHEPREFIX": str(Path(self._folder.name) / "compiled"),
        }

    def app(self, *args: str, env: Mapping[str, str] | None = None, pace: float = 0.0) -> Terminal:
        """Open nobil-tui."""
        return Terminal(nobil_tui(*args), env or self.env(), ROOT, pace=pace)

    def app_without_log(self, *args: str) -> Terminal:
        """Open nobil-tui with an event log to which nothing is ever added."""
        return self.module("without_log", *args)

    def trivial(self) -> Terminal:
        """Open the trivial Textual app."""
        return self.module("trivial")

    def module(self, name: str, *args: str) -> Terminal:
        """Open a module of this package."""
        return Terminal([sys.executable, "-m", f"tests.benchmarks.{name}", *args], self.env(), ROOT)

    def seconds_of(self, command: Sequence[str]) -> float:
        """Run a command to its end; returns how many seconds it took."""
        env = self.env()
        began = time.perf_counter()
        subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True)  # our own programs
        return time.perf_counter() - began


def python(code: str) -> list[str]:
    """The command that runs a line of Python."""
    return [sys.executable, "-c", code]


def nobil_tui(*args: str) -> list[str]:
    """The command that runs nobil-tui."""
    return [*python(_MAIN), *args]


def cpu_seconds(pid: int) -> float:
    """How many seconds of processor time a process has had, all its threads together."""
    if _PROC.is_dir():
        # The name of the program stands in brackets and may hold anything.
        user, system = map(int, (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[11:13])
        return (user + system) / float(os.sysconf("SC_CLK_TCK"))
    seconds = 0.0
    for part in _ps(pid, "time").replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def memory(pid: int) -> float:
    """How many MB of a process are in memory: what ``top`` calls RES."""
    return int(_ps(pid, "rss")) / 1024


def _ps(pid: int, what: str) -> str:
    command = ["ps", "-o", f"{what}=", "-p", str(pid)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
