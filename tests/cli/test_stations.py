"""``list``, ``status`` and ``wait`` in a process, as scripts use them."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nobil_tui.base.paths import register_file
from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import CREDIT, Facts, Plug
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.wait import UNTIL
from nobil_tui.config.alert_rules import AlertWhen
from nobil_tui.hub.demo_server import DemoServer
from nobil_tui.register.cache import save_register
from nobil_tui.wire.station_lines import ConnectorLine, StationCounts, StationLine
from tests.cli.conftest import GUARD, Run, Start
from tests.feeds.recordings import content, said, write

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and pipes are others there"
)


@pytest.fixture
def recording(tmp_path: Path) -> str:
    """Return a recording that ends with a free, a faulty and an occupied connector."""
    entries = [
        (said("CHARGING", "NOR_00001", "a"), 0),
        (said("OUTOFORDER", "NOR_00002", "b"), 1000),
        (said("AVAILABLE", "NOR_00001", "a"), 2000),
        (said("CHARGING", "NOR_00003", "c"), 3000),
    ]
    return str(write(tmp_path / "a.jsonl", content(entries, None)))


@pytest.fixture
def register() -> None:
    """Store names, one of which a terminal and a spreadsheet would run."""
    facts = {
        "NOR_00001": Facts(name="=1+1\x1b[2J", place="Oslo", plugs=(Plug("CCS", 150.0),)),
        "NOR_00002": Facts(
            name="Brygga",
            place="Bergen",
            plugs=(Plug("Type 2", 22.0),),
            prices=(Price("EUR", kwh=0.45, minute=0.1, at_least=True),),
        ),
    }
    save_register(register_file(), facts, {})


def test_list_as_json(run: Run, recording: str, register: None) -> None:
    done = run("list", "ccs", "oslo", "--json", "--source", recording)
    [line] = map(json.loads, done.stdout.splitlines())
    assert line.keys() == set(StationCounts.__struct_fields__)
    assert (line["station"], line["free"], line["total"]) == ("NOR_00001", 1, 1)
    assert (line["condition"], line["certainty"], line["credit"]) == ("free", "confirmed", CREDIT)
    assert done.stderr == "nobil-tui: State at the end of a.jsonl.\n"
    assert done.returncode == ExitCode.SUCCESS


def test_list_says_which_word_finds_nothing(here: Run, recording: str, register: None) -> None:
    done = here("list", "oslo", "xyzzy", "--json", "--source", recording)
    assert (done.returncode, done.stdout) == (ExitCode.SUCCESS, "")
    assert done.stderr.endswith(
        "nobil-tui: No stations match the filter (nothing matches xyzzy).\n"
    )


def test_a_recording_without_stations_is_a_failure(
    here: Run, tmp_path: Path, register: None
) -> None:
    entry = content([(said("CHARGING", "NOR_00001", "a"), 0)])
    path = write(tmp_path / "cut.jsonl", entry[: len(entry) - 20])
    done = here("list", "oslo", "--source", str(path))
    assert (done.returncode, done.stdout) == (ExitCode.FAILURE, "")
    assert "There are no stations in cut.jsonl." in done.stderr


def test_list_as_csv_and_in_tabs(here: Run, recording: str, register: None) -> None:
    text = here("list", "--csv", "--source", recording).stdout
    assert text.startswith("\ufeff")  # spreadsheets need the mark
    rows = list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))
    assert [row["station"] for row in rows] == ["NOR_00001", "NOR_00002", "NOR_00003"]
    assert rows[0]["name"].startswith("'=1+1")
    assert [row["price_kwh"] for row in rows] == ["", "0.45", ""]
    assert (rows[1]["price_currency"], rows[1]["price_at_least"]) == ("EUR", "true")
    assert [row["credit"] for row in rows] == [CREDIT, CREDIT, ""]
    text = here("list", "--source", recording, "--limit", "2").stdout
    assert text.splitlines()[1].split("\t") == [
        *("NOR_00002", "0/1", "fault", "confirmed"),
        *("Brygga", "Bergen", "", "from 0.45 €/kWh + 0.10 €/min", "T2 22", CREDIT),
    ]
    assert "\x1b" not in text


def test_status(here: Run, recording: str, register: None) -> None:
    done = here("status", "nor_1", "NOR_3", "--json", "--source", recording)
    lines = list(map(json.loads, done.stdout.splitlines()))
    assert [line["station"] for line in lines] == ["NOR_00001", "NOR_00003"]
    assert lines[0].keys() == set(StationLine.__struct_fields__)
    [connector] = lines[0]["connectors"]
    assert connector.keys() == set(ConnectorLine.__struct_fields__)
    assert (connector["condition"], connector["word"]) == ("free", "AVAILABLE")
    assert connector["price"] is None
    text = here("status", "nor_2", "--source", recording).stdout.splitlines()
    assert text[0] == "NOR_00002  0/1 free  Brygga, Bergen  from 0.45 €/kWh + 0.10 €/min"
    assert text[1].startswith("  1  fault since ")
    assert text[-1] == f"Station data: {CREDIT}"


def test_live_state_then_last_known_state(here: Run, demo: DemoServer) -> None:
    done = here("list", "--json", "--limit", "1", "--source", demo.url)
    station = json.loads(done.stdout)["station"]
    assert "Live state of" in done.stderr
    demo.stop()
    done = here("status", station.lower(), "--json", "--source", demo.url)
    line = json.loads(done.stdout)
    assert (line["station"], line["certainty"]) == (station, "stale")
    assert "Last known state of" in done.stderr
    assert done.returncode == ExitCode.SUCCESS


def test_wait(here: Run, recording: str, register: None) -> None:
    args = ("--source", recording, "--speed", "max")
    done = here("wait", "nor_2", "--until", "fault", *args)
    line = json.loads(done.stdout)
    assert (line["station"], line["after"], line["credit"]) == ("NOR_00002", "fault", CREDIT)
    assert done.returncode == ExitCode.SUCCESS
    done = here("wait", "nor_2", *args)
    assert (done.returncode, done.stdout) == (ExitCode.TIMED_OUT, "")
    assert "The source ended before a station was free." in done.stderr
    done = here("wait", "--filter", "brygga", "--timeout", "0.1s", "--source", recording)
    assert done.returncode == ExitCode.TIMED_OUT
    assert "No station was free in time." in done.stderr


def test_a_simulation_has_its_own_stars_and_home(here: Run, tmp_path: Path) -> None:
    every = here("list", "--json", "--source", "demo", "--stations", "9").stdout.splitlines()
    ids = [json.loads(line)["station"] for line in every]
    config = tmp_path / "config.toml"
    config.write_text(
        f"[watched]\nstations = ['{ids[0]}', 'NOR_9']\nsimulated = ['{ids[1]}']\n"
        "[home]\nsimulated = [60.0, 10.0]\n"
    )
    args = ("--json", "--source", "demo", "--stations", "9", "--config", str(config))
    [line] = here("list", "starred", *args).stdout.splitlines()
    assert json.loads(line)["station"] == ids[1]
    nearest = json.loads(here("list", "near", *args).stdout.splitlines()[0])
    assert nearest["distance_km"] is not None
    [line] = here("status", nearest["station"], *args).stdout.splitlines()
    assert json.loads(line)["distance_km"] == nearest["distance_km"]
    # Real stations have no home here.
    done = here("list", "near", "--json", "--source", "enova", "--config", str(config))
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("status",), "Missing argument 'STATION...'"),
        (("status", "NOR_00004"), 'No station has the id "NOR_00004". Did you mean'),
        (("status", "Oslo"), 'To find the id of a station, use "nobil-tui list".'),
        (("list", "fre:x"), "The filter is not understood: unknown field fre:"),
        (("tail", "--filter", "country:xx"), "The filter is not understood: unknown country xx"),
        (("list", "free>="), "free>= needs a number, as in free>=2."),
        (("list", "--json", "--csv"), "Use either --json or --csv."),
        (("wait",), "Give station ids, or a filter with --filter."),
        (("wait", "--filter", " "), "Give station ids, or a filter with --filter."),
        (("list", "--limit", "0"), "Invalid value for '--limit': expected a number above 0."),
        (("list", "--limit", "1e3"), "Invalid value for '--limit': expected a number above 0."),
        (("list", "--stations", "x"), "expected a number from 1 to 100000."),
        (("list", "--config", ""), "Invalid value for '--config': expected the path of a file."),
        (("wait", "NOR_1", "--timeout", "soon"), "expected a time such as 90s, 15m or 2h."),
        (("wait", "NOR_1", "--until", "busy"), "'busy' is not one of"),
    ],
)
def test_mistakes(here: Run, recording: str, args: tuple[str, ...], words: str) -> None:
    done = here(*args, "--source", recording)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert words in " ".join(done.stderr.split())


def test_help_describes_every_field(here: Run) -> None:
    for command, kinds in (
        ("list", (StationCounts, Price)),
        ("status", (StationLine, ConnectorLine, Price)),
    ):
        words = set(re.findall(r"\w+", here(command, "--help").stdout))
        assert words >= {name for kind in kinds for name in kind.__struct_fields__}


# Standard output


def test_non_blocking_pipe_gets_every_line(start: Start, tmp_path: Path) -> None:
    words = ("AVAILABLE", "CHARGING")
    entries = [(said(words[n % 2]), n) for n in range(4_000)]
    path = write(tmp_path / "a.jsonl", content(entries))
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    process = start("tail", "--source", str(path), "--speed", "max", stdout=write_end)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        assert len([json.loads(line) for line in pipe]) == 4_000
    assert process.wait(GUARD) == ExitCode.SUCCESS


def test_closed_pipe_ends_list(start: Start) -> None:
    process = start("list", "--stations", "2000", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(GUARD) == ExitCode.FAILURE
    assert "Broken pipe" not in process.stderr.read()


@pytest.mark.slow
def test_commands_do_not_import_textual(recording: str) -> None:
    code = f"""
import sys
from nobil_tui.cli.root import run_command_line
for args in (["list"], ["status", "NOR_1"], ["wait", "NOR_1", "--speed", "max"]):
    run_command_line([*args, "--source", {recording!r}])
unwanted = ("textual", "rich", "nobil_tui.tui", "aiohttp", "sqlite3")
print([name for name in unwanted if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=GUARD, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_can_be_waited_for_is_what_an_alert_can_wait_for() -> None:
    assert [*UNTIL] == [*AlertWhen]
