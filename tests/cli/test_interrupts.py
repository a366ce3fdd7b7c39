"""Ctrl-C while the program starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.interrupts import end_at_interrupt, raise_at_interrupt
from tests.cli.conftest import GUARD, Start

IN_A_CALLBACK = """
import signal, sys, weakref

class Finder:
    def find_spec(self, name, *_):
        if name == "nobil_tui.cli.root":
            # Python ignores an exception that is raised here.
            weakref.ref(Finder(), lambda _: signal.raise_signal(signal.SIGINT))

sys.modules.pop("nobil_tui.cli.root", None)
sys.meta_path.insert(0, Finder())
sys.argv[1:] = ["--version"]
from nobil_tui.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_an_interrupt_is_not_lost_in_an_import(start: Start) -> None:
    process = start(code=IN_A_CALLBACK, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=GUARD)
    assert (process.returncode, out, err) == (ExitCode.INTERRUPTED, "", "")


def test_until_it_is_raised() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        end_at_interrupt()
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        raise_at_interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        # As of a background job of a script.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_at_interrupt()
        raise_at_interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_imported_before() -> None:
    """Ctrl-C in such an import would show a traceback."""
    code = (
        "import sys; before = {*sys.modules}; import nobil_tui.cli; print({*sys.modules} - before)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        check=True,
        timeout=GUARD,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert eval(done.stdout) == {"nobil_tui", "nobil_tui.cli", "__future__"}
