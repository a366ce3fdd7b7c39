"""Standard output that is closed, full, or in another encoding: for every command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from nobil_tui.base.paths import config_file, history_file, register_file
from nobil_tui.charging.register import Facts
from nobil_tui.cli.commands import CLI_COMMANDS
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.register.cache import save_register
from tests.cli.conftest import GUARD
from tests.feeds.recordings import content, said, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no such files there"),
]

NAME = "Łódź Ωmega"
PROGRAM = """
import contextlib, io, json, os, sys
from nobil_tui.cli.root import run_command_line
out, commands, done = sys.argv[1], json.loads(sys.argv[2]), []
for args in commands:
    if out == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    with contextlib.redirect_stderr(io.TextIOWrapper(io.BytesIO(), "utf-8")) as stderr:
        done.append([args, run_command_line(args), stderr.buffer.getvalue().decode()])
print(json.dumps(done), file=sys.stderr)
"""


class Done(NamedTuple):
    args: tuple[str, ...]
    code: int
    stderr: str


def run_all(out: str, commands: list[list[str]], **environ: str) -> tuple[list[Done], bytes]:
    """Run commands in one process whose standard output is ``out``; return what it printed too."""
    command = [sys.executable, "-c", PROGRAM, out, json.dumps(commands)]
    if out == "closed":
        command = ["sh", "-c", 'exec "$0" "$@" >&-', *command]
    done = subprocess.run(
        command, capture_output=True, timeout=GUARD, check=True, env={**os.environ, **environ}
    )
    return [
        Done(tuple(args), code, stderr) for args, code, stderr in json.loads(done.stderr)
    ], done.stdout


@pytest.fixture
def commands(tmp_path: Path, home: Path) -> list[list[str]]:
    """Return a call of every command that prints something, and store a register."""
    entries = [(said("CHARGING", "NOR_00001"), 0), (said("AVAILABLE", "NOR_00001"), 60_000)]
    path = str(write(tmp_path / "a.jsonl", content(entries, None)))
    save_register(register_file(), {"NOR_00001": Facts(name=NAME, place="Øst")}, {})
    source = ["--source", path]
    return [
        ["--version"],
        ["--help"],
        ["serve", "--help"],
        ["completion", "bash"],
        ["config", "path"],
        ["config", "init"],
        ["config", "show"],
        ["keys", "add", "one"],
        ["keys", "list"],
        ["register", "status"],
        ["history", "import", path],
        ["history", "summary", "NOR_00001"],
        ["history", "summary", "NOR_00001", "--json"],
        ["history", "export"],
        ["history", "export", "--format", "csv"],
        ["list", *source],
        ["list", "--json", *source],
        ["list", "--csv", *source],
        ["status", "NOR_1", *source],
        ["status", "NOR_1", "--json", *source],
        ["wait", "NOR_1", "--speed", "max", *source],
        ["tail", "--speed", "max", *source],
        ["watch", "--test", *source],
        ["serve", "--port", "0", "--stations", "5"],
    ]


def test_every_command_is_called(commands: list[list[str]]) -> None:
    # A recording is written to a file, and a relay writes to its server.
    assert {args[0] for args in commands} >= {*CLI_COMMANDS} - {"record", "relay"}


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("closed", "There is no standard output to print to."),
        ("full", "Cannot write to standard output: No space left on device."),
    ],
)
def test_output_that_cannot_be_written(commands: list[list[str]], out: str, words: str) -> None:
    if out == "closed":
        # A service serves without.
        commands = [each for each in commands if each[0] != "serve" or "--help" in each]
    all_done, _ = run_all(out, commands)
    for done in all_done:
        assert done.code == ExitCode.FAILURE, done
        assert done.stderr.splitlines()[-1] == f"nobil-tui: {words}", done
        assert "Traceback" not in done.stderr, done
    # What needs no output is done.
    assert config_file().exists()
    assert history_file().exists()


def test_a_locale_that_lacks_the_characters(commands: list[list[str]]) -> None:
    all_done, stdout = run_all("latin-1", commands[:-1], PYTHONIOENCODING="latin-1")
    for done in all_done:
        assert done.code == ExitCode.SUCCESS, done
        assert "Traceback" not in done.stderr, done
    # Text is in the encoding of the locale, data is UTF-8.
    assert "\t?ód? ?mega\tØst\t".encode("latin-1") in stdout
    assert f'"name":"{NAME}"'.encode() in stdout
