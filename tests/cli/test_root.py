"""The program's help, its commands, and its usage errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import click
import pytest

from nobil_tui.cli import main
from nobil_tui.cli.commands import CLI_COMMANDS
from nobil_tui.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from nobil_tui.cli.root import cli
from nobil_tui.cli.root import run_command_line as run_here
from tests.cli.conftest import Invoke, Run
from tests.for_each import for_each

HEAVY = (
    "textual",
    "rich",
    "websockets",
    "aiohttp",
    "msgspec",
    "sqlite3",
    "asyncio",
    "tomlkit",
    "nobil_tui.tui",
)


def loaded_by(*commands: tuple[str, ...]) -> dict[str, list[str]]:
    """Run commands one after the other in a process; return the heavy modules that were imported
    until the end of each."""
    code = f"""
import sys, json
from nobil_tui.cli.root import run_command_line
loaded = {{}}
for args in {commands!r}:
    assert run_command_line(args) == 0, args
    loaded[" ".join(args)] = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps(loaded))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return loaded


@pytest.mark.slow
def test_help_and_completion_import_no_heavy_module() -> None:
    commands = [("--help",), ("config", "path"), ("completion", "zsh"), ("config", "--help")]
    for args, loaded in loaded_by(*commands).items():
        assert loaded == [], args


@pytest.mark.slow
def test_command_help_does_not_import_textual() -> None:
    for args, loaded in loaded_by(*((command, "--help") for command in CLI_COMMANDS)).items():
        assert not {"textual", "rich", "nobil_tui.tui", "websockets", "aiohttp"} & {*loaded}, args


@for_each("name", [*CLI_COMMANDS])
def test_every_listed_command_exists_and_has_help(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help
    assert CLI_COMMANDS[name].help.endswith(".")


def test_help_lists_commands_and_exit_codes(here: Run) -> None:
    done = here("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, entry in CLI_COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.help)}$", done.stdout, re.MULTILINE)
    for code in ExitCode:
        assert re.search(
            rf"^  {int(code)} +{re.escape(EXIT_CODE_HELP[code])}", done.stdout, re.MULTILINE
        )
    assert here("-h").stdout == done.stdout


def test_help_fits_80_columns(here: Run) -> None:
    for args in ((), *((name,) for name in CLI_COMMANDS)):
        assert max(map(len, here(*args, "--help").stdout.splitlines())) <= 80


def test_version(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nobil-tui ")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("confg",), 'Unknown command "confg". Did you mean "config"?'),
        (("Tail",), 'Did you mean "tail"?'),
        (("xyzzy",), 'Unknown command "xyzzy".'),
        (("config", "shw"), 'Unknown command "shw". Did you mean "show"?'),
        (("--sorce", "demo"), "--source"),
        (("serve", "--prot", "1"), "--port"),
        (("demo",), "Use --source to name a source."),
        (("day.jsonl",), "Use --source to name a source."),
        (("--stations", "0"), "--stations"),
        (("--stations", "100001"), "--stations"),
        (("--seed", "x"), "--seed"),
        (("--speed", "0"), "expected a number above 0"),
        (("--speed", "nan"), "expected a number above 0"),
        (("--speed", "inf"), "expected a number above 0"),
        (("--speed", "fast"), "expected a number above 0"),
        (("--log-level", "LOUD"), "--log-level"),
        (("--config", "/"), "--config"),
        (("completion", "tcsh"), "'bash', 'zsh', 'fish'"),
        (("--ascii", "serve"), "--ascii does not apply to serve."),
        (("--source", "demo", "config", "path"), "--source does not apply to config."),
    ],
)
def test_usage_errors_explain_themselves(here: Run, args: tuple[str, ...], words: str) -> None:
    done = here(*args)
    assert done.returncode == ExitCode.USAGE
    assert done.stdout == ""
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text", ["ws://example.org/?key=s3cr3t", "s3cr3t-3b1f6a0c-aaaa-4c1e-9f7e-000000000000"]
)
def test_possible_key_is_not_repeated(here: Run, text: str) -> None:
    done = here(text)
    assert done.returncode == ExitCode.USAGE
    assert "s3cr3t" not in done.stderr + done.stdout


def test_ctrl_c_during_startup_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "get_command", interrupted)
    assert run_here(["serve"]) == ExitCode.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow
def test_closed_stdout_prints_no_traceback() -> None:
    line = f"{sys.executable} -m nobil_tui config show | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "1"}


def test_option_before_a_command_applies_to_it(invoke: Invoke, home: object) -> None:
    assert invoke("--config", "/tmp/one.toml", "config", "path").output == "/tmp/one.toml\n"
    assert invoke("config", "--config", "/tmp/two.toml", "path").output == "/tmp/two.toml\n"
    assert (
        invoke("--config", "/tmp/one.toml", "config", "path", "--config", "/tmp/3.toml").output
        == "/tmp/3.toml\n"
    )


def test_an_interrupt_while_it_is_imported_is_no_crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first moments of a start are imports."""

    class Interrupted:
        """Finds modules as Ctrl-C does."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "nobil_tui.cli.root":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "nobil_tui.cli.root")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == ""
