"""SQLite files of this program: open and recognize them, and describe their errors."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nobil_tui.base.files import WHAT_TO_DO, require_regular

Migration = str | Callable[[sqlite3.Connection], None]
"""A migration to the next version of the tables: statements, or a function."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class NewerError(Exception):
    """The file was written by a newer version of this program."""


class ForeignError(Exception):
    """The file is a database of another program."""


DATABASE_ERRORS = (sqlite3.Error, OSError, NewerError, ForeignError)
"""The errors of opening, reading and writing such a file."""


def is_damage(error: Exception) -> bool:
    """Return whether an error means that the file itself is damaged."""
    if isinstance(error, ForeignError):
        return True
    # Our statements never change: if one is invalid, the tables are not ours.
    return (
        isinstance(error, sqlite3.Error)
        and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
    )


_AS_SYSTEM_ERROR = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_PROTOCOL: errno.ENOLCK,
    sqlite3.SQLITE_IOERR: errno.EIO,
}
_LOCK_ERRORS = {sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_RDLOCK, sqlite3.SQLITE_IOERR_UNLOCK}


def reason_of(error: Exception) -> str:
    """Return what went wrong with a file and what to do, in words that are safe to show."""
    if isinstance(error, OSError):
        number, reason = error.errno or 0, error.strerror or "the system refuses"
    else:
        code = getattr(error, "sqlite_errorcode", 0)
        number = errno.ENOLCK if code in _LOCK_ERRORS else _AS_SYSTEM_ERROR.get(code & 0xFF, 0)
        reason = str(error)
    advice = WHAT_TO_DO.get(number, "")
    return f"{reason}. {advice}" if advice else f"{reason}."


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Use a write-ahead log, or a plain journal where the file system refuses it, as NFS does."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # The first access opens the log.
        read_pragma(connection, "schema_version")
    except sqlite3.OperationalError as error:
        if is_damage(error):
            raise
        connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = NORMAL")


def is_missing(path: Path) -> bool:
    """Return whether there is no file yet. Raises ``OSError`` if that cannot be known."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Open a file, or create it. Raises ``OSError`` or ``sqlite3.Error``.

    Only one thread at a time may use the connection; its owner must ensure that.
    """
    return _connect(path, "mode=rwc")


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a file, which another program may be writing. Raises like ``connect_to_write``."""
    # SQLite cannot read a write-ahead log in a folder that it cannot write to, unless the file is
    # declared immutable.
    return _connect(path, "mode=ro" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1")


def _connect(path: Path, options: str) -> sqlite3.Connection:
    require_regular(path)
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        isolation_level=None,
        timeout=1,
        check_same_thread=False,
    )


def has_tables(connection: sqlite3.Connection, application: int, version: int) -> bool:
    """Return whether a file has tables; an empty file has none yet.

    Raises ``ForeignError`` unless they are those of ``application``, and ``NewerError`` if they are
    later than ``version``.
    """
    if not read_pragma(connection, "schema_version"):
        return False
    if read_pragma(connection, "application_id") != application:
        raise ForeignError
    if read_pragma(connection, "user_version") > version:
        raise NewerError
    return True


def migrate(
    connection: sqlite3.Connection, application: int, migrations: Sequence[Migration]
) -> None:
    """Bring the tables up to date: all of the missing migrations in one transaction, or none.

    Call ``has_tables`` before. The version of the tables is the number of their migrations.
    """
    if read_pragma(connection, "user_version") == len(migrations):
        return
    with transaction(connection):
        # Another instance may have done it in the meantime.
        version = read_pragma(connection, "user_version")
        for migration in migrations[version:]:
            if isinstance(migration, str):
                for statement in filter(str.strip, migration.split(";")):
                    connection.execute(statement)
            else:
                migration(connection)
        connection.execute(f"PRAGMA application_id = {application}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def read_pragma(connection: sqlite3.Connection, name: str) -> int:
    """Return a number that describes the file."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done within, or roll it back if it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # The next transaction could not begin otherwise.
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def set_aside(path: Path) -> Path:
    """Rename a damaged file to an unused name, and return it. Raises ``OSError``."""
    number = 1
    while True:
        aside = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        try:
            # Creates the file, so that no other program can take the name.
            aside.touch(exist_ok=False)
            break
        except FileExistsError:
            number += 1
    path.replace(aside)
    # SQLite would replay a leftover log into the new file.
    for tail in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{tail}").replace(f"{aside}{tail}")
    return aside
