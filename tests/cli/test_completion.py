"""Shell completion: the scripts and their candidates."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from nobil_tui.cli.root import CLI_COMMANDS
from nobil_tui.sources.catalogue import SOURCES
from tests.cli.conftest import Run


def completed(run: Run, words: str) -> list[str]:
    """Return bash's candidates for the last of ``words``, as ``kind,text``."""
    done = run(
        env={
            "_NOBIL_TUI_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        }
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_valid_in_its_shell(run: Run, shell: str) -> None:
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_NOBIL_TUI_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell) is not None:
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_complete_commands_and_options(run: Run) -> None:
    assert completed(run, "nobil-tui ") == [f"plain,{name}" for name in CLI_COMMANDS]
    assert completed(run, "nobil-tui con") == ["plain,config"]
    assert completed(run, "nobil-tui config ") == ["plain,init", "plain,path", "plain,show"]
    assert "plain,--source" in completed(run, "nobil-tui --s")
    assert completed(run, "nobil-tui completion z") == ["plain,zsh"]


def test_complete_sources(run: Run) -> None:
    assert completed(run, "nobil-tui --source ") == [
        f"plain,{name}" for name in SOURCES if name != "recording"
    ]
    assert completed(run, "nobil-tui --source e") == ["plain,enova"]
    assert completed(run, "nobil-tui --source rec") == ["file,rec"]
