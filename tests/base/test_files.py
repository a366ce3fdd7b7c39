"""Files are written whole or not at all, with the modes, owners and links that they had."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nobil_tui.base import files
from nobil_tui.base.files import NotSavedError
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.model import Config
from nobil_tui.config.operations import Star, Unstar
from nobil_tui.config.reading import load_config
from nobil_tui.config.template import init_config
from tests.config.saving import save_config
from tests.conftest import GUARD

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="no modes here")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture
def mask() -> Iterator[Callable[[int], None]]:
    """Set the umask for this test."""
    before = os.umask(0o022)

    def apply(new: int) -> None:
        os.umask(new)

    yield apply
    os.umask(before)


def left(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()} - {"config.toml.lock"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize("umask", [0o022, 0, 0o077, 0o777])
def test_new_files_are_private(tmp_path: Path, mask: Callable[[int], None], umask: int) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    mask(umask)
    save_config(path, Star("a"))
    assert [mode(each) for each in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]
    assert mode(path.with_name("config.toml.lock")) == 0o600


@posix
@pytest.mark.parametrize("kept", [0o644, 0o640, 0o600, 0o666])
def test_existing_modes_are_kept(path: Path, mask: Callable[[int], None], kept: int) -> None:
    path.touch()
    path.chmod(kept)
    path.parent.chmod(0o755)
    mask(0o077)
    save_config(path, Star("a"))
    assert (mode(path), mode(path.parent)) == (kept, 0o755)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root gives files away")
def test_the_owner_is_kept(path: Path) -> None:
    path.touch()
    os.chown(path, 12345, 23456)
    save_config(path, Star("a"))
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_links_are_followed(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "nobil.toml"
    target.parent.mkdir()
    target.write_text("# mine\n")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to(target)
    save_config(tmp_path / "one", Star("a"))
    assert (tmp_path / "one").is_symlink()
    assert (tmp_path / "two").is_symlink()
    assert target.read_text() == '# mine\n\n[watched]\nstations = ["a"]\n'
    assert {each.name for each in target.parent.iterdir()} == {"nobil.toml", "nobil.toml.lock"}


def test_dangling_link_is_filled(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a" / "config.toml")
    save_config(tmp_path / "link", Star("a"))
    assert (tmp_path / "link").is_symlink()
    assert load_config(tmp_path / "a" / "config.toml").watched.stations == ["a"]


def test_link_to_itself_is_reported(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        save_config(path, Star("a"))


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(NotSavedError, match="not an ordinary file"):
        save_config(Path(os.devnull), Star("a"))
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    path.write_text("# mine\n")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync" if call == "fsync" else "pathlib.Path.replace", fail)
        with pytest.raises(NotSavedError) as caught:
            save_config(path, Star("a"))
    assert str(caught.value).startswith(f"Could not save {path}: {os.strerror(number)}. ")
    assert path.read_text() == "# mine\n"
    assert left(path.parent) == {"config.toml"}
    assert save_config(path, Star("a")).watched.stations == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_full_disk_changes_nothing(path: Path) -> None:
    """A limit on the size of files is as real as a full disk, and needs none."""
    path.write_text("# mine\n")
    code = (
        "import resource, signal, sys, pathlib\n"
        "from nobil_tui.base.files import NotSavedError\n"
        "from nobil_tui.config.operations import Star\n"
        "from tests.config.saving import save_config\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try: save_config(pathlib.Path(sys.argv[1]), Star('a' * 60))\n"
        "except NotSavedError as error: print(error)\n"
    )
    command = [sys.executable, "-B", "-c", code, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Could not save {path}: File too large.")
    assert path.read_text() == "# mine\n"
    assert left(path.parent) == {"config.toml"}


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="may write everywhere")
def test_read_only_directory_is_reported(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(NotSavedError, match=r"Permission denied\. Check the permissions"):
            save_config(path, Star("a"))
        with pytest.raises(NotSavedError, match=r"Permission denied\. Check the permissions"):
            init_config(path)
    finally:
        path.parent.chmod(0o700)
    assert left(path.parent) == set()


Refuse = Callable[[str, int], None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Let ``os.open`` fail with an error for files that end so, and renames if that is empty.

    Root may write everywhere, so the refusal cannot be had by a mode alone.
    """
    opened = os.open

    def apply(end: str, number: int) -> None:
        def fail(name: object, *rest: int, **more: int) -> int:
            if str(name).endswith(end):
                raise OSError(number, os.strerror(number), str(name))
            return opened(name, *rest, **more)  # type: ignore[arg-type]

        def never(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        if end:
            monkeypatch.setattr(os, "open", fail)
        else:
            monkeypatch.setattr("pathlib.Path.replace", never)

    return apply


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOLCK, errno.ENOSYS])
def test_without_locks_files_are_saved_all_the_same(
    path: Path, refuse: Refuse, number: int
) -> None:
    path.write_text("# mine\n")
    refuse(".lock", number)
    assert save_config(path, Star("a")).watched.stations == ["a"]
    assert path.read_text() == '# mine\n\n[watched]\nstations = ["a"]\n'


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_failed_lock_is_reported(path: Path, refuse: Refuse, number: int) -> None:
    path.write_text("# mine\n")
    refuse(".lock", number)
    with pytest.raises(NotSavedError) as caught:
        save_config(path, Star("a"))
    assert os.strerror(number) in str(caught.value)
    assert path.read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("end", "number"),
    [("", errno.EBUSY), ("", errno.EXDEV), (".tmp", errno.EACCES), (".tmp", errno.EROFS)],
)
def test_a_file_that_cannot_be_replaced_is_rewritten(
    path: Path, refuse: Refuse, end: str, number: int
) -> None:
    """As a single file that is mounted in a container, or in a read-only directory."""
    path.write_text("# mine\n")
    inode = path.stat().st_ino
    path.chmod(0o640)
    refuse(end, number)
    assert save_config(path, Star("a"), Star("b")).watched.stations == ["a", "b"]
    assert path.read_text() == '# mine\n\n[watched]\nstations = ["a", "b"]\n'
    # Also if it becomes shorter.
    save_config(path, Unstar("a"))
    assert path.read_text() == '# mine\n\n[watched]\nstations = ["b"]\n'
    assert (path.stat().st_ino, mode(path)) == (inode, 0o640)
    assert left(path.parent) == {"config.toml"}


