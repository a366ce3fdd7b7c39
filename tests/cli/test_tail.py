"""``tail`` in a process, as scripts use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nobil_tui.base.paths import register_file, state_dir
from nobil_tui.charging.register import CREDIT, Facts
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.hub.demo_server import DemoServer
from nobil_tui.register.cache import save_register
from nobil_tui.store.state_store import StateStore
from nobil_tui.wire.changes import ChangeLine
from tests.cli.conftest import GUARD, Invoke, Run, Start
from tests.feeds.recordings import content, said, write

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and pipes are others there"
)


@pytest.fixture
def start_tail(start: Start) -> Start:
    """Return ``start_tail(*args, **options)``: the command in a process that runs until it is
    stopped."""
    return lambda *args, **options: start("tail", *args, **options)


PATIENT = """
import sys
from nobil_tui.cli import main
from nobil_tui.store import single_writer

single_writer.WRITER_CLOSE_TIMEOUT = 60.0
sys.argv[0] = "nobil-tui"
main()
"""
"""The command, which saves the last known state however slow the disk is."""

WORDS = ("AVAILABLE", "CHARGING", "UNKNOWN", "OUTOFORDER", "BLOCKED")
CONDITIONS = dict(zip(WORDS, ("free", "occupied", "unknown", "fault", "blocked"), strict=True))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Return a recording of some hours of a few stations, in the format without a header."""
    entries = [
        (said(WORDS[n * n % 5], f"NOR_{n % 4}", f"key{n % 7}"), n * 61_000) for n in range(300)
    ]
    return write(tmp_path / "a.jsonl", content(entries, None))


def oracle(path: Path) -> list[dict[str, Any]]:
    """Return the expected lines of a recording of NOBIL Real-time, computed in the simplest way."""
    expected: list[dict[str, Any]] = []
    numbers: dict[str, dict[str, int]] = {}
    words: dict[tuple[str, str], str] = {}
    for text in path.read_text().splitlines():
        line = json.loads(text)
        if not line["frame"]:
            continue
        station, key, word = (line["frame"][name] for name in ("nobilId", "evseUId", "status"))
        number = numbers.setdefault(station, {}).setdefault(key, len(numbers[station]) + 1)
        before = words.get((station, key))
        words[station, key] = word
        if word == before:
            continue
        at = datetime.fromisoformat(line["received_at"])
        expected.append(
            {
                "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "station": station,
                "name": None,
                "connector": number,
                "before": CONDITIONS[before] if before is not None else None,
                "after": CONDITIONS[word],
                "word": word,
                "missed": False,
                "credit": None,
            }
        )
    return expected


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_recording_equals_the_oracle(run: Run, recording: Path) -> None:
    done = run("tail", "--source", str(recording), "--speed", "max")
    assert done.returncode == ExitCode.SUCCESS
    assert lines(done.stdout) == oracle(recording)
    assert done.stderr.splitlines() == [
        "nobil-tui: Connected to a.jsonl.",
        "nobil-tui: a.jsonl has ended.",
    ]


def test_capture_equals_the_oracle(here: Run) -> None:
    folder = os.environ.get("NOBIL_CAPTURES")
    if not folder:
        pytest.skip("NOBIL_CAPTURES names no folder with captures of NOBIL Real-time")
    path = Path(folder) / "enova_2026-03-23_12.jsonl"
    if not path.exists():
        pytest.skip(f"NOBIL_CAPTURES has no {path.name}")
    done = here("tail", "--source", str(path), "--speed", "max")
    assert lines(done.stdout) == oracle(path)


def test_given_stations_only(here: Run, recording: Path) -> None:
    done = here(
        "tail", "--source", str(recording), "--speed", "max", "nor_02", "NOR_never_heard_of"
    )
    assert done.returncode == ExitCode.USAGE
    assert 'No station has the id "NOR_never_heard_of".' in done.stderr
    assert lines(done.stdout) == [line for line in oracle(recording) if line["station"] == "NOR_2"]


def test_watched_prints_starred_stations(here: Run, recording: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[watched]\nstations = ["NOR_1"]\n')
    args = (
        "tail",
        "--source",
        str(recording),
        "--speed",
        "max",
        "--config",
        str(config),
        "--watched",
    )
    for more in ((), ("NOR_3",)):
        wanted = {"NOR_1", *more}
        assert lines(here(*args, *more).stdout) == [
            line for line in oracle(recording) if line["station"] in wanted
        ]


def test_names_come_from_the_user_register(here: Run, recording: Path) -> None:
    save_register(register_file(), {"NOR_1": Facts(name="Fornebu S")}, {})
    done = here("tail", "--source", str(recording), "--speed", "max", "NOR_1", "NOR_2")
    assert {line["station"]: (line["name"], line["credit"]) for line in lines(done.stdout)} == {
        "NOR_1": ("Fornebu S", CREDIT),
        "NOR_2": (None, None),
    }
    register_file().write_bytes(b"rubbish")
    done = here("tail", "--source", str(recording), "--speed", "max", "NOR_1")
    assert {line["name"] for line in lines(done.stdout)} == {None}
    assert done.returncode == ExitCode.SUCCESS
    assert "The stored register is not a register" in done.stderr


# The end


def test_closed_stdout_ends_it_while_idle(start_tail: Start, recording: Path) -> None:
    process = start_tail("--source", str(recording))
    assert process.stdout is not None
    assert process.stderr is not None
    assert lines(process.stdout.readline()) == oracle(recording)[:1]
    # At its own pace, the next line is a minute away.
    process.stdout.close()
    assert process.wait(GUARD) == ExitCode.SUCCESS
    assert process.stderr.read() == "nobil-tui: Connected to a.jsonl.\n"


def test_closed_stdout_ends_it_during_a_flood(start_tail: Start, tmp_path: Path) -> None:
    entries = [(said(WORDS[n % 2]), n) for n in range(20_000)]
    process = start_tail(
        "--source", str(write(tmp_path / "a.jsonl", content(entries))), "--speed", "max"
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(GUARD) == ExitCode.SUCCESS
    assert set(process.stderr.read().splitlines()) <= {
        "nobil-tui: Connected to a.jsonl.",
        "nobil-tui: a.jsonl has ended.",
    }


def test_closed_pipe_of_stdout_and_stderr_ends_it(start_tail: Start, recording: Path) -> None:
    process = start_tail("--source", str(recording), stderr=subprocess.STDOUT)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(GUARD) == ExitCode.SUCCESS


def test_closed_stderr_does_not_affect_the_data(start_tail: Start, recording: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = start_tail("--source", str(recording), "--speed", "max", stderr=write_end)
    os.close(write_end)
    out, _ = process.communicate(timeout=GUARD)
    assert lines(out) == oracle(recording)
    assert process.returncode == ExitCode.SUCCESS


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGTERM, ExitCode.SUCCESS),
        (signal.SIGHUP, ExitCode.SUCCESS),
    ],
)
def test_signals_end_it(
    start_tail: Start, recording: Path, number: signal.Signals, code: ExitCode
) -> None:
    process = start_tail("--source", str(recording))
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, err = process.communicate(timeout=GUARD)
    assert process.returncode == code
    assert err == "nobil-tui: Connected to a.jsonl.\n"


