"""Write files atomically, under a lock, readable by the user only."""

from __future__ import annotations

import errno
import os
import stat as stat_bits
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.text import safe_path

if TYPE_CHECKING:
    from filelock import FileLock

Stamp = tuple[int, int, int]

_CHECK_MODE = "Check the permissions of the file and its directory."
_FREE_SPACE = "Free some space."
_MOVE_AWAY = "Move it away."
WHAT_TO_DO = {
    errno.EACCES: _CHECK_MODE,
    errno.EPERM: _CHECK_MODE,
    errno.EISDIR: _MOVE_AWAY,
    errno.ENXIO: _MOVE_AWAY,
    errno.EROFS: "Choose a place that can be written to.",
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.ENOLCK: "Its file system has no locks; use a local disk.",
    errno.EIO: "The disk may be damaged or disconnected.",
}
"""What the user can do about a system error, by its number."""
_NO_RENAME = (errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM)
"""Errors that prevent replacing a file that may still be writable, because of its directory or a
mount."""
_NO_LINK = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""Errors of a file system that refuses hard links."""
_NO_LOCK = (
    *(errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL),
    *(errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG),
)
"""Errors that prevent locking a file that may still be writable."""
_LOCK_TRIES = 200
"""Attempts to lock a file while another program rewrites it."""
_LOCK_PAUSE = 0.01
"""Seconds between them."""


class NotSavedError(Exception):
    """A file that could not be written and is unchanged. The message says why and what to do."""


def stamp(path: Path) -> Stamp | None:
    """Return modification time (ns), size and inode: if none of them changed, neither did the
    content.

    None if the file cannot be examined.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def require_regular(path: Path) -> None:
    """Raise ``OSError`` if ``path`` is a directory, a pipe or a device; do nothing if it is
    missing.

    Opening a pipe blocks until another program opens its other end, and a device may never end.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat_bits.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a directory", str(path))
    if not stat_bits.S_ISREG(mode):
        raise OSError(errno.ENXIO, "it is not a regular file", str(path))


def read_regular(path: Path, most: int) -> bytes:
    """Return the content of a regular file of at most ``most`` bytes. Raise ``OSError``.

    A file that is being rewritten in place is read afterwards: it could be half old and half new.
    """
    require_regular(path)
    with path.open("rb") as file:
        _wait_for_others(file.fileno(), shared=True)
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


@contextmanager
def translating_errors(path: Path) -> Iterator[None]:
    """Turn ``OSError`` into ``NotSavedError``."""
    try:
        yield
    except OSError as error:
        what = error.strerror or type(error).__name__
        then = WHAT_TO_DO.get(error.errno or 0, "The file is unchanged.")
        raise NotSavedError(f"Could not save {safe_path(path)}: {what}. {then}") from None


def file_lock(path: Path, timeout: float = -1) -> FileLock:
    """Return the lock of a file named ``path``, which is never deleted. Not acquired yet."""
    import warnings

    from filelock import FileLock

    # A warning on stderr would be written over the screen.
    warnings.filterwarnings("ignore", "flock not supported")
    return FileLock(path, timeout=timeout, mode=0o600, thread_local=False)


@contextmanager
def locked(target: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a file: a ``.lock`` next to it, which is never deleted.

    Create the directory if it is missing. Where the file system has no locks or the directory is
    read-only, continue without one: ``replace_file`` then notices another program. Raise
    ``NotSavedError`` if the system refuses, or after ``seconds``.
    """
    from filelock import Timeout

    lock_path = target.with_name(target.name + ".lock")
    lock = file_lock(lock_path, seconds)
    with translating_errors(target):
        make_folders(target.parent)
        try:
            lock.acquire()
        except Timeout:
            words = f"another program has held {safe_path(lock_path)} for {seconds:g} s"
            raise NotSavedError(
                f"Could not save {safe_path(target)}: {words}. Close it, or try again."
            ) from None
        except NotImplementedError:
            pass
        except OSError as error:
            if error.errno not in _NO_LOCK:
                raise
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
            each.mkdir(0o700)
            # Set afterwards, since a umask could remove more permissions than intended.
            _change_mode(each, 0o700)


