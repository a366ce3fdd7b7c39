"""Write files atomically, under a lock, readable by the user only."""

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
    errno.EACCES: "Check the permissions of the file and its directory.",
    errno.EPERM: "Check the permissions of the file and its directory.",
    errno.EROFS: "Choose another file with --config.",
    errno.ENOSPC: "Free some space and try again.",
    errno.EDQUOT: "Free some space and try again.",
}


class NotSavedError(Exception):
    """A file that could not be written and is unchanged. The message says why and what to do."""


def stamp(path: Path) -> Stamp | None:
    """Return modification time (ns), size and inode, which change when the content may have.

    None if the file cannot be examined.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextmanager
def translating_errors(path: Path) -> Iterator[None]:
    """Turn ``OSError`` into ``NotSavedError``."""
    try:
        yield
    except OSError as error:
        what = error.strerror or type(error).__name__
        then = _WHAT_TO_DO.get(error.errno or 0, "The file is unchanged.")
        raise NotSavedError(f"{safe_path(path)} was not saved: {what}. {then}") from None


@contextmanager
def locked(target: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a file: a ``.lock`` next to it, which is never deleted.

    Create the directory. Raise ``NotSavedError`` if the system refuses or after ``seconds``.
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
            raise NotSavedError(
                f"{safe_path(target)} was not saved: {words}. Close it, or try again."
            ) from None
    try:
        yield
    finally:
        lock.release()


def make_folders(folder: Path) -> None:
    """Create a directory and its parents, for this user only. Raise ``OSError``.

    Existing directories are unchanged.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        # Two programs may start at once.
        with suppress(FileExistsError):
            each.mkdir()
            # Set afterwards, since a umask could remove more permissions than intended.
            each.chmod(0o700)


def replace_file(target: Path, content: bytes, seen: Stamp | None) -> bool:
    """Replace a file atomically, keeping its mode and owner. A new file is for this user only.

    Return False and change nothing if the file's stamp is no longer ``seen``. Raise ``OSError``.
    """
    import tempfile

    handle, name = tempfile.mkstemp(prefix=".nobil-tui-", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _copy_mode_and_owner(file.fileno(), temporary, target)
            os.fsync(file.fileno())
        if stamp(target) != seen:
            return False
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return True


def create_file(target: Path, content: bytes) -> None:
    """Write a new file, for this user only. Raise ``OSError``, also if it exists."""
    handle = os.open(
        target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _copy_mode_and_owner(file.fileno(), target, None)
            os.fsync(file.fileno())
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _copy_mode_and_owner(handle: int, path: Path, like: Path | None) -> None:
    """Copy the mode and owner of another file; without one, only this user may read the file."""
    try:
        status = like.stat() if like is not None else None
    except FileNotFoundError:
        status = None
    if status is not None and hasattr(os, "fchown"):
        # Only root may change the owner; any member of a group may keep the group.
        for owner, group in ((status.st_uid, -1), (-1, status.st_gid)):
            with suppress(PermissionError):
                os.fchown(handle, owner, group)
    path.chmod(stat_bits.S_IMODE(status.st_mode) if status is not None else 0o600)


def _sync_folder(folder: Path) -> None:
    """Make a renamed file survive a power failure, if the system can sync directories."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
