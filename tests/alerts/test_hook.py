"""The hook: no shell, one run at a time, a time limit, and one report of its failure."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.alerts import due as due_module
from nobil_tui.alerts.claim import Claim, Update
from nobil_tui.alerts.due import LEASE, DueRun, DueRuns
from nobil_tui.alerts.hook import GRACE, HOOK_TIME_LIMIT, Hook, expand_command
from nobil_tui.alerts.rules import Seen
from nobil_tui.alerts.state import AlertState
from nobil_tui.config.alert_rules import AlertRule
from tests.conftest import GUARD, FakeClock, guarded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no POSIX processes there")

WRITE = """
import json, os, sys
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([sys.argv[2:], sys.stdin.read(), sorted(os.environ)]) + "\\n")
"""
SECRETS = ("NOBIL_API_KEY", "NOBIL_HUB_KEY", "NOBIL_NATS_TOKEN", "NOBIL_NATS_PASSWORD")
FAILS = "import sys; sys.exit('no display\\nmore')"


def written(path: Path) -> list[tuple[list[str], str, list[str]]]:
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()]


class Runner:
    """A hook of ``command``, and runs that are due in memory."""

    def __init__(
        self,
        *command: str,
        environ: Mapping[str, str] = os.environ,
        now: Callable[[], int] = lambda: 0,
        time_limit: float = HOOK_TIME_LIMIT,
        grace: float = GRACE,
    ) -> None:
        self.problems: list[str] = []
        self.command = command
        self.runs = DueRuns(None)
        self.hook = Hook(
            lambda: self.command,
            self.problems.append,
            environ,
            now,
            zone=UTC,
            time_limit=time_limit,
            grace=grace,
        )

    def run(self, line: bytes = b"", **values: str) -> None:
        self.runs.remember(DueRun(0, values, line))
        self.hook.drain(self.runs)


async def test_it_gets_its_arguments_and_the_line(tmp_path: Path) -> None:
    environ = {**os.environ, "NOBIL_OTHER": "1"} | dict.fromkeys(SECRETS, "hunter2")
    path = tmp_path / "runs"
    nasty = "; rm -rf / $(x) `y` {station}"
    command = (sys.executable, "-c", WRITE, str(path), "{name}", "--for={station}")
    runner = Runner(*command, environ=environ)
    for line in (b"1\n", b"2\n", b"3\n"):
        runner.run(line, name=nasty, station="NOR_1")
    await runner.hook.join()
    runs = written(path)
    assert [line for _, line, _ in runs] == ["1\n", "2\n", "3\n"]
    for arguments, _, names in runs:
        assert arguments == [nasty, "--for=NOR_1"]
        assert not {*names}.intersection(SECRETS)
        assert "NOBIL_OTHER" in names
    assert runner.problems == []


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


async def test_a_failure_is_told_once_until_it_works_again() -> None:
    runner = Runner("{program}", "-c", "{code}")
    python, missing = sys.executable, "/nonexistent/program"
    for program, code in (
        (python, "import sys; sys.exit('no display' + chr(10) + 'more')"),
        (python, "import sys; sys.exit(1)"),
        (python, ""),
        (python, "import sys; sys.exit(1)"),
    ):
        runner.run(program=program, code=code)
    await runner.hook.join()
    problems = runner.problems
    assert len(problems) == 2
    assert problems[0].endswith("failed: it ended with exit code 1: no display.")
    for program in (missing, python, missing):
        runner.run(program=program, code="")
    await runner.hook.join()
    assert (
        problems[2] == "The alert command /nonexistent/program failed: No such file or directory."
    )


async def test_a_run_that_takes_too_long_is_killed_with_its_children() -> None:
    # Its child keeps the pipe of errors open.
    runner = Runner("/bin/sh", "-c", "sleep 1000 & sleep 1000", time_limit=0.2)
    runner.run(b"x\n" * 100_000)
    runner.run()
    await runner.hook.join()
    assert runner.problems == ["The alert command /bin/sh failed: it was killed after 0.2 s."]


async def test_a_program_may_leave_another_in_the_background(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    runner = Runner("/bin/sh", "-c", 'sleep 1000 & echo $! > "$0"', str(pid))
    runner.run()
    try:
        await guarded(runner.hook.join())
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)
    assert runner.problems == []


async def test_the_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_module, "MAX_WAITING_RUNS", 2)
    path = tmp_path / "runs"
    runner = Runner("/bin/sh", "-c", 'echo "$1" >> "$0"', str(path), "{number}")
    for number in range(5):
        runner.run(number=str(number))
    await runner.hook.join()
    assert path.read_text() == "0\n1\n"
    assert len(runner.problems) == 1
    assert "runs are waiting" in runner.problems[0]


# Runs in a file

WORDS = '[ "$1" = "{number}" ] && exec sleep 1000; echo "{number} {summary}" >> "$0"'


def due_in(path: Path, *numbers: int, at: int) -> AlertState:
    """Store an alert that fired for each number."""
    state, key = AlertState(path), AlertRule("NOR_1", repeat=True).key
    state.load([key], at)
    off, on = Seen(on=False), Seen(on=True)
    for number in numbers:
        run = DueRun(at, {"number": str(number), "summary": "1/2 free."}, b"")
        new = Update(key, str(number), None, off, False, at)
        assert state.store(Claim([new, new._replace(before=off, after=on, fires=True, due=run)]))[1]
    state.close()
    return state


async def test_what_quitting_interrupts_is_run_at_the_next_start(
    clock: FakeClock, tmp_path: Path
) -> None:
    path, out = tmp_path / "alerts.sqlite", tmp_path / "out"
    due_in(path, 1, 2, 3, at=clock.now())
    first = Runner("/bin/sh", "-c", WORDS, str(out), "2", now=clock.now, grace=0)
    first.hook.drain(DueRuns(path))
    # The first run is over and the second one hangs.
    await until_taken(path, 2)
    await first.hook.close()
    first.hook.drain(DueRuns(path))
    assert out.read_text() == "1 1/2 free.\n"
    clock.advance(3600)
    again = Runner("/bin/sh", "-c", WORDS, str(out), "", now=clock.now)
    again.hook.drain(DueRuns(path))
    await again.hook.join()
    # It says when that was.
    time = f"{datetime.fromtimestamp(clock.now() / 1000 - 3600, UTC):%H:%M}"
    assert out.read_text().splitlines()[1:] == [
        f"{number} At {time}: 1/2 free." for number in (2, 3)
    ]
    assert DueRuns(path).take(clock.now()) is None
    assert first.problems == again.problems == []


async def until_taken(path: Path, number: int) -> None:
    async with asyncio.timeout(GUARD):
        while True:
            with closing(sqlite3.connect(path)) as connection:
                rows = connection.execute("SELECT id FROM due WHERE taken").fetchall()
            if rows == [(number,)]:
                return
            await asyncio.sleep(0.01)


def test_one_instance_at_a_time_runs_what_is_due(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    due_in(path, 1, 2, at=clock.now())
    one, other = DueRuns(path), DueRuns(path)
    assert one.take(clock.now()) is not None
    assert other.take(clock.now()) is None
    # The one was killed: it neither completed nor released its run.
    clock.advance(LEASE / 1000)
    taken = other.take(clock.now())
    assert taken is not None
    assert taken.values["number"] == "1"
    # Nor does a clock that is set back hold it up.
    clock.advance(-7200)
    repeated = one.take(clock.now())
    assert repeated is not None
    one.done(repeated)
    left = other.take(clock.now())
    assert left is not None
    assert left.values["number"] == "2"
    clock.advance(8 * 86_400)
    assert one.take(clock.now()) is None


def test_a_file_that_cannot_be_read_has_nothing_due(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be read as one")
    for path in (tmp_path / "file" / "a.sqlite", tmp_path / ("x" * 300), tmp_path / "text.sqlite"):
        assert DueRuns(path).take(clock.now()) is None


async def test_without_a_command_nothing_is_taken(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    due_in(path, 1, at=clock.now())
    runner = Runner(now=clock.now)
    runner.hook.drain(DueRuns(path))
    await runner.hook.join()
    assert DueRuns(path).take(clock.now()) is not None