def replace_file(target: Path, content: bytes, seen: Stamp | None) -> bool:
    """Replace a file atomically, keeping its mode and owner. A new file is for this user only.

    A link is kept, and the file that it names is replaced. A file that cannot be replaced, because
    it is mounted by itself or in a read-only directory, is rewritten in place. Return False and
    change nothing if the file's stamp is no longer ``seen``. Raise ``OSError``.
    """
    target = Path(os.path.realpath(target))
    require_regular(target)
    try:
        with _temporary(target, content, 0o600, like=target) as temporary:
            if stamp(target) != seen:
                return False
            temporary.replace(target)
    except OSError as error:
        if error.errno not in _NO_RENAME or not target.is_file():
            raise
        try:
            return _rewrite(target, content, seen)
        except PermissionError:
            # The directory is what a user would expect to be writable.
            raise error from None
    _sync_folder(target.parent)
    return True


def create_file(target: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a new file, completely or not at all, with a mode that the umask limits.

    A link to a missing file is kept, and that file is written. Raise ``OSError``, also if the file
    exists.
    """
    target = Path(os.path.realpath(target))
    with _temporary(target, content, mode) as temporary:
        try:
            # Unlike a rename, this never replaces a file.
            os.link(temporary, target)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            _create_directly(target, content, mode)
    _sync_folder(target.parent)


@contextmanager
def _temporary(
    target: Path, content: bytes, mode: int, *, like: Path | None = None
) -> Iterator[Path]:
    """Write a temporary file next to ``target``, and delete it unless it was renamed."""
    import secrets

    path = target.with_name(f".nobil-tui-{secrets.token_hex(6)}.tmp")
    try:
        _create_directly(path, content, mode, like=like)
        yield path
    finally:
        # The error that matters is the one before.
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _create_directly(target: Path, content: bytes, mode: int, *, like: Path | None = None) -> None:
    """Write a new file, and delete it if that fails."""
    handle = os.open(
        target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if like is not None:
                _copy_mode_and_owner(file.fileno(), target, like)
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise


def _rewrite(target: Path, content: bytes, seen: Stamp | None) -> bool:
    """Write over a file in place; return False if its stamp is no longer ``seen``.

    If the program is killed meanwhile, the file has the old or the new content, at worst followed
    by empty lines: space is allocated first, then one write replaces the content, and then the file
    is truncated.
    """
    with target.open("r+b", buffering=0) as file:
        _wait_for_others(file.fileno())
        if stamp(target) != seen:
            return False
        old = file.read() or b""
        try:
            if len(content) > len(old):
                _write_at(file, len(old), b"\n" * (len(content) - len(old)))
            _write_at(file, 0, content + b"\n" * (len(old) - len(content)))
            file.truncate(len(content))
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                _write_at(file, 0, old)
                file.truncate(len(old))
            raise
    return True


def _write_at(file: FileIO, at: int, content: bytes) -> None:
    file.seek(at)
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _wait_for_others(handle: int, *, shared: bool = False) -> None:
    """Lock an open file against others that rewrite it, if the system can. Closing it unlocks it.

    They may see the file in another directory, and so use another lock file. ``shared``: others may
    read it meanwhile. Raise ``OSError``, but not for a reader, who can do without the lock.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
    except ImportError:
        return
    for _ in range(_LOCK_TRIES):
        try:
            flock(handle, (LOCK_SH if shared else LOCK_EX) | LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE)
        except OSError:
            # No locks on this file system.
            return
        else:
            return
    if not shared:
        raise OSError(errno.EBUSY, "another program writes it")


def _copy_mode_and_owner(handle: int, path: Path, like: Path) -> None:
    """Copy the mode and owner of another file; without one, only this user may read the file."""
    try:
        status = like.stat()
    except FileNotFoundError:
        _change_mode(path, 0o600)
        return
    if hasattr(os, "fchown"):
        # Only root may change the owner; any member of a group may keep the group.
        for owner, group in ((status.st_uid, -1), (-1, status.st_gid)):
            with suppress(PermissionError):
                os.fchown(handle, owner, group)
    _change_mode(path, stat_bits.S_IMODE(status.st_mode))


def _change_mode(path: Path, mode: int) -> None:
    """Set the mode of a file. Some file systems have no modes, and refuse."""
    try:
        path.chmod(mode)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise


def _sync_folder(folder: Path) -> None:
    """Make a renamed file survive a power failure, if the system can sync directories."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
