"""Saving loses nothing, whatever happens meanwhile."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base import files
from nobil_tui.base.files import NotSavedError
from nobil_tui.base.redaction import Secret
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.model import Config, LogScope
from nobil_tui.config.operations import Operation, Put, Star, Unstar
from nobil_tui.config.reading import load_config
from tests.config.saving import save_config
from tests.forking import Forked

ROOT = Path(__file__).parents[2]
KEY = "hunter2hunter2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def left(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()} - {"config.toml.lock"}


def test_first_star_creates_the_file(path: Path) -> None:
    config = save_config(path, Star("NOR_1"))
    assert config.watched.stations == ["NOR_1"]
    assert load_config(path) == config
    assert left(path.parent) == {"config.toml"}


def test_a_file_ends_with_its_last_line(path: Path) -> None:
    save_config(path, Star("NOR_1"), Put("interface", "theme", "nord"))
    assert path.read_bytes().endswith(b'"nord"\n')
    save_config(path, Put("interface", "theme", "dracula"), Put("filters", "Fast", "ccs"))
    assert path.read_bytes().endswith(b'"ccs"\n')
    # What the user wrote stays.
    path.write_bytes(b"[interface]\r\ntheme = 'nord'")
    save_config(path, Put("interface", "theme", "dracula"))
    assert path.read_bytes().endswith(b"dracula'") or path.read_bytes().endswith(b'dracula"')
    path.write_bytes(b"[interface]\r\ntheme = 'nord'\r\n")
    save_config(path, Star("NOR_1"))
    assert path.read_bytes().endswith(b"\r\n")
    assert b"\r\r" not in path.read_bytes()


def test_operations_are_done_in_order(path: Path) -> None:
    save_config(path, Star("a"), Star("b"), Unstar("a"), Star("a"), Star("a"))
    assert load_config(path).watched.stations == ["b", "a"]


def test_every_setting_can_be_set_and_removed(path: Path) -> None:
    save_config(
        path,
        Put("stream", "api_key", Secret(KEY)),
        Put("stream", "source", "wss://example.org/"),
        Put("home", "position", (59.5, 10.25)),
        Put("register", "countries", ["SWE"]),
        Put("filters", "Fast, near", "ccs"),
        Put("interface", "theme", "nord"),
        Put("interface", "log_scope", LogScope.STATION),
        Put("interface", "pin_starred", False),
        Put("interface.keys", "star", ["%", "f2"]),
    )
    config = load_config(path)
    assert config.stream.api_key == Secret(KEY)
    assert (config.home.position, config.register.countries) == ((59.5, 10.25), ["SWE"])
    assert config.filters == {"Fast, near": "ccs"}
    assert (config.interface.theme, config.interface.log_scope) == ("nord", LogScope.STATION)
    assert (config.interface.pin_starred, config.interface.keys) == (False, {"star": ["%", "f2"]})
    save_config(
        path,
        *(Put("stream", key, None) for key in ("api_key", "source")),
        Put("home", "position", None),
        Put("register", "countries", None),
        Put("filters", "Fast, near", None),
        *(Put("interface", key, None) for key in ("theme", "log_scope", "pin_starred", "none")),
        Put("interface.keys", "star", None),
    )
    assert load_config(path) == Config()
    assert KEY not in path.read_text()


NOTHING: list[list[Operation]] = [
    [],
    [Star("a")],
    [Unstar("b")],
    [Put("stream", "source", "x")],
    [Put("a", "b", None)],
]


@pytest.mark.parametrize("operations", NOTHING)
def test_no_change_writes_nothing(path: Path, operations: list[Operation]) -> None:
    content = b"stream = {source='x'}\nwatched.stations = ['a', 'a']"
    path.write_bytes(content)
    before = path.stat()
    assert save_config(path, *operations).watched.stations == ["a"]
    after = path.stat()
    assert (path.read_bytes(), after.st_ino, after.st_mtime_ns) == (
        content,
        before.st_ino,
        before.st_mtime_ns,
    )
    assert left(path.parent) == {"config.toml"}
    assert not path.with_name("config.toml.lock").exists()


def test_no_change_creates_no_file(path: Path) -> None:
    assert save_config(path / "a" / "b", Unstar("a"), Put("interface", "theme", None)) == Config()
    assert left(path.parent) == set()


@pytest.mark.parametrize(
    "content", [b"a = [", b"[strem]\n", b"\xff", b"[interface.keys]\nquit = []"]
)
def test_an_invalid_file_is_never_written_to(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.toml:\d+: "):
        save_config(path, Star("a"))
    assert path.read_bytes() == content
    assert left(path.parent) == {"config.toml"}


@pytest.mark.parametrize(
    "operation",
    [
        Star(""),
        Star("a" * 65),
        Star("a\x1b"),
        Put("interface", "theme", 7),
        Put("interface", "thme", "x"),
        Put("interface.keys", "quit", []),
        Put("stream", "api_key", Secret(f"{KEY} \n")),
        Put("register", "countries", ["DAN"]),
    ],
)
def test_invalid_result_is_not_written(path: Path, operation: Operation) -> None:
    path.write_text("# mine\n")
    with pytest.raises(NotSavedError) as caught:
        save_config(path, operation)
    assert "Could not save " in str(caught.value)
    assert str(caught.value).isprintable()
    assert KEY not in str(caught.value)
    assert path.read_text() == "# mine\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bom_and_line_ends_are_kept(path: Path, mark: bytes) -> None:
    path.write_bytes(mark + b"# mine\r\n[watched]\r\nstations = [\r\n  'a', # b\r\n]\r\n")
    save_config(path, Star("c"), Put("interface", "theme", "nord"))
    content = path.read_bytes()
    assert content.startswith(
        mark + b"# mine\r\n[watched]\r\nstations = [\r\n  'a', # b\r\n  \"c\",\r\n]\r\n"
    )
    assert content.count(b"\n") == content.count(b"\r\n")
    assert load_config(path).interface.theme == "nord"


def test_held_lock_is_reported(path: Path) -> None:
    with (
        FileLock(f"{path}.lock"),
        pytest.raises(NotSavedError, match=r"another program has held .*\.lock for 0 s"),
    ):
        save_config(path, Star("a"), lock_for=0)
    assert save_config(path, Star("a")).watched.stations == ["a"]


def test_concurrent_edit_is_not_overwritten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("# mine\n")
    sync = os.fsync
    calls: list[int] = []

    def interrupted(handle: int) -> None:
        if not calls:
            path.write_text("# mine, and more\n")
        if stat.S_ISREG(os.fstat(handle).st_mode):
            calls.append(1)
        sync(handle)

    monkeypatch.setattr(os, "fsync", interrupted)
    save_config(path, Star("a"))
    assert len(calls) == 2
    assert path.read_text() == '# mine, and more\n\n[watched]\nstations = ["a"]\n'
    assert left(path.parent) == {"config.toml"}


def test_constant_edits_are_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "stamp", lambda _: object())
    with pytest.raises(NotSavedError, match="keeps changing it"):
        save_config(path, Star("a"))
    assert left(path.parent) == set()


def test_concurrent_threads_lose_no_star(path: Path) -> None:
    start = threading.Barrier(8)

    def star(number: int) -> None:
        start.wait()
        for index in range(3):
            save_config(path, Star(f"NOR_{number}_{index}"), lock_for=60)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(star, range(8)))
    assert set(load_config(path).watched.stations) == {
        f"NOR_{number}_{index}" for number in range(8) for index in range(3)
    }


@pytest.mark.slow
def test_concurrent_programs_lose_no_star(path: Path) -> None:
    path.write_text("[watched]\nstations = [\n  'gone', # one\n]\n")
    code = (
        "import sys, pathlib\n"
        "from nobil_tui.config.operations import Star, Unstar\n"
        "from tests.config.saving import save_config\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for index in range(5):\n"
        "    save_config(pathlib.Path(sys.argv[1]), Star(f'{sys.argv[2]}_{index}'), "
        "Unstar('gone'), lock_for=60)\n"
    )
    programs = [
        Forked(
            [sys.executable, "-c", code, str(path), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abcd"
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        program.communicate()
        assert program.returncode == 0
    stations = load_config(path).watched.stations
    assert sorted(stations) == sorted(f"{name}_{index}" for name in "abcd" for index in range(5))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=6))
def test_stars_are_a_set_that_keeps_its_order(steps: list[tuple[bool, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        wanted: list[str] = []
        for on, station in steps:
            config = save_config(path, Star(station) if on else Unstar(station))
            if not on:
                wanted = [each for each in wanted if each != station]
            elif station not in wanted:
                wanted.append(station)
            assert config.watched.stations == wanted
        assert load_config(path).watched.stations == wanted
