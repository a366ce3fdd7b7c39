"""``history``: its output and its errors."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from nobil_tui.base.paths import history_file, register_file
from nobil_tui.charging.register import CREDIT, Facts
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.register.cache import save_register
from tests.cli.conftest import Run
from tests.history.test_importing import line


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.jsonl"
    minutes = (0, 10, 40, 50, 90)
    words = ("AVAILABLE", "CHARGING", "AVAILABLE", "OUTOFORDER", "OUTOFORDER")
    path.write_text(
        "".join(line(at, "NOR_00001", "a", word) for at, word in zip(minutes, words, strict=True))
    )
    return path


def test_a_recording_is_imported_once(here: Run, recording: Path) -> None:
    first, second = (here("history", "import", str(recording)) for _ in range(2))

    assert (first.returncode, second.returncode) == (0, 0)
    assert "4 changes and 1 h 30 min of listening added" in first.stdout
    assert "0 changes and 0 min of listening added" in second.stdout


def test_a_summary_as_text_and_as_json(here: Run, recording: Path) -> None:
    here("history", "import", str(recording))

    text = here("history", "summary", "NOR_00001").stdout
    data = json.loads(here("history", "summary", "NOR_00001", "--json").stdout)

    assert "median 30 min, 90 % within 30 min (1 session)" in text
    assert "connector 1: free > fault" in text
    assert data["median_session"] == 1800
    assert data["longest_current_fault"]["connector"] == 1
    assert sum(hour["observed_seconds"] for hour in data["hours_of_week"]) == 5400
    assert data["changes"][0]["after"] == "fault"


def test_an_export_as_json_lines_and_as_csv(here: Run, recording: Path) -> None:
    here("history", "import", str(recording))

    lines = [json.loads(text) for text in here("history", "export").stdout.splitlines()]
    text = here("history", "export", "--format", "csv", "NOR_00001").stdout
    rows = list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))

    assert [each["condition"] for each in lines] == ["free", "occupied", "free", "fault"]
    assert [each["condition"] for each in rows] == [each["condition"] for each in lines]
    assert lines[0]["station"] == "NOR_00001"
    assert text.startswith("\ufeff")  # spreadsheets need the mark
    assert here("history", "export", "--since", "2030-01-01").stdout == ""
    first_day = here("history", "export", "--since", "0001-01-01")
    assert len(first_day.stdout.splitlines()) == 4
    unreadable = here("history", "export", "--since", "yesterday")
    assert unreadable.returncode == ExitCode.USAGE
    assert "expected a date or time such as 2026-03-24" in " ".join(unreadable.stderr.split())


def test_a_misspelt_station_gets_a_suggestion(here: Run, recording: Path) -> None:
    here("history", "import", str(recording))

    for command in ("summary", "export"):
        done = here("history", command, "NOR_00002")
        assert done.returncode == ExitCode.USAGE
        assert 'Nothing is recorded of "NOR_00002". Did you mean "NOR_00001"?' in done.stderr
        done = here("history", command, "oslo")
        assert done.returncode == ExitCode.USAGE
        assert 'Nothing is recorded of "oslo". To find the id' in done.stderr
        # In another spelling, it is found.
        assert "NOR_00001" in here("history", command, "nor 1").stdout
    # A station that exists is no mistake.
    save_register(register_file(), {"NOR_00002": Facts(name="Minde")}, {})
    for command in ("summary", "export"):
        done = here("history", command, "nor_2")
        assert done.returncode == ExitCode.FAILURE
        assert done.stderr == 'nobil-tui: Nothing is recorded of the station "NOR_00002".\n'


def test_names_come_with_their_credit(here: Run, recording: Path) -> None:
    here("history", "import", str(recording))
    save_register(register_file(), {"NOR_00001": Facts(name="=1+1", place="Oslo")}, {})

    text = here("history", "summary", "NOR_00001").stdout.splitlines()
    assert (text[0], text[-1]) == ("NOR_00001  =1+1, Oslo", f"Names: {CREDIT}")
    data = json.loads(here("history", "summary", "NOR_00001", "--json").stdout)
    assert (data["name"], data["credit"]) == ("=1+1", CREDIT)
    line = json.loads(here("history", "export").stdout.splitlines()[0])
    assert (line["name"], line["credit"]) == ("=1+1", CREDIT)
    _, row, *_ = csv.reader(here("history", "export", "--format", "csv").stdout.splitlines())
    assert (row[2], row[-1]) == ("'=1+1", CREDIT)

    register_file().write_bytes(b"damaged")
    done = here("history", "export")
    assert (done.returncode, "is not a register, or is damaged" in done.stderr) == (0, True)
    assert json.loads(done.stdout.splitlines()[0])["name"] is None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such shell there")
def test_an_export_without_a_reader_ends_silently(here: Run, recording: Path) -> None:
    minutes = range(2000)
    words = ("AVAILABLE", "CHARGING")
    recording.write_text("".join(line(at, "NOR_00001", "a", words[at % 2]) for at in minutes))
    here("history", "import", str(recording))
    command = f"'{sys.executable}' -m nobil_tui history export | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_without_a_history(here: Run) -> None:
    summary, export = here("history", "summary", "NOR_1"), here("history", "export")

    assert summary.returncode == ExitCode.FAILURE
    assert "Nothing is recorded yet" in summary.stderr
    assert (export.returncode, export.stdout) == (0, "")
    assert not history_file().exists()


@pytest.mark.parametrize("arguments", [("summary", "NOR_1"), ("export",)])
def test_a_file_that_is_no_history(here: Run, arguments: tuple[str, ...]) -> None:
    history_file().parent.mkdir(parents=True, exist_ok=True)
    history_file().write_bytes(b"something else" * 100)

    done = here("history", *arguments)

    assert done.returncode == ExitCode.FAILURE
    assert "is not a history of nobil-tui, or is damaged" in done.stderr


def test_a_missing_recording_is_refused(here: Run, tmp_path: Path) -> None:
    done = here("history", "import", str(tmp_path / "missing.jsonl"))

    assert done.returncode == ExitCode.FAILURE
    assert "missing.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_import_while_the_app_records_is_refused(here: Run, recording: Path) -> None:
    history_file().parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{history_file()}.lock"):
        done = here("history", "import", str(recording))

    assert done.returncode == ExitCode.FAILURE
    assert "Another nobil-tui is recording" in done.stderr
