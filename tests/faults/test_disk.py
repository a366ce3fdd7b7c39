"""Faults of disks: whatever fails and whenever the program ends, nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults import disk_scenarios
from tests.faults.disk_scenarios import DATABASES, FILES, NEW, OLD, RECORDINGS
from tests.faults.table import RecordFault

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> list[Any]:
    """Run the driver; return what it prints."""
    command = [sys.executable, "-m", disk_scenarios.__name__, *arguments]
    # Not forked from a large process: the children that it forks would take long.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("names", [FILES, RECORDINGS, DATABASES], ids=lambda names: names[0])
def test_the_old_file_or_the_new_one(
    names: tuple[str, ...], record_fault: RecordFault, faults_long: bool
) -> None:
    outcomes = iter(run(*names, *(["--long"] if faults_long else [])))
    for name in names:
        killed, failed = next(outcomes), next(outcomes)
        assert killed["wrong"] == failed["wrong"] == [], name
        # Each was interrupted before and, but for the last call, after the content was there.
        assert killed["left"][OLD] > 0, name
        assert {OLD, NEW} <= set(failed["left"]), name
        counts = [
            f"{each['left'].get(OLD, 0)} old, {each['left'].get(NEW, 0)} new"
            for each in (killed, failed)
        ]
        record_fault(f"{name}: kill -9 at a call", killed["times"], counts[0], "no state")
        seen = f"{failed['seen']} ({counts[1]})"
        record_fault(f"{name}: a call fails", failed["times"], seen, "no state")


def test_ten_programs_that_save_at_once_lose_no_star(
    record_fault: RecordFault, faults_long: bool
) -> None:
    seeds = 30 if faults_long else 1
    found = run("--together", *map(str, range(seeds)))
    assert found == [[]] * (2 * seeds)
    record_fault("ten save at once, some are killed", 20 * seeds, "all stars", "no state")


REAL = """
import logging, subprocess, sys
from pathlib import Path
from nobil_tui.base.files import NotSavedError
from nobil_tui.config.reading import load_config
from nobil_tui.config.operations import Star
from tests.config.saving import save_config
from nobil_tui.store.state_store import StateStore

logging.disable()

def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)

folder = Path(sys.argv[1])
real, single, full = folder / "real.toml", folder / "single.toml", folder / "full"
real.write_text("# mine\\n")
single.touch()
mount("--bind", str(real), str(single))
save_config(single, Star("A"))
assert real.read_text() == '# mine\\n\\n[watched]\\nstations = ["A"]\\n'

# A disk of 64 kB, first full and then read-only, but for a file that is mounted.
full.mkdir()
mount("-t", "tmpfs", "-o", "size=64k", "none", str(full))
save_config(full / "config.toml", Star("A"))
(full / "rest").write_bytes(bytes(4096))
try:
    (full / "more").write_bytes(bytes(1 << 20))
except OSError:
    pass
path = full / "config.toml"
try:
    save_config(path, Star("B"))
    raise AssertionError
except NotSavedError as error:
    words = f"Could not save {path}: No space left on device. Free some space."
    assert str(error) == words, error
assert load_config(full / "config.toml").watched.stations == ["A"]
store = StateStore.open(full / "state" / "hand.sqlite")
store.close()
assert "Free some space." in store.notice, store.notice
(full / "rest").unlink()
mount("-o", "remount,ro", str(full))
mount("--bind", str(real), str(full / "config.toml"))
save_config(full / "config.toml", Star("C"))
assert load_config(real).watched.stations == ["A", "C"]
store = StateStore.open(full / "state" / "hand.sqlite")
store.close()
assert "Read-only file system" in store.notice, store.notice
print("done")
"""


def test_real_mounts(tmp_path: Path) -> None:
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("needs the right to mount")
    command = [*unshare, sys.executable, "-c", REAL, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)
