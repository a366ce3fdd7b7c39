"""Programs that are forked behave as those that are started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("termios")

from tests.conftest import GUARD
from tests.forking import Forked, run_forked

ENDS = {
    "pass": (0, ""),
    "import sys; sys.exit(3)": (3, ""),
    "import sys; sys.exit('no')": (1, "no\n"),
    "import os; os._exit(7)": (7, ""),
    "import os, signal; os.kill(os.getpid(), signal.SIGTERM)": (-signal.SIGTERM, ""),
    "import atexit, sys; atexit.register(print, 'end', file=sys.stderr)": (0, "end\n"),
}


@pytest.mark.slow
def test_they_end_as_others() -> None:
    for code, end in ENDS.items():
        done = run_forked([sys.executable, "-c", code], stderr=subprocess.PIPE)
        assert (done.returncode, done.stderr) == end, code
    done = run_forked([sys.executable, "-c", "1 / 0"], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "ZeroDivisionError: division by zero",
    )
    warns = "import warnings; warnings.warn('now')"
    done = run_forked([sys.executable, "-W", "error", "-c", warns], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "UserWarning: now")


@pytest.mark.slow
def test_they_have_their_own_surroundings(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ, sys.argv[1:], input(), os.getpid())"
    with Forked(
        [sys.executable, "-c", code, "a", "b"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={"ONLY": "one", "PYTHONIOENCODING": "latin-1"},
    ) as process:
        out, _ = process.communicate("ø\n".encode("latin-1"), GUARD)
    environ = "environ({'ONLY': 'one', 'PYTHONIOENCODING': 'latin-1'})"
    expected = f"{tmp_path} {environ} ['a', 'b'] ø {process.pid}\n"
    assert out.decode("latin-1") == expected
    assert process.pid != os.getpid()


@pytest.mark.slow
def test_signals_reach_them() -> None:
    wait = "print('ready', flush=True); input()"
    for number, end in ((signal.SIGINT, 1), (signal.SIGKILL, -signal.SIGKILL)):
        streams: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with Forked([sys.executable, "-c", wait], text=True, **streams) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            assert process.poll() is None
            process.send_signal(number)
            assert process.wait(GUARD) in (end, -number)