def test_threads_that_rewrite_a_file_lose_no_star(
    path: Path, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LOCK_TRIES", int(GUARD / files._LOCK_PAUSE))
    path.write_text("# mine\n")
    refuse(".lock", errno.EROFS)
    refuse("", errno.EBUSY)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: save_config(path, Star(f"NOR_{number}")), range(12)))
    assert set(load_config(path).watched.stations) == {f"NOR_{number}" for number in range(12)}


def test_a_file_that_is_rewritten_in_place_is_read_afterwards(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    path.write_text("# half")
    with path.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def finish(_seconds: float) -> None:
            file.write(b"# whole")
            fcntl.flock(file, fcntl.LOCK_UN)

        monkeypatch.setattr("time.sleep", finish)
        assert files.read_regular(path, 100) == b"# whole"
        # A program that hangs while it writes does not keep others from reading.
        fcntl.flock(file, fcntl.LOCK_EX)
        monkeypatch.setattr("time.sleep", lambda _: None)
        assert files.read_regular(path, 100) == b"# whole"


def test_without_links_a_new_file_is_created(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", fail)
    init_config(path)
    assert load_config(path) == Config()
    assert (left(path.parent), mode(path)) == ({"config.toml"}, 0o600)
    with pytest.raises(NotSavedError, match="already exists"):
        init_config(path)


def test_without_modes_files_are_saved_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("pathlib.Path.chmod", fail)
    path = tmp_path / "folder" / "config.toml"
    for star in "ab":
        save_config(path, Star(star))
    assert load_config(path).watched.stations == ["a", "b"]
