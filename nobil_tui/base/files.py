"""Files that outlive what goes wrong: written whole or not at all, one writer at a time, read by nobody else."""

from __future__ import annotations

import errno
import os
import stat as stat_bits
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nobil_tui.base.text import safe_path

Stamp = tuple[int, int, int]

_WHAT_TO_DO = {
    errno.EACCES: "Check who may write to the file and its folder.",
    errno.EPERM: "Check who may write to the file and its folder.",
    errno.EROFS: "Choose another place with --config.",
    errno.ENOSPC: "Free some space and try again.",
    errno.EDQUOT: "Free some space and try again.",
}


class NotSavedError(Exception):
    """A config that could not be written, and so is as it was. Its text says what, where and what to do."""


def stamp(path: Path) -> Stamp | None:
    """Return what changes when the file's content may have: time in ns, bytes, inode. None where it cannot be asked."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextmanager
def translating_errors(path: Path) -> Iterator[None]:
    """Turn what the system refuses into ``NotSavedError``."""
    try:
        yield
    except OSError as error:
        what = error.strerror or type(error).__name__
        then = _WHAT_TO_DO.get(error.errno or 0, "The file is as it was.")
        raise NotSavedError(f"{safe_path(path)} was not saved: {what}. {then}") from None


@contextmanager
def locked(target: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a file (a ``.lock`` next to it, never deleted). Create the folder.

    Raise ``NotSavedError`` if the system refuses, or after ``seconds``.
    """
    from filelock import FileLock, Timeout

    lock_path = target.with_name(target.name + ".lock")
    lock = FileLock(lock_path, timeout=seconds, mode=0o600)
    with translating_errors(target):
        make_folders(target.parent)
        try:
            lock.acquire()
        except Timeout:
            words = f"another program has held {safe_path(lock_path)} for {seconds:g} s"
            raise NotSavedError(f"{safe_path(target)} was not saved: {words}. Close it, or try again.") from None
    try:
        yield
    finally:
        lock.release()


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, for this user alone; what is there already stays as it is. ``OSError``."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        # Two programs may start at once.
        with suppress(FileExistsError):
            each.mkdir()
            # Said after the fact: a umask could have taken away more than was meant.
            each.chmod(0o700)


def replace_file(target: Path, content: bytes, seen: Stamp | None) -> bool:
    """Put ``content`` in the place of a file at one stroke, keeping its mode and owner; a new one is for us alone.

    Does nothing and returns False if the file is no longer the one that was ``seen``. Raises ``OSError``.
    """
    import tempfile

    handle, name = tempfile.mkstemp(prefix=".nobil-tui-", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _dress(file.fileno(), temporary, target)
            os.fsync(file.fileno())
        if stamp(target) != seen:
            return False
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return True


def create_file(target: Path, content: bytes) -> None:
    """Write a file that is not there yet, for this user alone. Raises ``OSError``."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _dress(file.fileno(), target, None)
            os.fsync(file.fileno())
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _dress(handle: int, path: Path, like: Path | None) -> None:
    """Give a file the mode and owner of another; without one, nobody but us may read it."""
    try:
        status = like.stat() if like is not None else None
    except FileNotFoundError:
        status = None
    if status is not None and hasattr(os, "fchown"):
        # Only root may give files away; a group that we are in we may keep.
        for owner, group in ((status.st_uid, -1), (-1, status.st_gid)):
            with suppress(PermissionError):
                os.fchown(handle, owner, group)
    path.chmod(stat_bits.S_IMODE(status.st_mode) if status is not None else 0o600)


def _sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut, where a folder can be synced; what was renamed is saved either way."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
