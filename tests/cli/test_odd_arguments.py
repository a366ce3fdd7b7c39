"""Any file name and any number in an argument gives a sentence, not a crash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nobil_tui.cli.exit_codes import ExitCode
from tests.cli.conftest import Run

NAMES = (
    *(b"a\xff.jsonl", b"a\nb.jsonl", b"a\x1b[2J.jsonl", b"a\r.jsonl", "\u202e.jsonl".encode()),
    *(b"x" * 255, b"x" * 256, "é".encode() * 120 + b".jsonl", b"~no-such-user", b"-", b"/"),
    *(b"a/../../b", b"\xed\xa0\x80", b"con:", b"a\tb", b"..", b"."),
)
NUMBERS = (
    *("nan", "inf", "-inf", "1e400", "-0", "-1", "9" * 400, "9" * 5000, "1e-400", "0x10", "٣"),
    *("²", "", " 5", "True", "1_000", "1e5", "0"),
)


def checked(here: Run, *args: str) -> None:
    done = here(*args)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, args
    assert "Unexpected error" not in said, args
    assert done.returncode in {int(code) for code in ExitCode}, args
    assert done.returncode == 0 or said.strip(), args
    assert all(line.isprintable() for line in done.stderr.splitlines()), args


def test_names_of_files(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in map(os.fsdecode, NAMES):
        checked(here, "list", f"--source={name}")
        checked(here, "tail", f"--source={name}")
        checked(here, "status", "NOR_1", f"--config={name}", "--source=none.jsonl")
        checked(here, "config", "show", f"--config={name}")
        checked(here, "config", "init", f"--config={name}")
        checked(here, "record", "--source=none.jsonl", "--", name)
        checked(here, "register", "import", "--", name)
        checked(here, "history", "import", "--", name)


def test_a_home_of_any_name(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate((b"a\x1b[2J\xff\n", b"%20?#&", "\u202e".encode())):
        home = tmp_path / f"{number}{os.fsdecode(name)}"
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        for args in (
            ("history", "summary", "NOR_1"),
            ("register", "status"),
            ("register", "import", "none"),
            ("list", "--source=none.jsonl"),
            ("keys", "list"),
            ("list", "--\x1b[2J"),
            ("\x1b[2J",),
        ):
            checked(here, *args)
            done = here(*args)
            assert "\x1b" not in done.stdout + done.stderr, args
            assert "\u202e" not in done.stdout + done.stderr, args


def test_numbers(here: Run) -> None:
    for number in NUMBERS:
        checked(here, "list", "--source=none.jsonl", f"--limit={number}")
        checked(here, "tail", "--source=none.jsonl", f"--speed={number}")
        checked(here, "list", "--source=none.jsonl", f"--stations={number}")
        checked(here, "list", "--source=none.jsonl", f"--seed={number}")
        checked(here, "wait", "X", "--source=none.jsonl", f"--timeout={number}")
        checked(here, "serve", "--source=none.jsonl", f"--port={number}")
        checked(here, "record", "a.jsonl", "--source=none.jsonl", f"--rotate-size={number}")
        checked(here, "history", "export", f"--since={number}")
        checked(here, "list", "--source=none.jsonl", f"near:{number},{number} within:{number}km")


def test_a_working_directory_that_is_gone(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    checked(here, "config", "init", "--config=c.toml")
    checked(here, "config", "show", "--config=c.toml")
    checked(here, "list", "--source=a.jsonl")
    checked(here, "record", "a.jsonl", "--source=b.jsonl")
    checked(here, "register", "import", "a")
    checked(here, "history", "import", "a")
