"""Shell completion: the scripts and their candidates."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

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
def test_script_is_valid_in_its_shell(here: Run, shell: str) -> None:
    done = here("completion", shell)
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


OLD_BASH = """
# What bash 3.2 of macOS lacks.
complete() {
    case " $* " in *" nosort "*) echo "complete: nosort: invalid option name" >&2; return 2 ;; esac
    builtin complete "$@"
}
compopt() { echo "compopt: command not found" >&2; return 127; }
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("old", [OLD_BASH, ""], ids=["bash 3.2", "bash"])
def test_the_bash_script_works_in_old_shells(here: Run, tmp_path: Path, old: str) -> None:
    script = here("completion", "bash").stdout
    assert not re.search(r"mapfile|readarray|\|&|&>>|\$\{\w+[,^]|-A |\$\{!?\w+@", script)
    for name in ("recording one.jsonl", "recorded.jsonl"):
        (tmp_path / name).touch()
    answers = "plain,enova\nplain,two words\n"
    test = f"""{old}
    env() {{ printf '%s' "$ANSWER"; }}
    {script}
    builtin complete -p nobil-tui
    for ANSWER in $'{answers!r}' 'file,rec'; do
        _nobil_tui_completion nobil-tui
        printf '<%s>' "${{COMPREPLY[@]}}"
        echo
    done
    """.replace(repr(answers), answers.replace("\n", "\\n"))
    bash = ["bash", "--norc", "-e"]
    done = subprocess.run(bash, input=test, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    spec, plain, files = done.stdout.splitlines()
    assert spec.endswith("-F _nobil_tui_completion nobil-tui")
    assert plain == "<enova><two words>"
    if old:
        assert set(files[1:-1].split("><")) == {"recorded.jsonl", "recording one.jsonl"}
