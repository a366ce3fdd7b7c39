"""The hook: no shell, one run at a time, a time limit, and its failure told once."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.alerts import hook as hook_module
from nobil_tui.alerts.hook import Hook, expand_command
from tests.conftest import guarded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no POSIX processes there")

WRITE = """
import json, os, sys
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([sys.argv[2:], sys.stdin.read(), sorted(os.environ)]) + "\\n")
"""


def written(path: Path) -> list[tuple[list[str], str, list[str]]]:
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()]


async def test_it_gets_its_arguments_and_the_line(tmp_path: Path) -> None:
    problems: list[str] = []
    environ = {**os.environ, "NOBIL_API_KEY": "hunter2", "NOBIL_OTHER": "1"}
    hook, path = Hook(problems.append, environ), tmp_path / "runs"
    nasty = "; rm -rf / $(x) `y` {station}"
    command = [sys.executable, "-c", WRITE, str(path), "{name}", "--for={station}"]
    for line in (b"1\n", b"2\n", b"3\n"):
        hook.run(expand_command(command, {"name": nasty, "station": "NOR_1"}), line)
    await hook.join()
    runs = written(path)
    assert [line for _, line, _ in runs] == ["1\n", "2\n", "3\n"]
    for arguments, _, names in runs:
        assert arguments == [nasty, "--for=NOR_1"]
        assert "NOBIL_API_KEY" not in names
        assert "NOBIL_OTHER" in names
    assert problems == []


ANYTHING = st.text(st.characters() | st.sampled_from("-\0\n{}$`;' \x1b"), max_size=600)


@given(ANYTHING, ANYTHING)
def test_no_name_can_change_the_command(name: str, summary: str) -> None:
    command = ["notify-send", "{name}", "--body={summary}", "-x{name}", "{unknown}"]
    program, *arguments = expand_command(command, {"name": name, "summary": summary})
    assert program == "notify-send"
    assert len(arguments) == 4
    # Neither an option, nor the end of an argument, nor another placeholder.
    assert not arguments[0].startswith("-")
    assert arguments[1].startswith("--body=")
    assert arguments[3] == "{unknown}"
    assert all("\0" not in each and "\n" not in each and "\x1b" not in each for each in arguments)
    if "{summary}" in name[:500]:
        assert "{summary}" in arguments[0]


async def test_a_failure_is_told_once_until_it_works_again(tmp_path: Path) -> None:
    problems: list[str] = []
    hook = Hook(problems.append, os.environ)
    fails = (sys.executable, "-c", "import sys; sys.exit('no display\\nmore')")
    works = (sys.executable, "-c", "")
    for argv in (fails, fails, works, fails):
        hook.run(argv, b"")
    await hook.join()
    assert len(problems) == 2
    assert problems[0].endswith("failed: it ended with exit code 1: no display.")
    hook.run(("/nonexistent/program",), b"")
    hook.run(works, b"")
    hook.run(("/nonexistent/program",), b"")
    await hook.join()
    assert (
        problems[2] == "The alert command /nonexistent/program failed: No such file or directory."
    )


async def test_a_run_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    problems: list[str] = []
    hook = Hook(problems.append, os.environ, time_limit=0.2)
    # Its child keeps the pipe of errors open.
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=None)"
    hook.run(("/bin/sh", "-c", "sleep 1000 & sleep 1000"), b"")
    hook.run((sys.executable, "-c", f"{child!s}; import time; time.sleep(1000)"), b"x\n" * 100_000)
    await hook.join()
    assert problems == ["The alert command /bin/sh failed: it was killed after 0.2 s."]


async def test_a_program_may_leave_another_in_the_background(tmp_path: Path) -> None:
    problems: list[str] = []
    hook, pid = Hook(problems.append, os.environ), tmp_path / "pid"
    hook.run(("/bin/sh", "-c", 'sleep 1000 & echo $! > "$0"', str(pid)), b"")
    try:
        await guarded(hook.join())
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)
    assert problems == []


async def test_the_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_module, "MAX_WAITING_RUNS", 2)
    problems: list[str] = []
    hook, path = Hook(problems.append, os.environ), tmp_path / "runs"
    for number in range(5):
        hook.run((sys.executable, "-c", WRITE, str(path), str(number)), b"")
    await hook.join()
    assert [arguments for arguments, *_ in written(path)] == [["0"], ["1"]]
    assert len(problems) == 1
    assert "runs are waiting" in problems[0]


async def test_closing_drops_what_waits_and_kills_what_runs(tmp_path: Path) -> None:
    problems: list[str] = []
    hook, path = Hook(problems.append, os.environ, grace=0), tmp_path / "runs"
    hook.run((sys.executable, "-c", "import time; time.sleep(1000)"), b"")
    hook.run((sys.executable, "-c", WRITE, str(path)), b"")
    await hook.close()
    assert not path.exists()
    assert problems == []
