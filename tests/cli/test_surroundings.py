"""A missing or odd environment: no home, another locale, ``~`` in an option."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nobil_tui.cli import startup
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.tui.options import AppOptions
from tests.cli.conftest import Invoke, Run

pwd = pytest.importorskip("pwd")

NEEDS_NO_HOME = (
    ("list",),
    ("list", "--json"),
    ("status", "NOR_00001"),
    ("wait", "NOR_00001", "--timeout", "0.01s"),
    ("watch", "--test"),
    ("config", "show"),
    ("completion", "bash"),
    ("--help",),
    ("--version",),
)
NEEDS_HOME = (
    ("config", "path"),
    ("config", "init"),
    ("register", "status"),
    ("register", "import", "file.json"),
    ("history", "summary", "NOR_1"),
    ("history", "export"),
    ("history", "import", "recording.jsonl"),
)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run in an empty folder, as a user whom the system does not know; return the folder."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", "relative")
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    assert not [*folder.iterdir()], "something was written to a folder that has no name"


@pytest.mark.parametrize("home", [None, "", "relative", "~"])
def test_without_a_home(
    here: Run, nowhere: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    for args in (*NEEDS_NO_HOME, *NEEDS_HOME):
        if home is None:
            monkeypatch.delenv("HOME", raising=False)
        else:
            monkeypatch.setenv("HOME", home)
        ended = here(*args)
        assert "Unexpected error" not in ended.stderr, (args, ended.stderr)
        if args in NEEDS_HOME:
            assert ended.returncode == ExitCode.USAGE, args
            assert ended.stderr == (
                "nobil-tui: There is no home folder. Set HOME to the absolute path of one.\n"
            ), args
        else:
            assert ended.returncode in (0, ExitCode.TIMED_OUT, ExitCode.USAGE), (args, ended)


def test_the_app_without_a_home_says_that_nothing_is_saved(
    here: Run, nowhere: Path, opened: list[AppOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    assert here().returncode == 0
    [setup] = opened
    assert (setup.config_path, setup.state_dir, setup.history_path) == (None, None, None)
    # Names can be shown all the same, until the end.
    assert setup.register_path is not None
    assert setup.register_path.parent.is_dir()
    startup._temporary.pop().cleanup()
    assert not setup.register_path.parent.exists()
    assert setup.warnings == (
        "There is no home folder, so nothing is saved. Set HOME to the path of one.",
    )


def test_a_hub_without_a_place_for_its_key_says_how_to_give_one(
    here: Run, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    ended = here("serve", "--port", "0")
    assert ended.returncode == ExitCode.USAGE
    for words in ("no home folder", "--keys", "NOBIL_HUB_KEY"):
        assert words in ended.stderr
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    ended = here("serve", "--port", "0")
    assert ended.returncode == ExitCode.FAILURE
    assert "NOBIL_HUB_KEY." in ended.stderr
    assert ".." not in ended.stderr


def test_an_absolute_folder_needs_no_home(
    here: Run, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shown = here("config", "path")
    assert shown.stdout == f"{tmp_path}/config/nobil-tui/config.toml\n"


def test_the_home_of_the_user_database_is_found(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in ("", "relative"):
        monkeypatch.setenv("HOME", home)
        monkeypatch.setattr(
            pwd, "getpwuid", lambda _: pwd.struct_passwd(["u", "", 1, 1, "", str(tmp_path), ""])
        )
        assert here("config", "path").stdout.startswith(f"{tmp_path}/")


def test_a_folder_that_is_gone_is_no_crash(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    for args in (*NEEDS_NO_HOME, *NEEDS_HOME, ("record", "x.jsonl", "--source", "none.jsonl")):
        ended = here(*args)
        assert "Unexpected error" not in ended.stderr, (args, ended.stderr)


# Files that are named in the command line


def test_a_tilde_is_expanded_in_every_option(
    here: Run, invoke: Invoke, opened: list[AppOptions], home: Path
) -> None:
    (home / "x.toml").write_text('[watched]\nstations = ["NOR_1"]\n')
    assert invoke("--config=~/x.toml").exit_code == 0
    [setup] = opened
    assert setup.config_path == home / "x.toml"
    assert setup.config.watched.stations == ["NOR_1"]
    assert invoke("config", "path", "--config=~/y.toml").stdout == f"{home}/y.toml\n"
    for args in (
        ("register", "import", "~/none.json"),
        ("history", "import", "~/none.jsonl"),
        ("list", "--source=~/none.jsonl"),
        ("record", "~/none/none.jsonl"),
    ):
        refused = here(*args)
        assert refused.returncode != 0
        assert f"{home}/none" in refused.stderr, (args, refused.stderr)


def test_a_config_that_is_not_there_is_an_error(
    here: Run, invoke: Invoke, opened: list[AppOptions], tmp_path: Path
) -> None:
    missing = tmp_path / "a b" / "none.toml"
    for args in ((), ("list",), ("tail",), ("register", "update")):
        refused = here(*args, "--config", str(missing))
        assert (refused.returncode, opened) == (ExitCode.USAGE, []), args
        assert refused.stderr == (
            f"nobil-tui: There is no config file {missing}. To create it, run: "
            f"nobil-tui config init --config '{missing}'\n"
        )
    assert invoke("config", "init", "--config", str(missing)).exit_code == 0
    assert invoke("--config", str(missing)).exit_code == 0


# Locales


@pytest.mark.slow
def test_every_text_is_printed_in_every_locale(run: Run, home: Path) -> None:
    (home / "x.toml").write_text('[watched]\nstations = []\n[filters]\n"Ω — 東京" = "oslo"\n')
    for encoding in ("latin-1", "ascii"):
        env = {"PYTHONIOENCODING": encoding}
        shown = run("config", "show", "--config", str(home / "x.toml"), env=env)
        assert (shown.returncode, shown.stderr) == (0, "")
    for args in (("--help",), ("history", "--help"), ("register", "status")):
        shown = run(*args, env={"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C"})
        assert (shown.returncode, shown.stderr) == (0, ""), args
    # Messages as well.
    missing = run("list", "--config", "øst.toml", env={"PYTHONIOENCODING": "ascii"})
    assert missing.stderr.startswith("nobil-tui: There is no config file ?st.toml. ")
