"""From the command line to the app: its options, and what prevents its start."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from textual.app import App

from nobil_tui.base import paths
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.sources.demo import DemoSource
from nobil_tui.sources.recording import RecordingSource
from nobil_tui.sources.v1 import V1Source
from nobil_tui.tui.options import AppOptions
from tests.cli.conftest import Invoke, Run

PLACE = "wss://example.org/x?key={private_apikey}"
KEY = "s3cr3t-k3y"


def everything_written(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.rglob("*.log*"))


def test_default_is_the_simulation(invoke: Invoke, opened: list[AppOptions], home: Path) -> None:
    assert invoke().exit_code == 0
    [setup] = opened
    assert isinstance(setup.source, DemoSource)
    assert setup.source_text == ""
    assert setup.config_path == home / ".config" / "nobil-tui" / "config.toml"
    assert setup.state_dir == paths.state_dir()
    assert setup.register_path == paths.register_file()
    assert (setup.warnings, setup.ascii) == ((), None)
    assert isinstance(setup.make_source("demo", setup.config, None).source, DemoSource)
    assert os.environ["TEXTUAL_FPS"] == "1000"


def test_textual_fps_of_the_environment_is_kept(
    invoke: Invoke, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_FPS", "10")
    invoke()
    assert os.environ["TEXTUAL_FPS"] == "10"


def test_exit_code_of_the_app_is_returned(
    invoke: Invoke, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["nobil_tui.tui.app"], "run", lambda setup: 1)
    assert invoke().exit_code == 1


def test_options_apply_to_the_simulation(invoke: Invoke, opened: list[AppOptions]) -> None:
    assert invoke("--stations", "7", "--seed", "9", "--speed", "2.5", "--ascii").exit_code == 0
    [setup] = opened
    assert isinstance(setup.source, DemoSource)
    options = setup.source.options
    assert (options.stations, options.seed, options.speed) == (7, 9, 2.5)
    assert setup.ascii


def test_speed_applies_to_a_recording(invoke: Invoke, opened: list[AppOptions]) -> None:
    assert invoke("--source", "day.jsonl", "--speed", "max").exit_code == 0
    [setup] = opened
    assert isinstance(setup.source, RecordingSource)
    assert setup.source.options.speed == float("inf")


def test_source_and_key_of_the_config(
    invoke: Invoke, opened: list[AppOptions], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f'[stream]\nsource = "{PLACE}"\napi_key = "{KEY}"\n[watched]\nstations = ["NOR_1"]\n'
    )
    file.chmod(0o600)
    assert invoke("--config", str(file)).exit_code == 0
    assert invoke("--config", str(file), "--source", "demo").exit_code == 0
    own, other = opened
    assert isinstance(own.source, V1Source)
    assert (own.source_text, own.config_path, own.warnings) == (PLACE, file, ())
    assert own.config.watched.stations == ["NOR_1"]
    assert isinstance(other.source, DemoSource)


def test_warnings_are_passed_to_the_app(
    invoke: Invoke, opened: list[AppOptions], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[stream]\nsource = "ws://example.org/?key={KEY}"\napi_key = "{KEY}"\n')
    file.chmod(0o644)
    shown = invoke("--config", str(file))
    assert (shown.exit_code, shown.output) == (0, "")
    [setup] = opened
    assert setup.source_text == "ws://example.org/?key={private_apikey}"
    readable, clear = setup.warnings
    assert "chmod 600" in readable
    assert "unencrypted" in clear
    assert KEY not in "".join(setup.warnings)


# Keys


def test_key_on_the_command_line_is_refused_and_not_repeated(
    invoke: Invoke, opened: list[AppOptions], home: Path
) -> None:
    for source in (f"wss://example.org/x?key={KEY}", f"ws://example.org/x?a=1&api%6bey={KEY}"):
        refused = invoke("--log-level", "DEBUG", "--source", source)
        assert refused.exit_code == ExitCode.USAGE
        assert "NOBIL_API_KEY" in refused.stderr
        assert "{private_apikey}" in refused.stderr
        assert KEY not in refused.output
    assert opened == []
    assert KEY not in everything_written(home)


def test_key_on_the_command_line_is_allowed_for_localhost(
    invoke: Invoke, opened: list[AppOptions]
) -> None:
    assert invoke("--source", f"ws://127.0.0.1:1/x?key={KEY}").exit_code == 0
    [setup] = opened
    assert setup.source_text == "ws://127.0.0.1:1/x?key={private_apikey}"
    assert setup.warnings == ()
    assert KEY not in repr(setup)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "--source is empty; expected "),
        (" ", "--source is empty; expected "),
        (PLACE, "needs an API key"),
        ("enova", "needs an API key"),
        ("enva", 'Did you mean "enova"?'),
        (f"wss://user:{KEY}@example.org/", "a user name or password"),
        (f"wss://example.org/#{KEY}", "contains a #"),
        (f"https://example.org/?key={KEY}", "must begin with ws://"),
        (f"wss://example.org/?key={KEY}\x1b[2J", "control character"),
        (f"wss://example.org:0/?key={KEY}", "cannot be read"),
    ],
)
def test_invalid_source_is_a_usage_error(
    invoke: Invoke, opened: list[AppOptions], source: str, words: str
) -> None:
    refused = invoke("--source", source)
    assert (refused.exit_code, opened) == (ExitCode.USAGE, [])
    assert words in refused.stderr
    assert KEY not in refused.output
    assert refused.stderr.strip().isprintable()


def test_invalid_source_of_the_config_names_the_file(
    invoke: Invoke, opened: list[AppOptions], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[stream]\nsource = "wss://[::1"\n')
    refused = invoke("--config", str(file))
    assert (refused.exit_code, opened) == (ExitCode.USAGE, [])
    assert refused.stderr.endswith(f"The source is set in {file}.\n")


@pytest.mark.parametrize("name", ["--stations", "--seed", "--speed"])
def test_option_without_effect_is_refused(
    invoke: Invoke, opened: list[AppOptions], name: str
) -> None:
    refused = invoke("--source", "ws://127.0.0.1:1/x", name, "3")
    assert (refused.exit_code, opened) == (ExitCode.USAGE, [])
    assert f"{name} only applies to the simulation" in refused.stderr
    assert invoke("--source", "day.jsonl", "--speed", "3").exit_code == 0


@pytest.mark.parametrize("speed", ["3601", "max", "0.009", "1e-300"])
def test_simulation_speed_out_of_range_is_refused(
    invoke: Invoke, opened: list[AppOptions], speed: str
) -> None:
    refused = invoke("--speed", speed)
    assert (refused.exit_code, opened) == (ExitCode.USAGE, [])
    assert "from 0.01 to 3600" in refused.stderr


# What prevents its start


def test_invalid_config_is_reported_with_its_line(
    invoke: Invoke, opened: list[AppOptions], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    text = f'[watched]\nstations = []\n[stream]\napi_kee = "{KEY}"\n'
    file.write_text(text)
    refused = invoke("--config", str(file))
    assert (refused.exit_code, opened) == (ExitCode.USAGE, [])
    assert re.search(rf"{re.escape(str(file))}:4: .*Did you mean \"api_key\"", refused.stderr)
    assert KEY not in refused.output
    assert file.read_text() == text


def test_without_a_terminal_suggest_tail(run: Run) -> None:
    refused = run()
    assert (refused.returncode, refused.stdout) == (ExitCode.USAGE, "")
    assert "nobil-tui tail" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_dumb_terminal_is_refused(
    invoke: Invoke, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    refused = invoke()
    assert (refused.exit_code, opened) == (ExitCode.USAGE, [])
    assert "TERM=dumb" in refused.stderr


def test_a_locale_without_unicode_gets_ascii(
    invoke: Invoke, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for encoding in ("latin-1", "ascii", "utf-8"):
        with (tmp_path / "screen").open("w", encoding=encoding) as screen:
            monkeypatch.setattr(sys, "__stderr__", screen)
            invoke()
            invoke("--no-ascii")
    assert [setup.ascii for setup in opened] == [True, True, True, True, None, False]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        # The font of the console draws one square for several signs.
        ({"TERM": "linux"}, True),
        ({"TERM": "linux-16color"}, True),
        ({"TERM": "vt100"}, True),
        ({"TERM": "ansi"}, True),
        ({"TERM": ""}, True),
        ({"TERM": "unknown"}, True),
        ({"TERM": "vte-256color"}, None),
        ({"TERM": "xterm"}, None),
        ({"TERM": "foot"}, None),
        # In tmux, TERM does not say where it is shown.
        ({"TERM": "tmux-256color", "TMUX": "x", "XDG_VTNR": "2"}, True),
        ({"TERM": "screen", "STY": "x", "XDG_VTNR": "2"}, True),
        ({"TERM": "tmux-256color", "TMUX": "x", "XDG_VTNR": "2", "DISPLAY": ":0"}, None),
        ({"TERM": "tmux-256color", "TMUX": "x", "XDG_VTNR": "2", "SSH_CONNECTION": "x"}, None),
        ({"TERM": "tmux-256color", "TMUX": "x"}, None),
    ],
)
def test_a_terminal_that_shows_signs_as_others_gets_ascii(
    invoke: Invoke,
    opened: list[AppOptions],
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    expected: bool | None,
) -> None:
    for name in ("TMUX", "STY", "XDG_VTNR", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    invoke()
    invoke("--no-ascii")
    invoke("--ascii")
    assert [setup.ascii for setup in opened] == [expected, False, True]


def test_variables_that_textual_misreads_are_removed(
    invoke: Invoke, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in ("0", "-1", "999999999", "²", "x"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("LINES", columns)
        monkeypatch.setenv("NO_COLOR", "")
        assert invoke().exit_code == 0
        assert not {"COLUMNS", "LINES", "NO_COLOR"} & os.environ.keys()
    monkeypatch.setenv("NO_COLOR", "1")
    invoke()
    assert os.environ["NO_COLOR"] == "1"


def test_textual_still_takes_an_empty_no_color_for_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it need not be removed."""
    monkeypatch.setenv("NO_COLOR", "")
    assert App[None]().no_color


def test_unwritable_log_does_not_prevent_start(
    invoke: Invoke, opened: list[AppOptions], home: Path
) -> None:
    (home / ".local").touch()
    shown = invoke()
    assert (shown.exit_code, shown.output) == (0, "")
    assert len(opened) == 1