def test_ctrl_c_while_stdout_is_blocked(start_tail: Start, tmp_path: Path) -> None:
    entries = [(said(WORDS[n % 2]), n) for n in range(20_000)]
    process = start_tail(
        "--source", str(write(tmp_path / "a.jsonl", content(entries))), "--speed", "max"
    )
    assert process.stdout is not None
    # There is more data than fits the pipe.
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(GUARD) == ExitCode.INTERRUPTED


def test_refused_key_ends_it(here: Run, demo: DemoServer) -> None:
    done = here("tail", "--source", demo.url + "x")
    assert (done.returncode, done.stdout) == (ExitCode.KEY_REFUSED, "")
    assert "refused the key (HTTP 401)." in done.stderr
    assert demo.url.partition("key=")[2] not in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--source", "missing.jsonl"), ExitCode.FAILURE, "missing.jsonl does not exist."),
        (
            ("--source", "rubbish.txt"),
            ExitCode.FAILURE,
            "rubbish.txt cannot be played: it is not a recording.",
        ),
        (("--source", "nothing"), ExitCode.USAGE, "is not a source"),
        (("--source", "demo", "--watched"), ExitCode.USAGE, "No station is starred."),
        (("--source", "rubbish.txt", "--stations", "5"), ExitCode.USAGE, "--stations"),
        (("--config", "rubbish.txt"), ExitCode.USAGE, "rubbish.txt:1: is not TOML"),
    ],
)
def test_errors_are_reported(
    here: Run, tmp_path: Path, args: tuple[str, ...], code: ExitCode, words: str
) -> None:
    (tmp_path / "rubbish.txt").write_text("rubbish\n")
    done = here("tail", *(str(tmp_path / arg) if "." in arg else arg for arg in args))
    assert (done.returncode, done.stdout) == (code, "")
    assert words in " ".join(done.stderr.replace(f"{tmp_path}/", "").split())
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_full_disk_is_reported(start_tail: Start, recording: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = start_tail("--source", str(recording), "--speed", "max", stdout=full)
        _, err = process.communicate(timeout=GUARD)
    assert process.returncode == ExitCode.FAILURE
    assert "Cannot write to standard output: No space left on device." in err


def test_missing_stdout_is_reported(recording: Path, home: Path) -> None:
    command = f'exec "{sys.executable}" -m nobil_tui tail --source "{recording}" --speed max >&-'
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=GUARD, check=False
    )
    assert done.returncode == ExitCode.FAILURE
    assert "There is no standard output to print to." in done.stderr


# A live source


def test_simulation_is_marked_as_simulated(start_tail: Start) -> None:
    process = start_tail("--stations", "100", "--speed", "3000")
    assert process.stdout is not None
    [line] = lines(process.stdout.readline())
    assert line.keys() == set(ChangeLine.__struct_fields__)
    assert line["name"]
    process.send_signal(signal.SIGINT)
    assert "SIMULATED" in process.communicate(timeout=GUARD)[1]


def test_second_run_starts_from_the_last_known_state(start_tail: Start, demo: DemoServer) -> None:
    for session in range(2):
        process = start_tail("--source", demo.url, code=PATIENT)
        assert process.stdout is not None
        [first] = lines(process.stdout.readline())
        # In the first session, the first change happened while connected.
        assert first["missed"] is (session == 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=GUARD)
        assert process.returncode == ExitCode.SUCCESS
        [path] = state_dir().glob("v1-*.sqlite")
        with closing(StateStore.open(path)) as store:
            assert len(store.load().stations) == 100


@pytest.mark.slow
def test_tail_does_not_import_textual(recording: Path) -> None:
    code = f"""
import sys
from nobil_tui.cli.root import run_command_line
code = run_command_line(["tail", "--source", {str(recording)!r}, "--speed", "max", "NOR_1"])
heavy = ("textual", "rich", "nobil_tui.tui", "aiohttp", "sqlite3")
print(code, [name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=GUARD, check=False
    )
    assert done.stdout.splitlines()[-1] == "0 []"


def test_help_documents_every_field(invoke: Invoke) -> None:
    text = invoke("tail", "--help").output
    for field in ChangeLine.__struct_fields__:
        assert f"\n  {field} " in text
