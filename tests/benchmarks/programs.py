"""The measured programs, each in its own environment, and their CPU time and memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
_PROC = Path("/proc")
_WAKE_UPS = re.compile(r"^voluntary_ctxt_switches:\s+(\d+)$", re.MULTILINE)
# Like the installed script.
_MAIN = "from nobil_tui.cli import main; main()"


class World:
    """A temporary home, and an environment in which only the program itself affects its start."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nobil-tui-")
        self._homes = 0

    def close(self) -> None:
        """Remove the home."""
        self._folder.cleanup()

    def env(self) -> dict[str, str]:
        """Return an environment with a new, empty home."""
        self._homes += 1
        home = Path(self._folder.name) / f"home{self._homes}"
        home.mkdir()
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            # Code is compiled in the first start, which is not measured, and into this folder,
            # since the source may be edited meanwhile.
            "PYTHONPYCACHEPREFIX": str(Path(self._folder.name) / "compiled"),
        }

    def app(self, *args: str, env: Mapping[str, str] | None = None, pace: float = 0.0) -> Terminal:
        """Open nobil-tui."""
        return Terminal(nobil_tui(*args), env or self.env(), ROOT, pace=pace)

    def app_without_log(self, *args: str) -> Terminal:
        """Open nobil-tui with an event log that drops its entries."""
        return self.module("without_log", *args)

    def trivial(self) -> Terminal:
        """Open the trivial Textual app."""
        return self.module("trivial")

    def module(self, name: str, *args: str) -> Terminal:
        """Open a module of this package."""
        return Terminal([sys.executable, "-m", f"tests.benchmarks.{name}", *args], self.env(), ROOT)

    def seconds_of(self, command: Sequence[str]) -> float:
        """Run a command; return how many seconds it took."""
        env = self.env()
        began = time.perf_counter()
        subprocess.run(
            command, env=env, cwd=ROOT, check=True, capture_output=True
        )  # our own programs
        return time.perf_counter() - began


def python(code: str) -> list[str]:
    """Return the command that runs a line of Python."""
    return [sys.executable, "-c", code]


def nobil_tui(*args: str) -> list[str]:
    """Return the command that runs nobil-tui."""
    return [*python(_MAIN), *args]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process with all its threads, in seconds."""
    threads = _PROC / str(pid) / "task"
    if (_PROC / str(pid) / "schedstat").exists():
        # In nanoseconds: a tick of the clock is too coarse for an app at rest.
        return (
            sum(int((each / "schedstat").read_text().split()[0]) for each in threads.iterdir())
            / 1e9
        )
    if _PROC.is_dir():
        # The program's name is in brackets and may contain any characters.
        user, system = map(
            int, (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[11:13]
        )
        return (user + system) / float(os.sysconf("SC_CLK_TCK"))
    seconds = 0.0
    for part in _ps(pid, "time").replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def wake_ups(pid: int) -> int:
    """Return how often the threads of a process were woken: their voluntary context switches.

    Linux only; 0 elsewhere.
    """
    threads = _PROC / str(pid) / "task"
    if not threads.is_dir():
        return 0
    texts = [(each / "status").read_text() for each in threads.iterdir()]
    return sum(int(number) for text in texts for number in _WAKE_UPS.findall(text))


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return int(_ps(pid, "rss")) / 1024


def _ps(pid: int, what: str) -> str:
    command = ["ps", "-o", f"{what}=", "-p", str(pid)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
