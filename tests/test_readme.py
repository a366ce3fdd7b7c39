"""Tests of the README's command lines and tables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nobil_tui.cli.exit_codes import EXIT_CODE_HELP
from nobil_tui.feeds.simulation.model import Simulation
from nobil_tui.hub.demo_server import DemoServer
from tests.conftest import GUARD

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def test_urls_in_commands_are_quoted() -> None:
    """Unquoted, zsh and fish take the ``?`` of a URL for a wildcard and fail."""
    commands = re.findall(r"`(nobil-tui [^`]*://[^`]*)`", TEXT)
    assert commands
    for command in commands:
        assert re.search(r"'\S+://\S+'", command), command


def test_the_table_has_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", TEXT, re.MULTILINE)
    assert rows == [(str(int(code)), words) for code, words in EXIT_CODE_HELP.items()]


def example(begin: str) -> str:
    """Return the block of commands after a sentence that begins so."""
    return TEXT.split(f"\n{begin}", 1)[1].split("```", 2)[1].partition("\n")[2]


def test_the_station_of_the_examples_is_in_the_simulation() -> None:
    """They work as they are right after the installation."""
    stations = {station.id for station in Simulation(start=1_700_000_000_000).stations}
    used = set(re.findall(r"nobil-tui (?:status|wait) ([A-Z]+_\d+)", TEXT))
    assert used
    assert used <= stations


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("jq") is None, reason="needs a shell and jq"
)
def test_the_examples_for_scripts_work(tmp_path: Path) -> None:
    """Against the demo's server, with programs of ours in place of nobil-tui and curl."""
    demo = DemoServer.start(100, 0, 3000)
    try:
        home = tmp_path / "home"
        config = home / ".config" / "nobil-tui" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f"[stream]\nsource = '{demo.url}'\n[home]\nposition = [59.91, 10.75]\n")
        programs = {
            "nobil-tui": f'exec "{sys.executable}" -m nobil_tui "$@"',
            "curl": 'printf "%s " "$@"; cat',
        }
        for name, line in programs.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
            (tmp_path / name).chmod(0o700)
        environ = {
            **os.environ,
            "HOME": str(home),
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PYTHONPATH": str(README.parent),
        }

        def output_of(commands: str) -> str:
            done = subprocess.run(
                ["sh", "-c", commands],
                env=environ,
                cwd=home,
                capture_output=True,
                text=True,
                timeout=GUARD,
                check=True,
            )
            return done.stdout

        cron = example("For cron").removeprefix("*/15 * * * * ")
        assert "%" not in cron
        output_of(cron)
        output_of(cron.replace("ccs >=150kw near within:5km", "country:nor"))
        lines = (home / "chargers.jsonl").read_text().splitlines()
        station = json.loads(lines[-1])["station"]
        status_bar = example("For a status bar").replace("NOR_02073", station)
        assert re.fullmatch(r"\d+/\d+ free\n", output_of(status_bar))
        push = example("For a push service").replace("NOR_02073 ", "--filter country:nor ")
        assert re.fullmatch(r"-d @- https://ntfy.sh/your-topic .+ is free\n", output_of(push))
    finally:
        demo.stop()
    hook = tomllib.loads(example("To be notified of every alert"))["alerts"]["command"]
    assert hook[0] == "curl"
