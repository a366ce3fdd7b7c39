"""Shell completion: the scripts and their candidates."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, split_arg_string

from nobil_tui.base.paths import config_file, history_file, state_dir
from nobil_tui.cli.commands import CLI_COMMANDS
from nobil_tui.cli.root import cli
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.observation import Portion, StoredChange
from nobil_tui.sources.catalogue import typed_names
from nobil_tui.store.state_file import StoredClock, open_to_write, write_state
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
    assert completed(run, "nobil-tui --source ") == [f"plain,{name}" for name in typed_names()]
    assert completed(run, "nobil-tui --source e") == ["plain,enova"]
    assert completed(run, "nobil-tui --source rec") == ["file,rec"]


@pytest.fixture
def stations(home: Path) -> None:
    """Star a station, and store a history and a last known state of others."""
    config_file().parent.mkdir(parents=True)
    config_file().write_text(
        "[watched]\nstations = ['NOR_00007']\nsimulated = ['NOR_00008']\n"
        "[stream]\nsource = 'enova'\n"
    )
    for path in (history_file(), state_dir() / "enova.sqlite"):
        path.parent.mkdir(parents=True, exist_ok=True)
    database = HistoryDatabase.open_to_write(history_file())
    database.write(Portion([StoredChange(f"NOR_0000{n}", "a", 1, 1000, 0) for n in (1, 2)]))
    database.close()
    connection = open_to_write(state_dir() / "enova.sqlite")
    state = [(f"NOR_0001{n}", b"{}") for n in (1, 2)]
    write_state(connection, dict(state), StoredClock(0, 1, None))
    connection.close()
    (state_dir() / "damaged.sqlite").write_bytes(b"damaged" * 100)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('nobil-tui list "ccs fre', ["plain,ccs free"]),
        ("nobil-tui tail --filter op", ["plain,op:"]),
        ("nobil-tui wait --filter country:s", ["plain,country:swe"]),
        ("nobil-tui status ", ["plain,NOR_00007"]),
        ("nobil-tui status --source demo ", ["plain,NOR_00008"]),
        ("nobil-tui tail nor_0001", ["plain,NOR_00011", "plain,NOR_00012"]),
        ("nobil-tui wait NOR_", ["plain,NOR_00007", "plain,NOR_00011", "plain,NOR_00012"]),
        ("nobil-tui history summary nor", ["plain,NOR_00001", "plain,NOR_00002"]),
    ],
)
def test_complete_filters_and_stations(
    capsys: pytest.CaptureFixture[str], stations: None, words: str, expected: list[str]
) -> None:
    completion = BashComplete(cli, {}, "nobil-tui", "_NOBIL_TUI_COMPLETE")
    _, *args = split_arg_string(words)
    incomplete = "" if words.endswith(" ") else args.pop()
    found = completion.get_completions(args, incomplete)
    assert [completion.format_completion(item) for item in found] == expected


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
