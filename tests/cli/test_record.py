"""``record`` in a process."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from nobil_tui.charging.events import Snapshot
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.record import parse_size
from nobil_tui.hub.demo_server import DemoServer
from nobil_tui.wire import v1
from nobil_tui.wire.recording import RecordingHeader, decode_header, decode_line
from tests.cli.conftest import GUARD, HASTY_RECORDER, Run, Start
from tests.conftest import START
from tests.feeds.recordings import content, said, write
from tests.for_each import for_each

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and terminals are others there"
)

BUSY = ("--stations", "100", "--speed", "3000")
"""Options of a busy simulation."""


@pytest.fixture
def start_record(start: Start) -> Start:
    """Return ``start_record(*args, **options)``: the command in a process that runs until it is
    stopped."""
    return lambda *args, **options: start("record", *args, code=HASTY_RECORDER, **options)


def eventually(true: Callable[[], bool]) -> None:
    """Wait until ``true()``, at most ``GUARD`` seconds."""
    until = time.monotonic() + GUARD
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def lines_in(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def stopped(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> str:
    """Interrupt the process and return its stderr."""
    process.send_signal(number)
    out, err = process.communicate(timeout=GUARD)
    assert (process.returncode, out) == (ExitCode.SUCCESS, "")
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_record_a_server_until_interrupted(
    start_record: Start, here: Run, demo: DemoServer, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "a.jsonl"
    process = start_record(str(path), "--source", demo.url)
    # Raw reports change nothing.
    eventually(lambda: b"".join(lines_in(path)).count(b"status:update") > 1)
    err = stopped(process, number)
    first, *lines = lines_in(path)
    host = demo.url.split("/")[2]
    assert decode_header(first) == RecordingHeader(codec="v1", source=host)
    assert demo.url.partition("key=")[2] not in path.read_text() + err
    frames = [v1.decode(decode_line(line).data, START) for line in lines]
    assert isinstance(frames[0], Snapshot)
    assert err.splitlines() == [
        f"nobil-tui: Recording {host} to {path}. Press Ctrl-C to stop.",
        f"nobil-tui: Connected to {host}.",
        f"nobil-tui: Wrote {len(lines):,} frames to {path}.",
    ]
    done = here("tail", "--source", str(path), "--speed", "max")
    assert done.returncode == ExitCode.SUCCESS
    assert done.stdout


def test_recording_of_the_simulation_stays_simulated(
    start_record: Start, here: Run, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl.gz"
    process = start_record(str(path), *BUSY)
    eventually(lambda: path.exists() and path.stat().st_size > 3000)
    assert "nobil-tui: SIMULATED: demo is not real data." in stopped(process).splitlines()
    done = here("tail", "--source", str(path), "--speed", "max")
    assert done.stdout
    assert "nobil-tui: SIMULATED: a.jsonl.gz is not real data." in done.stderr.splitlines()


def test_rotate_size(start_record: Start, tmp_path: Path) -> None:
    process = start_record(str(tmp_path / "a.jsonl"), *BUSY, "--rotate-size", "1kB")
    eventually(lambda: len(lines_in(tmp_path / "a.3.jsonl")) > 1)
    err = stopped(process)
    for name in ("a.jsonl", "a.1.jsonl", "a.2.jsonl"):
        first, *rest = lines_in(tmp_path / name)
        assert decode_header(first) == RecordingHeader(codec="v1", simulated=True, source="demo")
        assert all(decode_line(line).data for line in rest)
    assert re.search(r"Wrote [0-9,]+ frames to .*/a\.\d+\.jsonl\.$", err.strip())


def test_progress_and_daily_files_on_a_terminal(start_record: Start, tmp_path: Path) -> None:
    ours, its = pty.openpty()
    process = start_record(str(tmp_path / "a.jsonl"), *BUSY, "--rotate-daily", stderr=its)
    os.close(its)
    shown = b""
    while not re.search(rb"\r\x1b\[K[1-9][0-9,]* frames", shown):
        shown += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    # The summary replaces the progress line.
    while not re.search(rb"\r\x1b\[Knobil-tui: Wrote [0-9,]+ frames .*\n", shown):
        shown += os.read(ours, 1000)
    assert process.wait(GUARD) == ExitCode.SUCCESS
    os.close(ours)
    names = [path.name for path in tmp_path.glob("*.jsonl")]
    assert names
    assert all(re.fullmatch(r"a\.\d{4}-\d\d-\d\d(\.\d)?\.jsonl", name) for name in names)


# What cannot be recorded


def test_existing_file_is_not_overwritten(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("mine")
    done = here("record", str(path))
    assert done.returncode == ExitCode.FAILURE
    assert f"{path} already exists; choose another name." in done.stderr
    assert path.read_text() == "mine"


def test_recording_a_recording_is_refused(here: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", content([(said("AVAILABLE"), 0)]))
    done = here("record", str(tmp_path / "b.jsonl"), "--source", str(source))
    assert (done.returncode, done.stderr) == (
        ExitCode.USAGE,
        "nobil-tui: a.jsonl is already a recording. Copy the file instead.\n",
    )
    assert not (tmp_path / "b.jsonl").exists()


def test_refused_key_leaves_no_empty_file(here: Run, demo: DemoServer, tmp_path: Path) -> None:
    done = here("record", str(tmp_path / "a.jsonl"), "--source", demo.url + "x")
    assert done.returncode == ExitCode.KEY_REFUSED
    assert "refused the key (HTTP 401)." in done.stderr
    assert demo.url.partition("key=")[2] not in done.stderr
    assert [*tmp_path.glob("*.jsonl")] == []


@pytest.mark.slow
def test_full_disk_is_reported(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    # A limit on the file size acts like a full disk.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))\n"
    process = start("record", str(path), *BUSY, code=limit + HASTY_RECORDER)
    _, err = process.communicate(timeout=GUARD)
    assert process.returncode == ExitCode.FAILURE
    assert f"nobil-tui: Recording stopped: {path}: " in err
    assert path.exists()


def test_missing_folder_is_reported(here: Run, tmp_path: Path) -> None:
    done = here("record", str(tmp_path / "missing" / "a.jsonl"))
    assert done.returncode == ExitCode.FAILURE
    assert f"{tmp_path}/missing/a.jsonl: No such file or directory." in done.stderr


@for_each(
    ("text", "size"),
    [
        ("1", 1),
        ("500kB", 500_000),
        ("500k", 500_000),
        ("2KB", 2000),
        ("100MB", 10**8),
        ("1.5G", 1_500_000_000),
    ],
)
def test_parse_size(text: str, size: int) -> None:
    assert parse_size(text) == size


@for_each("text", ["", "0", "0.0M", "-1", "MB", "1TB", "1e3", "1,5G", "100MiB", "٣k", "9" * 20])
def test_parse_size_rejects(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_size(text)


@pytest.mark.slow
def test_record_does_not_import_textual(tmp_path: Path) -> None:
    code = f"""
import sys, signal
from nobil_tui.cli import messages
from nobil_tui.cli.root import run_command_line
def print_message(text):
    if "Connected" in text:
        signal.raise_signal(signal.SIGINT)
messages.print_message = print_message
code = run_command_line(["record", {str(tmp_path / "a.jsonl")!r}, "--stations", "2"])
print(code, [name for name in ("textual", "rich", "nobil_tui.tui") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=GUARD, check=False
    )
    assert done.stdout == "0 []\n"
